package app

import (
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/registry"
	"github.com/fettle-ml/fettle/internal/state"
)

// applied is the definitions that are served. It does not change.
type applied struct {
	revision *registry.Revision // nil: nothing was applied yet
	plan     *plan.Plan
	layout   *state.Layout
	since    map[*plan.View]int64
}

// appliedOf compiles a revision.
func appliedOf(revision *registry.Revision) (*applied, error) {
	if revision == nil {
		none := &plan.Plan{}
		return &applied{plan: none, layout: &state.Layout{Plan: none}}, nil
	}
	p, err := compileRevision(revision)
	if err != nil {
		return nil, err
	}
	a := &applied{
		revision: revision, plan: p, layout: &state.Layout{Plan: p}, since: map[*plan.View]int64{},
	}
	for _, source := range p.Sources {
		id, known := revision.SourceID(source)
		if !known {
			panic("BUG: a compiled revision has a source without number")
		}
		a.layout.Sources = append(a.layout.Sources, state.Source{ID: id, Plan: source})
	}
	for _, view := range p.Views {
		a.since[view], _ = revision.Since(view.Name)
	}
	return a, nil
}

// Since is when a view was first applied, in microseconds.
func (a *applied) Since(view *plan.View) int64 { return a.since[view] }
