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

// zoneOf is the zone of the times without one in a row: that of the source, or the one that the row
// names in its column of zones.
func zoneOf(s *source, row ast.TestRow) string {
	if column := s.plan.EventTime.ZoneColumn; column >= 0 {
		for _, cell := range row.Cells {
			if cell.Name.Text == s.plan.Columns[column].Name {
				return cell.Value.Text
			}
		}
	}
	return s.plan.EventTime.Zone
}

// testCell reads one cell of an event as the source would. Rows can so be taken from a file as they
// are.
func (c *compiler) testCell(s *source, cell ast.Pair, row ast.TestRow, t schema.Type) (schema.Value, bool) {
	if t.Kind == schema.Timestamp {
		return c.testTime(cell.Value, cell.Name.Text, zoneOf(s, row))
	}
	return c.testValue(cell.Value, t, cell.Name.Text)
}

// testEvents types the rows by the columns of their sources: the view's own, or those that they are
// grouped by.
func (c *compiler) testEvents(v *view, decl *ast.Test, t *plan.Test) {
	for _, row := range decl.Events {
		s := v.source
		if row.Source.Text != "" {
			if s = c.sources[row.Source.Text]; s == nil {
				c.missing(row.Source.At, diag.UnknownSource, "there is no source "+row.Source.Text,
					diag.DidYouMean(row.Source.Text, keys(c.sources), ""))
				continue
			}
		}
		if s == nil {
			if !v.broken {
				c.fail(decl.View.At, diag.BadTest, "the view "+v.plan.Name+
					" has no source, and the test has events", "remove them, or write events: {SOURCE: [..]}")
			}
			return
		}
		t.Events = append(t.Events, c.testEvent(s, row))
	}
}

// testEvent types one row. Computed columns are refused, because the engine computes them from the
// others; received_at is when a live event came.
func (c *compiler) testEvent(s *source, row ast.TestRow) plan.TestEvent {
	event := plan.TestEvent{Source: s.plan}
	timed := s.unknown
	for _, cell := range row.Cells {
		index, found := s.columns[cell.Name.Text]
		switch {
		case !found && cell.Name.Text == "received_at":
			c.testReceipt(s, cell, &event)
			continue
		case !found:
			if !s.unknown {
				c.fail(cell.Name.At, diag.UnknownColumn, "the source "+s.plan.Name+" has no column "+
					cell.Name.Text, diag.DidYouMean(cell.Name.Text, keys(s.columns), ""))
			}
			continue
		}
		column := s.plan.Columns[index]
		if column.Expr != nil {
			c.fail(cell.Name.At, diag.BadTest, "the column "+column.Name+" is computed",
				"remove it from the event")
			continue
		}
		value, ok := c.testCell(s, cell, row, column.Type)
		event.Columns = append(event.Columns, index)
		event.Values = append(event.Values, value)
		if index == s.plan.EventTime.Column {
			timed = true
			event.EventTime = c.eventTimeOf(s, row, cell, value, ok)
		}
	}
	if at := s.plan.EventTime.Column; !timed && at >= 0 && at < len(s.plan.Columns) {
		c.fail(row.At, diag.BadTest, "the event has no time", "add "+s.plan.Columns[at].Name+":")
	}
	return event
}

// testReceipt reads when a live event came.
func (c *compiler) testReceipt(s *source, cell ast.Pair, event *plan.TestEvent) {
	if !s.plan.Push {
		c.fail(cell.Name.At, diag.BadTest, "the source "+s.plan.Name+" has no live events that are received",
			"remove received_at, or add push: true to the source")
		return
	}
	if value, ok := c.testTime(cell.Value, cell.Name.Text, ""); ok && !value.Null {
		event.ReceivedAt = &value.Int
	}
}

// eventTimeOf makes the event time of the cell that holds it, as the reader of files does.
func (c *compiler) eventTimeOf(s *source, row ast.TestRow, cell ast.Pair, v schema.Value, ok bool) int64 {
	at, rule := v.Int, s.plan.EventTime
	switch {
	case !ok:
		return 0
	case v.Null:
		c.fail(cell.Value.At, diag.BadTest, "the event time is null", "write a time")
		return 0
	case v.Type.Kind == schema.Date:
		at *= schema.Day
		if z, err := zone.Load(zoneOf(s, row)); err == nil {
			at, _, _ = z.ToUTC(at)
		}
	case rule.Unit == nanoseconds:
		at = schema.FloorDiv(at, 1000)
	case rule.Unit > 0 && (at > schema.MaxTime/rule.Unit || at < schema.MinTime/rule.Unit):
		at = schema.MaxTime + 1
	case rule.Unit > 0:
		at *= rule.Unit
	}
	if !schema.ValidTime(at) {
		c.fail(cell.Value.At, diag.BadTest, "the event time is outside of the years 1900 to 2200", "")
		return 0
	}
	return at
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
	if len(t.Events) == 0 || t.Events[0].Source != v.plan.Source || i >= len(v.plan.Key) || v.plan.Key[i] == nil ||
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
