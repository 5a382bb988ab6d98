package train

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Selection is the features of a training set and the entities they are about.
type Selection struct {
	Model    string // name@version, or "" for a list of features
	Roles    []plan.Role
	Features []plan.ModelFeature
	Label    *plan.Label
}

// ForModel selects the features of a model.
func ForModel(p *plan.Plan, name string) (*Selection, error) {
	numbered := strings.Contains(name, "@")
	var names []string
	for _, m := range p.Models {
		known := m.Name
		if numbered {
			known = fmt.Sprintf("%s@%d", m.Name, m.Version)
		}
		names = append(names, known)
		if name == known {
			return &Selection{
				Model: fmt.Sprintf("%s@%d", m.Name, m.Version), Roles: m.Roles,
				Features: m.Features, Label: m.Label,
			}, nil
		}
	}
	return nil, unknown("model", name, names)
}

// ForFeatures selects features by name: view.feature, or view.* for all of a view. Each entity is a
// role of its own, under the names of its key columns.
func ForFeatures(p *plan.Plan, names []string) (*Selection, error) {
	s := &Selection{}
	taken := map[string]bool{}
	for _, name := range names {
		viewName, featureName, _ := strings.Cut(name, ".")
		if role, rest, dotted := strings.Cut(featureName, "."); dotted {
			return nil, &InvalidError{
				Message: fmt.Sprintf("%q is not VIEW.FEATURE", name), Usage: true,
				Hint: fmt.Sprintf("leave out the role %s: write %s.%s", viewName, role, rest),
			}
		}
		view, err := viewOf(p, viewName)
		if err != nil {
			return nil, err
		}
		role := s.role(view.Entity)
		found := false
		for i, f := range view.Features {
			if featureName != "*" && featureName != f.Name {
				continue
			}
			found = true
			if full := viewName + "." + f.Name; !taken[full] {
				taken[full] = true
				s.Features = append(s.Features, plan.ModelFeature{Role: role, View: view, Feature: i, Name: full})
			}
		}
		if !found {
			var known []string
			for _, f := range view.Features {
				known = append(known, viewName+"."+f.Name)
			}
			return nil, unknown("feature", name, known)
		}
	}
	return s, nil
}

func viewOf(p *plan.Plan, name string) (*plan.View, error) {
	var known []string
	for _, v := range p.Views {
		if v.Name == name {
			return v, nil
		}
		known = append(known, v.Name)
	}
	return nil, unknown("view", name, known)
}

// role returns the role of an entity, adding it if there is none.
func (s *Selection) role(entity *plan.Entity) int {
	for i, r := range s.Roles {
		if r.Entity == entity {
			return i
		}
	}
	var key []string
	for _, field := range entity.Key {
		key = append(key, field.Name)
	}
	s.Roles = append(s.Roles, plan.Role{Name: entity.Name, Entity: entity, Key: key})
	return len(s.Roles) - 1
}

// Requests returns the request fields that the features read, each with a feature that needs it.
func (s *Selection) Requests() ([]schema.Field, map[string]string, error) {
	r := &requestFields{needed: map[string]string{}, seen: map[*plan.Feature]bool{}}
	for _, f := range s.Features {
		if err := r.feature(f.View, f.Feature, f.Name); err != nil {
			return nil, nil, err
		}
	}
	return r.fields, r.needed, nil
}

// requestFields follows what features read down to the request.
type requestFields struct {
	fields []schema.Field
	needed map[string]string
	seen   map[*plan.Feature]bool
}

func (r *requestFields) feature(view *plan.View, index int, name string) error {
	f := view.Features[index]
	if r.seen[f] {
		return nil
	}
	r.seen[f] = true
	var failed error
	f.Expr.Walk(func(e *plan.Expr) {
		var err error
		switch e.Op {
		case plan.FeatureOf:
			err = r.feature(view, e.Index, name)
		case plan.ReferenceOf:
			reference := view.References[e.Index]
			for _, link := range reference.Path {
				for _, key := range link.Key {
					if key.View != nil && err == nil {
						err = r.feature(key.View, key.Feature, name)
					}
				}
			}
			if err == nil {
				err = r.feature(reference.View, reference.Feature, name)
			}
		case plan.RequestOf:
			err = r.add(view.Request[e.Index], name)
		}
		if failed == nil {
			failed = err
		}
	})
	return failed
}

func (r *requestFields) add(field schema.Field, name string) error {
	for _, known := range r.fields {
		if known.Name != field.Name {
			continue
		}
		if !known.Type.Equal(field.Type) {
			return invalid(fmt.Sprintf("request.%s is %s for %s and %s for %s",
				field.Name, known.Type, r.needed[field.Name], field.Type, name),
				"declare one type in both views")
		}
		return nil
	}
	r.fields = append(r.fields, field)
	r.needed[field.Name] = name
	return nil
}

// Sources returns the sources that the features read, directly or through references.
func (s *Selection) Sources() []*plan.Source {
	seen := map[*plan.View]bool{}
	var sources []*plan.Source
	var visit func(view *plan.View)
	visit = func(view *plan.View) {
		if seen[view] {
			return
		}
		seen[view] = true
		if view.Source != nil && !slices.Contains(sources, view.Source) {
			sources = append(sources, view.Source)
		}
		for _, reference := range view.References {
			visit(reference.View)
			for _, link := range reference.Path {
				for _, key := range link.Key {
					if key.View != nil {
						visit(key.View)
					}
				}
			}
		}
	}
	for _, f := range s.Features {
		visit(f.View)
	}
	return sources
}
