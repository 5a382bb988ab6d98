package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Selection is the features that are asked for and the entities they are about. The order of
// features is the order of output columns. A feature's Role is an index in Roles.
type Selection struct {
	Model    string // name@version, or "" for a list of features
	Roles    []Role
	Features []ModelFeature
	Label    *Label
}

// ForModel selects the features of a model. The version may be left out of the name; with one, it
// must be the version that is defined.
func ForModel(p *Plan, name string) (*Selection, error) {
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
	return nil, UnknownName("model", name, names)
}

// ForFeatures selects features by name: view.feature, or view.* for all of a view. Each entity is a
// role of its own, under the names of its key columns. A feature that is named twice, or by a star
// as well, is there once, where it was first named.
func ForFeatures(p *Plan, names []string) (*Selection, error) {
	s := &Selection{}
	taken := map[string]bool{}
	for _, name := range names {
		viewName, featureName, _ := strings.Cut(name, ".")
		// It looks like ROLE.VIEW.FEATURE, but here each entity has one role only.
		if role, rest, dotted := strings.Cut(featureName, "."); dotted {
			return nil, &SelectionError{
				Message: fmt.Sprintf("%q is not VIEW.FEATURE", name),
				Hint:    fmt.Sprintf("leave out the role %s: write %s.%s", viewName, role, rest),
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
				s.Features = append(s.Features, ModelFeature{Role: role, View: view, Feature: i, Name: full})
			}
		}
		if !found {
			var known []string
			for _, f := range view.Features {
				known = append(known, viewName+"."+f.Name)
			}
			return nil, UnknownName("feature", name, known)
		}
	}
	return s, nil
}

// viewOf finds a view, or refuses its name with the ones there are.
func viewOf(p *Plan, name string) (*View, error) {
	var known []string
	for _, v := range p.Views {
		if v.Name == name {
			return v, nil
		}
		known = append(known, v.Name)
	}
	return nil, UnknownName("view", name, known)
}

// role returns the role of an entity, adding it if there is none.
func (s *Selection) role(entity *Entity) int {
	for i, r := range s.Roles {
		if r.Entity == entity {
			return i
		}
	}
	var key []string
	for _, field := range entity.Key {
		key = append(key, field.Name)
	}
	s.Roles = append(s.Roles, Role{Name: entity.Name, Entity: entity, Key: key})
	return len(s.Roles) - 1
}

// Requests returns the request fields that the features read, each with a feature that needs it.
// Features of views that are reached by references and links count too: the request is one for all.
func (s *Selection) Requests() ([]schema.Field, map[string]string, error) {
	r := &requestFields{needed: map[string]string{}, seen: map[*Feature]bool{}}
	for _, f := range s.Features {
		if err := r.feature(f.View, f.Feature, f.Name); err != nil {
			return nil, nil, err
		}
	}
	return r.fields, r.needed, nil
}

// requestFields follows what features read down to the request. A feature is looked at once: views
// share features, and the ways through them are many.
type requestFields struct {
	fields []schema.Field
	needed map[string]string
	seen   map[*Feature]bool
}

// feature adds what a feature reads; name is the output that is blamed in messages.
func (r *requestFields) feature(view *View, index int, name string) error {
	f := view.Features[index]
	if r.seen[f] {
		return nil
	}
	r.seen[f] = true
	var failed error
	f.Expr.Walk(func(e *Expr) {
		var err error
		switch e.Op {
		case FeatureOf:
			err = r.feature(view, e.Index, name)
		case ReferenceOf:
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
		case RequestOf:
			err = r.add(view.Request[e.Index], name)
		}
		if failed == nil {
			failed = err
		}
	})
	return failed
}

// add takes in a field. Its column can be read as one type only, so that all must agree about it.
func (r *requestFields) add(field schema.Field, name string) error {
	for _, known := range r.fields {
		if known.Name != field.Name {
			continue
		}
		if !known.Type.Equal(field.Type) {
			return &SelectionError{
				Message: fmt.Sprintf("request.%s is %s for %s and %s for %s",
					field.Name, known.Type, r.needed[field.Name], field.Type, name),
				Hint: "declare one type in both views", Conflict: true,
			}
		}
		return nil
	}
	r.fields = append(r.fields, field)
	r.needed[field.Name] = name
	return nil
}

// Sources returns the sources that the features read, directly or through references. It follows
// every reference of a view, wanted or not, so it may name more than are read.
func (s *Selection) Sources() []*Source {
	var sources []*Source
	for _, view := range s.Views() {
		if view.Source != nil && !slices.Contains(sources, view.Source) {
			sources = append(sources, view.Source)
		}
	}
	return sources
}

// Views returns the views of the features and all that they refer to, each once, as Sources does.
func (s *Selection) Views() []*View {
	seen := map[*View]bool{}
	var views []*View
	var visit func(view *View)
	visit = func(view *View) {
		if seen[view] {
			return
		}
		seen[view] = true
		views = append(views, view)
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
	return views
}

// Names returns the selected features as ForFeatures takes them; nil if a model was selected.
func (s *Selection) Names() []string {
	if s.Model != "" {
		return nil
	}
	var names []string
	for _, f := range s.Features {
		names = append(names, f.View.Name+"."+f.View.Features[f.Feature].Name)
	}
	return names
}

// Input is a column that rows must have, and who needs it.
type Input struct {
	Field schema.Field
	Need  string
}

// Inputs lists the columns that rows must have: keys and request fields. What reads one column must
// agree about its type. Two roles may read one column: then it is listed once, under the first that
// needs it.
func (s *Selection) Inputs() ([]Input, error) {
	fields, needed, err := s.Requests()
	if err != nil {
		return nil, err
	}
	var all []Input
	for _, role := range s.Roles {
		for i, name := range role.Key {
			key := role.Entity.Key[i]
			all = append(all, Input{schema.Field{Name: name, Type: key.Type}, "key " + key.Name + " of " + role.Name})
		}
	}
	for _, field := range fields {
		all = append(all, Input{field, "request." + field.Name + " of " + needed[field.Name]})
	}
	var inputs []Input
	for _, c := range all {
		at := slices.IndexFunc(inputs, func(o Input) bool { return o.Field.Name == c.Field.Name })
		if at < 0 {
			inputs = append(inputs, c)
		} else if other := inputs[at]; !other.Field.Type.Equal(c.Field.Type) {
			return nil, &SelectionError{
				Message: fmt.Sprintf("label column %s would be %s for %s and %s for %s", c.Field.Name,
					other.Field.Type, other.Need, c.Field.Type, c.Need),
				Hint:     "give both one type, or name the columns apart under a model's entities",
				Conflict: true,
			}
		}
	}
	return inputs, nil
}

// SelectionError says why features cannot be asked for, and what to do.
type SelectionError struct {
	Message string
	Hint    string
	// Unknown: there is nothing of that name. Conflict: the definitions contradict each other.
	// Neither: the name is not written as names of features are.
	Unknown  bool
	Conflict bool
}

// Error implements error.
func (e *SelectionError) Error() string { return e.Message + "; " + e.Hint }

// UnknownName refuses a name, with the one that was probably meant, or a few of those there are. Eight
// fit on a line, and more would hide the message.
func UnknownName(kind, name string, known []string) error {
	hint := "there is none"
	if near := schema.Nearest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	} else if len(known) > 0 {
		hint = "there is " + strings.Join(known[:min(len(known), 8)], ", ")
	}
	return &SelectionError{Message: fmt.Sprintf("unknown %s %q", kind, name), Hint: hint, Unknown: true}
}
