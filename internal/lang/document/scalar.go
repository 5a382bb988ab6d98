package document

import (
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/diag"
)

const refusedHint = "write the value out; quote text that begins with this character"

// refusedStart names the construct of YAML that a value begins and that is not accepted, or "".
// They are errors and not text, because other readers of YAML would give them a meaning.
func refusedStart(rest string) string {
	switch {
	case rest == "":
		return ""
	case rest[0] == '&':
		return "anchors"
	case rest[0] == '*':
		return "aliases"
	case rest[0] == '!':
		return "tags"
	case rest[0] == '@' || rest[0] == '`' || rest[0] == '%':
		return "values that begin with " + rest[:1]
	}
	return ""
}

// value reads a scalar or a flow node at the cursor, up to the end of its last line. Nothing but a
// comment may follow it there. The result is nil after an error.
func (s *scanner) value(parent int) *Node {
	rest := s.rest()
	if refused := refusedStart(rest); refused != "" {
		return s.fail(s.here(), diag.YAMLRefused, refused+" are not accepted", refusedHint)
	}
	switch rest[0] {
	case '|', '>':
		return s.blockScalar(parent)
	case '"', '\'':
		node := s.quoted(parent)
		if node != nil && !s.endLine() {
			return s.fail(s.here(), diag.TextAfterQuote,
				"YAML ends a value that begins with a quote at the closing quote; this text is left over",
				"write the expression as a | block, or put it in parentheses")
		}
		return node
	case '[', '{':
		node := s.flow(parent)
		if node != nil && !s.endLine() {
			return s.fail(s.here(), diag.TextAfterBracket,
				"a value that begins with "+rest[:1]+" ends at its bracket; this text is left over",
				"write the expression as a | block")
		}
		return node
	case ',', ']', '}':
		return s.fail(s.here(), diag.YAMLSyntax, "a value cannot begin with "+rest[:1],
			"remove it, or quote the value")
	}
	if startsItem(rest) {
		return s.fail(s.here(), diag.YAMLSyntax, "a list cannot begin on the line of its key",
			"begin it on the next line, or write [a, b]")
	}
	return s.plain(parent)
}

// plain reads an unquoted scalar; lines below that are indented deeper belong to it. Each line is a
// piece of its own, so that places stay exact. A comment ends it for good, even if lines follow
// that look like more of it.
func (s *scanner) plain(parent int) *Node {
	node := &Node{At: s.here()}
	var text strings.Builder
	blanks := 0
	for first := true; s.line < len(s.lines); first = false {
		if !first {
			line := s.lines[s.line]
			s.col = indentation(line)
			if strings.TrimLeft(line, " \t") == "" {
				blanks++
				s.newline()
				continue
			}
			if s.col <= parent || line[s.col] == '#' {
				break
			}
			s.col += len(s.rest()) - len(strings.TrimLeft(s.rest(), " \t"))
			text.WriteString(fold(blanks))
			blanks = 0
		}
		segment := s.rest()
		if end := colon(segment); end >= 0 {
			return s.colonInside(end, first)
		}
		end := comment(segment)
		if end >= 0 {
			node.Cut = s.place(s.line, s.col+end, s.lines[s.line])
			s.note(s.col + end)
			segment = segment[:end]
		}
		node.Text.pieces = append(node.Text.pieces, piece{offset: text.Len(), at: s.here()})
		text.WriteString(strings.TrimRight(segment, " \t"))
		s.newline()
		if end >= 0 {
			break
		}
	}
	s.col = 0
	node.Text.String = text.String()
	return node
}

// fold is what stands between two lines of a scalar with blank lines between them. That is the rule
// of YAML: one break is a space, more are one less.
func fold(blanks int) string {
	if blanks == 0 {
		return " "
	}
	return strings.Repeat("\n", blanks)
}

// colonInside reports a colon that YAML would take for that of a key: on the first line it is
// mostly part of an expression, on a later one mostly a field with wrong indentation.
func (s *scanner) colonInside(at int, first bool) *Node {
	if first {
		s.col += at
		return s.fail(s.here(), diag.ColonInValue,
			"a colon and a space inside a plain value would begin a key",
			"write the expression as a | block, or quote the text")
	}
	return s.fail(s.here(), diag.YAMLSyntax, "this key is indented deeper than the value above it",
		"align it with the keys it belongs to")
}

// comment returns where a comment begins in a plain scalar, or -1. The first byte is passed over,
// since the scalar begins with it.
func comment(text string) int {
	for i := 1; i < len(text); i++ {
		if text[i] == '#' && blank(text[i-1]) {
			return i
		}
	}
	return -1
}

// blockScalar reads a | or > scalar.
func (s *scanner) blockScalar(parent int) *Node {
	node := &Node{Style: Literal, At: s.here()}
	if s.rest()[0] == '>' {
		node.Style, node.Inexact = Folded, true
	}
	chomp, indent, ok := s.blockHeader(parent)
	if !ok {
		return nil
	}
	start := s.line
	if indent < 0 {
		indent = s.blockIndent(parent)
	}
	for s.line < len(s.lines) {
		line := s.lines[s.line]
		if strings.TrimLeft(line, " ") != "" && indentation(line) < indent {
			break
		}
		s.newline()
	}
	end := s.line
	for end > start && strings.TrimLeft(s.lines[end-1], " ") == "" {
		end--
	}
	var text strings.Builder
	for i := start; i < end; i++ {
		line := s.lines[i]
		from := min(indent, len(line))
		at := s.place(i, from, line)
		node.Text.pieces = append(node.Text.pieces, piece{offset: text.Len(), at: at})
		text.WriteString(line[from:])
		text.WriteByte('\n')
	}
	node.Text.String = text.String()
	if len(node.Text.pieces) == 0 {
		node.Text = TextAt("", node.At)
	}
	if node.Style == Folded {
		node.Text = TextAt(foldLines(node.Text.String), node.At)
	}
	node.Text.String = chomped(node.Text.String, chomp, s.line-end)
	return node
}

// chomped applies the indicator behind | or >: - drops the last line break, + keeps the blank
// lines below, none keeps one line break.
func chomped(text string, chomp byte, blanks int) string {
	switch chomp {
	case '-':
		return strings.TrimSuffix(text, "\n")
	case '+':
		return text + strings.Repeat("\n", blanks)
	}
	return text
}

// blockHeader reads the line of a block scalar: chomping and explicit indentation (-1: none).
func (s *scanner) blockHeader(parent int) (chomp byte, indent int, ok bool) {
	indent = -1
	for s.col++; s.rest() != ""; s.col++ {
		c := s.rest()[0]
		switch {
		case (c == '-' || c == '+') && chomp == 0:
			chomp = c
			continue
		case c >= '1' && c <= '9' && indent < 0:
			indent = max(parent, 0) + int(c-'0')
			continue
		}
		break
	}
	if !s.endLine() {
		s.fail(s.here(), diag.YAMLSyntax, "text behind | or > is not read",
			"begin the text on the next line")
		return 0, 0, false
	}
	return chomp, indent, true
}

// blockIndent is the indentation of the first line of a block scalar that is not blank. If there is
// none it is the least that is allowed.
func (s *scanner) blockIndent(parent int) int {
	for _, line := range s.lines[s.line:] {
		if strings.TrimLeft(line, " ") != "" {
			return max(indentation(line), parent+1)
		}
	}
	return parent + 1
}

// foldLines joins the lines of a folded scalar: a line break between two plain lines is a space,
// blank lines are line breaks, and lines that are indented deeper keep theirs.
func foldLines(text string) string {
	var out strings.Builder
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		deeper := line != "" && blank(line[0])
		if i > 0 {
			previous := lines[i-1]
			switch {
			case line == "" || deeper || previous != "" && blank(previous[0]):
				out.WriteByte('\n')
			case previous == "":
				if lastText(lines[:i]) {
					out.WriteByte('\n')
				}
			default:
				out.WriteByte(' ')
			}
		}
		out.WriteString(line)
	}
	folded := out.String()
	if folded == "" {
		return ""
	}
	return folded + "\n"
}

// lastText reports whether the last line with text is one that keeps its line break.
func lastText(lines []string) bool {
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i] != "" {
			return blank(lines[i][0])
		}
	}
	return true
}
