package engine

import (
	"maps"
	"slices"

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
)

// String says the reason in words.
func (r Reason) String() string {
	return [...]string{
		"contributes", "before the window", "at or after the window's end", "not available yet",
		"where is not true", "argument is null", "a newer row exists",
		"the condition is not true",
	}[r]
}

// record adds the reads of one row. It is called by one goroutine: traces are of one worker. It
// shows every event of the entity for each read, so its size is the product of both.
func (t *Trace) record(r *reader, fold *taskFold, row int32) {
	b := fold.task.bound.at[row]
	for _, index := range slices.Sorted(maps.Keys(fold.aggregates)) {
		a := fold.task.view.Aggregates[index]
		g, rd := fold.find(index)
		start, end := windowEnds(a.Window, b, fold.shift)
		read := TraceRead{
			View: fold.task.view, Aggregate: index, Row: row, Boundary: b, Start: start, End: end,
			fold: fold,
		}
		for i := range r.time {
			event := r.traceEvent(i)
			event.Reason = reasonOf(event, start, end, b)
			if event.Reason == Contributes && !r.selection(g.base).Has(i) {
				event.Reason = FilteredOut
			}
			if event.Reason == Contributes && !r.selection(rd.selection).Has(i) {
				event.Reason = NullArgument
				if a.Func == "count_if" {
					event.Reason = NotTrue
				}
			}
			if rd.lane >= 0 && r.selection(rd.selection).Has(i) {
				event.Argument = r.argument(rd.lane, i, a.Args[0].Type)
			}
			read.Events = append(read.Events, event)
		}
		t.Reads = append(t.Reads, read)
	}
	if fold.newest != nil {
		t.recordNewest(r, fold, row)
	}
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

// find returns the group and read that fill an aggregate. It searches instead of keeping a way
// back: only traces need one.
func (t *taskFold) find(index int) (*group, *read) {
	a, l := t.task.view.Aggregates[index], t.aggregates[index]
	for _, g := range t.groups {
		for _, rd := range g.reads {
			if place, known := rd.leafOf(a); known && *place == l {
				return g, rd
			}
		}
	}
	panic("BUG: an aggregate has no read")
}

// traceEvent describes event i of the current entity, without a reason yet.
func (r *reader) traceEvent(i int) TraceEvent {
	rows := &r.partition.rows
	origin := rows.origin[r.from+i]
	event := TraceEvent{
		Time: r.time[i], Available: r.time[i],
		Ordinal: r.feed.parts[origin>>32].ordinal, ChunkRow: int(uint32(origin)),
	}
	if r.fence.ready != nil {
		event.Available = r.fence.ready[i]
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
	default:
		return Contributes
	}
}

// argument returns the value of event i in a lane. A bool is held as 0 or 1, as in a schema.Value.
func (r *reader) argument(lane, i int, kind schema.Type) *schema.Value {
	value, rows, at := r.feed.values[r.feed.lanes[lane].value], &r.partition.rows, r.from+i
	v := schema.Value{Type: kind}
	switch {
	case value.interner != nil:
		v = value.interner.sorted.Value(int(rows.ints[value.at][at]))
	case kind.Kind == schema.Float64:
		v.Float = rows.floats[value.at][at]
	case kind.Kind == schema.Decimal:
		v.Dec = rows.decimals[value.at][at]
	default:
		v.Int = rows.ints[value.at][at]
	}
	return &v
}
