package app

import (
	"context"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// testEvents is the events of a test. It implements engine.Events.
type testEvents struct {
	rows    map[*plan.Source][]*plan.TestEvent // that count, in order
	numbers map[*plan.Source][]int             // of the rows, in the test
}

// newTestEvents leaves out what a reader of files would: of events with equal ids the first counts,
// unless the source corrects events by their ids.
func newTestEvents(t *plan.Test) *testEvents {
	events := &testEvents{rows: map[*plan.Source][]*plan.TestEvent{}, numbers: map[*plan.Source][]int{}}
	seen := map[*plan.Source]map[string]bool{}
	all := map[*plan.Source]int{}
	for i := range t.Events {
		e := &t.Events[i]
		all[e.Source]++
		if id, has := idOf(e); has && e.Source.Op == nil {
			if seen[e.Source] == nil {
				seen[e.Source] = map[string]bool{}
			}
			if seen[e.Source][id] {
				continue
			}
			seen[e.Source][id] = true
		}
		events.rows[e.Source] = append(events.rows[e.Source], e)
		events.numbers[e.Source] = append(events.numbers[e.Source], all[e.Source])
	}
	return events
}

// idOf returns the id of an event, if it has one.
func idOf(e *plan.TestEvent) (string, bool) {
	for i, column := range e.Columns {
		if column == e.Source.ID {
			return e.Values[i].String(), !e.Values[i].Null
		}
	}
	return "", false
}

// number is that of a row in the test, among the events of its source, from 1.
func (t *testEvents) number(source *plan.Source, row int) int { return t.numbers[source][row] }

// Scan gives the events of a source in one chunk.
func (t *testEvents) Scan(ctx context.Context, request *engine.ScanRequest,
	emit func(worker int, chunk *engine.Chunk) error) error {
	rows := t.rows[request.Source]
	if len(rows) == 0 {
		return ctx.Err()
	}
	chunk := &engine.Chunk{}
	for _, row := range rows {
		chunk.EventTime = append(chunk.EventTime, row.EventTime)
		received := engine.NoTime
		if row.ReceivedAt != nil {
			received = *row.ReceivedAt
		}
		chunk.ReceivedAt = append(chunk.ReceivedAt, received)
	}
	for _, column := range request.Columns {
		builder := batch.NewBuilder(request.Source.Columns[column].Type)
		for _, row := range rows {
			builder.Append(cellOf(row, column))
		}
		chunk.Columns = append(chunk.Columns, builder.Column())
	}
	return emit(0, chunk)
}

// cellOf returns the value of a column, null if the row has none.
func cellOf(row *plan.TestEvent, column int) schema.Value {
	for i, c := range row.Columns {
		if c == column {
			return row.Values[i]
		}
	}
	return schema.NullOf(row.Source.Columns[column].Type)
}
