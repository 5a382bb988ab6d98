package lower

import (
	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/check"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/zone"
)

// test compiles one declared case. A time without a zone, under now, is one of the project's zone.
func (c *compiler) test(decl *ast.Test) {
	v := c.views[decl.View.Text]
	if v == nil {
		if decl.View.Text != "" {
			c.missing(decl.View.At, diag.UnknownView, "there is no view "+decl.View.Text,
				diag.DidYouMean(decl.View.Text, keys(c.views), ""))
		}
		return
	}
	t := &plan.Test{Name: decl.Name.Text, View: v.plan, Request: map[string]schema.Value{}}
	if now := decl.Now; now.Text != "" {
		value, ok := c.testTime(now, "now", c.plan.Timezone)
		if t.Now = value.Int; ok && value.Null {
			c.fail(now.At, diag.BadTest, "now is null", "write a time such as 2024-05-01T12:00:00Z")
		}
	}
	c.testEvents(v, decl, t)
	c.testRequest(v, decl, t)
	c.testExpect(v, decl, t)
	c.testKey(v, decl, t)
	c.plan.Tests = append(c.plan.Tests, t)
}

// testValue reads a value of a test; nothing and null are null. In quotes null is a text.
func (c *compiler) testValue(w ast.Word, t schema.Type, what string) (schema.Value, bool) {
	if !w.Quoted && (w.Text == "" || w.Text == "null") {
		return schema.NullOf(t), true
	}
	v, err := check.Value(w.Text, t)
	if err != nil {
		c.fail(w.At, diag.BadTest, what+": "+err.Error(), "")
		return v, false
	}
	return v, true
}

// testTime reads a time of a test; one without a zone is in the given zone. Whatever it cannot read
// goes to testValue, which says what is wrong with it.
func (c *compiler) testTime(w ast.Word, what, zoneName string) (schema.Value, bool) {
	t := schema.Of(schema.Timestamp)
	micros, zoned, err := schema.ParseTime(w.Text)
	if err != nil || zoned || zoneName == "" {
		return c.testValue(w, t, what)
	}
	z, err := zone.Load(zoneName)
	if err != nil || !schema.ValidTime(micros) {
		return c.testValue(w, t, what)
	}
	utc, _, _ := z.ToUTC(micros)
	return schema.Value{Type: t, Int: utc}, true
}

// testCell reads one cell of an event as the source would. Rows can so be taken from a file as they
// are.
func (c *compiler) testCell(s *source, w ast.Word, column plan.Column) (schema.Value, bool) {
	if column.Type.Kind == schema.Timestamp {
		return c.testTime(w, column.Name, s.plan.EventTime.Zone)
	}
	return c.testValue(w, column.Type, column.Name)
}

// testEvents types the rows by the columns of the view's source. Computed columns are refused,
// because the engine computes them from the others.
func (c *compiler) testEvents(v *view, decl *ast.Test, t *plan.Test) {
	if v.source == nil {
		if len(decl.Events) > 0 && !v.broken {
			c.fail(decl.View.At, diag.BadTest, "the view "+v.plan.Name+
				" has no source, and the test has events",
				"remove them")
		}
		return
	}
	for _, row := range decl.Events {
		var event plan.TestEvent
		for _, cell := range row {
			index, found := v.source.columns[cell.Name.Text]
			if !found {
				if !v.source.unknown {
					c.fail(cell.Name.At, diag.UnknownColumn, "the source "+v.source.plan.Name+" has no column "+
						cell.Name.Text,
						diag.DidYouMean(cell.Name.Text, keys(v.source.columns), ""))
				}
				continue
			}
			column := v.source.plan.Columns[index]
			if column.Expr != nil {
				c.fail(cell.Name.At, diag.BadTest, "the column "+column.Name+" is computed",
					"remove it from the event")
				continue
			}
			value, _ := c.testCell(v.source, cell.Value, column)
			event.Columns = append(event.Columns, index)
			event.Values = append(event.Values, value)
		}
		t.Events = append(t.Events, event)
	}
}

// testRequest types the request of a test. Fields that are left out are null.
func (c *compiler) testRequest(v *view, decl *ast.Test, t *plan.Test) {
	for _, pair := range decl.Request {
		index, found := v.request[pair.Name.Text]
		if !found {
			c.fail(pair.Name.At, diag.UnknownRequest, "the view "+v.plan.Name+" has no request field "+
				pair.Name.Text,
				diag.DidYouMean(pair.Name.Text, keys(v.request), ""))
			continue
		}
		t.Request[pair.Name.Text], _ = c.testValue(pair.Value, v.plan.Request[index].Type, pair.Name.Text)
	}
}

// testExpect types the expected values by their features. A feature whose own error was reported is
// passed over. A null that is expected is a value like any other.
func (c *compiler) testExpect(v *view, decl *ast.Test, t *plan.Test) {
	for _, pair := range decl.Expect {
		f := v.features[pair.Name.Text]
		if f == nil {
			c.unknownFeature(pair.Name.At, v, pair.Name.Text)
			continue
		}
		if f.plan.Expr == nil {
			continue
		}
		value, _ := c.testValue(pair.Value, f.plan.Type, pair.Name.Text)
		t.Expect = append(t.Expect, plan.Expectation{Feature: f.index, Value: value})
	}
}

// testKey settles which entity the test asks for: the one under key, else that of its first event.
// The key of the test has a value for each column of the entity's; after an error one that is not
// to be read.
func (c *compiler) testKey(v *view, decl *ast.Test, t *plan.Test) {
	if v.entity == nil || !v.entity.ok {
		return
	}
	given := map[string]ast.Pair{}
	for _, pair := range decl.Key {
		given[pair.Name.Text] = pair
		if !hasField(v.entity.plan.Key, pair.Name.Text) {
			c.fail(pair.Name.At, diag.BadKey, "the entity "+v.entity.plan.Name+" has no key column "+
				pair.Name.Text,
				"its key is "+fieldNames(v.entity.plan.Key))
		}
	}
	for i, field := range v.entity.plan.Key {
		if pair, found := given[field.Name]; found {
			value, _ := c.testValue(pair.Value, field.Type, field.Name)
			t.Key = append(t.Key, value)
			continue
		}
		value, ok := firstKey(v, i, t)
		if !ok && (v.source == nil || !v.source.unknown) && !v.broken {
			c.fail(decl.Name.At, diag.BadTest, "the test does not say for which "+field.Name+
				" the values are",
				"add key: {"+field.Name+": value}"+
					map[bool]string{true: "; its events have none"}[len(t.Events) > 0])
		}
		t.Key = append(t.Key, value)
	}
}

// firstKey reads a key column from the first event, if the view takes it from a stored column. A
// key that is an expression would have to be computed, which is not for the compiler to do.
func firstKey(v *view, i int, t *plan.Test) (schema.Value, bool) {
	if len(t.Events) == 0 || i >= len(v.plan.Key) || v.plan.Key[i] == nil ||
		v.plan.Key[i].Op != plan.ColumnOf {
		return schema.Value{}, false
	}
	for j, column := range t.Events[0].Columns {
		if column == v.plan.Key[i].Index {
			return t.Events[0].Values[j], true
		}
	}
	return schema.Value{}, false
}
