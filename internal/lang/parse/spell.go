package parse

import (
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
)

// maxPairs bounds the parentheses that Spell tries to leave out: each try parses the expression.
const maxPairs = 200

// Spelling says how an expression is spelled.
type Spelling struct {
	OneLine     bool // else line breaks between words stay where they are
	Parentheses bool // keep all of them, needed or not
	Template    bool // it has variables of for: in braces
}

// Spell writes an expression as everybody should: one space around operators, keywords in lower
// case, <> for !=, no parentheses that change nothing. Numbers, durations and names stay as they
// were written. False means that the expression is to be left alone: it has comments, which have no
// other place, or it cannot be read.
func Spell(text document.Text, how Spelling) ([]string, bool) {
	tokens, fault := lex(text.String)
	if fault != nil || len(tokens) > maxTokens || hasComments(text.String, tokens) {
		return nil, false
	}
	s := newSpeller(text, tokens, how)
	before := parsed(text.String)
	if how.Template {
		return s.lines(), true
	}
	if before == nil {
		return nil, false
	}
	if !how.Parentheses {
		s.dropParentheses(before)
	}
	lines := s.lines()
	return lines, ast.Same(before, parsed(strings.Join(lines, "\n")))
}

// parsed is the tree of a text, or nil.
func parsed(text string) ast.Expr {
	return Text(document.TextAt(text, diag.Position{Line: 1, Column: 1}), diag.Position{}, &diag.List{})
}

// hasComments reports whether anything but blanks stands between words.
func hasComments(text string, tokens []token) bool {
	from := 0
	for _, t := range tokens {
		if strings.Trim(text[from:t.from], " \t\r\n") != "" {
			return true
		}
		from = t.to
	}
	return false
}

// speller writes tokens again. The flags are by token: a line begins with it; blanks stood before
// it.
type speller struct {
	source string
	tokens []token
	breaks []bool
	blanks []bool
}

func newSpeller(text document.Text, tokens []token, how Spelling) *speller {
	s := &speller{source: text.String, tokens: tokens[:len(tokens)-1]}
	from := 0
	folded := text.Breaks()
	for _, t := range s.tokens {
		begins := strings.Contains(s.source[from:t.from], "\n")
		for _, offset := range folded {
			begins = begins || from < offset && offset <= t.from
		}
		s.breaks = append(s.breaks, begins && from > 0 && !how.OneLine)
		s.blanks = append(s.blanks, from < t.from)
		from = t.to
	}
	return s
}

// dropParentheses leaves out each pair without which the expression says the same.
func (s *speller) dropParentheses(before ast.Expr) {
	pairs := 0
	for open := 0; open < len(s.tokens) && pairs < maxPairs; {
		closing := s.closing(open)
		if closing < 0 {
			open++
			continue
		}
		pairs++
		shorter := s.without(open, closing)
		if ast.Same(before, parsed(strings.Join(shorter.lines(), "\n"))) {
			*s = *shorter
			continue
		}
		open++
	}
}

// closing returns where the parenthesis closes that opens at a token, or -1 if none opens there.
func (s *speller) closing(open int) int {
	if !s.tokens[open].is("(") {
		return -1
	}
	depth := 0
	for i := open; i < len(s.tokens); i++ {
		switch {
		case s.tokens[i].is("("):
			depth++
		case s.tokens[i].is(")"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// without returns the words without two of them; what follows takes their line breaks over.
func (s *speller) without(a, b int) *speller {
	out := &speller{source: s.source}
	begins, blank := false, false
	for i, t := range s.tokens {
		begins, blank = begins || s.breaks[i], blank || s.blanks[i]
		if i == a || i == b {
			continue
		}
		out.tokens = append(out.tokens, t)
		out.breaks = append(out.breaks, begins && len(out.tokens) > 1)
		out.blanks = append(out.blanks, blank)
		begins, blank = false, false
	}
	return out
}

// lines writes the words. A line is indented by two for each bracket or case it stands in.
func (s *speller) lines() []string {
	var lines []string
	var line strings.Builder
	depth, generic := 0, 0
	for i, t := range s.tokens {
		inType := s.inType(i, generic)
		if t.is(")") || t.is("]") || t.is("end") {
			depth = max(depth-1, 0)
		}
		switch {
		case s.breaks[i]:
			lines = append(lines, line.String())
			line.Reset()
			line.WriteString(strings.Repeat("  ", depth))
		case i > 0 && s.spaced(i, inType || generic > 0 && s.tokens[i-1].is("<")):
			line.WriteByte(' ')
		}
		if t.is("(") || t.is("[") || t.is("case") {
			depth++
		}
		generic += angle(t, inType)
		line.WriteString(s.word(i))
	}
	return append(lines, line.String())
}

// angle is how a token changes the depth of < > in a type.
func angle(t token, inType bool) int {
	switch {
	case inType && t.is("<"):
		return 1
	case inType && t.is(">"):
		return -1
	}
	return 0
}

// inType reports whether a < or > belongs to a type such as list<int64>.
func (s *speller) inType(i, depth int) bool {
	switch t := s.tokens[i]; {
	case t.is(">"):
		return depth > 0
	case !t.is("<") || i < 2:
		return false
	}
	return s.isType(i-1) || depth > 0
}

// isType reports whether a token names the type of a cast.
func (s *speller) isType(i int) bool {
	return i > 0 && s.tokens[i].kind == tokenName && (s.tokens[i-1].is("as") || s.tokens[i-1].is("::"))
}

// word is how a token is spelled.
func (s *speller) word(i int) string {
	t := s.tokens[i]
	switch {
	case t.kind == tokenKeyword:
		return t.text
	case t.is("!="):
		return "<>"
	case t.kind == tokenName && s.contextual(i):
		return strings.ToLower(t.text)
	}
	return s.source[t.from:t.to]
}

// before reports whether the token before is that word.
func (s *speller) before(i int, word string) bool {
	return i > 0 && (s.tokens[i-1].is(word) || s.tokens[i-1].named(word))
}

// contextual reports whether a name is a word of the language where it stands.
func (s *speller) contextual(i int) bool {
	t := s.tokens[i]
	switch {
	case s.isType(i), s.operator(i):
		return true
	case t.named("all"), t.named("last"), t.named("session"), t.named("next"):
		return s.before(i, "over")
	case t.named("since"):
		return s.before(i, "all") && s.before(i-1, "over")
	case t.named("max"):
		return i > 2 && s.tokens[i-1].kind == tokenDuration && s.before(i-1, "session")
	case t.named("date"), t.named("timestamp"), t.named("escape"):
		return i+1 < len(s.tokens) && s.tokens[i+1].kind == tokenString
	}
	return false
}

// operator reports whether a name is an operator where it stands.
func (s *speller) operator(i int) bool {
	t := s.tokens[i]
	return t.named("div") && i > 0 && s.endsOperand(i-1) || t.named("from") && s.before(i, "distinct")
}

// endsOperand reports whether an operand ends with a token, so that what follows is an operator.
func (s *speller) endsOperand(i int) bool {
	t := s.tokens[i]
	switch t.kind {
	case tokenKeyword:
		return t.is("end") || t.is("null") || t.is("true") || t.is("false")
	case tokenSymbol:
		return t.is(")") || t.is("]") || t.is("}")
	case tokenName:
		return !s.operator(i)
	}
	return true
}

// sign reports whether a token is a minus with nothing to its left.
func (s *speller) sign(i int) bool {
	return s.tokens[i].is("-") && (i == 0 || !s.endsOperand(i-1))
}

// wordy reports whether a variable beside a token may be part of one word with it.
func wordy(t token) bool { return t.kind != tokenSymbol || t.is("{") || t.is("}") }

// spaced reports whether a space stands before a token that is not the first.
func (s *speller) spaced(i int, inType bool) bool {
	t, last := s.tokens[i], s.tokens[i-1]
	switch {
	case last.is("{") || t.is("}") || t.is("{") && wordy(last) || last.is("}") && wordy(t):
		return s.blanks[i] // a variable may be part of a word
	case t.is(","), t.is(")"), t.is("]"), t.is("."), t.is("::"):
		return false
	case last.is("("), last.is("["), last.is("."), last.is("::"):
		return false
	case inType:
		return false
	case s.sign(i - 1):
		return t.is("-")
	case t.is("("):
		return last.kind != tokenName && last.kind != tokenQuoted && !last.is("cast") || s.operator(i-1)
	case t.is("["):
		return !s.endsOperand(i - 1)
	}
	return true
}
