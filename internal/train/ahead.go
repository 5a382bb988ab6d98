package train

import (
	"context"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// lookAhead adds the column of a label that looks ahead to the columns of the rows, which are the
// keys and then the time, and leaves the young rows out.
//
// The label of a row at T is the aggregate over the events of the row's keys with
// T < event time <= T + length. It is computed as a feature of a view of the label source whose
// boundary is T + length and whose edge is at: its window is then just that. Every event of history
// counts, whenever it became available.
func (l *Labels) lookAhead(ctx context.Context, s *plan.Selection, columns []*batch.Column,
	history History, options Options) ([]*batch.Column, error) {
	label, times := s.Label, columns[len(columns)-1]
	if err := l.findComplete(ctx, label, history, options); err != nil {
		return nil, err
	}
	length := label.Ahead.Window.Length
	rows := make([]uint32, 0, times.Length)
	for i := range times.Length {
		if !times.IsNull(i) && times.Ints[i] > l.complete-length {
			l.young++
			continue
		}
		rows = append(rows, uint32(i))
	}
	kept := make([]*batch.Column, len(columns), len(columns)+1)
	for i, c := range columns {
		kept[i] = batch.Gather(c, rows)
	}
	ahead := engine.Rows{Count: len(rows), Valid: kept[len(kept)-1].Valid, Times: make([]int64, len(rows))}
	for i, t := range kept[len(kept)-1].Ints {
		ahead.Times[i] = t + length
	}
	view := aheadView(s)
	ahead.Roles = []engine.Keys{{Entity: view.Entity}}
	for _, key := range view.Entity.Key {
		for i, given := range label.Key {
			if given.Column == key.Name {
				ahead.Roles[0].Columns = append(ahead.Roles[0].Columns, kept[i])
				break
			}
		}
	}
	options.MaxAge = 0
	values, _, err := engine.Evaluate(ctx, history, ahead, []engine.Wanted{{View: view}}, engineOptions(options))
	if err != nil {
		return nil, err
	}
	return append(kept, answered(label.Ahead, values[0], ahead)), nil
}

// findComplete settles up to when everything has happened: to a time that was given, or to the
// newest event of the source.
func (l *Labels) findComplete(ctx context.Context, label *plan.Label, history History, options Options) error {
	if l.complete = l.Now; l.Now != 0 {
		return nil
	}
	l.complete = schema.MinTime
	when := &plan.Expr{Op: plan.EventTime, Type: schema.Of(schema.Timestamp)}
	columns, err := engine.Select(ctx, history, label.Source, nil, []*plan.Expr{when},
		engine.Options{Workers: options.Workers, Progress: options.events()})
	if err != nil {
		return err
	}
	for _, t := range columns[0].Ints {
		l.complete = max(l.complete, t)
	}
	return nil
}

// aheadView is the view whose only feature is the label. Its entity has the key columns of all roles.
func aheadView(s *plan.Selection) *plan.View {
	label := s.Label
	source := *label.Source
	source.Available = &plan.Expr{Op: plan.EventTime, Type: schema.Of(schema.Timestamp)}
	entity := &plan.Entity{Name: "label"}
	view := &plan.View{
		Name: "label", Entity: entity, Source: &source, Edge: plan.At, Aggregates: []*plan.Aggregate{label.Ahead},
	}
	keys := map[string]bool{}
	for _, role := range s.Roles {
		for _, column := range role.Key {
			keys[column] = true
		}
	}
	for _, key := range label.Key {
		if keys[key.Column] {
			entity.Key = append(entity.Key, schema.Field{Name: key.Column, Type: key.Expr.Type})
			view.Key = append(view.Key, key.Expr)
		}
	}
	view.Features = []*plan.Feature{{
		Name: labelColumn, Type: label.Ahead.Type, Layer: plan.Aggregated,
		Expr: &plan.Expr{Op: plan.AggregateOf, Type: label.Ahead.Type},
	}}
	return view
}

// answered returns the column of the label. The window of a label is closed when it is read, so that
// no event is an answer for any: it is false, and not unknown.
func answered(a *plan.Aggregate, v *engine.Value, rows engine.Rows) *batch.Column {
	if a.Func != "any" || v.Column.Valid == nil {
		return v.Column
	}
	c := *v.Column
	c.Valid, c.Bools = append([]bool(nil), c.Valid...), append([]bool(nil), c.Bools...)
	for i, status := range v.Status {
		if !c.Valid[i] && status == engine.Missing && rows.Known(i) {
			c.Valid[i], c.Bools[i] = true, false
		}
	}
	return &c
}
