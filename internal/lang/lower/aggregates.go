package lower

import (
	"fmt"
	"math"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Limits of windows. An over last window keeps its newest events for every entity, so maxRows
// bounds the state of one.
const (
	maxWindow = 3660 * schema.Day // ten years, leap days included
	maxRows   = 10_000
)

// canonical are names of one aggregate: equal calls are computed once. Only true synonyms belong
// here: two names that differ in any value would silently share the aggregate of the first.
var canonical = map[string]string{"var": "var_samp", "stddev": "stddev_samp"}

// aggregate compiles an aggregate call of a feature; equal ones of a view are one. It returns nil
// after an error. The node has no arguments in the tree, only an index into the aggregates of the
// plan.
func (c *compiler) aggregate(s *valueScope, call *ast.Call, f *builtin.Function) *plan.Expr {
	v := s.view
	if v.source == nil {
		if !v.broken {
			// The source of a broken view was reported as missing; one mistake gives one error.
			c.fail(call.Position(), diag.EventScope, call.Name+
				" has no events to read: the view has no source",
				"add source:")
		}
		return nil
	}
	scope := &eventScope{c: c, source: v.source, view: v, self: s.self, inside: call.Name}
	a := c.aggregateOf(scope, call, f)
	window, ok := c.window(v, call)
	if a == nil || !ok {
		return nil
	}
	a.Window = window
	// The text is the identity of the aggregate: whatever Format left out would merge different
	// ones.
	key := Format(a)
	index, found := v.aggregates[key]
	if !found {
		index = len(v.plan.Aggregates)
		v.aggregates[key] = index
		v.plan.Aggregates = append(v.plan.Aggregates, a)
	}
	e := &plan.Expr{Op: plan.AggregateOf, Type: a.Type, Index: index}
	// The node counts for what it stands for. As a single leaf it would let an expression of any
	// size pass the limit of the checker.
	size := 1
	for _, arg := range a.Args {
		size += c.sizes.Of(arg)
	}
	if a.Where != nil {
		size += c.sizes.Of(a.Where)
	}
	c.sizes[e] = size
	return e
}

// aggregateOf compiles function, arguments and filter. The window is left zero for the caller. The
// result is nil after an error; the arguments and the filter are both compiled before that, so that
// one run reports the mistakes in both.
func (c *compiler) aggregateOf(scope *eventScope, call *ast.Call,
	f *builtin.Function) *plan.Aggregate {
	checker := c.checker(scope)
	ok := true
	var args []*plan.Expr
	for _, arg := range call.Args {
		e := checker.Expr(arg)
		ok = ok && e != nil
		args = append(args, e)
	}
	// The filter has a scope of its own, because what it may not read has other hints there.
	filter := *scope
	filter.filter = scope.inside != ""
	where := c.checker(&filter).Bool(call.Where, "where")
	if (call.Star || call.Distinct) && f.Name != "count" {
		what := "*"
		if call.Distinct {
			what = "distinct"
		}
		c.fail(call.Position(), diag.BadArguments, "only count takes "+what, "")
		return nil
	}
	if !ok || call.Where != nil && where == nil {
		return nil
	}
	resolved := checker.Resolve(call.Position(), f, args)
	if resolved == nil {
		return nil
	}
	if call.Distinct && len(resolved.Args) > 0 && !resolved.Args[0].Type.Ordered() {
		c.fail(call.Position(), diag.BadArguments, "values of type "+resolved.Args[0].Type.String()+
			" cannot be told apart, so that they cannot be counted as distinct", "count a part of them")
		return nil
	}
	name := f.Name
	if other := canonical[name]; other != "" {
		name = other
	}
	return &plan.Aggregate{
		Func: name, Distinct: call.Distinct, Args: resolved.Args, Where: where, Type: resolved.Type,
	}
}

// window checks a window and whether it is one that can be computed. Only the flag says whether the
// window may be used. The rules of the window itself come first; those of its view are checked only
// if they hold.
func (c *compiler) window(v *view, call *ast.Call) (plan.Window, bool) {
	w := call.Over
	before := c.report.Errors()
	bad := func(code diag.Code, message, hint string) {
		c.fail(w.Position(), code, message, hint)
	}
	if w.Kind == ast.Next {
		bad(diag.BadWindow, "over next looks ahead, which only the label of a model may", "write over "+
			schema.FormatDuration(w.Length))
		return plan.Window{}, false
	}
	// The index is the kind in the syntax tree. Next comes last there and was refused above.
	kind := [...]plan.WindowKind{plan.Sliding, plan.All, plan.Last, plan.Session}[w.Kind]
	out := plan.Window{
		Kind: kind, Length: w.Length, Since: w.Since, Max: w.Max, Offset: w.Offset, Hop: w.Hop,
	}
	switch {
	case kind == plan.Last && (w.Count < 1 || w.Count > maxRows):
		bad(diag.BadWindow, fmt.Sprintf("over last takes 1 to %d events", maxRows), "")
	case (kind == plan.Sliding || kind == plan.Session) && (w.Length < 1 || w.Length > maxWindow):
		bad(diag.BadWindow, "a window is longer than nothing and at most 10 years",
			"write over all for everything")
	case w.Max > maxWindow || w.Hop > maxWindow:
		bad(diag.BadWindow, "max and hop are at most 10 years", "")
	case (kind == plan.Last || kind == plan.Session) != w.Counted && w.Offset > 0:
		// Counted says that the offset is a bare number. Windows that move by events or sessions
		// need one, the others have no use for it.
		bad(diag.BadWindow, "the offset of this window has another unit",
			"over 7d and over all move by a duration, over last and over session by a number")
	case w.Counted && w.Offset > maxRows:
		bad(diag.BadWindow, fmt.Sprintf("the offset of this window is at most %d", maxRows), "")
	case w.Offset > maxWindow:
		bad(diag.BadWindow, "an offset is at most 10 years", "")
	case w.Hop > 0 && kind != plan.Sliding:
		bad(diag.BadWindow, "only a window of a length hops", "remove hop")
	case ofRows[call.Name] && kind != plan.Last:
		bad(diag.BadWindow, call.Name+" goes from event to event and needs a number of them",
			"write over last 20")
	}
	if c.report.Errors() == before {
		c.windowOfView(v, w, out, bad)
	}
	out.Count = int(w.Count)
	return out, c.report.Errors() == before
}

// ofRows are the aggregates that step from one event to the next. What they give depends on where
// they begin, so the window says how many events there are, and not how much time.
var ofRows = map[string]bool{"ewma": true, "lag": true, "delta": true, "streak": true}

// windowOfView checks a window against its view and source. A window over a table is only warned
// of, because counting row versions can be meant.
func (c *compiler) windowOfView(v *view, w *ast.Window, out plan.Window, bad func(diag.Code, string,
	string)) {
	if v.plan.Freshness.Kind == plan.Static {
		bad(diag.StaticWindow, "a static view has no windows",
			"use freshness: realtime, daily or the like")
	}
	source := v.source.plan
	// A retention of 0 keeps events for ever.
	retention := source.Retention
	if retention > 0 && reachOf(out) > retention {
		bad(diag.WindowRetention, "the window reaches back further than the source "+source.Name+
			" keeps events",
			"raise retention: "+schema.FormatDuration(retention)+", or shorten the window")
	}
	if source.Mode == plan.Table {
		c.report.Warn(w.Position(), diag.TableWindow, "a window over the table "+source.Name+
			" counts row versions",
			"read the newest row with a bare column if that is meant")
	}
}

// reachOf returns how far a window reaches back at most, in microseconds.
func reachOf(w plan.Window) int64 {
	switch {
	case w.Kind == plan.Sliding:
		return w.Length + w.Offset + max(w.Hop-1, 0)
	case w.Kind == plan.Session && w.Max > 0 && w.Offset == 0:
		return w.Length + w.Max
	default:
		return math.MaxInt64
	}
}
