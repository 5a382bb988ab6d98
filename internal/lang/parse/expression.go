package parse

import (
	"fmt"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
)

// Limits of one expression. They keep the work on a tree within the stack.
const (
	maxTokens  = 5000
	maxNesting = 100
)

// Text parses the expression in a text. It returns nil after an error, which has been reported. cut
// is where a comment ended the text (line 0: nowhere).
func Text(text document.Text, cut diag.Position, report *diag.List) ast.Expr {
	p := &parser{text: text, cut: cut, report: report}
	tokens, fault := lex(text.String)
	if fault != nil {
		p.lexFault(fault)
		return nil
	}
	p.tokens = tokens
	if len(tokens) > maxTokens {
		p.fail(tokens[0], diag.TooDeep, fmt.Sprintf("the expression has more than %d words", maxTokens),
			"split it into several features")
		return nil
	}
	e := p.or()
	if e == nil {
		return nil
	}
	if p.peek().kind != tokenEnd {
		p.unexpected("an operator or the end of the expression")
		return nil
	}
	return e
}

// parser reads the tokens of one expression. Its methods return nil after the first error, which
// they have reported.
type parser struct {
	text   document.Text
	cut    diag.Position
	tokens []token
	next   int
	depth  int
	report *diag.List
	// filter is true while the condition of an aggregate is read: a window behind it is the
	// aggregate's, not that of a call in the condition.
	filter bool
}

// lexFault reports what the lexer could not read. A quote that does not close in front of a
// comment was closed behind it, so the comment is the mistake.
func (p *parser) lexFault(fault *lexError) {
	at := p.text.Position(fault.offset)
	if fault.kind == faultString && p.cut.Line > 0 {
		p.report.Report(p.cut, diag.CommentCut,
			"YAML takes the rest of this line, from # on, as a comment",
			"write the expression as a | block")
		return
	}
	code := [...]diag.Code{diag.BadCharacter, diag.TextNotClosed, diag.BadNumber}[fault.kind]
	p.report.Report(at, code, fault.message, fault.hint)
}

// peek looks at the next token; at the end it stays there. The tokens always end with tokenEnd, so
// there is one.
func (p *parser) peek() token { return p.tokens[p.next] }

// ahead looks past the next token.
func (p *parser) ahead() token { return p.tokens[min(p.next+1, len(p.tokens)-1)] }

// take returns the next token and moves on.
func (p *parser) take() token {
	t := p.peek()
	if t.kind != tokenEnd {
		p.next++
	}
	return t
}

// accept takes the next token if it is that symbol or keyword.
func (p *parser) accept(text string) bool {
	if !p.peek().is(text) {
		return false
	}
	p.take()
	return true
}

// at is where a token stands in its file.
func (p *parser) at(t token) ast.At { return ast.At(p.text.Position(t.from)) }

// fail reports an error at a token and returns nil, which ends the expression: what follows a
// mistake of grammar is guesswork.
func (p *parser) fail(t token, code diag.Code, message, hint string) ast.Expr {
	p.report.Report(p.text.Position(t.from), code, message, hint)
	return nil
}

// expect takes a symbol or keyword, or reports that it is missing.
func (p *parser) expect(text, where string) bool {
	if p.accept(text) {
		return true
	}
	p.unexpected(text + " " + where)
	return false
}

// unexpected reports the next token, with what to write instead if it is known from elsewhere.
func (p *parser) unexpected(wanted string) ast.Expr {
	t := p.peek()
	if hint, foreign := foreignOperators[t.text]; foreign && t.kind == tokenSymbol {
		return p.fail(t, diag.ForeignOperator, t.text+" is not an operator here", hint)
	}
	if t.kind == tokenEnd {
		if p.cut.Line > 0 {
			p.report.Report(p.cut, diag.CommentCut, "a comment ends the expression here, where "+
				wanted+" is missing", "remove the #, or write the expression as a | block")
			return nil
		}
		return p.fail(t, diag.ExpressionSyntax, "the expression ends where "+wanted+" is missing", "")
	}
	if t.is("{") {
		return p.fail(t, diag.UnknownVariable,
			"{..} stands for a variable of for:, and there is none of this name",
			"declare it, such as for: {w: [1h, 7d]}")
	}
	if t.kind == tokenKeyword {
		return p.fail(t, diag.ExpressionSyntax, "unexpected "+t.text+", expected "+wanted,
			"a name that is a word of the language is written event."+t.text+" or \""+t.text+"\"")
	}
	return p.fail(t, diag.ExpressionSyntax, "unexpected "+p.shown(t)+", expected "+wanted, "")
}

// shown is a token as it was written, cut to a length fit for a message.
func (p *parser) shown(t token) string {
	text := p.text.String[t.from:t.to]
	if len(text) > 40 {
		text = strings.ToValidUTF8(text[:40], "") + ".."
	}
	return text
}

// foreignOperators are operators of other languages and what to write for them. The lexer must know
// each of them as a symbol, or it refuses the character before this is asked.
var foreignOperators = map[string]string{
	"==": "write =", "&&": "write and", "!": "write not", "&": "write and", "|": "write or",
	"**": "write pow(x, y)", "^": "write pow(x, y)", "<=>": "write is not distinct from",
	"?": "write if(condition, a, b)", "~": "write regexp_matches(x, pattern)",
}

// enter counts nesting; false means that it went too deep, which is reported.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxNesting {
		p.fail(p.peek(), diag.TooDeep, "the expression is nested too deeply",
			"split it into several features")
		return false
	}
	return true
}

// or reads a whole expression: the weakest operator first.
func (p *parser) or() ast.Expr { return p.chain("or", p.and) }

// and reads what binds stronger than or.
func (p *parser) and() ast.Expr { return p.chain("and", p.not) }

// chain reads operands of an associative operator into one operation.
func (p *parser) chain(name string, operand func() ast.Expr) ast.Expr {
	first := operand()
	if first == nil || !p.peek().is(name) {
		return first
	}
	all := &ast.Operation{At: p.at(p.peek()), Name: name, Args: []ast.Expr{first}}
	for p.accept(name) {
		e := operand()
		if e == nil {
			return nil
		}
		all.Args = append(all.Args, e)
	}
	return all
}

// not reads negations, which bind weaker than comparisons: not a = b is not (a = b).
func (p *parser) not() ast.Expr {
	if !p.peek().is("not") {
		return p.comparison()
	}
	defer func() { p.depth-- }()
	if !p.enter() {
		return nil
	}
	at := p.at(p.take())
	return operation(at, "not", p.not())
}

// operation builds a node; nil if any operand is.
func operation(at ast.At, name string, args ...ast.Expr) ast.Expr {
	for _, arg := range args {
		if arg == nil {
			return nil
		}
	}
	return &ast.Operation{At: at, Name: name, Args: args}
}

// concatenation reads the operands of a comparison.
func (p *parser) concatenation() ast.Expr {
	return p.binary(p.sum, map[string]string{"||": "concat"})
}

// sum reads what binds stronger than ||.
func (p *parser) sum() ast.Expr {
	return p.binary(p.product, map[string]string{"+": "add", "-": "sub"})
}

// product reads what binds stronger than + and -.
func (p *parser) product() ast.Expr {
	return p.binary(p.unary, map[string]string{"*": "mul", "/": "divide", "%": "mod", "div": "div"})
}

// binary reads operators of one level, from the left. div is an operator that is no keyword: it is
// one only where an operator can stand, and a name elsewhere.
func (p *parser) binary(operand func() ast.Expr, names map[string]string) ast.Expr {
	left := operand()
	for left != nil {
		t := p.peek()
		name, found := names[t.text]
		if !found || t.kind != tokenSymbol && !t.named("div") {
			if !t.named("div") || names["div"] == "" {
				return left
			}
			name = "div"
		}
		p.take()
		left = operation(p.at(t), name, left, operand())
	}
	return nil
}

// unary reads signs. A sign and a number are one literal, so that the least int64 can be written
// and a literal parameter can be negative.
func (p *parser) unary() ast.Expr {
	t := p.peek()
	if !t.is("-") {
		return p.postfix()
	}
	defer func() { p.depth-- }()
	if !p.enter() {
		return nil
	}
	p.take()
	if number := p.peek(); number.kind == tokenInt || number.kind == tokenFloat {
		if after := p.ahead(); !after.is("::") && !after.is("[") {
			return p.number(p.take(), p.at(t), "-")
		}
	}
	return operation(p.at(t), "neg", p.unary())
}

// postfix reads indexes and short casts, which bind strongest. They bind stronger than a sign:
// -x::string negates the text, which is refused.
func (p *parser) postfix() ast.Expr {
	e := p.primary()
	for e != nil {
		t := p.peek()
		switch {
		case t.is("["):
			p.take()
			index := p.inner()
			if index == nil || !p.expect("]", "after the index") {
				return nil
			}
			e = operation(p.at(t), "element_at", e, index)
		case t.is("::"):
			p.take()
			target, ok := p.typeName()
			if !ok {
				return nil
			}
			e = &ast.Cast{At: p.at(t), X: e, Type: target}
		default:
			return e
		}
	}
	return nil
}
