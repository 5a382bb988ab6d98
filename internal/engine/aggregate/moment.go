package aggregate

import (
	"math"

	"github.com/fettle-ml/fettle/internal/engine/exact"
	"github.com/fettle-ml/fettle/internal/engine/window"
)

// seriesOf returns the values as exact numbers.
func seriesOf(v *Values, scale int) exact.Series {
	switch v.Kind {
	case window.Ints:
		return exact.IntSeries(v.Ints)
	case window.Floats:
		return exact.FloatSeries(v.Floats)
	default:
		return exact.DecimalSeries(v.Decimals, scale)
	}
}

// store puts a finite number into a result; another is null, counted. A zero is +0.0.
func (r *Result) store(x float64) {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		r.Null, r.NonFinite = true, true
		return
	}
	r.Float = x + 0
}

// shape is skew and kurtosis: of the degree 3 and 4. The moments come exact and rounded once, and
// what is done with them after that is as the page says, operation by operation.
type shape struct {
	degree  int
	scale   int
	values  *Values
	effort  effort
	ready   bool
	moments exact.Moments
}

func newSkew(s Specification) (Function, error) {
	return &shape{degree: 3, scale: scaleOf(s.Arguments[0])}, nil
}

func newKurtosis(s Specification) (Function, error) {
	return &shape{degree: 4, scale: scaleOf(s.Arguments[0])}, nil
}

func (f *shape) Reset(events *Events) {
	f.values, f.ready = &events.Arguments[0], false
	f.effort = effort{worth: f.values.length()}
}

func (f *shape) Read(q *Question, out *Result) {
	in, n := q.Range, q.Range.Count()
	if n < f.degree {
		out.Null = true
		return
	}
	if !f.ready {
		f.ready = true
		f.moments.Reset(seriesOf(f.values, f.scale), f.degree)
	}
	if !f.effort.short(in.To - in.From) {
		f.moments.Index()
	}
	second, highest := f.moments.Read(in.From, in.To, in.Holes, n)
	switch {
	case second == 0:
		out.Null = true
	case f.degree == 3:
		out.store(quotient(highest, float64(second*math.Sqrt(second))))
	default:
		out.store(quotient(highest, float64(second*second)) - 3)
	}
}

// quotient divides. It gives no number if the divisor is infinite: zero would hide the overflow.
func quotient(a, b float64) float64 {
	if math.IsInf(b, 0) {
		return math.NaN()
	}
	return a / b
}

// relation is covar, corr and slope. Which sums of squares it forms is decided when it is made,
// because covar needs none of them and each costs as much as the sum of products.
type relation struct {
	of             exact.PairParts
	scaleY, scaleX int
	events         *Events
	effort         effort
	ready          bool
	pairs          exact.Pairs
}

func newRelation(s Specification, of exact.PairParts) *relation {
	return &relation{of: of, scaleY: scaleOf(s.Arguments[0]), scaleX: scaleOf(s.Arguments[1])}
}

func newCovar(s Specification) (Function, error) { return newRelation(s, exact.PairParts{}), nil }

func newSlope(s Specification) (Function, error) {
	return newRelation(s, exact.PairParts{XX: true}), nil
}

func newCorr(s Specification) (Function, error) {
	return newRelation(s, exact.PairParts{XX: true, YY: true}), nil
}

func (f *relation) Reset(events *Events) {
	f.events, f.ready = events, false
	f.effort = effort{worth: events.Arguments[0].length()}
}

func (f *relation) Read(q *Question, out *Result) {
	in, n := q.Range, q.Range.Count()
	if n < 2 {
		out.Null = true
		return
	}
	if !f.ready {
		f.ready = true
		y, x := &f.events.Arguments[0], &f.events.Arguments[1]
		f.pairs.Reset(seriesOf(y, f.scaleY), seriesOf(x, f.scaleX), f.of)
	}
	if !f.effort.short(in.To - in.From) {
		f.pairs.Index()
	}
	a, b, c := f.pairs.Read(in.From, in.To, in.Holes, n)
	switch {
	case f.of.XX && b == 0, f.of.YY && c == 0: // a constant has no slope: null, and not counted
		out.Null = true
	case f.of.YY:
		if out.store(quotient(a, float64(math.Sqrt(b)*math.Sqrt(c)))); !out.Null {
			out.Float = max(-1, min(1, out.Float))
		}
	case f.of.XX:
		out.store(quotient(a, b))
	default:
		out.store(a / float64(int64(n)*int64(n)))
	}
}
