package engine

import (
	"math"
	"slices"
	"sort"

	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// cursor remembers where a window's ends were for the previous label: ends that are times never go
// back. It is valid for the rows of one task and entity only.
type cursor struct{ from, to int }

// span returns the events of a window as of b; base is the filter of a window of rows, and says nothing
// to others. The first position and the last event of a
// window of rows or sessions are chosen among the available events, so that it is not moved by
// events that come late.
func (r *reader) span(t *taskFold, number, base int, b int64) window.Range {
	w := &t.windows[number]
	c := &r.cursors[number]
	if w.Kind == plan.Last || w.Kind == plan.Session {
		c.to = advance(r.time, c.to, b+t.shift)
		if w.Kind == plan.Last {
			return r.lastRows(&w.Window, base, c.to)
		}
		return r.session(&w.Window, w.sessions, c.to, b)
	}
	start, end := windowEnds(w.Window, b, t.shift)
	c.from, c.to = advance(r.time, c.from, start), advance(r.time, c.to, end)
	return r.fence.split(c.from, c.to)
}

// windowEnds returns the instants [start, end) between which a window's events lie as of b, at the
// most; shift is 1 with edge at. Both ends move by the shift, and after they are rounded to the
// hop. A window without a length and without a since begins before all events. An offset in rows or
// sessions does not move the end, since nobody knows how far.
func windowEnds(w plan.Window, b, shift int64) (start, end int64) {
	start, end = math.MinInt64, b
	switch {
	case w.Kind == plan.Sliding:
		end = b - w.Offset
		start = end - w.Length
		if w.Hop > 0 {
			start, end = schema.FloorDiv(start, w.Hop)*w.Hop, schema.FloorDiv(end, w.Hop)*w.Hop
		}
		start += shift
	case w.Kind == plan.All:
		end = b - w.Offset
		if w.Since != nil {
			start = *w.Since
		}
	case w.Kind == plan.Session && w.Offset == 0 && w.Max > 0:
		// The open session's last event lies less than the gap before b.
		start = b - w.Length - w.Max
	}
	return start, end + shift
}

// advance returns the first position from i on whose time is at least t, by doubling steps. Labels
// are often close to each other, so that it starts with small steps from where the previous one
// was; a far one still costs a logarithm only.
func advance(times []int64, i int, t int64) int {
	if i >= len(times) || times[i] >= t {
		return i
	}
	step := 1
	for i+step < len(times) && times[i+step] < t {
		i += step
		step *= 2
	}
	// times[i] < t, and times[i+step], if any, is not.
	low, high := i+1, min(i+step, len(times))
	return low + sort.Search(high-low, func(k int) bool { return times[low+k] >= t })
}

// lastRows returns the range of the newest rows before a position that pass the window's filter,
// without the newest ones that the offset skips. Other events that lie between them are in the
// range too: the selections of the group keep them out.
func (r *reader) lastRows(w *plan.Window, base, to int) window.Range {
	selected := r.selection(base)
	in := selected.Ranks(r.fence.split(0, to), r.spanScratch())
	count, skipped := in.Count(), int(min(w.Offset, math.MaxInt32))
	if count <= skipped {
		return window.Range{From: to, To: to}
	}
	oldest := in.Back(min(count, skipped+w.Count))
	newest := in.Back(skipped + 1)
	return r.fence.split(selected.Event(oldest), selected.Event(newest)+1)
}

// session returns the range of a session, chosen among all live events of the entity, whatever the
// filters of views and aggregates. Offset n is the n-th newest of those that are closed.
func (r *reader) session(w *plan.Window, number, to int, b int64) window.Range {
	live := r.selection(r.feed.sessions[number].live)
	sessions := r.sessionsOf(number)
	in := live.Ranks(r.fence.split(0, to), r.spanScratch())
	nothing := window.Range{From: to, To: to}
	if in.Count() == 0 {
		return nothing
	}
	back := int(min(w.Offset, math.MaxInt32))
	if !sessions.Open(in, b) {
		back--
	}
	if back < 0 {
		return nothing
	}
	session, found := sessions.Back(in, back)
	if !found {
		return nothing
	}
	if w.Max > 0 {
		session = sessions.Trim(session, w.Max)
	}
	return r.fence.split(live.Event(session.From), live.Event(session.To-1)+1)
}

// spanScratch returns room for the pending positions among the selected events, apart from the room
// that reading the aggregates uses.
func (r *reader) spanScratch() []int32 {
	r.spanHoles = resized(r.spanHoles, len(r.fence.pending))
	return r.spanHoles
}

// sessionSpec is the sessions of one gap. Windows that differ in all else share them.
type sessionSpec struct {
	gap  int64
	live int // selection of events that are no tombstones
}

// session returns the number of the sessions of a gap, or -1 for a window of another kind.
func (f *feed) session(w plan.Window) (int, error) {
	if w.Kind != plan.Session {
		return -1, nil
	}
	same := func(s sessionSpec) bool { return s.gap == w.Length }
	if i := slices.IndexFunc(f.sessions, same); i >= 0 {
		return i, nil
	}
	live, err := f.selection(nil)
	if err != nil {
		return 0, err
	}
	f.sessions = append(f.sessions, sessionSpec{gap: w.Length, live: live})
	return len(f.sessions) - 1, nil
}

// entitySessions is the sessions of the current entity, and the epoch in which they were found.
type entitySessions struct {
	window.Sessions
	epoch int
}

// sessionsOf returns the sessions of the current entity, finding them on first use.
func (r *reader) sessionsOf(number int) *window.Sessions {
	r.sessions = grown(r.sessions, len(r.feed.sessions))
	s := &r.sessions[number]
	if s.epoch != r.epoch {
		s.epoch = r.epoch
		spec := r.feed.sessions[number]
		s.Build(r.timesOf(spec.live), spec.gap)
	}
	return &s.Sessions
}

// timesOf returns the times of the selected events of the current entity.
func (r *reader) timesOf(selection int) []int64 {
	r.times = grown(r.times, len(r.feed.selections))
	times := &r.times[selection]
	if times.epoch != r.epoch {
		times.epoch = r.epoch
		s := r.selection(selection)
		times.values = window.Compress(s, times.scratch, r.time)
		if len(times.values) < len(r.time) {
			times.scratch = times.values
		}
	}
	return times.values
}

// selectedTimes is the times of one selection's events. The scratch is kept apart, because values
// may be the partition's own memory.
type selectedTimes struct {
	values, scratch []int64
	epoch           int
}
