package lower

import (
	"github.com/fettle-ml/fettle/internal/lang/check"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// corrections settles the column that says what each row does to the event of its id. It comes after
// the rule of availability, which decides when a correction takes effect.
func (c *compiler) corrections(s *source) {
	decl, w := s.decl, s.decl.Op
	if w.Text == "" {
		return
	}
	index := c.columnOf(s, w, "op")
	if index >= 0 && s.plan.Columns[index].Type.Kind != schema.String {
		c.fail(w.At, diag.BadSource, "op: the column "+w.Text+" is "+check.Article(s.plan.Columns[index].Type)+
			" and cannot say insert, replace or delete", "name a column of strings")
		return
	}
	switch {
	case s.plan.Mode == plan.Table:
		c.fail(w.At, diag.BadSource, "a table has no op: a newer row of a key replaces the older one",
			"use delete_when for rows that delete, or remove mode: table")
	case decl.Push:
		c.fail(w.At, diag.NotYet, "op: is not available yet for live feeds",
			"remove push, or remove op")
	case decl.ID.Text == "":
		c.fail(w.At, diag.MissingField, "op: corrects events by their id, and the events have none",
			"add id: with the column that identifies an event")
	}
	if at := s.plan.Sequence; at >= 0 {
		switch t := s.plan.Columns[at].Type; t.Kind {
		case schema.String, schema.Bytes, schema.Decimal:
			c.fail(decl.Sequence.At, diag.BadSource, "corrections cannot be put in the order of a sequence of type "+t.String(),
				"use a column of int64 or timestamp")
		}
	}
	if decl.Available.Missing() {
		c.report.Warn(w.At, diag.DefaultCorrection,
			"without available: a correction counts from the event time of its row on, as if it had been known then",
			"write available: with the time at which a correction came")
	}
	if index >= 0 {
		s.plan.Op = &index
	}
}
