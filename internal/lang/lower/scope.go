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

// eventScope is the scope of keys, filters, computed columns, availability, labels and what is
// inside of an aggregate: only the event at hand can be read.
type eventScope struct {
	c        *compiler
	source   *source
	view     *view    // nil outside of views
	self     *feature // the feature whose definition this is, or nil
	received bool     // received_at can be read
	inside   string   // the aggregate this is inside of, or ""
	filter   bool     // this is the where of an aggregate
}

// timestamp returns a pseudo-column. Its operation alone says what is read, so it needs no index.
func timestamp(op plan.Op) *plan.Expr {
	return &plan.Expr{Op: op,
		Type: schema.Of(schema.Timestamp)}
}

// Path implements check.Names.
func (s *eventScope) Path(p *ast.Path) *plan.Expr {
	first := p.Parts[0]
	switch {
	case len(p.Parts) == 1:
		return s.bare(first)
	case first.Quoted:
		// A quoted name is never one of the words that qualify paths.
	case first.Name == "event" && len(p.Parts) == 2:
		return s.c.eventColumn(s.source, p.Parts[1], s.received)
	case first.Name == "this" && len(p.Parts) == 2 && s.view != nil:
		if f := s.c.featureOf(s.view, p.Parts[1]); f != nil {
			return s.inlined(f, p.Parts[1].At)
		}
		return nil
	case first.Name == "request" && s.filter:
		s.c.fail(p.Position(), diag.Reserved,
			"an aggregate filtered by the request is reserved for later",
			"make what the request names a part of the entity's key")
		return nil
	}
	return s.refuse(p.Position(), dotted(p))
}

// dotted writes a path as the user did. Quotes are left out, so it is for messages only.
func dotted(p *ast.Path) string {
	names := make([]string, len(p.Parts))
	for i, part := range p.Parts {
		names[i] = part.Name
	}
	return strings.Join(names, ".")
}

// bare resolves a name: the column inside its own definition, else a feature or a column.
func (s *eventScope) bare(part ast.Part) *plan.Expr {
	if !part.Quoted {
		switch part.Name {
		case "event_time", "received_at":
			return s.c.eventColumn(s.source, part, s.received)
		case "as_of":
			// What is said of an event may not depend on when it is read.
			return s.refuse(part.At, "as_of")
		}
	}
	f, isColumn := s.c.bareName(s.view, s.self, s.source, part)
	if f != nil {
		return s.inlined(f, part.At)
	}
	if isColumn {
		return s.c.eventColumn(s.source, part, s.received)
	}
	return nil
}

// inlined returns a feature as an expression of the event. It is copied in, because an aggregate is
// given the columns of events and no values of features.
func (s *eventScope) inlined(f *feature, at diag.Position) *plan.Expr {
	e := s.c.compile(f, at)
	if e == nil {
		return nil
	}
	if reads := s.c.notEventOnly(f); reads != "" {
		s.c.fail(at, diag.EventScope, "the feature "+f.plan.Name+" reads "+reads+
			", so it is not one of the event",
			s.hint())
		return nil
	}
	return s.c.inline(f)
}

// hint says why something cannot be read, which depends on where the scope is used.
func (s *eventScope) hint() string {
	if s.inside != "" {
		return "inside of " + s.inside + " only columns of the event can be read"
	}
	return "only columns of the event can be read here"
}

// refuse reports something that only the value scope has.
func (s *eventScope) refuse(at diag.Position, what string) *plan.Expr {
	s.c.fail(at, diag.EventScope, what+" cannot be read here", s.hint())
	return nil
}

// Aggregate implements check.Names. Whoever is given one event has no window of them.
func (s *eventScope) Aggregate(call *ast.Call, _ *builtin.Function) *plan.Expr {
	return s.refuse(call.Position(), "the aggregate "+call.Name)
}

// AsOf implements check.Names. Functions that read the boundary without naming it are refused here
// too.
func (s *eventScope) AsOf(at diag.Position, what string) bool {
	s.refuse(at, what+" reads as_of, which")
	return false
}

// eventColumn returns a column or pseudo-column of the event. The result is nil without a report if
// the columns of the source are not known. received says whether received_at can be read.
func (c *compiler) eventColumn(s *source, part ast.Part, received bool) *plan.Expr {
	if !part.Quoted && part.Name == "event_time" {
		return timestamp(plan.EventTime)
	}
	if !part.Quoted && part.Name == "received_at" {
		if received {
			return timestamp(plan.ReceivedAt)
		}
		// A stored column of that name is a column like any other.
		if _, found := s.columns[part.Name]; !found {
			c.fail(part.At, diag.EventScope, "received_at can be read in available only", "")
			return nil
		}
	}
	if s == nil {
		return nil
	}
	index, found := s.columns[part.Name]
	if !found {
		if !s.unknown {
			c.fail(part.At, diag.UnknownColumn, "the source "+s.plan.Name+" has no column "+part.Name,
				diag.DidYouMean(part.Name, keys(s.columns), "its columns are "+shortList(keys(s.columns))))
		}
		return nil
	}
	column := s.plan.Columns[index]
	e := &plan.Expr{Op: plan.ColumnOf, Type: column.Type, Index: index}
	// A computed column is computed wherever it is read, and counts with all it consists of.
	if column.Expr != nil {
		c.sizes[e] = 1 + c.sizes.Of(column.Expr)
	}
	return e
}

// bareName says what an unqualified name is: a feature of the view or a column of the source. It
// reports a name that is neither, or both. With neither result nothing is known.
func (c *compiler) bareName(v *view, self *feature, s *source, part ast.Part) (f *feature,
	column bool) {
	if v != nil {
		f = v.features[part.Name]
	}
	if s != nil {
		_, column = s.columns[part.Name]
	}
	switch {
	case f != nil && f == self:
		// Inside of its own definition the name is that of the column, so that amount: abs(amount)
		// is no cycle.
		if column || s != nil && s.unknown {
			return nil, column
		}
		return f, false // compile reports the cycle
	case f != nil && column && !f.isColumn(part.Name):
		c.fail(part.At, diag.AmbiguousName, part.Name+
			" is a feature of this view and a column of its source",
			"write event."+part.Name+" for the column, this."+part.Name+" for the feature")
		return nil, false
	case f != nil:
		// Of a feature that is the column, its expiry and default hold for whoever reads it.
		return f, false
	case column:
		return nil, true
	}
	c.unknownName(v, s, part)
	return nil, false
}

// unknownName reports a bare name that stands for nothing. Where not all names are known it says
// nothing.
func (c *compiler) unknownName(v *view, s *source, part ast.Part) {
	if s != nil && s.unknown || v != nil && v.broken {
		return
	}
	names := []string{"event_time"}
	what := "there is no column " + part.Name
	if s != nil {
		names = append(names, keys(s.columns)...)
		what = "the source " + s.plan.Name + " has no column " + part.Name
	}
	if v != nil {
		names = append(names, keys(v.features)...)
		names = append(names, "as_of")
		what = part.Name + " is neither a feature of this view nor a column of its source"
		if s == nil {
			what = "there is no feature " + part.Name + " in this view, which has no source"
		}
	}
	hint := diag.DidYouMean(part.Name, names, "")
	switch {
	case check.IsClock(part.Name):
		c.fail(part.At, diag.NoClock, what, check.ClockHint)
		return
	case c.views[part.Name] != nil:
		hint = "it is a view: write " + part.Name + ".feature"
	case v != nil && requestHas(v, part.Name):
		hint = "write request." + part.Name
	}
	c.fail(part.At, diag.UnknownName, what, hint)
}

// requestHas reports whether a bare name was meant as a field of the request.
func requestHas(v *view, name string) bool {
	_, found := v.request[name]
	return found
}
