package exact

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

// families are kinds of float64 sequences: money, mixed magnitudes, cancellation, the whole range.
var families = map[string]func(*rand.Rand) float64{
	"money":    func(r *rand.Rand) float64 { return math.Round(r.ExpFloat64()*10000) / 100 },
	"signed":   func(r *rand.Rand) float64 { return r.NormFloat64() },
	"tenths":   func(r *rand.Rand) float64 { return float64(r.IntN(100)-50) * 0.1 },
	"mixed":    func(r *rand.Rand) float64 { return math.Ldexp(r.NormFloat64(), r.IntN(120)-60) },
	"range":    func(r *rand.Rand) float64 { return anyFloat(r) },
	"tiny":     func(r *rand.Rand) float64 { return math.Float64frombits(r.Uint64N(1 << 53)) },
	"huge":     func(r *rand.Rand) float64 { return math.MaxFloat64 * (r.Float64() - 0.5) },
	"zeros":    func(r *rand.Rand) float64 { return float64(r.IntN(2)) * 1e-300 },
	"allzeros": func(*rand.Rand) float64 { return 0 },
	"cancel":   func(r *rand.Rand) float64 { return []float64{1e16, -1e16, 1, 0.1, -0.1}[r.IntN(5)] },
}

func anyFloat(r *rand.Rand) float64 {
	for {
		if x := math.Float64frombits(r.Uint64()); !math.IsNaN(x) && !math.IsInf(x, 0) {
			return x
		}
	}
}

func rational(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

func nearest(r *big.Rat) float64 {
	x, _ := r.Float64()
	return x + 0
}

func same(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

func TestFloatRanges(t *testing.T) {
	t.Parallel()
	compared := 0
	for name, draw := range families {
		r := rand.New(rand.NewPCG(7, uint64(len(name))))
		var sums, squares Sums
		var scratch []uint64
		for range 60 {
			values := make([]float64, 1+r.IntN(40))
			for i := range values {
				values[i] = draw(r)
			}
			sums.BuildFloats(values)
			squares.BuildFloatSquares(values)
			for range 10 {
				from := r.IntN(len(values))
				to := from + 1 + r.IntN(len(values)-from)
				s1, s2 := new(big.Rat), new(big.Rat)
				for _, x := range values[from:to] {
					s1.Add(s1, rational(x))
					s2.Add(s2, new(big.Rat).Mul(rational(x), rational(x)))
				}
				acc := make([]uint64, sums.Limbs())
				sums.Range(from, to, acc)
				if got, want := Float(acc, sums.Exponent()), nearest(s1); !same(got, want) {
					t.Fatalf("%s: sum of %v: %v, want %v", name, values[from:to], got, want)
				}
				n := int64(to - from)
				first, second := make([]uint64, sums.Limbs()), make([]uint64, squares.Limbs())
				sums.Range(0, len(values), first)
				for i := range values {
					if i < from || i >= to {
						sums.Remove(i, first)
					}
				}
				squares.Range(from, to, second)
				var got float64
				got, scratch = Spread(first, second, n, sums.Exponent(), 0, scratch)
				want := new(big.Rat).Mul(s2, big.NewRat(n, 1))
				if w := nearest(want.Sub(want, new(big.Rat).Mul(s1, s1))); !same(got, w) {
					t.Fatalf("%s: spread of %v: %v, want %v", name, values[from:to], got, w)
				}
				compared++
			}
		}
	}
	if compared < 5000 {
		t.Errorf("only %d ranges compared", compared)
	}
}

func TestInts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	var sums, squares, decimals, decimalSquares Sums
	for range 300 {
		n := 1 + r.IntN(30)
		values, wide := make([]int64, n), make([]schema.Int128, n)
		total, square, wideTotal, wideSquare := new(big.Int), new(big.Int), new(big.Int), new(big.Int)
		for i := range values {
			values[i] = int64(r.Uint64()) >> r.IntN(64)
			wide[i] = schema.Int128{Hi: int64(r.Uint64()) >> (1 + r.IntN(63)), Lo: r.Uint64()}
			x := big.NewInt(values[i])
			total.Add(total, x)
			square.Add(square, x.Mul(x, x))
			w := wide[i].Big()
			wideTotal.Add(wideTotal, w)
			wideSquare.Add(wideSquare, w.Mul(w, w))
		}
		sums.BuildInts(values)
		squares.BuildIntSquares(values)
		decimals.BuildDecimals(wide)
		decimalSquares.BuildDecimalSquares(wide)
		for _, c := range []struct {
			sums *Sums
			want *big.Int
		}{{&sums, total}, {&squares, square}, {&decimals, wideTotal}, {&decimalSquares, wideSquare}} {
			acc := make([]uint64, c.sums.Limbs())
			c.sums.Range(0, n, acc)
			if got := bigOf(acc); got.Cmp(c.want) != 0 {
				t.Fatalf("sum of %v: %s, want %s", values, got, c.want)
			}
		}
		acc := make([]uint64, sums.Limbs())
		sums.Range(0, n, acc)
		if got, want := IntMean(acc, int64(n)), nearest(new(big.Rat).SetFrac(total, big.NewInt(int64(n)))); !same(got, want) {
			t.Fatalf("mean of %v: %v, want %v", values, got, want)
		}
	}
}

func TestDecimalMean(t *testing.T) {
	t.Parallel()
	f := func(sum, n int64, digits int, want string) {
		t.Helper()
		acc := []uint64{uint64(sum), uint64(sum >> 63)}
		got, fits := DecimalMean(acc, n, digits)
		if text := schema.FormatDecimal(got, 2+digits); !fits || text != want {
			t.Errorf("%d / %d: %s, want %s", sum, n, text, want)
		}
	}
	f(100, 3, 6, "0.33333333")
	f(200, 3, 6, "0.66666667")
	f(-200, 3, 6, "-0.66666667")
	f(1, 2, 0, "0.00")
	f(3, 2, 0, "0.02")
	f(-3, 2, 0, "-0.02")
	f(-1, 2, 0, "0.00")
}

func BenchmarkBuildFloats(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 1000)
	for i := range values {
		values[i] = families["money"](r)
	}
	var sums Sums
	for b.Loop() {
		sums.BuildFloats(values)
	}
}
