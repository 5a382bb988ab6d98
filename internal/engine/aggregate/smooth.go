package aggregate

import (
	"fmt"
	"math"
	"sort"

	"github.com/fettle-ml/fettle/internal/engine/exact"
	"github.com/fettle-ml/fettle/internal/engine/window"
)

// ewma is the exponentially weighted mean of a range, from its first value on.
//
// The mean depends on where the range begins, but hardly: one step keeps the order of two means, so
// that every beginning ends between those of the least and the greatest mean there can be. Where
// those two meet, often after some hundred steps, the events before them do not matter to the last
// bit, and need not be looked at.
type ewma struct {
	values *Values
	a      float64
	bound  float64 // no mean of the entity is further from 0; 0: not known yet
}

// firstSteps is how many of the newest values are tried first.
const firstSteps = 128

func newEwma(s Specification) (Function, error) {
	a, err := numberOf(s.Literals[0])
	if err == nil && !(a >= 0 && a <= 1) {
		err = fmt.Errorf("%w: %v is not from 0 to 1", errArguments, a)
	}
	return &ewma{a: a}, err
}

func (f *ewma) Reset(events *Events) { f.values, f.bound = &events.Arguments[0], 0 }

func (f *ewma) Read(q *Question, out *Result) {
	in := q.Range
	if in.Count() == 0 {
		out.Null = true
		return
	}
	for steps := firstSteps; steps < (in.To-in.From)/4; steps *= 4 {
		bound := f.greatest()
		low := f.fold(in, in.To-steps, -bound)
		if high := f.fold(in, in.To-steps, bound); low == high {
			out.store(low)
			return
		}
	}
	first := in.Oldest()
	out.store(f.fold(in, first+1, f.values.Floats[first]))
}

// fold continues the mean e with the values of a range from a position on.
func (f *ewma) fold(in window.Range, from int, e float64) float64 {
	rest := 1 - f.a
	hole := sort.Search(len(in.Holes), func(k int) bool { return int(in.Holes[k]) >= from })
	for i := from; i < in.To; i++ {
		if hole < len(in.Holes) && int(in.Holes[hole]) == i {
			hole++
			continue
		}
		e = float64(f.a*f.values.Floats[i]) + float64(rest*e)
	}
	return e
}

// greatest returns a bound of all means of the entity: what rounding adds to the greatest value in
// 10,000 steps is far less than the value itself, but for tiny ones.
func (f *ewma) greatest() float64 {
	if f.bound == 0 {
		for _, x := range f.values.Floats {
			f.bound = max(f.bound, math.Abs(x))
		}
		f.bound = min(float64(2*f.bound)+1e-300, math.MaxFloat64)
	}
	return f.bound
}

// delta is the newest value minus the one before it.
type delta struct {
	values *Values
	found  []int32
}

func newDelta(Specification) (Function, error) { return &delta{}, nil }

func (f *delta) Reset(events *Events) { f.values = &events.Arguments[0] }

func (f *delta) Read(q *Question, out *Result) {
	f.found = newest(f.found[:0], q.Range, 2)
	if len(f.found) < 2 {
		out.Null = true
		return
	}
	now, before := f.found[0], f.found[1]
	switch f.values.Kind {
	case window.Ints:
		x, y := f.values.Ints[now], f.values.Ints[before]
		out.Int = x - y
		out.Overflow = (x >= 0) != (y >= 0) && (out.Int >= 0) != (x >= 0)
	case window.Floats:
		out.store(f.values.Floats[now] - f.values.Floats[before])
	default:
		var fits bool
		out.Decimal, fits = exact.DecimalDifference(f.values.Decimals[now], f.values.Decimals[before])
		out.Overflow = !fits
	}
	out.Null = out.Null || out.Overflow
}
