package lower

import (
	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/check"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// view is a view while it is compiled. request, aggregates and references give places in the lists
// of the plan: by the name of a field, or by the text that identifies the other two.
type view struct {
	decl       *ast.View
	plan       *plan.View
	entity     *entity
	source     *source
	broken     bool // the source is not known: names are not checked
	features   map[string]*feature
	ordered    []*feature
	request    map[string]int
	aggregates map[string]int
	references map[string]int
}

// defaultTimeout is how long a request waits for a view or a model that says nothing about it.
const defaultTimeout = 100 * schema.Millisecond

// refreshed reports whether the view's values are computed on a grid. A static view has no boundary
// that moves, and so none to refresh at.
func (v *view) refreshed() bool {
	kind := v.plan.Freshness.Kind
	return kind != plan.Realtime && kind != plan.Static
}

// viewHead settles everything of a view that other definitions may need before its expressions. It
// runs for all views before viewBody does for any.
func (c *compiler) viewHead(v *view) {
	v.aggregates, v.references = map[string]int{}, map[string]int{}
	if v.entity = c.entityNamed(v.decl.Entity); v.entity != nil {
		v.plan.Entity = v.entity.plan
	}
	if name := v.decl.Source; name.Text != "" {
		if v.source = c.sources[name.Text]; v.source == nil {
			v.broken = true
			c.missing(name.At, diag.UnknownSource, "there is no source "+name.Text,
				diag.DidYouMean(name.Text, keys(c.sources), "declare it"))
		} else {
			v.plan.Source, v.plan.Edge = v.source.plan, v.source.plan.Edge
		}
	}
	v.plan.Edge = edge(v.decl.Edge, v.plan.Edge)
	v.plan.Expires = given(v.decl.Expires, 0)
	v.plan.Timeout = given(v.decl.Timeout, defaultTimeout)
	v.plan.Fallback = fallbacks(v.decl.Fallback)
	c.freshness(v)
	c.request(v)
	c.declareFeatures(v)
}

// fallbacks copies a ladder.
func fallbacks(declared []ast.Fallback) []plan.Fallback {
	var all []plan.Fallback
	for _, f := range declared {
		all = append(all, plan.Fallback{Kind: f.Kind, Age: f.Age})
	}
	return all
}

// request settles the types of the request's fields.
func (c *compiler) request(v *view) {
	v.request = map[string]int{}
	for i, field := range v.decl.Request {
		if i == 0 && v.refreshed() {
			c.fail(field.Name.At, diag.RefreshedRequest,
				"a refreshed view cannot read the request: its values "+
					"are computed before there is one", "move these features to a view with freshness: realtime")
		}
		if field.Name.Text == "time" {
			c.fail(field.Name.At, diag.ReservedName, "request.time is the time asked for",
				"rename the field")
			continue
		}
		t, err := schema.ParseType(field.Type.Text)
		if err != nil && field.Type.Text != "" {
			c.fail(field.Type.At, diag.BadType, "the request field "+field.Name.Text+": "+err.Error(),
				diag.DidYouMean(field.Type.Text, typeNames, ""))
		}
		// A field whose type was refused is known by name, so that reading it is no second mistake.
		v.request[field.Name.Text] = len(v.plan.Request)
		v.plan.Request = append(v.plan.Request, schema.Field{Name: field.Name.Text, Type: t})
	}
}

// declareFeatures makes the features known by name. The index of a feature is its place among those
// that were not refused.
func (c *compiler) declareFeatures(v *view) {
	v.features = map[string]*feature{}
	if len(v.decl.Features) > maxFeatures {
		c.fail(v.decl.Name.At, diag.TooDeep, "the view has more than 10,000 features", "split it")
		return
	}
	for _, decl := range v.decl.Features {
		name := decl.Name
		if other := v.features[name.Text]; other != nil {
			c.fail(name.At, diag.DuplicateName, "the view has the feature "+name.Text+" already, at "+
				other.decl.Name.At.String(), "rename one; fan-out gives names too")
			continue
		}
		switch name.Text {
		case "event_time", "as_of", "received_at":
			// A bare name would always mean the word, so that the feature could not be read.
			c.fail(name.At, diag.ReservedName, "the name "+name.Text+" is a word of the language",
				"rename the feature")
			continue
		}
		f := &feature{view: v, decl: decl, index: len(v.ordered)}
		f.plan = &plan.Feature{
			Meta: meta(decl.Meta), Name: name.Text, Text: decl.Value.Text,
			Expires: given(decl.Expires, v.plan.Expires), Fallback: fallbacks(decl.Fallback),
		}
		if d := decl.Deprecated; d != nil {
			f.plan.Deprecated = &plan.Deprecation{After: d.After, Use: d.Use}
		}
		v.features[name.Text] = f
		v.ordered = append(v.ordered, f)
		v.plan.Features = append(v.plan.Features, f.plan)
	}
}

// maxFeatures is far beyond what people write; it stops generated definitions before they fill the
// memory. declareFeatures spells it out.
const maxFeatures = 10_000

// viewBody compiles the expressions of a view. A view whose source is not known still has its
// features compiled, for the mistakes that do not depend on columns.
func (c *compiler) viewBody(v *view) {
	if v.source != nil {
		scope := &eventScope{c: c, source: v.source, view: v}
		v.plan.Where = c.checker(scope).Bool(v.decl.Where.Expr, "where")
		c.viewKey(v)
	} else if !v.broken {
		c.sourceless(v)
	}
	for _, f := range v.ordered {
		c.compile(f, f.decl.Name.At)
	}
	for _, f := range v.ordered {
		// Checks have values of the feature's type, and may read any other feature.
		f.plan.Checks = c.featureChecks(f)
	}
}

// sourceless refuses what only events have. One key is enough to say so.
func (c *compiler) sourceless(v *view) {
	if where := v.decl.Where; !where.Missing() {
		c.fail(where.At, diag.MissingField, "a view without a source has no events to filter",
			"remove where")
	}
	for _, key := range v.decl.Key {
		c.fail(key.Name.At, diag.BadKey, "a view without a source has no events to take a key from",
			"remove key")
		return
	}
}

// viewKey compiles the key: each column of the entity's is an expression of the event, by default
// the column of that name. A column that failed is nil in the plan.
func (c *compiler) viewKey(v *view) {
	if v.entity == nil || !v.entity.ok {
		return
	}
	given := map[string]ast.Bound{}
	names := map[string]bool{}
	for _, field := range v.entity.plan.Key {
		names[field.Name] = true
	}
	for _, key := range v.decl.Key {
		if !names[key.Name.Text] {
			c.fail(key.Name.At, diag.BadKey, "the entity "+v.entity.plan.Name+" has no key column "+
				key.Name.Text,
				diag.DidYouMean(key.Name.Text, keys(names), "its key is "+shortList(keys(names))))
			continue
		}
		given[key.Name.Text] = key
	}
	for _, field := range v.entity.plan.Key {
		v.plan.Key = append(v.plan.Key, c.keyColumn(v, field, given[field.Name]))
	}
}

// keyColumn compiles one column of a view's key. Its type must be that of the entity to the
// letter: keys are compared as bytes, so a number and its text are different entities.
func (c *compiler) keyColumn(v *view, field schema.Field, key ast.Bound) *plan.Expr {
	at, e := key.Value.At, key.Value.Expr
	var checked *plan.Expr
	switch {
	case key.Value.Missing():
		at = v.decl.Name.At
		index, found := v.source.columns[field.Name]
		if !found {
			if !v.source.unknown {
				c.fail(at, diag.BadKey, "the source "+v.source.plan.Name+" has no column "+field.Name+
					", the key of "+v.entity.plan.Name, "add key: {"+field.Name+": column}")
			}
			return nil
		}
		checked = &plan.Expr{Op: plan.ColumnOf, Type: v.source.plan.Columns[index].Type, Index: index}
	default:
		if p, is := e.(*ast.Path); is && len(p.Parts) > 1 && c.views[p.Parts[0].Name] != nil {
			c.fail(at, diag.Reserved, "a key that reads another view is reserved for later",
				"use a column of the event")
			return nil
		}
		checked = c.checker(&eventScope{c: c, source: v.source, view: v}).Expr(e)
	}
	if checked == nil {
		return nil
	}
	if !checked.Type.Equal(field.Type) {
		c.fail(at, diag.BadKey, "the key column "+field.Name+" of "+v.entity.plan.Name+" is "+
			check.Article(field.Type)+", the view gives "+check.Article(checked.Type),
			"write cast(.. as "+field.Type.String()+"), or change the entity")
		return nil
	}
	return checked
}
