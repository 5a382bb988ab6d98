package lower

import (
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/check"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
	"github.com/fettle-ml/fettle/internal/schema"
)

// feature is a feature while it is compiled. index is its place in the view's list and in that of
// the plan, which must agree. After an error the expression in the plan stays nil, and readers of
// the feature report nothing more.
type feature struct {
	view  *view
	decl  *ast.Feature
	plan  *plan.Feature
	index int
	state progress
	event *plan.Expr // the inlined form, once made
	keyOf []keyUse
}

// keyUse is a key column of a link that a feature fills. It is kept with the feature because a link
// is settled before the type of the feature is known.
type keyUse struct {
	link  *link
	at    ast.Word
	field schema.Field
}

// path is the name of a feature for people and for the keys of references.
func (f *feature) path() string { return f.view.plan.Name + "." + f.plan.Name }

// isColumn reports whether the feature is the column of a name and nothing more. Such a feature may
// have the name of its column: the bare name means the same value either way.
func (f *feature) isColumn(name string) bool {
	p, is := f.decl.Value.Expr.(*ast.Path)
	if !is || f.decl.Default.Text != "" || f.decl.Expires > 0 || f.decl.Type.Text != "" {
		return false
	}
	last := p.Parts[len(p.Parts)-1].Name
	return last == name && (len(p.Parts) == 1 || len(p.Parts) == 2 && p.Parts[0].Name == "event")
}

// maxChain bounds how many features may read each other in a row. Compilation recurses along the
// chain, so the limit keeps it within the stack.
const maxChain = 500

// compile compiles a feature that is read at a place, and returns its expression; nil if it has
// none, which has been reported.
func (c *compiler) compile(f *feature, at diag.Position) *plan.Expr {
	switch f.state {
	case compiled:
		return f.plan.Expr
	case compiling:
		c.cycle(f, at)
		return nil
	}
	if len(c.stack) >= maxChain {
		c.fail(at, diag.TooDeep, "more than 500 features read each other in a row", "shorten the chain")
		return nil
	}
	f.state = compiling
	c.stack = append(c.stack, f)
	e := c.checker(&valueScope{c: c, view: f.view, self: f}).Expr(f.decl.Value.Expr)
	c.stack = c.stack[:len(c.stack)-1]
	f.state = compiled
	c.settle(f, e)
	return f.plan.Expr
}

// cycle reports that a feature being compiled is read. f is on the stack; the path that is shown
// begins and ends with it.
func (c *compiler) cycle(f *feature, at diag.Position) {
	var path []string
	for i := len(c.stack) - 1; i >= 0; i-- {
		path = append(path, c.stack[i].path())
		if c.stack[i] == f {
			break
		}
	}
	// The stack runs from the reader to what it reads; we collected it backwards.
	for i, j := 0, len(path)-1; i < j; i, j = i+1, j-1 {
		path[i], path[j] = path[j], path[i]
	}
	c.fail(at, diag.FeatureCycle, "features read each other in a circle: "+
		strings.Join(append(path, f.path()), " -> "), "break it at one of them")
}

// settle gives a feature its type, default and layer. An expression that failed leaves the plan's
// nil, and everything that depends on its type is left out.
func (c *compiler) settle(f *feature, e *plan.Expr) {
	declared := schema.Type{}
	if w := f.decl.Type; w.Text != "" {
		var err error
		if declared, err = schema.ParseType(w.Text); err != nil {
			c.fail(w.At, diag.BadType, "the type of "+f.plan.Name+": "+err.Error(),
				diag.DidYouMean(w.Text, typeNames, "types are "+strings.Join(typeNames, ", ")))
		}
		f.plan.Type = declared
	}
	if e = c.asDeclared(f, e, declared); e == nil {
		return
	}
	f.plan.Expr, f.plan.Type = e, e.Type
	f.plan.Layer = layerOf(f.view.plan, e)
	if w := f.decl.Default; w.Text != "" || w.Quoted {
		v, err := check.Value(w.Text, e.Type)
		if err != nil {
			c.fail(w.At, diag.BadDefault, "the default of "+f.plan.Name+": "+err.Error(), "")
		}
		f.plan.Default = &v
	}
	for _, use := range f.keyOf {
		c.linkType(use.link, use.at, e.Type, use.field)
	}
}

// asDeclared converts an expression to the declared type of its feature; nil after an error. A
// declared type of kind Null means that none was written. Only conversions that need no cast are
// made.
func (c *compiler) asDeclared(f *feature, e *plan.Expr, declared schema.Type) *plan.Expr {
	at := f.decl.Value.At
	switch {
	case e == nil:
		return nil
	case declared.Kind != schema.Null && !builtin.Convertible(e.Type, declared):
		hint := "remove type, or write another expression"
		if builtin.CheckCast(e.Type, declared) == nil {
			hint = "write cast(.. as " + declared.String() + ") if that is meant"
		}
		c.fail(f.decl.Type.At, diag.TypeMismatch, "the feature "+f.plan.Name+" is declared "+
			declared.String()+
			", its expression is "+check.Article(e.Type), hint)
		return nil
	case declared.Kind != schema.Null:
		return check.Convert(e, declared)
	case e.Type.Kind == schema.Null:
		c.fail(at, diag.TypeMismatch, "the feature "+f.plan.Name+" is null without a type", "add type:")
		return nil
	case !e.Type.Settled():
		c.fail(at, diag.TypeMismatch, "the feature "+f.plan.Name+" is a list without a type",
			"add type:, such as list<string>")
		return nil
	}
	return e
}

// layerOf infers the place in the pyramid: the highest of what an expression reads. What it reads
// must have its layer already. Raw is for a bare column, not for one that is computed with.
func layerOf(v *plan.View, e *plan.Expr) plan.Layer {
	if e.Op == plan.ColumnOf || e.Op == plan.EventTime {
		return plan.Raw
	}
	layer := plan.Derived
	seen := map[*plan.Expr]bool{}
	var visit func(*plan.Expr)
	visit = func(e *plan.Expr) {
		if seen[e] {
			return
		}
		seen[e] = true
		switch e.Op {
		case plan.AggregateOf:
			layer = max(layer, plan.Aggregated)
		case plan.FeatureOf:
			layer = max(layer, v.Features[e.Index].Layer)
		case plan.ReferenceOf:
			r := v.References[e.Index]
			layer = max(layer, r.View.Features[r.Feature].Layer)
			if len(r.Path) > 0 {
				layer = max(layer, plan.CrossEntity)
			}
		case plan.RequestOf, plan.RequestAt:
			layer = plan.RequestTime
		}
		for _, arg := range e.Args {
			visit(arg)
		}
	}
	visit(e)
	return layer
}

// featureOf finds a feature of a view by name, or reports that there is none.
func (c *compiler) featureOf(v *view, part ast.Part) *feature {
	f := v.features[part.Name]
	if f == nil {
		c.unknownFeature(part.At, v, part.Name)
	}
	return f
}

// unknownFeature reports a name that a view has no feature for.
func (c *compiler) unknownFeature(at diag.Position, v *view, name string) {
	c.fail(at, diag.UnknownFeature, "the view "+v.plan.Name+" has no feature "+name,
		diag.DidYouMean(name, keys(v.features), "its features are "+shortList(keys(v.features))))
}

// notEventOnly names what keeps a compiled feature from being one of the event; "" if nothing does.
// Features of the same view are followed; those of another view are refused as such.
func (c *compiler) notEventOnly(f *feature) string {
	if f.event != nil {
		// A feature that was inlined before has passed.
		return ""
	}
	reads := ""
	seen := map[*plan.Expr]bool{}
	var visit func(v *plan.View, e *plan.Expr)
	visit = func(v *plan.View, e *plan.Expr) {
		if seen[e] || reads != "" {
			return
		}
		seen[e] = true
		switch e.Op {
		case plan.AggregateOf:
			reads = "an aggregate"
		case plan.ReferenceOf:
			reads = "another view"
		case plan.RequestOf, plan.RequestAt:
			reads = "the request"
		case plan.AsOf:
			reads = "as_of"
		case plan.Call:
			if f, _ := builtin.Lookup(e.Func); f != nil && f.ReadsAsOf {
				reads = "as_of, in " + e.Func
			}
		case plan.FeatureOf:
			visit(v, v.Features[e.Index].Expr)
		}
		for _, arg := range e.Args {
			visit(v, arg)
		}
	}
	visit(f.view.plan, f.plan.Expr)
	return reads
}

// inline returns an event-only feature as an expression of the event, its default included. All
// readers share the result and must not change it.
func (c *compiler) inline(f *feature) *plan.Expr {
	if f.event == nil {
		f.event = c.inlineExpr(f.view, f.plan.Expr)
		if d := f.plan.Default; d != nil {
			f.event = plan.CallOf("coalesce", f.plan.Type, f.event, plan.Constant(*d))
		}
	}
	return f.event
}

// inlineExpr copies an expression with the features in it replaced. Columns need no change: the
// event at hand takes the place of the newest row. The original is left as it is, since the feature
// still uses it.
func (c *compiler) inlineExpr(v *view, e *plan.Expr) *plan.Expr {
	if e.Op == plan.FeatureOf {
		return c.inline(v.ordered[e.Index])
	}
	copied := *e
	copied.Args = nil
	for _, arg := range e.Args {
		copied.Args = append(copied.Args, c.inlineExpr(v, arg))
	}
	// A leaf may stand for a computed column, whose size was set where it was read. Calls are
	// counted anew from their arguments.
	if size := c.sizes[e]; size > 0 && len(e.Args) == 0 {
		c.sizes[&copied] = size
	}
	return &copied
}
