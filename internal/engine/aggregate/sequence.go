package aggregate

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/schema"
)

// backward calls visit with the positions of a range from the newest on until it returns false.
func backward(in window.Range, visit func(position int) bool) {
	hole := len(in.Holes) - 1
	for i := in.To - 1; i >= in.From; i-- {
		if hole >= 0 && int(in.Holes[hole]) == i {
			hole--
			continue
		}
		if !visit(i) {
			return
		}
	}
}

// newest appends up to n positions of a range to dst, the newest first.
func newest(dst []int32, in window.Range, n int) []int32 {
	if n <= 0 {
		return dst
	}
	backward(in, func(i int) bool {
		dst = append(dst, int32(i))
		n--
		return n > 0
	})
	return dst
}

// oldest appends up to n positions of a range to dst, the oldest first.
func oldest(dst []int32, in window.Range, n int) []int32 {
	hole := 0
	for i := in.From; i < in.To && n > 0; i++ {
		if hole < len(in.Holes) && int(in.Holes[hole]) == i {
			hole++
			continue
		}
		dst = append(dst, int32(i))
		n--
	}
	return dst
}

// ends is first, last and collect: the oldest or newest n events, or a single one. It looks at no
// value, and so serves every type.
type ends struct {
	n        int
	single   bool
	old      bool // the oldest
	backward bool // the newest n, given the oldest first
	found    []int32
}

func newFirst(s Specification) (Function, error) { return newEnds(s, true) }
func newLast(s Specification) (Function, error)  { return newEnds(s, false) }

func newEnds(s Specification, old bool) (Function, error) {
	if len(s.Literals) == 0 {
		return &ends{n: 1, single: true, old: old}, nil
	}
	n, err := countOf(s.Literals[0], 1)
	return &ends{n: n, old: old}, err
}

func newCollect(s Specification) (Function, error) {
	n, err := countOf(s.Literals[0], 1)
	return &ends{n: n, backward: true}, err
}

// countOf reads a literal number of values, within the bounds that the compiler checks.
func countOf(v schema.Value, least int64) (int, error) {
	if v.Type.Kind != schema.Int64 || v.Null || v.Int < least || v.Int > 10_000 {
		return 0, fmt.Errorf("%w: %s is not a number from %d to 10000", errArguments, v, least)
	}
	return int(v.Int), nil
}

func (*ends) Reset(*Events) {}

func (f *ends) Read(q *Question, out *Result) {
	if f.old {
		f.found = oldest(f.found[:0], q.Range, f.n)
	} else {
		f.found = newest(f.found[:0], q.Range, f.n)
	}
	if f.backward {
		reverse(f.found)
	}
	out.Positions = f.found
	out.Null = f.single && len(f.found) == 0
}

// reverse turns a slice round in place.
func reverse[T any](s []T) {
	for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
		s[i], s[j] = s[j], s[i]
	}
}

// lag is the event k before the newest. Events with a null were left out before, so that they do
// not count as steps.
type lag struct {
	k     int
	found []int32
}

func newLag(s Specification) (Function, error) {
	k, err := countOf(s.Literals[0], 0)
	return &lag{k: k}, err
}

func (*lag) Reset(*Events) {}

func (f *lag) Read(q *Question, out *Result) {
	f.found = newest(f.found[:0], q.Range, f.k+1)
	if len(f.found) <= f.k {
		out.Null = true
		return
	}
	out.Positions = f.found[f.k:]
}

// streak is the length of the newest run of true. It costs as many steps as it is long, of which
// a window over last N has 10,000 at most.
type streak struct{ truth []int64 }

func newStreak(Specification) (Function, error) { return &streak{}, nil }

func (f *streak) Reset(events *Events) { f.truth = events.Arguments[0].Ints }

func (f *streak) Read(q *Question, out *Result) {
	backward(q.Range, func(i int) bool {
		if f.truth[i] == 0 {
			return false
		}
		out.Int++
		return true
	})
}
