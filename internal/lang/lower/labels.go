package lower

import (
	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/check"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
	"github.com/fettle-ml/fettle/internal/schema"
)

// label compiles where a model's labels come from. The model keeps no label if the source is not
// known.
func (c *compiler) label(b *modelBuild) {
	decl := b.decl.Label
	s := c.sources[decl.Source.Text]
	if s == nil {
		if decl.Source.Text != "" {
			c.missing(decl.Source.At, diag.UnknownSource, "there is no source "+decl.Source.Text,
				diag.DidYouMean(decl.Source.Text, keys(c.sources), "declare it"))
		}
		return
	}
	scope := &eventScope{c: c, source: s}
	checker := c.checker(scope)
	l := &plan.Label{Source: s.plan}
	l.Where = checker.Bool(decl.Where.Expr, "where")
	l.Time = checker.OfType(decl.Time.Expr, schema.Of(schema.Timestamp), "time")
	// Only a call with a window looks ahead. Every other expression is a value of the row itself.
	if call, is := decl.Value.Expr.(*ast.Call); is && call.Over != nil {
		l.Ahead = c.ahead(scope, call)
	} else if l.Expr = checker.Expr(decl.Value.Expr); l.Expr != nil && !l.Expr.Type.Settled() {
		c.fail(decl.Value.At, diag.TypeMismatch, "the label is null, or a list, without a type",
			"write a cast such as cast(null as bool)")
	}
	c.labelKeys(b, s, l)
	b.plan.Label = l
}

// ahead compiles a label that looks at the events after its time. It returns nil after an error.
// The window is kept as a sliding one; that it lies after the time of the label follows from where
// the plan keeps it.
func (c *compiler) ahead(scope *eventScope, call *ast.Call) *plan.Aggregate {
	f, found := builtin.Lookup(call.Name)
	if !found || !f.Aggregate || call.Over.Kind != ast.Next {
		c.fail(call.Position(), diag.BadWindow, "a label looks ahead: its window is over next",
			"write any(true) over next 30d, or an expression of the event")
		return nil
	}
	w := call.Over
	if w.Length < 1 || w.Length > maxWindow || w.Offset > 0 || w.Hop > 0 {
		c.fail(w.Position(), diag.BadWindow,
			"over next takes a length of at most 10 years, without offset and hop", "")
		return nil
	}
	if ofRows[call.Name] {
		c.fail(w.Position(), diag.BadWindow, call.Name+
			" goes from event to event, and over next has no number of them", "")
		return nil
	}
	scope.inside = call.Name
	a := c.aggregateOf(scope, call, f)
	if a != nil {
		a.Window = plan.Window{Kind: plan.Sliding, Length: w.Length}
	}
	return a
}

// labelKeys settles the columns of the label rows: those declared, and the key columns of the roles
// and the request fields that the features read, by default the source's column of that name.
// Declared columns come first in the plan, the implied ones after them.
func (c *compiler) labelKeys(b *modelBuild, s *source, l *plan.Label) {
	given := map[string]bool{}
	checker := c.checker(&eventScope{c: c, source: s})
	types := map[string]schema.Type{}
	for _, role := range b.plan.Roles {
		for i, column := range role.Key {
			types[column] = role.Entity.Key[i].Type
		}
	}
	for _, decl := range b.decl.Label.Key {
		name := decl.Name.Text
		given[name] = true
		e := checker.Expr(decl.Value.Expr)
		if want, isKey := types[name]; isKey && e != nil && !e.Type.Equal(want) {
			c.fail(decl.Value.At, diag.BadKey, "the key column "+name+" is "+check.Article(want)+
				", the label gives "+check.Article(e.Type), "write a cast")
		}
		l.Key = append(l.Key, plan.LabelKey{Column: name, Expr: e})
	}
	for _, role := range b.plan.Roles {
		for _, column := range role.Key {
			if !given[column] {
				given[column] = true
				c.labelColumn(b, s, l, column, true)
			}
		}
	}
	for _, field := range b.requests() {
		if !given[field.Name] {
			given[field.Name] = true
			c.labelColumn(b, s, l, field.Name, false)
		}
	}
}

// labelColumn takes a label column from the source's column of the same name. A key column is
// required, because without it a row is of no entity; a request field that the source lacks is left
// out.
func (c *compiler) labelColumn(b *modelBuild, s *source, l *plan.Label, column string,
	required bool) {
	index, found := s.columns[column]
	if found {
		e := &plan.Expr{Op: plan.ColumnOf, Type: s.plan.Columns[index].Type, Index: index}
		l.Key = append(l.Key, plan.LabelKey{Column: column, Expr: e})
		return
	}
	if required && !s.unknown {
		c.fail(b.decl.Label.At, diag.BadKey, "the label does not give the key column "+column,
			"add key: {"+column+": column}")
	}
}
