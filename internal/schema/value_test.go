package schema

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestFormatFloat(t *testing.T) {
	t.Parallel()
	for want, x := range map[string]float64{
		"0.0": 0, "7.0": 7, "-7.0": -7, "0.1": 0.1, "0.00001": 1e-5, "1e-06": 1e-6, "1.5e-06": 1.5e-6,
		"1234567.5": 1234567.5, "9999999999999998.0": 9999999999999998, "1e+16": 1e16, "1.2e+17": 1.2e17,
		"1e+300": 1e300, "5e-324": 5e-324, "0.000012": 1.2e-5, "-1e+22": -1e22,
		"1.7976931348623157e+308": math.MaxFloat64, "9.999999999999999e-06": 9.999999999999999e-6,
	} {
		if got := FormatFloat(x); got != want {
			t.Errorf("%v is written %s, want %s", x, got, want)
		}
	}
}

// TestFormatFloatReads reads texts back, and looks for the form that the pages promise.
func TestFormatFloatReads(t *testing.T) {
	t.Parallel()
	const seed = 3
	r := rand.New(rand.NewPCG(seed, seed))
	plain := 0
	for range 20_000 {
		x := math.Float64frombits(r.Uint64())
		if r.IntN(2) == 0 {
			x = math.Ldexp(r.NormFloat64(), r.IntN(140)-40)
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			continue
		}
		text := FormatFloat(x)
		back, err := strconv.ParseFloat(text, 64)
		if err != nil || back != x {
			t.Fatalf("seed %d: %v is written %s", seed, x, text)
		}
		inside := math.Abs(x) >= 1e-5 && math.Abs(x) < 1e16
		if inside == strings.Contains(text, "e") || inside && !strings.Contains(text, ".") {
			t.Fatalf("seed %d: %v is written %s", seed, x, text)
		}
		if inside {
			plain++
		}
	}
	if plain < 2000 {
		t.Errorf("only %d plain texts", plain)
	}
}

func TestMapString(t *testing.T) {
	t.Parallel()
	m := MapOf(ListOf(Of(Int64)))
	list := Value{Type: *m.Elem, Items: []Value{IntValue(1), NullOf(Of(Int64))}}
	v := Value{Type: m, Items: []Value{StringValue("a"), list, StringValue("b"), NullOf(*m.Elem)}}
	if got := v.String(); got != "{a: [1, null], b: null}" {
		t.Error(got)
	}
}

func TestSettled(t *testing.T) {
	t.Parallel()
	null, text := Of(Null), Of(String)
	for _, c := range []struct {
		t    Type
		want bool
	}{
		{null, false}, {text, true}, {ListOf(null), false}, {ListOf(text), true}, {MapOf(ListOf(null)), false},
		{Type{Kind: Vector, Size: 3}, true}, {ListOf(MapOf(text)), true},
	} {
		if c.t.Settled() != c.want {
			t.Errorf("%s is settled: %v", c.t, !c.want)
		}
	}
}

func TestTypeLimits(t *testing.T) {
	t.Parallel()
	deep := func(n int) string {
		return strings.Repeat("list<", n) + "int64" + strings.Repeat(">", n)
	}
	for text, nesting := range map[string]int{
		"int64": 0, "vector(65536)": 1, "list<vector(2)>": 2, deep(MaxNesting): MaxNesting,
		"map<list<decimal(38)>>": 2,
	} {
		typ, err := ParseType(text)
		if err != nil || typ.Nesting() != nesting || typ.String() != text {
			t.Errorf("%s is %s, nested %d (%v)", text, typ, typ.Nesting(), err)
		}
	}
	for _, text := range []string{
		"vector(65537)", "vector(0)", "vector(-1)", "decimal(39)", deep(MaxNesting + 1), deep(100_000),
		"list<null>", "list<>", "list<int64", "list<int64>>", "map<string, int64>",
	} {
		if typ, err := ParseType(text); err == nil {
			t.Errorf("%.40s is the type %s", text, typ)
		}
	}
}
