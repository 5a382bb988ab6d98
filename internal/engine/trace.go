package engine

import (
	"maps"
	"math"
	"slices"

	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Trace receives, for each task row folded, the entity's events and what became of them. It is for
// explaining a few values: it copies every event of the entity. Reads come entity by entity and not
// in the order of rows.
type Trace struct {
	Reads []TraceRead
}

// TraceRead is one aggregate, or the newest row, of one view for one row. Its events are all those
// of the entity, in total order, whether they count or not.
type TraceRead struct {
	View      *plan.View
	Aggregate int // index in View.Aggregates; -1: the newest row
	Row       int32
	Boundary  int64
	Start     int64 // of the window, inclusive
	End       int64 // exclusive
	Events    []TraceEvent

	fold *taskFold // the evaluation of the view: there may be several
}

// TraceEvent is one event of the entity as an aggregate saw it. Times are microseconds UTC. Ordinal
// and ChunkRow lead back to the file the event came from.
type TraceEvent struct {
	Time      int64
	Available int64
	Ordinal   int64 // of its chunk
	ChunkRow  int
	Reason    Reason
	Argument  *schema.Value // of the aggregate; nil if it has none

	until int64 // from when on it counts no more
}

// Reason says why an event counts or does not.
type Reason uint8

// The reasons, the first that holds.
const (
	Contributes  Reason = iota
	BeforeWindow        // its time is before the window
	AfterWindow         // its time is at or after the window's end
	Unavailable         // it is not known yet as of the boundary
	FilteredOut         // where is not true
	NullArgument        // it contributes, but its argument is null
	NotNewest           // a newer row is the newest
	NotTrue             // the condition that is counted is not true
	Withdrawn           // it was replaced or deleted
	TooOld              // enough newer events count, or it is of an older session
	Skipped             // the window's offset skips it
)

// String says the reason in words.
func (r Reason) String() string {
	return [...]string{
		"contributes", "before the window", "at or after the window's end", "not available yet",
		"where is not true", "argument is null", "a newer row exists",
		"the condition is not true", "replaced or deleted since", "before the rows or session of the window",
		"skipped by the window's offset",
	}[r]
}

// record adds the reads of one row. It is called by one goroutine: traces are of one worker. It
// shows every event of the entity for each read, so its size is the product of both.
func (t *Trace) record(r *reader, fold *taskFold, row int32) {
	b := fold.task.bound.at[row]
	r.cursors = resized(r.cursors, len(fold.windows))
	clear(r.cursors)
	for _, index := range slices.Sorted(maps.Keys(fold.aggregates)) {
		a := fold.task.view.Aggregates[index]
		from := fold.find(index)
		j := r.judgement(fold, from.group, b)
		read := TraceRead{
			View: fold.task.view, Aggregate: index, Row: row, Boundary: b, Start: j.start, End: j.end,
			fold: fold,
		}
		for i := range r.time {
			event := r.traceEvent(i)
			event.Reason = j.of(r, event, i)
			selected := r.selection(from.selection).Has(i)
			if event.Reason == Contributes && !selected {
				event.Reason = NullArgument
				if a.Func == "count_if" {
					event.Reason = NotTrue
				}
			}
			if selected {
				event.Argument = r.argument(from, i, a)
			}
			read.Events = append(read.Events, event)
		}
		t.Reads = append(t.Reads, read)
	}
	if fold.newest != nil {
		t.recordNewest(r, fold, row)
	}
}

// judgement says of each event whether a window takes it. The instants are those between which the
// window's events lie, as of one boundary: of rows and sessions, those of the events themselves.
type judgement struct {
	start, end int64
	boundary   int64
	base       *window.Selection
	rows       bool         // the window is chosen among events, not by time
	filtered   bool         // and among those that pass the filters only
	in         window.Range // then: the range it is
}

// judgement works out the window of a group. It moves the cursors of the reader to b.
func (r *reader) judgement(fold *taskFold, g *group, b int64) judgement {
	w := fold.windows[g.window]
	j := judgement{boundary: b, base: r.selection(g.base)}
	j.start, j.end = windowEnds(w.Window, b, fold.shift)
	if w.Kind != plan.Last && w.Kind != plan.Session {
		return j
	}
	j.rows, j.filtered, j.in = true, w.Kind == plan.Last, r.span(fold, g.window, g.base, b)
	j.start = j.end
	if j.in.Count() > 0 {
		j.start = r.time[j.in.Oldest()]
	}
	return j
}

// of returns the reason of event i, but for its arguments.
func (j *judgement) of(r *reader, event TraceEvent, i int) Reason {
	start := j.start
	if j.rows {
		start = NoTime
	}
	reason := reasonOf(event, start, j.end, j.boundary)
	switch {
	case reason != Contributes:
	case j.filtered && !j.base.Has(i): // others are no candidates
		reason = FilteredOut
	case j.rows && i < j.in.From:
		reason = TooOld
	case j.rows && i >= j.in.To:
		reason = Skipped
	case !j.base.Has(i):
		reason = FilteredOut
	}
	return reason
}

// complete records the rows whose entity has no event, so that their windows are known too. Nothing
// is missing where a row was folded: record adds all reads of a row at once.
func (t *Trace) complete(fold *taskFold) {
	recorded := map[int32]bool{}
	for _, read := range t.Reads {
		if read.fold == fold {
			recorded[read.Row] = true
		}
	}
	nobody := newReader(fold.feed)
	nobody.enter(0, 0)
	for row := range fold.numbers {
		if !recorded[int32(row)] {
			t.record(nobody, fold, int32(row))
		}
	}
}

// recordNewest adds the read of the newest row. A row that fails the view's filter is still the
// newest one, so the rows before it are reported as older and not as candidates.
func (t *Trace) recordNewest(r *reader, fold *taskFold, row int32) {
	b := fold.task.bound.at[row]
	read := TraceRead{
		View: fold.task.view, Aggregate: -1, Row: row, Boundary: b, Start: NoTime, End: b + fold.shift,
		fold: fold,
	}
	last := r.fence.newest(advance(r.time, 0, b+fold.shift))
	for i := range r.time {
		event := r.traceEvent(i)
		event.Reason = reasonOf(event, NoTime, b+fold.shift, b)
		switch {
		case event.Reason != Contributes:
		case i != last:
			event.Reason = NotNewest
		case !r.selection(fold.newest.live).Has(i):
			event.Reason = FilteredOut
		}
		read.Events = append(read.Events, event)
	}
	t.Reads = append(t.Reads, read)
}

// traced is what fills an aggregate, and where its first argument comes from.
type traced struct {
	group     *group
	selection int
	argument  argumentSpec
}

// find returns what fills an aggregate. It searches instead of keeping a way back: only traces need
// one.
func (t *taskFold) find(index int) traced {
	a, l := t.task.view.Aggregates[index], t.aggregates[index]
	for _, g := range t.groups {
		for _, rd := range g.reads {
			if place, known := rd.leafOf(a); known && *place == l {
				return traced{g, rd.selection, argumentSpec{lane: rd.lane, copied: -1, notNull: -1}}
			}
		}
		for _, general := range g.general {
			if general.leaf != l {
				continue
			}
			spec := t.feed.functions[general.number]
			from := traced{g, spec.selection, argumentSpec{lane: -1, copied: -1, notNull: -1}}
			if len(spec.arguments) > 0 {
				from.argument = spec.arguments[0]
			}
			return from
		}
	}
	panic("BUG: an aggregate has no read")
}

// traceEvent describes event i of the current entity, without a reason yet.
func (r *reader) traceEvent(i int) TraceEvent {
	rows := &r.partition.rows
	origin := rows.origin[r.from+i]
	event := TraceEvent{
		Time: r.time[i], Available: r.time[i], until: math.MaxInt64,
		Ordinal: r.feed.parts[origin>>32].ordinal, ChunkRow: int(uint32(origin)),
	}
	if r.fence.ready != nil {
		event.Available = r.fence.ready[i]
	}
	if r.fence.until != nil {
		event.until = r.fence.until[i]
	}
	return event
}

// reasonOf judges time and availability alone; filters and nulls are the caller's to judge after
// it.
func reasonOf(event TraceEvent, start, end, b int64) Reason {
	switch {
	case event.Time < start:
		return BeforeWindow
	case event.Time >= end:
		return AfterWindow
	case event.Available > b:
		return Unavailable
	case event.until <= b:
		return Withdrawn
	default:
		return Contributes
	}
}

// argument returns the first argument of event i, nil if the aggregate has none. A bool is held as
// 0 or 1, as in a schema.Value. Of approx_distinct only the hash is held, which tells nobody
// anything.
func (r *reader) argument(from traced, i int, a *plan.Aggregate) *schema.Value {
	argument, rows, at := from.argument, &r.partition.rows, r.from+i
	if argument.lane < 0 && argument.copied < 0 || a.Func == "approx_distinct" {
		return nil
	}
	v := schema.Value{Type: a.Args[0].Type}
	if argument.notNull >= 0 && !r.selection(argument.notNull).Has(i) {
		v.Null = true
		return &v
	}
	if argument.copied >= 0 {
		origin := rows.origin[at]
		v = r.feed.parts[origin>>32].copies[argument.copied].Value(int(uint32(origin)))
		return &v
	}
	spec := r.feed.lanes[argument.lane]
	value := r.feed.values[spec.value]
	switch {
	case value.interner != nil:
		v = value.interner.sorted.Value(int(rows.ints[value.at][at]))
	case value.kind == window.Floats:
		v.Float = rows.floats[value.at][at]
	case value.kind == window.Decimals:
		v.Dec = rows.decimals[value.at][at]
	default:
		v.Int = rows.ints[value.at][at]
	}
	return &v
}
