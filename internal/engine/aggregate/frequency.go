package aggregate

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/fettle-ml/fettle/internal/engine/elementary"
	"github.com/fettle-ml/fettle/internal/engine/exact"
)

// frequency is mode and top_k: of equally frequent values the lesser comes first. Both find the
// values in that order already, sorted or in the tree, so that nothing has to break ties.
type frequency struct {
	tally
	k      int
	single bool
	runs   []run
	found  []int32
	open   frontier
}

func newMode(Specification) (Function, error) {
	f := &frequency{k: 1, single: true}
	f.treed = true
	return f, nil
}

// newTopK keeps the tree of a mode: its top is opened as far as k values need.
func newTopK(s Specification) (Function, error) {
	k, err := countOf(s.Literals[0], 1)
	f := &frequency{k: k}
	f.treed = true
	return f, err
}

func (f *frequency) Reset(events *Events) { f.enter(&events.Arguments[0]) }

func (f *frequency) Read(q *Question, out *Result) {
	f.found, f.runs = f.found[:0], f.runs[:0]
	var different int
	if f.effort.short(q.Range.To - q.Range.From) {
		f.runs = runs(f.runs, f.sorted(q.Range))
		different = len(f.runs)
		slices.SortStableFunc(f.runs, func(a, b run) int { return cmp.Compare(b.count, a.count) })
		f.runs = f.runs[:min(f.k, len(f.runs))]
	} else {
		f.move(q.Range)
		if different = f.present; different <= Cap {
			f.runs = f.best(f.runs, f.k, &f.open)
		}
		f.leave(q.Range)
	}
	if different > Cap {
		out.Null, out.Cap = true, true
		return
	}
	for _, r := range f.runs {
		f.found = append(f.found, r.at)
	}
	out.Positions = f.found
	out.Null = f.single && len(f.found) == 0
}

// occurrences is collect_set and histogram: both list all different values in their order. The keys
// of a histogram are put in the order of their text by the caller, who writes it.
type occurrences struct {
	tally
	counted bool
	runs    []run
	found   []int32
	counts  []int64
}

func newCollectSet(Specification) (Function, error) { return &occurrences{}, nil }
func newHistogram(Specification) (Function, error)  { return &occurrences{counted: true}, nil }

func (f *occurrences) Reset(events *Events) { f.enter(&events.Arguments[0]) }

func (f *occurrences) Read(q *Question, out *Result) {
	f.found, f.counts, f.runs = f.found[:0], f.counts[:0], f.runs[:0]
	var different int
	if f.effort.short(q.Range.To - q.Range.From) {
		f.runs = runs(f.runs, f.sorted(q.Range))
		different = len(f.runs)
	} else {
		f.move(q.Range)
		if different = f.present; different <= Cap {
			f.runs = f.all(f.runs)
		}
		f.leave(q.Range)
	}
	if different > Cap {
		out.Null, out.Cap = true, true
		return
	}
	for _, r := range f.runs {
		f.found = append(f.found, r.at)
		if f.counted {
			f.counts = append(f.counts, int64(r.count))
		}
	}
	out.Positions = f.found
	if f.counted {
		out.Counts = f.counts
	}
}

// entropy is minus the sum of p * ln(p) over the different values, exact but for the terms. The
// term of a value depends only on how often it occurs, so that a long range needs one logarithm for
// all values of one count.
type entropy struct {
	tally
	runs []run
	log  func(float64) float64
}

func newEntropy(Specification) (Function, error) {
	f := &entropy{log: elementary.Log}
	f.levelled = true
	return f, nil
}

func (f *entropy) Reset(events *Events) { f.enter(&events.Arguments[0]) }

func (f *entropy) Read(q *Question, out *Result) {
	n := q.Range.Count()
	if n == 0 {
		out.Null = true
		return
	}
	var sum terms
	if f.effort.short(q.Range.To - q.Range.From) {
		f.runs = runs(f.runs[:0], f.sorted(q.Range))
		for _, r := range f.runs {
			sum.add(f.term(int(r.count), n), 1)
		}
		out.Cap = len(f.runs) > Cap
	} else {
		f.move(q.Range)
		out.Cap = f.present > Cap
		for at, word := range f.levelBits {
			for ; word != 0; word &= word - 1 {
				count := at*64 + bits.TrailingZeros64(word)
				sum.add(f.term(count, n), uint64(f.levels[count]))
			}
		}
		f.leave(q.Range)
	}
	out.Float, out.Null = sum.value(), out.Cap
}

// term returns -p * ln(p), rounded, for a value that is count of n.
func (f *entropy) term(count, n int) float64 {
	p := float64(count) / float64(n)
	return -float64(p * f.log(p))
}

// termsExponent is below the last bit of every term. With fewer than 2^31 events p is at least
// 2^-31, and -p * ln(p) at least 2^-32 if it is not 0, with 53 bits.
const termsExponent = -90

// terms is an exact sum of terms, which are from 0 to 0.37, as a multiple of 2^termsExponent.
type terms struct{ hi, lo uint64 }

// add adds a term a number of times. Fewer than 2^31 terms of 84 bits, shifted by at most 36, stay
// within 127 bits.
func (s *terms) add(x float64, times uint64) {
	if x <= 0 {
		return
	}
	b := math.Float64bits(x)
	mantissa := b&(1<<52-1) | 1<<52
	shift := uint(int(b>>52) - 1075 - termsExponent)
	hi, lo := bits.Mul64(mantissa, times)
	hi, lo = hi<<shift|lo>>1>>(63-shift), lo<<shift
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, lo, 0)
	s.hi, _ = bits.Add64(s.hi, hi, carry)
}

func (s *terms) value() float64 {
	return exact.Float([]uint64{s.lo, s.hi}, termsExponent)
}
