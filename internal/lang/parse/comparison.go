package parse

import (
	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/schema"
)

// comparisons are the operators by the name of their function; both spellings of one are the same.
var comparisons = map[string]string{
	"=": "eq", "<>": "ne", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
}

// comparison reads at most one comparison: they do not chain. The second of a chain would compare a
// truth value, which is never meant.
func (p *parser) comparison() ast.Expr {
	left := p.concatenation()
	if left == nil {
		return nil
	}
	e := p.comparisonOf(left)
	if t := p.peek(); e != nil && e != left && t.kind == tokenSymbol && comparisons[t.text] != "" {
		return p.fail(t, diag.ChainedComparison, "comparisons do not chain",
			"write a < b and b < c, or between")
	}
	return e
}

// comparisonOf reads what follows the left side of a comparison; left itself if nothing does. It
// returns nil after an error.
func (p *parser) comparisonOf(left ast.Expr) ast.Expr {
	t := p.peek()
	if name := comparisons[t.text]; t.kind == tokenSymbol && name != "" {
		p.take()
		return operation(p.at(t), name, left, p.concatenation())
	}
	if t.is("is") {
		return p.is(left)
	}
	negated := t.is("not")
	// The plan has no negated operators, so that two spellings of one condition have one version.
	if negated {
		// Such a not begins no comparison. It is left to the caller, who finds it in the wrong
		// place.
		if after := p.ahead(); !after.is("in") && !after.is("like") && !after.is("between") {
			return left
		}
		p.take()
	}
	var e ast.Expr
	switch inner := p.peek(); {
	case inner.is("in"):
		e = p.in(left)
	case inner.is("like"):
		e = p.like(left)
	case inner.is("between"):
		e = p.between(left)
	default:
		return left
	}
	if negated {
		return operation(p.at(t), "not", e)
	}
	return e
}

// is reads is [not] null and is [not] distinct from. is true would be false for null, unlike the
// condition itself, so it is not taken for it.
func (p *parser) is(left ast.Expr) ast.Expr {
	at := p.at(p.take())
	negated := p.accept("not")
	var e ast.Expr
	switch {
	case p.accept("null"):
		e = operation(at, "is_null", left)
	case p.accept("distinct"):
		if !p.peek().named("from") {
			return p.unexpected("from after is distinct")
		}
		p.take()
		e = operation(at, "is_distinct", left, p.concatenation())
	case p.peek().is("true") || p.peek().is("false"):
		return p.fail(p.peek(), diag.ForeignOperator, "is true and is false are not operators here",
			"write the condition itself, or coalesce(condition, false)")
	default:
		return p.unexpected("null or distinct from after is")
	}
	if negated {
		return operation(at, "not", e)
	}
	return e
}

// in reads the values of a membership; there is at least one. They become the arguments behind
// left.
func (p *parser) in(left ast.Expr) ast.Expr {
	at := p.at(p.take())
	if p.peek().is("[") {
		return p.fail(p.peek(), diag.ExpressionSyntax, "in takes its values in parentheses",
			"write in ('a', 'b')")
	}
	if !p.expect("(", "after in") {
		return nil
	}
	items := p.list(")")
	if items == nil {
		return nil
	}
	return operation(at, "in", append([]ast.Expr{left}, items...)...)
}

// list reads one or more expressions up to a closing symbol; nil after an error. Where a list may
// be empty, the caller looks for the closing symbol first: nil means an error only.
func (p *parser) list(closing string) []ast.Expr {
	var items []ast.Expr
	for {
		item := p.inner()
		if item == nil {
			return nil
		}
		items = append(items, item)
		if p.accept(closing) {
			return items
		}
		if !p.expect(",", "or "+closing) {
			return nil
		}
	}
}

// like reads a pattern and its escape character. That the escape is one character is tested where
// it is used.
func (p *parser) like(left ast.Expr) ast.Expr {
	at := p.at(p.take())
	pattern := p.concatenation()
	if pattern == nil {
		return nil
	}
	args := []ast.Expr{left, pattern}
	if p.peek().named("escape") {
		p.take()
		t := p.peek()
		if t.kind != tokenString {
			return p.unexpected("one character in quotes after escape")
		}
		p.take()
		args = append(args, &ast.Literal{At: p.at(t), Value: schema.StringValue(t.text)})
	}
	return operation(at, "like", args...)
}

// between reads both ends. The checker makes two comparisons of it. The ends are read below the
// level of and, which would take the one between them otherwise.
func (p *parser) between(left ast.Expr) ast.Expr {
	at := p.at(p.take())
	low := p.concatenation()
	if low == nil || !p.expect("and", "after the lower end of between") {
		return nil
	}
	return operation(at, "between", left, low, p.concatenation())
}
