package serve

import (
	"context"
	"fmt"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// verification is the state of one Verify.
type verification struct {
	result  *Verified
	current *Current
	history engine.Events
	options VerifyOptions
}

// sampleGroup is samples of equal requests. They are computed again at once, a row each with its own
// T, so that history is read once for all.
type sampleGroup struct {
	sampleHead
	samples []*sample
	rows    int
}

// compare computes the values of a group again.
func (v *verification) compare(ctx context.Context, g *sampleGroup) error {
	if !g.served {
		v.result.Skipped[SkippedIdeal] += int64(g.rows * len(g.features))
		return nil
	}
	selection, kept := g.selection(v.current.Plan)
	v.skip(SkippedChanged, g.rows*(len(g.features)-len(kept)))
	if len(kept) == 0 {
		return nil
	}
	wanted := make([]engine.Wanted, len(kept))
	for i, f := range selection.Features {
		wanted[i] = engine.Wanted{Role: f.Role, View: f.View, Feature: f.Feature}
	}
	rows := g.engineRows(selection)
	rows.Served = servedSince(v.current)
	values, _, err := engine.Evaluate(ctx, v.history, rows, wanted, engine.Options{
		Workers: v.options.Workers, MaxAge: g.maxAge,
	})
	if err != nil {
		return fmt.Errorf("compute the values of %s again: %w", g.title(), err)
	}
	from := 0
	for _, s := range g.samples {
		for i, feature := range kept {
			v.compareColumn(s, feature, values[i], from)
		}
		from += s.rows
	}
	return nil
}

// title names the kind of request in errors.
func (g *sampleGroup) title() string {
	if g.model != "" {
		return g.model
	}
	return g.features[0].name + " and others asked for together"
}

func (v *verification) skip(reason string, values int) {
	if values > 0 {
		v.result.Skipped[reason] += int64(values)
	}
}

// selection finds the features of the group that still mean the same: those of equal version. kept
// lists their indexes. A version covers all that a feature reads, the types of request fields too.
func (g *sampleGroup) selection(p *plan.Plan) (selection *plan.Selection, kept []int) {
	selection = &plan.Selection{}
	for _, role := range g.roles {
		selection.Roles = append(selection.Roles, plan.Role{Name: role.name, Entity: entityOf(p, role)})
	}
	for i, f := range g.features {
		at := slices.IndexFunc(p.Views, func(view *plan.View) bool { return view.Name == f.view })
		if at < 0 {
			continue
		}
		view := p.Views[at]
		entity := selection.Roles[f.role].Entity
		for k, feature := range view.Features {
			if feature.Name == f.feature && feature.Version == f.version &&
				feature.Type.Equal(f.kind) && entity != nil && view.Entity == entity {
				selection.Features = append(selection.Features, plan.ModelFeature{
					Role: f.role, View: view, Feature: k, Name: f.name,
				})
				kept = append(kept, i)
			}
		}
	}
	if !g.hasFields(selection) {
		return selection, nil
	}
	return selection, kept
}

// hasFields reports whether the sample holds every request field that the features read.
func (g *sampleGroup) hasFields(selection *plan.Selection) bool {
	fields, _, err := selection.Requests()
	if err != nil {
		return false
	}
	for _, field := range fields {
		if !slices.ContainsFunc(g.fields, func(f schema.Field) bool {
			return f.Name == field.Name && f.Type.Equal(field.Type)
		}) {
			return false
		}
	}
	return true
}

// entityOf returns the entity of a role, or nil if it is gone or its key is of other types.
func entityOf(p *plan.Plan, role sampleRole) *plan.Entity {
	for _, e := range p.Entities {
		if e.Name != role.entity || len(e.Key) != len(role.key) {
			continue
		}
		same := true
		for i, field := range e.Key {
			same = same && field.Type.Equal(role.key[i].Type)
		}
		if same {
			return e
		}
	}
	return nil
}

// engineRows puts the rows of all samples one after the other.
func (g *sampleGroup) engineRows(selection *plan.Selection) engine.Rows {
	rows := engine.Rows{Count: g.rows, Request: map[string]*batch.Column{}}
	for _, s := range g.samples {
		rows.Times = append(rows.Times, repeat(s.at, s.rows)...)
	}
	for i, role := range selection.Roles {
		keys := engine.Keys{Entity: role.Entity}
		for k := range g.roles[i].key {
			keys.Columns = append(keys.Columns, g.joined(func(s *sample) *batch.Column { return s.keys[i][k] }))
		}
		rows.Roles = append(rows.Roles, keys)
	}
	for i, field := range g.fields {
		rows.Request[field.Name] = g.joined(func(s *sample) *batch.Column { return s.request[i] })
	}
	return rows
}

func (g *sampleGroup) joined(column func(*sample) *batch.Column) *batch.Column {
	pieces := make([]*batch.Column, len(g.samples))
	for i, s := range g.samples {
		pieces[i] = column(s)
	}
	return batch.Concat(pieces)
}

// compareColumn compares one feature of one sample with values computed again, whose rows begin at
// from.
func (v *verification) compareColumn(s *sample, feature int, again *engine.Value, from int) {
	served := s.values[feature]
	for row := range s.rows {
		if served.status[row] >= sampledFallback {
			v.skip(SkippedFallback, 1)
			continue
		}
		v.result.Compared++
		at := from + row
		if served.status[row] == storedStatus(again.Status[at]) && served.time[row] == again.Time[at] &&
			batch.Same(served.column, row, again.Column, at) {
			continue
		}
		v.result.Mismatched++
		if len(v.result.Differences) < v.options.Differences {
			v.result.Differences = append(v.result.Differences, Difference{
				RequestID: s.id, Model: s.model, Feature: s.features[feature].name, At: s.at,
				Row: int(s.places[row]) + 1, Keys: s.keysOf(s.features[feature].role, row),
				Served: Cell{served.column.Value(row), served.status[row].String(), served.time[row]},
				Recomputed: Cell{
					again.Column.Value(at), storedStatus(again.Status[at]).String(), again.Time[at],
				},
			})
		}
	}
}

// keysOf returns the key of a row for one role.
func (s *sample) keysOf(role, row int) []Key {
	var keys []Key
	for i, field := range s.roles[role].key {
		keys = append(keys, Key{Name: field.Name, Value: s.keys[role][i].Value(row)})
	}
	return keys
}
