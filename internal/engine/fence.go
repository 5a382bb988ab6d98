package engine

import (
	"sort"

	"github.com/fettle-ml/fettle/internal/engine/window"
)

// fence keeps apart what is available as of a boundary and what is not yet, for one entity whose
// events lie in total order. From the high mark on no event is available; before it all are but the
// pending ones. The mark only moves forward as boundaries grow. Where delays are constant nothing
// is ever pending, and an event that is known very late costs one entry, not a scan.
type fence struct {
	ready   []int64 // nil: every event is available at its time
	soonest []int64 // soonest[i]: the least ready of events i..n-1
	high    int
	pending []int32 // positions before high, ascending, that are not available
}

// enter makes the events of an entity the current ones. ready is empty if the source has no delays.
// An entity whose events are all known at their own time is treated the same, so that the common
// case costs one comparison for each window.
func (f *fence) enter(times, ready []int64) {
	f.ready = nil
	n := len(times)
	if len(ready) == 0 {
		return
	}
	delayed := false
	for i, t := range times {
		delayed = delayed || ready[i] > t
	}
	if !delayed {
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
	f.high, f.pending = 0, f.pending[:0]
}

// advance moves the mark to boundary b. Boundaries must not go back between two restarts: what left
// pending never returns.
func (f *fence) advance(b int64) {
	if f.ready == nil {
		return
	}
	kept := f.pending[:0]
	for _, i := range f.pending {
		if f.ready[i] > b {
			kept = append(kept, i)
		}
	}
	high := advance(f.soonest, f.high, b+1)
	for i := f.high; i < high; i++ {
		if f.ready[i] > b {
			kept = append(kept, int32(i))
		}
	}
	f.high, f.pending = high, kept
}

// split returns the available events among positions [from, to). The holes are part of the fence's
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

// newest returns the last available position before to, or -1.
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
