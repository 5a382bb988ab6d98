package train

import (
	"testing"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestLabelSourceDigest changes one thing at a time that changes the rows of a label source.
func TestLabelSourceDigest(t *testing.T) {
	t.Parallel()
	floatType, boolType := schema.Of(schema.Float64), schema.Of(schema.Bool)
	x := &plan.Expr{Op: plan.ColumnOf, Type: floatType}
	double := &plan.Expr{Op: plan.ColumnOf, Type: floatType, Index: 1}
	positive := plan.CallOf("gt", boolType, x, plan.Constant(schema.FloatValue(0)))
	build := func(change func(l *plan.Label)) string {
		l := &plan.Label{
			Source: &plan.Source{Name: "s", Columns: []plan.Column{
				{Name: "x", Type: floatType}, {Name: "double", Type: floatType, Expr: plan.CallOf("add", floatType, x, x)},
			}},
			Key: []plan.LabelKey{{Column: "amount", Expr: x}}, Expr: double,
		}
		change(l)
		return digestOf(l, []*plan.Expr{l.Key[0].Expr, l.Expr})
	}
	want := build(func(*plan.Label) {})
	for name, change := range map[string]func(l *plan.Label){
		"the label":               func(l *plan.Label) { l.Expr = x },
		"its filter":              func(l *plan.Label) { l.Where = positive },
		"a key's name":            func(l *plan.Label) { l.Key[0].Column = "sum" },
		"a stored column":         func(l *plan.Label) { l.Source.Columns[0].Name = "y" },
		"a computed column":       func(l *plan.Label) { l.Source.Columns[1].Expr = x },
		"the source's filter":     func(l *plan.Label) { l.Source.Where = positive },
		"the source's tombstones": func(l *plan.Label) { l.Source.DeleteWhen = positive },
		"the source's id":         func(l *plan.Label) { l.Source.ID = 1 },
		"the source's zone":       func(l *plan.Label) { l.Source.EventTime.Zone = "Europe/Paris" },
	} {
		if build(change) == want {
			t.Errorf("%s changes nothing", name)
		}
	}
	if got := build(func(l *plan.Label) { l.Source.Name = "other" }); got != want {
		t.Error("a name changes the digest")
	}
}
