package aggregate

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
	"github.com/fettle-ml/fettle/internal/schema"
)

const scale = 2 // of the decimals of the tests

// kinds are the kinds of arguments that a function is tested with.
var numbers = []string{
	"money", "few", "wide", "tiny", "huge", "ints", "bigints", "cents", "bigcents", "fewbig",
}

// fill returns n values of a family.
func fill(r *rand.Rand, family string, n int) Values {
	var v Values
	for range n {
		switch family {
		case "money":
			v.Floats = append(v.Floats, math.Round(r.ExpFloat64()*10000)/100)
		case "few":
			v.Floats = append(v.Floats, float64(float64(r.IntN(7)-3)*0.1)+0)
		case "wide":
			v.Floats = append(v.Floats, math.Ldexp(r.NormFloat64(), r.IntN(300)-150))
		case "tiny":
			v.Floats = append(v.Floats, math.Float64frombits(r.Uint64N(1<<53)))
		case "huge":
			v.Floats = append(v.Floats, math.MaxFloat64*(float64(2*r.Float64())-1))
		case "ints", "bools":
			v.Ints = append(v.Ints, r.Int64N(map[string]int64{"ints": 40, "bools": 2}[family]))
		case "bigints":
			v.Ints = append(v.Ints, int64(r.Uint64())>>r.IntN(64))
		case "hashes":
			v.Ints = append(v.Ints, int64(r.Uint64()>>r.IntN(40))*int64(r.IntN(2)))
		case "fewbig":
			v.Decimals = append(v.Decimals, schema.Int128{Hi: r.Int64N(5) - 2, Lo: r.Uint64N(3)})
		case "cents":
			v.Decimals = append(v.Decimals, schema.Int128From(r.Int64N(500)-250))
		default:
			wide := schema.Int128{Hi: int64(r.Uint64N(5_421_010_862_427_522_170)) >> r.IntN(60), Lo: r.Uint64()}
			if r.IntN(2) == 0 {
				wide = wide.Neg()
			}
			v.Decimals = append(v.Decimals, wide)
		}
	}
	switch {
	case v.Floats != nil:
		v.Kind = window.Floats
	case v.Decimals != nil:
		v.Kind = window.Decimals
	}
	return v
}

// subject is a function with the literals and arguments that it is tested with.
type subject struct {
	name     string
	families []string
	literal  func(r *rand.Rand) (schema.Value, asked)
	two      bool
}

func counted(r *rand.Rand) (schema.Value, asked) {
	n := 1 + r.IntN([]int{3, 20, 400}[r.IntN(3)])
	return schema.IntValue(int64(n)), asked{n: n}
}

func portion(r *rand.Rand) (schema.Value, asked) {
	p := []float64{0, 1, 0.5, 0.95, r.Float64()}[r.IntN(5)]
	return schema.FloatValue(p), asked{number: p}
}

func halfLife(r *rand.Rand) (schema.Value, asked) {
	h := []int64{1, 1000, schema.Day, 7 * schema.Day, 1 + r.Int64N(schema.Day)}[r.IntN(5)]
	return schema.Value{Type: schema.Of(schema.Duration), Int: h}, asked{life: h}
}

var subjects = []subject{
	{name: "first", families: numbers, literal: counted}, {name: "last", families: numbers, literal: counted},
	{name: "collect", families: numbers, literal: counted},
	{name: "first_distinct", families: numbers, literal: counted},
	{name: "last_distinct", families: numbers, literal: counted},
	{name: "largest", families: numbers, literal: counted}, {name: "smallest", families: numbers, literal: counted},
	{name: "min_by", families: numbers, two: true}, {name: "max_by", families: numbers, two: true},
	{name: "mode", families: numbers}, {name: "top_k", families: numbers, literal: counted},
	{name: "histogram", families: numbers}, {name: "collect_set", families: numbers},
	{name: "entropy", families: numbers}, {name: "approx_distinct", families: []string{"hashes", "ints"}},
	{name: "percentile", families: numbers, literal: portion}, {name: "median", families: numbers},
	{name: "approx_percentile", families: numbers, literal: portion},
	{name: "skew", families: numbers}, {name: "kurtosis", families: numbers},
	{name: "covar", families: numbers, two: true}, {name: "corr", families: numbers, two: true},
	{name: "slope", families: numbers, two: true},
	{name: "decayed_sum", families: []string{"money", "wide", "tiny", "huge", "ints", "cents"}, literal: halfLife},
	{name: "decayed_count", families: []string{"none"}, literal: halfLife},
	{name: "ewma", families: []string{"money", "few", "wide", "tiny", "huge"}, literal: portion},
	{name: "lag", families: numbers, literal: func(r *rand.Rand) (schema.Value, asked) {
		n := r.IntN(5)
		return schema.IntValue(int64(n)), asked{n: n}
	}},
	{name: "delta", families: numbers}, {name: "streak", families: []string{"bools"}},
}

func typeOf(v *Values) schema.Type {
	switch v.Kind {
	case window.Ints:
		return schema.Of(schema.Int64)
	case window.Floats:
		return schema.Of(schema.Float64)
	default:
		return schema.DecimalOf(scale)
	}
}

// entity draws the events of one entity.
func (s *subject) entity(r *rand.Rand, families []string, n int) Events {
	events := Events{Time: make([]int64, n)}
	spread := []int64{3, 1000, schema.Day, 90 * schema.Day}[r.IntN(4)]
	at := r.Int64N(1<<50) - 1<<49
	for i := range events.Time {
		at += r.Int64N(spread)
		events.Time[i] = at
	}
	for _, family := range families {
		if family != "none" {
			events.Arguments = append(events.Arguments, fill(r, family, n))
		}
	}
	if s.two && strings.HasSuffix(s.name, "_by") {
		valid := make([]bool, n)
		for i := range valid {
			valid[i] = r.IntN(4) > 0
		}
		events.Arguments[0].Valid = valid
	}
	return events
}

// text writes a result as the oracle does.
func text(s *subject, events *Events, out *Result, a asked) string {
	switch {
	case out.Null != (out.Null || out.Cap || out.NonFinite || out.Overflow):
		return "a reason and not null"
	case out.Cap:
		return "cap"
	case out.NonFinite:
		return "not finite"
	case out.Overflow:
		return "overflow"
	case out.Null:
		return nothing
	case strings.HasSuffix(s.name, "_by"):
		return fmt.Sprint("at ", out.Positions[0])
	case ByPosition(s.name):
		var values []*big.Rat
		for _, i := range out.Positions {
			values = append(values, value(&events.Arguments[0], int(i), scale))
		}
		if out.Counts != nil || s.name == "histogram" {
			return list(values) + fmt.Sprint(out.Counts)
		}
		return list(values)
	case s.name == "streak" || s.name == "approx_distinct":
		return fmt.Sprint(out.Int)
	case s.name == "delta" && a.result == schema.Int64:
		return fmt.Sprint(out.Int)
	case s.name == "delta" && a.result == schema.Decimal:
		return new(big.Rat).SetFrac(out.Decimal.Big(), big.NewInt(100)).RatString()
	default:
		return float(out.Float)
	}
}

func someHoles(r *rand.Rand, from, to int) []int32 {
	var holes []int32
	density := []int{0, 0, 1, 5, 20}[r.IntN(5)]
	for i := from; i < to; i++ {
		if r.IntN(20) < density {
			holes = append(holes, int32(i))
		}
	}
	return holes
}

// TestAgainstOracle reads ranges that move forward, jump and go back, with events that are not
// available, from entities of few and of many events, with one function for all.
func TestAgainstOracle(t *testing.T) {
	t.Parallel()
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(11, uint64(len(s.name))))
			compared, informative := 0, 0
			for _, family := range s.families {
				c, i := s.compare(t, r, family)
				compared, informative = compared+c, informative+i
			}
			if compared < 80*len(s.families) || informative < 12*len(s.families) {
				t.Errorf("only %d ranges compared, %d of them with a value", compared, informative)
			}
		})
	}
}

// compare runs one function over entities of a family.
func (s *subject) compare(t *testing.T, r *rand.Rand, family string) (compared, informative int) {
	t.Helper()
	families := []string{family}
	if s.two {
		families = append(families, s.families[r.IntN(len(s.families))])
	}
	var spec Specification
	spec.Func = s.name
	var a asked
	if s.literal != nil {
		var literal schema.Value
		literal, a = s.literal(r)
		spec.Literals = []schema.Value{literal}
	}
	var f Function
	sizes := []int{0, 5, 40, 150, 300}
	if slices.Contains([]string{"wide", "tiny", "huge", "bigcents", "fewbig"}, family) {
		sizes = []int{0, 5, 40, 70, 90} // fractions of such numbers are slow
	}
	for round, n := range sizes {
		events := s.entity(r, families, n)
		if f == nil {
			for i := range events.Arguments {
				sample := fill(r, families[i], 1)
				spec.Arguments = append(spec.Arguments, typeOf(&sample))
			}
			if len(spec.Arguments) > 0 {
				a.result = spec.Arguments[0].Kind
			}
			var err error
			if f, err = New(spec); err != nil {
				t.Fatal(err)
			}
		}
		f.Reset(&events)
		from, to := 0, 0
		for step := range 18 {
			switch {
			case step%7 == 6: // back
				from = r.IntN(n + 1)
				to = from + r.IntN(n-from+1)
			case step%9 == 8: // everything
				from, to = 0, n
			default:
				to += r.IntN(min(n-to, 60) + 1)
				from = min(to, from+r.IntN(40))
			}
			in := window.Range{From: from, To: to, Holes: someHoles(r, from, to)}
			q := Question{Range: in, Boundary: 1 << 50}
			if to > 0 {
				q.Boundary = events.Time[to-1] + 1 + r.Int64N(3*schema.Day)
			}
			a.boundary = q.Boundary
			var out Result
			f.Read(&q, &out)
			got := text(s, &events, &out, a)
			want := oracle(s.name, visible(&events, scale, in), a)
			if got != want {
				t.Fatalf("%s of %s %+v, entity %d, step %d, %d to %d, holes %v:\n got %s\nwant %s",
					s.name, family, a, round, step, from, to, in.Holes, got, want)
			}
			compared++
			if !slices.Contains([]string{nothing, "[]", "0", "not finite", "[][]"}, want) {
				informative++
			}
		}
	}
	return compared, informative
}

// TestNames compares the list of this package with the table.
func TestNames(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, s := range subjects {
		tested[s.name] = true
	}
	for _, name := range Names() {
		if f, found := builtin.Lookup(name); !found || !f.Aggregate {
			t.Errorf("%s is not in the table", name)
		}
		if !tested[name] {
			t.Errorf("%s is not tested against the oracle", name)
		}
	}
	if len(Names()) != len(subjects) {
		t.Errorf("%d aggregates, %d are tested", len(Names()), len(subjects))
	}
}
