package app

import (
	"slices"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// explain explains features of a plan, in the order of the definitions. A name that is no feature is an
// error.
func explain(p *plan.Plan, names []string) ([]wire.Explanation, error) {
	wanted := map[*plan.Feature]bool{}
	all := slices.Contains(names, "*")
	if !all {
		selection, err := plan.ForFeatures(p, names)
		if err != nil {
			return nil, err
		}
		for _, f := range selection.Features {
			wanted[f.View.Features[f.Feature]] = true
		}
	}
	var list []wire.Explanation
	for _, view := range p.Views {
		for _, x := range plan.Explain(view) {
			if all || wanted[view.Features[x.Feature]] {
				list = append(list, explanationOf(&x))
			}
		}
	}
	return list, nil
}

// explanationOf tells an explanation as the API does.
func explanationOf(x *plan.Explanation) wire.Explanation {
	f := x.View.Features[x.Feature]
	e := wire.Explanation{
		Feature: x.View.Name + "." + f.Name, Layer: f.Layer.String(), Type: f.Type.String(),
		Freshness: x.View.Freshness.String(), Version: f.Version,
		Columns: orEmpty(x.Columns), References: orEmpty(x.References), Request: orEmpty(x.Request), Lanes: []wire.Lane{},
	}
	e.Served, e.Trained = x.Where()
	if x.View.Source != nil {
		e.Source = x.View.Source.Name
	}
	for _, lane := range x.Lanes {
		e.Lanes = append(e.Lanes, wire.Lane{Reads: lane.Text, Aggregates: lane.Aggregates, Shared: lane.Shared})
	}
	e.PerEvent.Filters, e.PerEvent.Bytes = x.Filters, x.Bytes
	e.PerRead.Windows, e.PerRead.Newest = x.Windows, x.Newest
	switch {
	case x.Windows == 0:
	case x.Reach < 0:
		e.PerRead.Reach = "all"
	default:
		e.PerRead.Reach = schema.FormatDuration(x.Reach)
	}
	return e
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
