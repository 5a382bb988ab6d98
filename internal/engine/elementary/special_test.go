package elementary_test

import (
	"math"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine/elementary"
)

var (
	inf      = math.Inf(1)
	nan      = math.NaN()
	negative = math.Copysign(0, -1)
)

// TestSpecial holds the ends of the ranges, and what C99 says of infinities, zeros and NaN.
func TestSpecial(t *testing.T) {
	t.Parallel()
	const least = math.SmallestNonzeroFloat64
	cases := []struct {
		name       string
		x, y, want float64
	}{
		{"exp", 0, 0, 1}, {"exp", inf, 0, inf}, {"exp", -inf, 0, 0}, {"exp", nan, 0, nan},
		{"exp", 709.782712893384, 0, 1.7976931348622732e308}, {"exp", 709.7827128933841, 0, inf},
		{"exp", -745.1332191019411, 0, least}, {"exp", -745.1332191019412, 0, 0},
		{"exp", 0x1p-54, 0, 1}, {"exp", 1, 0, math.E}, {"exp", -0x1p-53, 0, 0.9999999999999999},
		{"exp2", 0, 0, 1}, {"exp2", 1023, 0, 0x1p1023}, {"exp2", 1024, 0, inf},
		{"exp2", -1074, 0, least}, {"exp2", -1075, 0, 0}, {"exp2", -1074.5, 0, least},
		{"exp2", 0.5, 0, math.Sqrt2}, {"exp2", 1023.9999999999999, 0, 1.7976931348621742e308},
		{"exp2", -inf, 0, 0}, {"exp2", nan, 0, nan}, {"exp2", -1, 0, 0.5},
		{"log", 1, 0, 0}, {"log", 0, 0, -inf}, {"log", negative, 0, -inf}, {"log", -1, 0, nan},
		{"log", inf, 0, inf}, {"log", nan, 0, nan}, {"log", least, 0, -744.4400719213812},
		{"log", math.MaxFloat64, 0, 709.782712893384}, {"log", math.E, 0, 1},
		{"log2", 8, 0, 3}, {"log2", 0.125, 0, -3}, {"log2", least, 0, -1074}, {"log2", 0x1p1023, 0, 1023},
		{"log10", 1000, 0, 3}, {"log10", 1e22, 0, 22}, {"log10", 0.001, 0, -3},
		{"log1p", 0, 0, 0}, {"log1p", negative, 0, negative}, {"log1p", -1, 0, -inf},
		{"log1p", -1.5, 0, nan}, {"log1p", inf, 0, inf}, {"log1p", 1e-300, 0, 1e-300},
		{"log1p", nan, 0, nan}, {"log1p", 1e300, 0, 690.7755278982137},
		{"sin", 0, 0, 0}, {"sin", negative, 0, negative}, {"sin", inf, 0, nan}, {"sin", nan, 0, nan},
		{"sin", math.Pi, 0, 1.2246467991473532e-16}, {"sin", 1e22, 0, -0.8522008497671888},
		{"sin", least, 0, least}, {"sin", math.MaxFloat64, 0, 0.004961954789184062},
		{"cos", 0, 0, 1}, {"cos", -inf, 0, nan}, {"cos", math.Pi / 2, 0, 6.123233995736766e-17},
		{"cos", 6381956970095103 * 0x1p797, 0, -4.687165924254628e-19},
		{"tan", 0, 0, 0}, {"tan", math.Pi / 2, 0, 1.633123935319537e16}, {"tan", inf, 0, nan},
		{"asin", 1, 0, math.Pi / 2}, {"asin", -1, 0, -math.Pi / 2}, {"asin", 1.5, 0, nan},
		{"asin", nan, 0, nan}, {"asin", 0.5, 0, math.Pi / 6}, {"asin", 0, 0, 0},
		{"pow", 0, 0, 1}, {"pow", nan, 0, 1}, {"pow", 1, nan, 1}, {"pow", 2, nan, nan},
		{"pow", 0, -1, inf}, {"pow", negative, -1, -inf}, {"pow", 0, 2, 0}, {"pow", negative, 3, negative},
		{"pow", 0, -0.5, inf}, {"pow", -8, 1.0 / 3, nan}, {"pow", -2, 3, -8}, {"pow", -2, 2, 4},
		{"pow", 2, inf, inf}, {"pow", 0.5, inf, 0}, {"pow", -1, inf, 1}, {"pow", inf, -1, 0},
		{"pow", -inf, 3, -inf}, {"pow", -inf, 2, inf}, {"pow", -inf, -3, negative},
		{"pow", 2, 1023, 0x1p1023}, {"pow", 2, 1024, inf}, {"pow", 2, -1074, least}, {"pow", 2, -1075, 0},
		{"pow", 4, 0.5, 2}, {"pow", 10, 22, 1e22}, {"pow", 10, 23, 1e23}, {"pow", 3, 34, 16677181699666569},
		{"pow", 6561, 4.25, 16677181699666569}, {"pow", 1e300, 1e300, inf}, {"pow", 1e300, -1e300, 0},
		{"pow", 0.9999999999999999, 1e300, 0}, {"pow", 2, 1e-300, 1}, {"pow", 9007199254740993, 1, 9007199254740992},
		{"atan2", 0, 1, 0}, {"atan2", negative, 1, negative}, {"atan2", 0, -1, math.Pi},
		{"atan2", negative, -1, -math.Pi}, {"atan2", 0, 0, 0}, {"atan2", 1, 0, math.Pi / 2},
		{"atan2", -1, 0, -math.Pi / 2}, {"atan2", 1, 1, math.Pi / 4}, {"atan2", 1, -1, 3 * math.Pi / 4},
		{"atan2", inf, inf, math.Pi / 4}, {"atan2", -inf, -inf, -3 * math.Pi / 4}, {"atan2", 5, -inf, math.Pi},
		{"atan2", inf, 5, math.Pi / 2}, {"atan2", 5, inf, 0}, {"atan2", nan, 1, nan},
		{"atan2", 0, negative, math.Pi}, {"atan2", least, math.MaxFloat64, 0},
		{"atan2", math.MaxFloat64, least, math.Pi / 2}, {"atan2", least, -math.MaxFloat64, math.Pi},
		{"sinturn", 6, 24, 1}, {"sinturn", 12, 24, 0}, {"sinturn", 18, 24, -1}, {"sinturn", 2, 24, 0.5},
		{"sinturn", -6, 24, -1}, {"sinturn", 1e300, 1, 0}, {"sinturn", 1, 0, nan}, {"sinturn", 1, -1, nan},
		{"sinturn", inf, 1, nan}, {"sinturn", 1e-300, 1e300, 0}, {"sinturn", 3, 24, math.Sqrt2 / 2},
		{"costurn", 6, 24, 0}, {"costurn", 12, 24, -1}, {"costurn", 0, 24, 1}, {"costurn", 4, 24, 0.5},
		{"costurn", 1e-300, 1, 1}, {"costurn", 8, 24, -0.5}, {"costurn", nan, 1, nan},
	}
	for _, c := range cases {
		got := call(c.name, []float64{c.x, c.y})
		if got == c.want && math.Signbit(got) == math.Signbit(c.want) || got != got && c.want != c.want {
			continue
		}
		// A zero of a whole quarter has either sign.
		if c.want == 0 && got == 0 && (c.name == "sinturn" || c.name == "costurn") {
			continue
		}
		t.Errorf("%s(%v, %v) is %v, want %v", c.name, c.x, c.y, got, c.want)
	}
}

// FuzzAll looks for panics, and for values beyond the range of a function.
func FuzzAll(f *testing.F) {
	for _, x := range []float64{0, 1, -1, 0.5, 709.78, -745.1, 1e300, 5e-324, inf, nan, math.Pi, 1e22} {
		f.Add(x, 2.5)
		f.Add(x, -x)
	}
	f.Fuzz(func(t *testing.T, x, y float64) {
		for _, name := range []string{"sin", "cos", "sinturn", "costurn"} {
			if v := call(name, []float64{x, math.Abs(y)}); v < -1 || v > 1 {
				t.Errorf("%s(%v, %v) is %v", name, x, y, v)
			}
		}
		for _, name := range []string{"exp", "exp2", "pow"} {
			if v := call(name, []float64{math.Abs(x), y}); v < 0 {
				t.Errorf("%s(%v, %v) is %v", name, x, y, v)
			}
		}
		for _, name := range []string{"asin", "atan2"} {
			if v := call(name, []float64{x, y}); v < -math.Pi || v > math.Pi {
				t.Errorf("%s(%v, %v) is %v", name, x, y, v)
			}
		}
		for _, name := range []string{"log", "log2", "log10", "log1p", "tan"} {
			call(name, []float64{x})
		}
	})
}

func BenchmarkFunctions(b *testing.B) {
	for _, name := range []string{
		"exp", "exp2", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "pow", "atan2",
		"sinturn",
	} {
		one := map[string]func(float64) float64{
			"exp": elementary.Exp, "exp2": elementary.Exp2, "log": elementary.Log,
			"log2": elementary.Log2, "log10": elementary.Log10, "log1p": elementary.Log1p,
			"sin": elementary.Sin, "cos": elementary.Cos, "tan": elementary.Tan,
			"asin":    elementary.Asin,
			"pow":     func(x float64) float64 { return elementary.Pow(x+1, 1.7) },
			"atan2":   func(x float64) float64 { return elementary.Atan2(x, 0.7) },
			"sinturn": func(x float64) float64 { return elementary.SinTurn(x, 24) },
		}[name]
		b.Run(name, func(b *testing.B) {
			total := 0.0
			for i := range b.N {
				total += one(float64(i&1023+1) * 0x1p-10)
			}
			if total != total {
				b.Fatal("not a number")
			}
		})
	}
}
