package parse

import (
	"math"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/schema"
)

// primary reads what has no operator of its own. Every nesting of an expression passes here or
// through not and unary, which is where its depth is bounded.
func (p *parser) primary() ast.Expr {
	defer func() { p.depth-- }()
	if !p.enter() {
		return nil
	}
	t := p.peek()
	switch t.kind {
	case tokenInt, tokenFloat:
		return p.number(p.take(), p.at(t), "")
	case tokenString:
		p.take()
		return &ast.Literal{At: p.at(t), Value: schema.StringValue(t.text)}
	case tokenDuration:
		micros, ok := p.duration("")
		if !ok {
			return nil
		}
		return &ast.Literal{At: p.at(t), Value: schema.Value{Type: schema.Of(schema.Duration),
			Int: micros}}
	case tokenName:
		return p.name()
	case tokenQuoted:
		return p.path()
	}
	return p.keyword(t)
}

// keyword reads what begins with a symbol or a reserved word. What matches nothing here matches
// nothing at all, and is reported.
func (p *parser) keyword(t token) ast.Expr {
	switch {
	case t.is("("):
		p.take()
		e := p.inner()
		if e == nil || !p.expect(")", "to close the parenthesis") {
			return nil
		}
		return e
	case t.is("["):
		p.take()
		if p.accept("]") {
			// The checker refuses it, because it has no type.
			return &ast.List{At: p.at(t)}
		}
		items := p.list("]")
		if items == nil {
			return nil
		}
		return &ast.List{At: p.at(t), Items: items}
	case t.is("case"):
		return p.caseOf()
	case t.is("cast"):
		return p.cast()
	case t.is("this"):
		if !p.ahead().is(".") {
			return p.fail(t, diag.ExpressionSyntax, "this alone has no value", "write this.feature")
		}
		return p.path()
	case t.is("true"), t.is("false"):
		p.take()
		return &ast.Literal{At: p.at(t), Value: schema.BoolValue(t.text == "true")}
	case t.is("null"):
		p.take()
		return &ast.Literal{At: p.at(t), Value: schema.NullOf(schema.Of(schema.Null))}
	}
	return p.unexpected("a value")
}

// number reads a literal with an optional sign. The sign is "-" or "", and read with the digits:
// the least int64 has no positive counterpart.
func (p *parser) number(t token, at ast.At, sign string) ast.Expr {
	if t.kind == tokenInt {
		x, err := strconv.ParseInt(sign+t.text, 10, 64)
		if err != nil {
			return p.fail(t, diag.BadNumber, t.text+" does not fit in an int64",
				"write "+t.text+".0 for a float64")
		}
		return &ast.Literal{At: at, Value: schema.IntValue(x)}
	}
	x, err := strconv.ParseFloat(sign+t.text, 64)
	if err != nil || math.IsInf(x, 0) {
		return p.fail(t, diag.BadNumber, t.text+" does not fit in a float64", "")
	}
	// The sum turns a negative zero, which no value may be, into zero.
	return &ast.Literal{At: at, Value: schema.FloatValue(x + 0)}
}

// duration reads a duration token; after names the word it belongs to. A caller that has seen the
// token gives "". The result is in microseconds.
func (p *parser) duration(after string) (int64, bool) {
	t := p.peek()
	if t.kind != tokenDuration {
		p.unexpected("a duration such as 7d after " + after)
		return 0, false
	}
	p.take()
	micros, err := schema.ParseDuration(t.text)
	if err != nil {
		p.fail(t, diag.BadDuration, err.Error(), "")
		return 0, false
	}
	return micros, true
}

// name reads what begins with an unreserved word: a call, a dated literal, or a path. date and
// timestamp are ordinary names but in front of a text.
func (p *parser) name() ast.Expr {
	t, after := p.peek(), p.ahead()
	switch {
	case after.is("("):
		return p.call()
	case after.kind == tokenString && (t.named("date") || t.named("timestamp")):
		return p.dated()
	}
	return p.path()
}

// path reads a name with its qualifiers. Behind a point any word is a name, reserved or not.
// Whether the parts are links, views or features is not known here.
func (p *parser) path() ast.Expr {
	first := p.take()
	path := &ast.Path{At: p.at(first), Parts: []ast.Part{p.part(first)}}
	for p.accept(".") {
		t := p.peek()
		if t.kind != tokenName && t.kind != tokenQuoted && t.kind != tokenKeyword {
			return p.unexpected("a name after the point")
		}
		p.take()
		path.Parts = append(path.Parts, p.part(t))
	}
	return path
}

// part is one name of a path. Keywords come from the lexer in lower case; as names they are what
// was written. this is the exception: it is known by its lower case.
func (p *parser) part(t token) ast.Part {
	part := ast.Part{Name: t.text, Quoted: t.kind == tokenQuoted, At: p.text.Position(t.from)}
	if t.kind == tokenKeyword && t.text != "this" {
		part.Name = p.text.String[t.from:t.to] // names keep their case
	}
	return part
}

// dated reads date '2024-05-01' or timestamp '2024-05-01T12:00:00Z'. The time needs its zone,
// because an expression has no other place to say it.
func (p *parser) dated() ast.Expr {
	kind, text := p.take(), p.take()
	at := p.at(kind)
	if kind.named("date") {
		days, err := schema.ParseDate(text.text)
		if err != nil {
			return p.fail(text, diag.BadTime, err.Error(), "")
		}
		return &ast.Literal{At: at, Value: schema.Value{Type: schema.Of(schema.Date), Int: days}}
	}
	micros, zoned, err := schema.ParseTime(text.text)
	switch {
	case err != nil:
		return p.fail(text, diag.BadTime, err.Error(), "")
	case !zoned:
		return p.fail(text, diag.BadTime, "the time '"+text.text+"' has no zone",
			"end it with Z for UTC, or +02:00")
	case !schema.ValidTime(micros):
		return p.fail(text, diag.BadTime, "the time lies outside the years 1900 to 2200", "")
	}
	return &ast.Literal{At: at, Value: schema.Value{Type: schema.Of(schema.Timestamp), Int: micros}}
}

// caseOf reads both forms of case. The form that compares with a value has it in Of.
func (p *parser) caseOf() ast.Expr {
	e := &ast.Case{At: p.at(p.take())}
	if !p.peek().is("when") {
		if e.Of = p.inner(); e.Of == nil {
			return nil
		}
	}
	for p.accept("when") {
		var when ast.When
		if when.If = p.inner(); when.If == nil || !p.expect("then", "after when") {
			return nil
		}
		if when.Then = p.inner(); when.Then == nil {
			return nil
		}
		e.Whens = append(e.Whens, when)
	}
	if len(e.Whens) == 0 {
		return p.unexpected("when after case")
	}
	if p.accept("else") {
		if e.Else = p.inner(); e.Else == nil {
			return nil
		}
	}
	if !p.expect("end", "to close case") {
		return nil
	}
	return e
}

// cast reads cast(x as type). x::type gives the same node.
func (p *parser) cast() ast.Expr {
	at := p.at(p.take())
	if !p.expect("(", "after cast") {
		return nil
	}
	x := p.inner()
	if x == nil || !p.expect("as", "and the type in cast") {
		return nil
	}
	target, ok := p.typeName()
	if !ok || !p.expect(")", "to close cast") {
		return nil
	}
	return &ast.Cast{At: at, X: x, Type: target}
}

// typeName reads a type: a name, with its size in parentheses or its element in < >.
// schema.ParseType reads the text of the tokens, so that types mean the same wherever they stand. A
// text of no tokens is no type either.
func (p *parser) typeName() (schema.Type, bool) {
	first := p.peek()
	last := first
	if first.kind == tokenName {
		p.take()
		if p.peek().is("(") || p.peek().is("<") {
			last = p.typeParameter()
		}
	}
	text := ""
	// Without a name the text stays empty, which no type is.
	if first.kind == tokenName && last.to > 0 {
		text = p.text.String[first.from:last.to]
	}
	t, err := schema.ParseType(strings.ToLower(text))
	if err != nil {
		p.fail(first, diag.BadType, "this is not a type: "+err.Error(), "types are "+typeList)
		return t, false
	}
	return t, true
}

// typeList is for hints: S and N stand for whole numbers, T for a type.
const typeList = "bool, int64, float64, decimal(S), string, bytes, timestamp, date, duration, " +
	"json, vector(N), list<T>, map<T>"

// typeParameter takes the tokens of a type's parameter and returns its closing one. It is the zero
// token if there is none, which no real token equals. The token at the end is no name, so the loop
// ends.
func (p *parser) typeParameter() token {
	depth := 0
	for {
		t := p.take()
		switch {
		case t.is("("), t.is("<"):
			depth++
		case t.is(")"), t.is(">"):
			depth--
		case t.kind != tokenName && t.kind != tokenInt:
			return token{}
		}
		if depth == 0 {
			return t
		}
	}
}
