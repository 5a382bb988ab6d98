package parse

import (
	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
)

// model reads the declaration of a model. A duration of -1 was left out, so that 0 can be told from
// it.
func (r *reader) model(n *document.Node) *ast.Model {
	m := &ast.Model{Name: ast.Word{At: n.At}, Version: 1, Timeout: -1, Retention: -1}
	r.fields(n, "a model", r.meta(&m.Meta, handlers{
		"model":   func(n *document.Node) { m.Name = r.name(n) },
		"version": func(n *document.Node) { m.Version = r.integer(n, 1) },
		"entities": func(n *document.Node) {
			r.entries(n, "entities", func(key ast.Word, value *document.Node) {
				r.checkName(key)
				m.Roles = append(m.Roles, r.role(key, value))
			})
		},
		"features": func(n *document.Node) { m.Features = r.modelFeatures(n) },
		"label":    func(n *document.Node) { m.Label = r.label(n) },
		"baseline": func(n *document.Node) { m.Baseline = r.inside(r.word(n)) },
		"timeout":  func(n *document.Node) { m.Timeout = r.duration(n) },
		"log": func(n *document.Node) {
			r.fields(n, "log", handlers{
				"sample":    func(n *document.Node) { m.Sample = r.fraction(n) },
				"retention": func(n *document.Node) { m.Retention = r.duration(n) },
			})
		},
	}))
	r.requireAll(n, "a model", "the model")
	return m
}

// role reads role: entity, or role: {entity, key}. A role without key: has the columns of the
// entity's own names.
func (r *reader) role(name ast.Word, n *document.Node) ast.Role {
	role := ast.Role{Name: name}
	if n.Kind == document.Scalar {
		role.Entity = r.word(n)
		return role
	}
	ok := r.fields(n, "a role", handlers{
		"entity": func(n *document.Node) { role.Entity = r.word(n) },
		"key":    func(n *document.Node) { role.Key = r.pairs(n, "key") },
	})
	if ok {
		r.requireAll(n, "a role", "the role "+name.Text)
	}
	return role
}

// modelFeatures reads the list of features: names and patterns, or {name: as}. Whether an item is a
// pattern, or excludes something, is found when the model is compiled.
func (r *reader) modelFeatures(n *document.Node) []ast.ModelFeature {
	var all []ast.ModelFeature
	for _, item := range items(n) {
		if item.Kind != document.Mapping {
			if w := r.word(item); w.Text != "" {
				all = append(all, ast.ModelFeature{Name: w})
			}
			continue
		}
		for _, entry := range item.Entries {
			all = append(all, ast.ModelFeature{Name: r.word(entry.Key), As: r.word(entry.Value)})
		}
	}
	if len(items(n)) == 0 {
		r.fail(n.At, diag.MissingValue, "the model has no features", "list them, such as card_spend.*")
	}
	return all
}

// label reads where labels come from. It is never nil; what could not be read in it is missing.
func (r *reader) label(n *document.Node) *ast.Label {
	l := &ast.Label{At: n.At}
	ok := r.fields(n, "label", handlers{
		"source": func(n *document.Node) { l.Source = r.word(n) },
		"key":    func(n *document.Node) { l.Key = r.bound(n, "key") },
		"time":   func(n *document.Node) { l.Time = r.expression(n) },
		"expr":   func(n *document.Node) { l.Value = r.expression(n) },
		"where":  func(n *document.Node) { l.Where = r.expression(n) },
	})
	if ok {
		r.requireAll(n, "label", "the label")
	}
	return l
}
