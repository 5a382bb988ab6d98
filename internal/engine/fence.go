package engine

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/fettle-ml/fettle/internal/engine/window"
)

// fence keeps apart what counts as of a boundary and what does not, for one entity whose events lie in
// total order: what is not available yet, and what was replaced or deleted since. From the high mark on
// no event is available; before it all count but the holes. The mark only moves forward as boundaries
// grow. Where delays are constant there is never a hole, and an event that is known very late, or was
// corrected, costs one entry, not a scan.
type fence struct {
	ready   []int64 // nil: every event is available at its time, and none is corrected
	until   []int64 // from when on each event counts no more; nil: all count for ever
	soonest []int64 // soonest[i]: the least ready of events i..n-1
	ends    []int32 // positions of events that are corrected, by until
	high    int
	ended   int     // of ends: how many have come
	pending []int32 // positions before high, ascending, that do not count
}

// enter makes the events of an entity the current ones. ready is empty if the source has no delays,
// until if it has no corrections. An entity whose events are all known at their own time and not
// corrected is treated as one of neither, so that the common case costs one comparison for each window.
func (f *fence) enter(times, ready, until []int64) {
	f.ready, f.until, f.ends = nil, nil, f.ends[:0]
	n := len(times)
	for i, at := range until {
		if at < math.MaxInt64 {
			f.ends = append(f.ends, int32(i))
		}
	}
	if len(f.ends) > 0 {
		f.until = until
		slices.SortFunc(f.ends, func(a, b int32) int { return cmp.Compare(until[a], until[b]) })
		if len(ready) == 0 {
			ready = times
		}
	}
	delayed := len(f.ends) > 0
	for i, t := range ready {
		delayed = delayed || t > times[i]
	}
	if n == 0 || !delayed {
		return
	}
	f.ready = ready
	f.soonest = resized(f.soonest, n)
	soonest := f.ready[n-1]
	for i := n - 1; i >= 0; i-- {
		soonest = min(soonest, f.ready[i])
		f.soonest[i] = soonest
	}
}

// restart goes back to the beginning of time, for the next task's rows. The current entity stays.
func (f *fence) restart() {
	f.high, f.ended, f.pending = 0, 0, f.pending[:0]
}

// counts reports whether an event counts as of a boundary.
func (f *fence) counts(i int, b int64) bool {
	return f.ready[i] <= b && (f.until == nil || f.until[i] > b)
}

// advance moves the mark to boundary b. Boundaries must not go back between two restarts: what left
// the holes because it became available never returns but by a correction.
func (f *fence) advance(b int64) {
	if f.ready == nil {
		return
	}
	kept := f.pending[:0]
	for _, i := range f.pending {
		if !f.counts(int(i), b) {
			kept = append(kept, i)
		}
	}
	kept = f.end(kept, b)
	high := advance(f.soonest, f.high, b+1)
	for i := f.high; i < high; i++ {
		if !f.counts(i, b) {
			kept = append(kept, int32(i))
		}
	}
	f.high, f.pending = high, kept
}

// end makes holes of the events before the mark whose end has come since the boundary before b.
func (f *fence) end(holes []int32, b int64) []int32 {
	before := len(holes)
	for ; f.ended < len(f.ends) && f.until[f.ends[f.ended]] <= b; f.ended++ {
		i := f.ends[f.ended]
		// Later ones are seen when the mark gets there; one that was never available is a hole already.
		if _, hole := slices.BinarySearch(holes[:before], i); int(i) < f.high && !hole {
			holes = append(holes, i)
		}
	}
	if len(holes) > before {
		slices.Sort(holes)
	}
	return holes
}

// split returns the events that count among positions [from, to). The holes are part of the fence's
// own memory and are valid until it is advanced.
func (f *fence) split(from, to int) window.Range {
	if f.ready == nil {
		return window.Range{From: from, To: max(from, to)}
	}
	out := window.Range{From: from, To: max(from, min(to, f.high))}
	out.Holes = f.pending[f.firstPending(out.From):f.firstPending(out.To)]
	return out
}

// firstPending returns the number of pending positions before a position.
func (f *fence) firstPending(position int) int {
	return sort.Search(len(f.pending), func(k int) bool { return int(f.pending[k]) >= position })
}

// newest returns the last position before to that counts, or -1.
func (f *fence) newest(to int) int {
	if f.ready == nil {
		return to - 1
	}
	in := f.split(0, to)
	if in.Count() == 0 {
		return -1
	}
	return in.Newest()
}
