package parse

import (
	"fmt"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
	"github.com/fettle-ml/fettle/internal/lang/fields"
	"github.com/fettle-ml/fettle/internal/schema"
)

// parseAge reads the age of a fallback, if there is one. Without one the result says nothing, and
// is no error.
func parseAge(text string, aged bool) (int64, error) {
	if !aged {
		return 0, nil
	}
	return schema.ParseDuration(strings.TrimSpace(text))
}

// view reads the declaration of a view, with fan-out done. A duration of -1 was left out, so that 0
// can be told from it.
func (r *reader) view(n *document.Node) *ast.View {
	v := &ast.View{Name: ast.Word{At: n.At}, ReadyAfter: -1, Expires: -1, Timeout: -1}
	r.fields(n, "a view", r.meta(&v.Meta, handlers{
		"view":      func(n *document.Node) { v.Name = r.name(n) },
		"entity":    func(n *document.Node) { v.Entity = r.word(n) },
		"source":    func(n *document.Node) { v.Source = r.word(n) },
		"key":       func(n *document.Node) { v.Key = r.bound(n, "key") },
		"freshness": func(n *document.Node) { v.Freshness = r.word(n) },
		"ready_after": func(n *document.Node) {
			v.ReadyAfter, v.ReadyAt = r.duration(n), n.At
		},
		"edge":     func(n *document.Node) { v.Edge = r.choice(n, fields.Choices("a view", "edge")...) },
		"expires":  func(n *document.Node) { v.Expires = r.duration(n) },
		"where":    func(n *document.Node) { v.Where = r.expression(n) },
		"request":  func(n *document.Node) { v.Request = r.typed(n, "request", true) },
		"timeout":  func(n *document.Node) { v.Timeout = r.duration(n) },
		"fallback": func(n *document.Node) { v.Fallback = r.fallbacks(n) },
		"features": func(n *document.Node) {
			if n.Kind != document.Mapping {
				r.fail(n.At, diag.WrongShape, "features is "+n.Kind.String()+", not a mapping",
					"write name: expression")
				return
			}
			for _, entry := range n.Entries {
				v.Features = append(v.Features, r.features(entry)...)
			}
		},
	}))
	r.requireAll(n, "a view", "the view")
	return v
}

// declared is a feature as written, before fan-out.
type declared struct {
	feature ast.Feature
	expr    *document.Node
	about   document.Text // description
	loops   []loop
	failed  bool // for: makes no features
}

// features reads one entry of features: one feature, or several by fan-out. It is never empty for a
// plain name, even if its value was refused, so that what reads the feature is not reported too.
func (r *reader) features(entry document.Entry) []*ast.Feature {
	d := declared{feature: ast.Feature{Expires: -1}}
	if entry.Value.Kind == document.Mapping {
		r.featureFields(entry.Value, &d)
		if d.expr == nil {
			r.require(entry.Key.At, hasField(entry.Value, "expr"), "the feature "+entry.Key.Text.String,
				"expr")
			return r.unreadable(entry.Key)
		}
	} else {
		d.expr = entry.Value
	}
	if !r.isExpression(d.expr) || d.failed {
		return r.unreadable(entry.Key)
	}
	return r.expand(entry.Key, &d)
}

// unreadable stands for a feature whose mistake was reported, so that its name is known.
func (r *reader) unreadable(key *document.Node) []*ast.Feature {
	if strings.Contains(key.Text.String, "{") {
		// Without its variables a template gives no names.
		return nil
	}
	name := ast.Word{Text: key.Text.String, At: key.At}
	return []*ast.Feature{{
		Name: name, Expires: -1, Value: ast.Expression{Text: "?", At: key.At},
	}}
}

// featureFields reads the long form of a feature. The expression and the description are kept as
// nodes: fan-out puts values into them before they are parsed.
func (r *reader) featureFields(n *document.Node, d *declared) {
	f := &d.feature
	known := r.meta(&f.Meta, handlers{
		"expr":     func(n *document.Node) { d.expr = n },
		"type":     func(n *document.Node) { f.Type = r.word(n) },
		"default":  func(n *document.Node) { f.Default = r.text(n) },
		"checks":   func(n *document.Node) { f.Checks = r.checks(n) },
		"fallback": func(n *document.Node) { f.Fallback = r.fallbacks(n) },
		"expires":  func(n *document.Node) { f.Expires = r.duration(n) },
		"deprecated": func(n *document.Node) {
			f.Deprecated = &ast.Deprecation{}
			r.fields(n, "deprecated", handlers{
				"after": func(n *document.Node) { f.Deprecated.After = r.day(n) },
				"use":   func(n *document.Node) { f.Deprecated.Use = r.word(n).Text },
			})
		},
		"for": func(n *document.Node) { d.loops, d.failed = r.loops(n) },
	})
	// In place of the handler of meta, because fan-out needs to know where the text stands.
	known["description"] = func(n *document.Node) {
		f.Description = r.text(n).Text
		d.about = document.TextAt(f.Description, n.At)
	}
	r.fields(n, "a feature", known)
}

// day reads a date as midnight UTC, or a time with a zone. The result is in microseconds; nil after
// an error.
func (r *reader) day(n *document.Node) *int64 {
	if n.Kind == document.Scalar {
		if days, err := schema.ParseDate(n.Text.String); err == nil {
			micros := days * schema.Day
			return &micros
		}
	}
	return r.instant(n)
}

// expand makes the features of a declaration, one for each combination of its variables. It gives
// up at the first name that is wrong, because the others are likely wrong in the same way.
func (r *reader) expand(key *document.Node, d *declared) []*ast.Feature {
	total := 1
	for _, l := range d.loops {
		// The limit is tested at every factor, so that the product cannot overflow.
		if total *= len(l.values); total > maxExpansion {
			r.fail(key.At, diag.FanOut, fmt.Sprintf("for: makes more than %d features", maxExpansion),
				"split the declaration")
			return nil
		}
	}
	var all []*ast.Feature
	for i := range total {
		values := combination(d.loops, i)
		// The copies share their lists with each other, which is safe as long as nobody changes
		// them.
		f := d.feature
		name := substitute(key.Text, values)
		f.Name = ast.Word{Text: name.String, At: key.At}
		if !r.expandedName(f.Name, key, d) {
			return nil
		}
		f.Value = r.parseText(d.expr, substitute(d.expr.Text, values))
		f.Description = substitute(d.about, values).String
		all = append(all, &f)
	}
	return all
}

// expandedName checks the name of a feature, and that fan-out gives each a name of its own. A
// variable with one value need not be in it.
func (r *reader) expandedName(name ast.Word, key *document.Node, d *declared) bool {
	for _, l := range d.loops {
		if len(l.values) > 1 && !strings.Contains(key.Text.String, "{"+l.name+"}") {
			r.fail(key.At, diag.FanOut, "the name "+key.Text.String+" does not contain {"+l.name+"}",
				"each feature of for: needs a name of its own, such as "+key.Text.String+"_{"+l.name+"}")
			return false
		}
	}
	if i := strings.IndexByte(name.Text, '{'); i >= 0 {
		r.fail(key.Text.Position(strings.IndexByte(key.Text.String, '{')), diag.UnknownVariable,
			"the name "+name.Text+" uses a variable that for: does not declare",
			"declare it, such as for: {w: [1h, 7d]}")
		return false
	}
	r.checkName(name)
	return true
}
