package engine

import "github.com/fettle-ml/fettle/internal/engine/window"

// fence keeps apart what is available as of a boundary and what is not yet, for one entity whose
// events lie in total order. Before the low mark every event is available, from the high mark on
// none is; between the two each is asked. Both marks only move forward as boundaries grow. Where
// delays are constant the marks meet, and windows stay ranges without gaps.
type fence struct {
	ready     []int64 // nil: every event is available at its time
	latest    []int64 // latest[i]: the greatest ready of events 0..i
	soonest   []int64 // soonest[i]: the least ready of events i..n-1
	low, high int
	between   []int32 // available events in [low, high)
}

// enter makes the events of an entity the current ones.
func (f *fence) enter(times, ready []int64, from, end int) {
	f.ready = nil
	n := end - from
	f.low, f.high, f.between = n, n, f.between[:0]
	if len(ready) == 0 {
		return
	}
	delayed := false
	for i, t := range times {
		delayed = delayed || ready[from+i] > t
	}
	if !delayed {
		return
	}
	f.ready = ready[from:end]
	f.latest, f.soonest = resized(f.latest, n), resized(f.soonest, n)
	latest := f.ready[0]
	for i, at := range f.ready {
		latest = max(latest, at)
		f.latest[i] = latest
	}
	soonest := f.ready[n-1]
	for i := n - 1; i >= 0; i-- {
		soonest = min(soonest, f.ready[i])
		f.soonest[i] = soonest
	}
	f.low, f.high = 0, 0
}

// restart goes back to the beginning of time, for the next task's rows.
func (f *fence) restart() {
	if f.ready != nil {
		f.low, f.high, f.between = 0, 0, f.between[:0]
	}
}

// advance moves the marks to boundary b.
func (f *fence) advance(b int64) {
	if f.ready == nil {
		return
	}
	// An event is available as of b if ready <= b, so the marks are the first greater ones.
	f.low = advance(f.latest, f.low, b+1)
	f.high = advance(f.soonest, max(f.high, f.low), b+1)
	f.between = f.between[:0]
	for i := f.low; i < f.high; i++ {
		if f.ready[i] <= b {
			f.between = append(f.between, int32(i))
		}
	}
}

// split returns the available events among positions [from, to).
func (f *fence) split(from, to int) window.Range {
	if f.ready == nil {
		return window.Range{From: from, To: max(from, to)}
	}
	out := window.Range{From: from, To: max(from, min(to, f.low))}
	low, high := 0, len(f.between)
	for low < high && int(f.between[low]) < from {
		low++
	}
	for high > low && int(f.between[high-1]) >= to {
		high--
	}
	out.Extra = f.between[low:high]
	return out
}

// newest returns the last available position before to, or -1.
func (f *fence) newest(to int) int {
	if f.ready == nil {
		return to - 1
	}
	for k := len(f.between) - 1; k >= 0; k-- {
		if int(f.between[k]) < to {
			return int(f.between[k])
		}
	}
	return min(to, f.low) - 1
}
