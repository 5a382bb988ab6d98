package parse

import (
	"strconv"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/schema"
)

// call reads a call with its where and window. The caller has seen a name and the parenthesis
// behind it. Which functions there are is not known here.
func (p *parser) call() ast.Expr {
	name := p.take()
	e := &ast.Call{At: p.at(name), Name: name.text}
	p.take()
	if name.named("over_members") {
		return p.fail(name, diag.Reserved, "over_members is reserved for later", "")
	}
	switch {
	case p.accept(")"):
	case p.peek().is("*") && p.ahead().is(")"):
		// Only count takes a star, which the checker sees to.
		p.take()
		p.take()
		e.Star = true
	default:
		e.Distinct = p.accept("distinct")
		if e.Args = p.list(")"); e.Args == nil {
			return nil
		}
	}
	return p.window(e)
}

// window reads what may follow a call: where and over. Only aggregates have a filter, so a where
// without a window is refused here. The order of the two is fixed, so that equal aggregates are
// written alike.
func (p *parser) window(e *ast.Call) ast.Expr {
	t := p.peek()
	switch {
	case t.named("filter") && p.ahead().is("("):
		return p.fail(t, diag.FilterWhere, "filter (where ..) is written without filter and parentheses",
			"write "+e.Name+"(..) where condition over 7d")
	case t.is("where"):
		p.take()
		outer := p.filter
		p.filter = true
		e.Where = p.or()
		p.filter = outer
		if e.Where == nil {
			return nil
		}
		if !p.peek().is("over") {
			return p.unexpected("over and a window after where")
		}
	case !t.is("over"), p.filter:
		return e
	}
	p.take()
	if p.peek().is("(") {
		return p.fail(p.peek(), diag.OverPartition, "over takes a window of time, not a partition",
			"the entity is the partition: write "+e.Name+"(..) over 7d")
	}
	w, ok := p.windowKind()
	if !ok || !p.windowMoves(w) {
		return nil
	}
	if t := p.peek(); t.is("where") {
		// Without this the message would be about the end of the expression.
		return p.fail(t, diag.WhereAfterWindow, "where stands before over",
			"write "+e.Name+"(..) where condition over 7d")
	}
	e.Over = w
	return e
}

// inner reads an expression that brackets or the words of case enclose, so that a window in it is its
// own.
func (p *parser) inner() ast.Expr {
	outer := p.filter
	p.filter = false
	defer func() { p.filter = outer }()
	return p.or()
}

// windowKind reads the first part of a window. The window is never nil, and complete only if the
// flag is true. Words such as all, last and session are no keywords: they mean this in one place
// only, and stay free as names.
func (p *parser) windowKind() (*ast.Window, bool) {
	t := p.peek()
	w := &ast.Window{At: p.at(t)}
	ok := true
	switch {
	case t.kind == tokenDuration:
		w.Length, ok = p.duration("over")
	case t.named("all"):
		p.take()
		w.Kind = ast.All
		if p.peek().named("since") {
			p.take()
			w.Since, ok = p.since()
		}
	case t.named("last"):
		p.take()
		w.Kind = ast.Last
		w.Count, ok = p.count("last")
	case t.named("session"):
		p.take()
		w.Kind = ast.Session
		if w.Length, ok = p.duration("session"); ok && p.peek().named("max") {
			p.take()
			w.Max, ok = p.positive("max")
		}
	case t.named("next"):
		p.take()
		w.Kind = ast.Next
		w.Length, ok = p.duration("next")
	case t.is("this"), t.named("previous"), t.named("current"):
		p.fail(t, diag.Reserved, "calendar windows are reserved for later",
			"write a duration such as over 30d")
		ok = false
	case t.named("rows"), t.named("range"):
		p.fail(t, diag.Reserved, "over "+t.text+" is reserved for later", "write over last 20")
		ok = false
	default:
		p.unexpected("a window such as 7d or all after over")
		ok = false
	}
	return w, ok
}

// since reads a date in quotes: midnight UTC. The result is in microseconds; nil after an error.
func (p *parser) since() (*int64, bool) {
	t := p.peek()
	if t.kind != tokenString {
		p.unexpected("a date such as '2024-01-01' after since")
		return nil, false
	}
	p.take()
	days, err := schema.ParseDate(t.text)
	if err != nil || !schema.ValidTime(days*schema.Day) {
		p.fail(t, diag.BadTime, "'"+t.text+"' is not a date from 1900 to 2200", "write YYYY-MM-DD")
		return nil, false
	}
	micros := days * schema.Day
	return &micros, true
}

// count reads the whole number of a window. Its limits are those of the kind of window, and checked
// when that is compiled.
func (p *parser) count(after string) (int64, bool) {
	t := p.peek()
	n, err := strconv.ParseInt(t.text, 10, 64)
	if t.kind != tokenInt || err != nil {
		p.unexpected("a whole number after " + after)
		return 0, false
	}
	p.take()
	return n, true
}

// windowMoves reads offset and hop. A bare number sets Counted; whether the kind of window takes
// one is checked when it is compiled.
func (p *parser) windowMoves(w *ast.Window) bool {
	ok := true
	if p.accept("offset") {
		if p.peek().kind == tokenInt {
			w.Counted = true
			w.Offset, ok = p.count("offset")
		} else {
			w.Offset, ok = p.duration("offset")
		}
	}
	if ok && p.accept("hop") {
		w.Hop, ok = p.positive("hop")
	}
	switch t := p.peek(); {
	case ok && t.is("offset"):
		p.fail(t, diag.ExpressionSyntax, "offset stands before hop", "write over 7d offset 1d hop 1d")
		return false
	case ok && t.named("max"):
		p.fail(t, diag.ExpressionSyntax, "max stands behind the pause of a session",
			"write over session 30m max 24h offset 1")
		return false
	}
	return ok
}

// positive reads a duration that is longer than nothing: a window without a hop or a max has 0.
func (p *parser) positive(after string) (int64, bool) {
	t := p.peek()
	micros, ok := p.duration(after)
	if ok && micros < 1 {
		p.fail(t, diag.BadWindow, after+" is a duration that is longer than nothing", "")
		ok = false
	}
	return micros, ok
}
