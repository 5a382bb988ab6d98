package engine

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine/aggregate"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// generalCall is an aggregate of package aggregate: function, arguments, literals and result type.
type generalCall struct {
	name     string
	columns  []int
	literals []schema.Value
	result   schema.Type
}

// generalCalls are all of them, over arguments of every kind that a lane holds, and of types that no
// lane can hold.
func generalCalls() []generalCall {
	list := func(column int) schema.Type { return schema.ListOf(testColumns[column].Type) }
	of := func(column int) schema.Type { return testColumns[column].Type }
	number, counts := schema.Of(schema.Float64), schema.MapOf(schema.Of(schema.Int64))
	n := func(x int64) []schema.Value { return []schema.Value{schema.IntValue(x)} }
	p := func(x float64) []schema.Value { return []schema.Value{schema.FloatValue(x)} }
	halfLife := []schema.Value{{Type: schema.Of(schema.Duration), Int: 9}}
	calls := []generalCall{
		{"first", []int{colDoc}, nil, of(colDoc)}, {"last", []int{colTags}, nil, of(colTags)},
		{"histogram", []int{colText}, nil, counts}, {"histogram", []int{colInt}, nil, counts},
		{"histogram", []int{colFlag}, nil, counts}, {"histogram", []int{colDecimal}, nil, counts},
		{"median", []int{colFloat}, nil, number}, {"percentile", []int{colInt}, p(0.3), number},
		{"percentile", []int{colDecimal}, p(1), number}, {"approx_percentile", []int{colDecimal}, p(0.9), number},
		{"ewma", []int{colFloat}, p(0.25), number}, {"delta", []int{colInt}, nil, of(colInt)},
		{"delta", []int{colDecimal}, nil, of(colDecimal)}, {"delta", []int{colFloat}, nil, number},
		{"streak", []int{colFlag}, nil, of(colInt)}, {"entropy", []int{colText}, nil, number},
		{"covar", []int{colFloat, colInt}, nil, number}, {"corr", []int{colDecimal, colInt}, nil, number},
		{"slope", []int{colInt, colDecimal}, nil, number}, {"skew", []int{colInt}, nil, number},
		{"kurtosis", []int{colDecimal}, nil, number}, {"approx_distinct", []int{colText}, nil, of(colInt)},
		{"approx_distinct", []int{colDecimal}, nil, of(colInt)},
		{"decayed_sum", []int{colDecimal}, halfLife, number}, {"decayed_count", nil, halfLife, number},
	}
	for _, name := range []string{
		"first", "last", "collect", "first_distinct", "last_distinct", "top_k", "largest", "smallest",
	} {
		for _, column := range []int{colText, colFloat, colInt, colDecimal, colFlag} {
			calls = append(calls, generalCall{name, []int{column}, n(int64(1 + column%3)), list(column)})
		}
	}
	for _, name := range []string{"first", "last", "collect"} {
		calls = append(calls, generalCall{name, []int{colDoc}, n(2), list(colDoc)},
			generalCall{name, []int{colTags}, n(3), list(colTags)}, generalCall{name, []int{colMap}, n(2), list(colMap)},
			generalCall{name, []int{colVector}, n(2), list(colVector)})
	}
	calls = append(calls, generalCall{"last", []int{colVector}, nil, of(colVector)},
		generalCall{"max_by", []int{colMap, colInt}, nil, of(colMap)},
		generalCall{"lag", []int{colVector}, n(1), of(colVector)})
	for _, column := range []int{colText, colFloat, colInt, colDecimal, colFlag} {
		calls = append(calls, []generalCall{
			{"collect_set", []int{column}, nil, list(column)}, {"mode", []int{column}, nil, of(column)},
			{"lag", []int{column}, n(int64(column % 3)), of(column)},
			{"min_by", []int{colDoc, column}, nil, of(colDoc)}, {"max_by", []int{column, colInt}, nil, of(column)},
			{"max_by", []int{colTags, column}, nil, of(colTags)}, {"min_by", []int{column, colText}, nil, of(column)},
		}...)
	}
	return calls
}

// theGeneralCalls is made once: the list is only read.
var theGeneralCalls = generalCalls()

// TestEveryGeneralIsCalled fails if an aggregate is added and not compared here.
func TestEveryGeneralIsCalled(t *testing.T) {
	t.Parallel()
	for _, name := range aggregate.Names() {
		if !slices.ContainsFunc(theGeneralCalls, func(c generalCall) bool { return c.name == name }) {
			t.Errorf("no call of %s", name)
		}
	}
}

func (c generalCall) aggregate() *plan.Aggregate {
	a := &plan.Aggregate{Func: c.name, Type: c.result}
	for _, column := range c.columns {
		a.Args = append(a.Args, columnOf(column))
	}
	for _, literal := range c.literals {
		a.Args = append(a.Args, plan.Constant(literal))
	}
	return a
}

// randomAggregate is any aggregate, without a window.
func randomAggregate(r *rand.Rand) *plan.Aggregate {
	if r.IntN(2) == 0 && len(theGeneralCalls) > 0 {
		return theGeneralCalls[r.IntN(len(theGeneralCalls))].aggregate()
	}
	call := aggregateCalls[r.IntN(len(aggregateCalls))]
	a := &plan.Aggregate{Func: call.name, Distinct: call.distinct, Type: call.result}
	if call.column >= 0 {
		a.Args = []*plan.Expr{columnOf(call.column)}
	}
	return a
}

// naiveKnows reports whether naive computes an aggregate.
func naiveKnows(a *plan.Aggregate) bool { return !isGeneral(a) || naiveGenerals[a.Func] != nil }

// naiveGenerals are the aggregates that a few lines define. The others are compared with themselves
// over events that need no window: see TestWindowsAreSelections.
var naiveGenerals = map[string]func(a *plan.Aggregate, in []testEvent) schema.Value{
	"first": func(a *plan.Aggregate, in []testEvent) schema.Value {
		if values := argumentValues(a, in); len(a.Args) == 2 {
			return listOf(a, values[:min(len(values), literalOf(a))])
		} else if len(values) > 0 {
			return values[0]
		}
		return schema.NullOf(a.Type)
	},
	"last": func(a *plan.Aggregate, in []testEvent) schema.Value {
		values := argumentValues(a, in)
		slices.Reverse(values)
		if len(a.Args) == 2 {
			return listOf(a, values[:min(len(values), literalOf(a))])
		} else if len(values) > 0 {
			return values[0]
		}
		return schema.NullOf(a.Type)
	},
	"collect": func(a *plan.Aggregate, in []testEvent) schema.Value {
		values := argumentValues(a, in)
		return listOf(a, values[max(0, len(values)-literalOf(a)):])
	},
	"first_distinct": func(a *plan.Aggregate, in []testEvent) schema.Value {
		different := naiveDifferent(argumentValues(a, in))
		return listOf(a, different[:min(len(different), literalOf(a))])
	},
	"last_distinct": func(a *plan.Aggregate, in []testEvent) schema.Value {
		values := argumentValues(a, in)
		slices.Reverse(values)
		different := naiveDifferent(values)
		return listOf(a, different[:min(len(different), literalOf(a))])
	},
	"collect_set": func(a *plan.Aggregate, in []testEvent) schema.Value {
		different := naiveDifferent(argumentValues(a, in))
		slices.SortFunc(different, naiveCompare)
		return listOf(a, different)
	},
	"largest": func(a *plan.Aggregate, in []testEvent) schema.Value {
		values := argumentValues(a, in)
		slices.SortFunc(values, func(x, y schema.Value) int { return naiveCompare(y, x) })
		return listOf(a, values[:min(len(values), literalOf(a))])
	},
	"smallest": func(a *plan.Aggregate, in []testEvent) schema.Value {
		values := argumentValues(a, in)
		slices.SortFunc(values, naiveCompare)
		return listOf(a, values[:min(len(values), literalOf(a))])
	},
	"mode": func(a *plan.Aggregate, in []testEvent) schema.Value {
		if different, _ := naiveFrequencies(argumentValues(a, in)); len(different) > 0 {
			return different[0]
		}
		return schema.NullOf(a.Type)
	},
	"top_k": func(a *plan.Aggregate, in []testEvent) schema.Value {
		different, _ := naiveFrequencies(argumentValues(a, in))
		return listOf(a, different[:min(len(different), literalOf(a))])
	},
	"histogram": func(a *plan.Aggregate, in []testEvent) schema.Value {
		out := schema.Value{Type: a.Type}
		different, counts := naiveFrequencies(argumentValues(a, in))
		slices.SortFunc(different, func(x, y schema.Value) int { return cmp.Compare(x.String(), y.String()) })
		for _, v := range different {
			out.Items = append(out.Items, schema.StringValue(v.String()), schema.IntValue(counts[v.String()]))
		}
		return out
	},
	"min_by": func(a *plan.Aggregate, in []testEvent) schema.Value { return naiveBy(a, in, -1) },
	"max_by": func(a *plan.Aggregate, in []testEvent) schema.Value { return naiveBy(a, in, 1) },
	"lag": func(a *plan.Aggregate, in []testEvent) schema.Value {
		values := argumentValues(a, in)
		if k := len(values) - 1 - literalOf(a); k >= 0 {
			return values[k]
		}
		return schema.NullOf(a.Type)
	},
	"streak": func(a *plan.Aggregate, in []testEvent) schema.Value {
		n := int64(0)
		for _, v := range argumentValues(a, in) {
			if n++; v.Int == 0 {
				n = 0
			}
		}
		return schema.IntValue(n)
	},
	"ewma": func(a *plan.Aggregate, in []testEvent) schema.Value {
		values := argumentValues(a, in)
		if len(values) == 0 {
			return schema.NullOf(a.Type)
		}
		weight, e := a.Args[1].Value.Float, values[0].Float
		for _, v := range values[1:] {
			e = float64(weight*v.Float) + float64((1-weight)*e)
		}
		return schema.FloatValue(e + 0)
	},
}

// argumentValues are the values of the first argument that are not null.
func argumentValues(a *plan.Aggregate, in []testEvent) []schema.Value {
	var values []schema.Value
	for _, e := range in {
		if v := e.values[a.Args[0].Index]; !v.Null {
			values = append(values, v)
		}
	}
	return values
}

func literalOf(a *plan.Aggregate) int { return int(a.Args[len(a.Args)-1].Value.Int) }

func listOf(a *plan.Aggregate, items []schema.Value) schema.Value {
	return schema.Value{Type: a.Type, Items: items}
}

func naiveDifferent(values []schema.Value) []schema.Value {
	var different []schema.Value
	for _, v := range values {
		if !slices.ContainsFunc(different, func(other schema.Value) bool { return naiveCompare(v, other) == 0 }) {
			different = append(different, v)
		}
	}
	return different
}

// naiveFrequencies orders the different values, the most frequent first and then by value.
func naiveFrequencies(values []schema.Value) ([]schema.Value, map[string]int64) {
	counts := map[string]int64{}
	for _, v := range values {
		counts[v.String()]++
	}
	different := naiveDifferent(values)
	slices.SortFunc(different, func(x, y schema.Value) int {
		return cmp.Or(cmp.Compare(counts[y.String()], counts[x.String()]), naiveCompare(x, y))
	})
	return different, counts
}

// naiveBy takes the value of the newest event whose other argument is the least or the greatest.
func naiveBy(a *plan.Aggregate, in []testEvent, sign int) schema.Value {
	best, value := schema.Value{Null: true}, schema.NullOf(a.Type)
	for _, e := range in {
		x := e.values[a.Args[1].Index]
		if !x.Null && (best.Null || naiveCompare(x, best)*sign >= 0) {
			best, value = x, e.values[a.Args[0].Index]
		}
	}
	return value
}

// naiveDecay is about what an aggregate gives whose terms lose half their weight every half-life
// until the boundary; false for other aggregates.
func naiveDecay(a *plan.Aggregate, in []testEvent, boundary int64) (sum float64, known bool) {
	if a.Func != "decayed_sum" && a.Func != "decayed_count" {
		return 0, false
	}
	for _, e := range in {
		x := 1.0
		if len(a.Args) == 2 {
			v := e.values[a.Args[0].Index]
			if v.Null {
				continue
			}
			x, _ = naiveRat(v).Float64()
		}
		sum += x * math.Exp2(-float64(boundary-e.time)/float64(literalOf(a)))
	}
	return sum, true
}
