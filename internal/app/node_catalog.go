package app

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// List implements api.Definitions.
func (n *Node) List(_ context.Context, kind, cursor string, limit int) (*wire.DefinitionsAnswer, error) {
	a := n.applied.Load()
	answer := &wire.DefinitionsAnswer{Kind: kind, Items: []wire.Definition{}}
	if a == nil {
		return answer, nil
	}
	answer.Revision = int64(a.revision.Number)
	all := a.catalog(kind)
	from := sort.Search(len(all), func(i int) bool { return all[i].Name > cursor })
	to := min(len(all), from+limit)
	answer.Items = append(answer.Items, all[from:to]...)
	if to < len(all) && to > from {
		answer.Next = all[to-1].Name
	}
	return answer, nil
}

// Show implements api.Definitions.
func (n *Node) Show(_ context.Context, kind, name, version string) (*wire.Definition, error) {
	var names []string
	if a := n.applied.Load(); a != nil {
		for _, d := range a.catalog(kind) {
			if d.Name != name {
				names = append(names, d.Name)
				continue
			}
			if version == "" || version == d.Version {
				return &d, nil
			}
			return nil, &wire.Error{
				Code: wire.NotFound, Message: fmt.Sprintf("%s %s has no version %s that is served", kind, name, version),
				Hint: "it is " + d.Version,
			}
		}
	}
	e := &wire.Error{Code: wire.NotFound, Message: fmt.Sprintf("there is no %s %q", kind, name)}
	if near := schema.Nearest(name, names); near != "" {
		e.Hint = fmt.Sprintf("did you mean %s?", near)
	}
	return nil, e
}

// catalog describes the definitions of a kind, in the order of their names.
func (a *applied) catalog(kind string) []wire.Definition {
	var all []wire.Definition
	switch kind {
	case "entity":
		for _, e := range a.plan.Entities {
			d := describe(kind, e.Name, e.Meta)
			d.Key = typedFields(e.Key)
			all = append(all, d)
		}
	case "source":
		for _, s := range a.plan.Sources {
			d := describe(kind, s.Name, s.Meta)
			for _, c := range s.Columns {
				d.Columns = append(d.Columns, wire.TypedField{Name: c.Name, Type: c.Type.String()})
			}
			all = append(all, d)
		}
	case "view":
		for _, v := range a.plan.Views {
			all = append(all, a.describeView(v))
		}
	case "feature":
		for _, v := range a.plan.Views {
			for _, f := range v.Features {
				d := describe(kind, v.Name+"."+f.Name, f.Meta)
				d.Version, d.Type, d.Expression, d.Layer = f.Version, f.Type.String(), f.Text, f.Layer.String()
				d.Entity, d.Freshness = v.Entity.Name, v.Freshness.String()
				all = append(all, d)
			}
		}
	case "model":
		for _, m := range a.plan.Models {
			all = append(all, describeModel(m))
		}
	}
	slices.SortFunc(all, func(x, y wire.Definition) int { return strings.Compare(x.Name, y.Name) })
	return all
}

func describe(kind, name string, meta plan.Meta) wire.Definition {
	return wire.Definition{
		Kind: kind, Name: name, Description: meta.Description, Owner: meta.Owner, Tags: meta.Tags,
	}
}

func (a *applied) describeView(v *plan.View) wire.Definition {
	d := describe("view", v.Name, v.Meta)
	ready := true
	d.Entity, d.Freshness, d.Ready = v.Entity.Name, v.Freshness.String(), &ready
	d.Since = schema.FormatTime(a.since[v])
	if v.Source != nil {
		d.Source = v.Source.Name
	}
	for _, f := range v.Features {
		d.Features = append(d.Features, wire.Versioned{Name: f.Name, Version: f.Version})
	}
	return d
}

func describeModel(m *plan.Model) wire.Definition {
	d := describe("model", m.Name, m.Meta)
	d.Version = fmt.Sprint(m.Version)
	for _, f := range m.Features {
		d.Features = append(d.Features, wire.Versioned{
			Name: f.Name, Version: f.View.Features[f.Feature].Version,
		})
	}
	s := &plan.Selection{Roles: m.Roles, Features: m.Features}
	if inputs, err := s.Inputs(); err == nil { // an error was reported when it was compiled
		for _, in := range inputs {
			d.Inputs = append(d.Inputs, wire.TypedField{Name: in.Field.Name, Type: in.Field.Type.String()})
		}
	}
	return d
}

func typedFields(fields []schema.Field) []wire.TypedField {
	var list []wire.TypedField
	for _, f := range fields {
		list = append(list, wire.TypedField{Name: f.Name, Type: f.Type.String()})
	}
	return list
}
