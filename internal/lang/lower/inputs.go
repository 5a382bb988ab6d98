package lower

import (
	"github.com/fettle-ml/fettle/internal/lang/check"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// requests returns the request fields that the features of a model read, directly or through other
// views. A field that several views read occurs several times, in the order the views are met;
// labelTypes sees to it that they agree.
func (b *modelBuild) requests() []schema.Field {
	var all []schema.Field
	seen := map[*plan.View]bool{}
	var visit func(*plan.View)
	visit = func(v *plan.View) {
		if seen[v] {
			return
		}
		seen[v] = true
		all = append(all, v.Request...)
		for _, other := range readViews(v) {
			visit(other)
		}
	}
	for _, f := range b.plan.Features {
		visit(f.View)
	}
	return all
}

// labelTypes checks that the key columns and request fields of one name have one type: they are one
// column of the labels.
func (b *modelBuild) labelTypes() {
	types := map[string]schema.Type{}
	one := func(name string, t schema.Type) {
		other, found := types[name]
		if found && !other.Equal(t) {
			b.c.fail(b.decl.Name.At, diag.BadModel, "the label column "+name+" would be "+
				check.Article(other)+" and "+check.Article(t),
				"name the columns apart under entities, or give them one type")
		}
		types[name] = t
	}
	for _, role := range b.plan.Roles {
		for i, column := range role.Key {
			one(column, role.Entity.Key[i].Type)
		}
	}
	for _, field := range b.requests() {
		one(field.Name, field.Type)
	}
}
