package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// mostRecorded is how many events one test may hold. A test is read by people.
const mostRecorded = 1000

// RecordOptions says which case is recorded. WhyOptions has the key, the request and the time; its
// Feature is the name of a view.
type RecordOptions struct {
	WhyOptions
	Name string // of the test; "": the view's with the time
}

// Record writes a test from real data: the events behind the values of a view for one entity at one
// time, and the values. Events that its windows do not reach are left out.
func Record(ctx context.Context, o RecordOptions) (*wire.Recorded, error) {
	q, err := o.prepare(ctx, o.Feature+".*")
	if err != nil {
		return nil, err
	}
	r := &recorder{view: q.selection.Features[0].View, rows: q.rows, now: q.rows.Times[0]}
	for _, f := range q.selection.Features {
		r.wanted = append(r.wanted, engine.Wanted{Role: f.Role, View: f.View, Feature: f.Feature})
	}
	open := func() engine.Events { return q.project.events(o.Node, q.selection, 0) }
	if err := r.compute(ctx, open); err != nil {
		return nil, asError(err)
	}
	same, err := r.reproduces(ctx, q.plan)
	if err == nil && !same {
		r.all, r.events = true, nil
		if err = r.compute(ctx, open); err == nil {
			same, err = r.reproduces(ctx, q.plan)
		}
	}
	if err == nil && !same {
		err = &Error{
			Code: ExitFailed, Message: "the events alone do not give these values", Hint: "please report it",
		}
	}
	if err != nil {
		return nil, asError(err)
	}
	return r.write(o.Name)
}

// reproduces reports whether the events that were taken give the values.
func (r *recorder) reproduces(ctx context.Context, p *plan.Plan) (bool, error) {
	t := &plan.Test{View: r.view, Now: r.now, Request: map[string]schema.Value{}}
	for _, column := range r.rows.Roles[0].Columns {
		t.Key = append(t.Key, column.Value(0))
	}
	for name, column := range r.rows.Request {
		t.Request[name] = column.Value(0)
	}
	for _, e := range r.events {
		t.Events = append(t.Events, e.event)
	}
	for i, w := range r.wanted {
		t.Expect = append(t.Expect, plan.Expectation{Feature: w.Feature, Value: r.values[i].Column.Value(0)})
	}
	c, err := runTest(ctx, p, t)
	return err == nil && c.Passed, err
}

// recorder collects one test.
type recorder struct {
	view   *plan.View
	wanted []engine.Wanted
	rows   engine.Rows
	now    int64
	values []*engine.Value
	events []recorded
	all    bool // every event of the entity, in reach or not
}

// recorded is one event of the test, with the columns that were read of it.
type recorded struct {
	event   plan.TestEvent
	ordinal int64
	row     int
}

// place is where an event is: the row of a chunk of a source.
type place struct {
	source  string
	ordinal int64
	row     int
}

// compute evaluates the view with a trace, and reads the sources once more for the rows that the
// trace names: the values of all others never need to be kept.
func (r *recorder) compute(ctx context.Context, open func() engine.Events) error {
	trace := &engine.Trace{}
	var err error
	r.values, _, err = engine.Evaluate(ctx, open(), r.rows, r.wanted, engine.Options{Trace: trace})
	if err != nil {
		return err
	}
	wanted := map[place]bool{}
	for _, read := range trace.Reads {
		for _, e := range read.Events {
			if r.all || reached(read, e) {
				wanted[place{read.View.Source.Name, e.Ordinal, e.ChunkRow}] = true
			}
		}
	}
	if len(wanted) > mostRecorded {
		return &Error{
			Code: ExitRefused, Message: fmt.Sprintf("%d events are behind these values, and a test has at most %d",
				len(wanted), mostRecorded), Hint: "record another entity or time, or a view with shorter windows",
		}
	}
	taker := &rowTaker{wanted: wanted, seen: map[place]bool{}, ids: map[string]map[string]bool{}}
	if err := r.take(ctx, taker, open()); err != nil {
		return err
	}
	if len(taker.ids) > 0 { // the corrections of these events
		if err := r.take(ctx, taker, open()); err != nil {
			return err
		}
	}
	r.events = taker.taken
	slices.SortStableFunc(r.events, func(a, b recorded) int {
		return cmp.Or(cmp.Compare(a.event.Source.Name, b.event.Source.Name),
			cmp.Compare(a.ordinal, b.ordinal), cmp.Compare(a.row, b.row))
	})
	return nil
}

// take reads what the values read, once more, for a taker.
func (r *recorder) take(ctx context.Context, taker *rowTaker, events engine.Events) error {
	taker.events = events
	_, _, err := engine.Evaluate(ctx, taker, r.rows, r.wanted,
		engine.Options{Workers: 1, Trace: &engine.Trace{}})
	return err
}

// reached reports whether an event is in reach of a window, whether it counts or not; of the newest
// row only that one is.
func reached(read engine.TraceRead, e engine.TraceEvent) bool {
	switch e.Reason {
	case engine.BeforeWindow, engine.AfterWindow, engine.NotNewest:
		return false
	}
	return read.Aggregate >= 0 || e.Reason == engine.Contributes
}

// rowTaker passes events on and takes the wanted ones, and those that correct events of the ids, by
// source. It needs a scan of one worker.
type rowTaker struct {
	events engine.Events
	wanted map[place]bool
	seen   map[place]bool // a source that is read again has the same rows
	ids    map[string]map[string]bool
	taken  []recorded
}

// Scan implements engine.Events.
func (t *rowTaker) Scan(ctx context.Context, request *engine.ScanRequest,
	emit func(worker int, chunk *engine.Chunk) error) error {
	return t.events.Scan(ctx, request, func(worker int, chunk *engine.Chunk) error {
		for row := range chunk.EventTime {
			at := place{request.Source.Name, chunk.Ordinal, row}
			if t.seen[at] || !t.wanted[at] && !t.corrects(request, chunk, row) {
				continue
			}
			t.seen[at] = true
			e := rowOf(request, chunk, row)
			t.taken = append(t.taken, recorded{event: e, ordinal: chunk.Ordinal, row: row})
			if id, has := idOf(&e); has && e.Source.Op != nil {
				if t.ids[e.Source.Name] == nil {
					t.ids[e.Source.Name] = map[string]bool{}
				}
				t.ids[e.Source.Name][id] = true
			}
		}
		return emit(worker, chunk)
	})
}

// corrects reports whether a row has the id of an event that was taken, in a source whose rows
// correct each other.
func (t *rowTaker) corrects(request *engine.ScanRequest, chunk *engine.Chunk, row int) bool {
	ids := t.ids[request.Source.Name]
	at := slices.Index(request.Columns, request.Source.ID)
	return ids != nil && at >= 0 && ids[chunk.Columns[at].Value(row).String()]
}

// rowOf copies one row of a chunk.
func rowOf(request *engine.ScanRequest, chunk *engine.Chunk, row int) plan.TestEvent {
	e := plan.TestEvent{Source: request.Source, EventTime: chunk.EventTime[row]}
	if chunk.ReceivedAt != nil && chunk.ReceivedAt[row] != engine.NoTime {
		e.ReceivedAt = &chunk.ReceivedAt[row]
	}
	for i, column := range request.Columns {
		e.Columns = append(e.Columns, column)
		e.Values = append(e.Values, chunk.Columns[i].Value(row))
	}
	return e
}

// write makes the text of the test.
func (r *recorder) write(name string) (*wire.Recorded, error) {
	if name == "" {
		name = fmt.Sprintf("%s_%d", r.view.Name, r.now/schema.Second)
	}
	if err := schema.CheckName(name); err != nil {
		return nil, usageError("the name "+name+" is not valid: "+err.Error(), "give another --name")
	}
	t := &lang.TestText{Name: name, View: r.view.Name, Now: r.now}
	for i, field := range r.view.Entity.Key {
		t.Key = append(t.Key, lang.NamedValue{Name: field.Name, Value: r.rows.Roles[0].Columns[i].Value(0)})
	}
	for _, field := range r.view.Request {
		if column := r.rows.Request[field.Name]; column != nil {
			t.Request = append(t.Request, lang.NamedValue{Name: field.Name, Value: column.Value(0)})
		}
	}
	for i, w := range r.wanted {
		t.Expect = append(t.Expect, lang.NamedValue{
			Name: r.view.Features[w.Feature].Name, Value: r.values[i].Column.Value(0),
		})
	}
	r.addEvents(t)
	text, err := lang.FormatTest(t)
	if err != nil {
		return nil, err
	}
	return &wire.Recorded{
		Test: name, View: r.view.Name, Events: len(r.events), Values: len(t.Expect), Text: string(text),
	}, nil
}

// addEvents adds the rows, grouped by source unless all are of the view's own.
func (r *recorder) addEvents(t *lang.TestText) {
	own := true
	for _, e := range r.events {
		own = own && e.event.Source == r.view.Source
	}
	for _, e := range r.events {
		name := e.event.Source.Name
		if own {
			name = ""
		}
		if last := len(t.Sources) - 1; last < 0 || t.Sources[last].Source != name {
			t.Sources = append(t.Sources, lang.TestRows{Source: name})
		}
		rows := &t.Sources[len(t.Sources)-1].Rows
		*rows = append(*rows, cellsOf(&e.event))
	}
}

// cellsOf names the values of an event. The event time is there even if nothing else reads it.
func cellsOf(e *plan.TestEvent) []lang.NamedValue {
	var cells []lang.NamedValue
	rule := e.Source.EventTime
	at := e.Source.Columns[rule.Column]
	if !slices.Contains(e.Columns, rule.Column) {
		v := schema.Value{Type: at.Type, Int: e.EventTime}
		switch {
		case at.Type.Kind == schema.Date:
			v.Int = schema.FloorDiv(e.EventTime, schema.Day)
		case rule.Unit > 0:
			v.Int = schema.FloorDiv(e.EventTime, rule.Unit)
		case rule.Unit < 0: // nanoseconds
			v.Int = e.EventTime * 1000
		}
		cells = append(cells, lang.NamedValue{Name: at.Name, Value: v})
	}
	for i, column := range e.Columns {
		if !e.Values[i].Null {
			cells = append(cells, lang.NamedValue{Name: e.Source.Columns[column].Name, Value: e.Values[i]})
		}
	}
	if e.ReceivedAt != nil {
		cells = append(cells, lang.NamedValue{
			Name: "received_at", Value: schema.Value{Type: schema.Of(schema.Timestamp), Int: *e.ReceivedAt},
		})
	}
	return cells
}
