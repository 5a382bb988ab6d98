package document

import (
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/diag"
)

// flow reads a node in flow style at the cursor. It may go over lines that are indented deeper than
// parent. The cursor must stand at a character. The result is nil after an error.
func (s *scanner) flow(parent int) *Node {
	s.depth++
	defer func() { s.depth-- }()
	if s.depth > MaxDepth {
		return s.tooDeep()
	}
	rest := s.rest()
	if refused := refusedStart(rest); refused != "" {
		return s.fail(s.here(), diag.YAMLRefused, refused+" are not accepted", refusedHint)
	}
	switch rest[0] {
	case '[':
		return s.flowSequence(parent)
	case '{':
		return s.flowMapping(parent)
	case '"', '\'':
		return s.quoted(parent)
	default:
		return s.flowPlain()
	}
}

// flowSpace skips spaces, comments and line ends inside of brackets; false if the document or the
// surroundings end before the bracket that began at a place closes.
func (s *scanner) flowSpace(parent int, open diag.Position) bool {
	for s.line < len(s.lines) {
		rest := s.rest()
		trimmed := strings.TrimLeft(rest, " \t")
		// A # begins a comment only behind a blank or at the start of a line.
		atStart := s.col == 0 || len(trimmed) < len(rest) || blank(s.lines[s.line][s.col-1])
		if trimmed != "" && (trimmed[0] != '#' || !atStart) {
			// The closing bracket alone may stand as far left as the surroundings.
			outdented := s.col == 0 && indentation(rest) <= parent && strings.Trim(rest, " ") != ""
			if outdented && trimmed[0] != ']' && trimmed[0] != '}' {
				break
			}
			s.col += len(rest) - len(trimmed)
			return true
		}
		if trimmed != "" {
			s.note(s.col + len(rest) - len(trimmed))
		}
		s.newline()
	}
	s.fail(open, diag.BracketNotClosed, "this bracket is not closed", "close it")
	return false
}

// flowSequence reads [a, b]; a comma may follow the last item.
func (s *scanner) flowSequence(parent int) *Node {
	node := &Node{Kind: Sequence, At: s.here()}
	s.col++
	for {
		if !s.flowSpace(parent, node.At) {
			return nil
		}
		if s.rest()[0] == ']' {
			s.col++
			return node
		}
		item := s.flow(parent)
		if item == nil || !s.flowSpace(parent, node.At) {
			return nil
		}
		node.Items = append(node.Items, item)
		if !s.flowNext(']') {
			return nil
		}
	}
}

// flowMapping reads {a: b}; a comma may follow the last entry. An error gives up the whole
// mapping: within one line there is no safe place to go on from.
func (s *scanner) flowMapping(parent int) *Node {
	node := &Node{Kind: Mapping, At: s.here()}
	seen := map[string]bool{}
	s.col++
	for {
		if !s.flowSpace(parent, node.At) {
			return nil
		}
		if s.rest()[0] == '}' {
			s.col++
			return node
		}
		entry, ok := s.flowEntry(parent, node)
		if !ok || !s.flowSpace(parent, node.At) || !s.flowNext('}') {
			return nil
		}
		if seen[entry.Key.Text.String] {
			s.duplicate(entry.Key)
			continue
		}
		seen[entry.Key.Text.String] = true
		node.Entries = append(node.Entries, entry)
	}
}

// flowEntry reads one key and value of a mapping in braces. node has the entries before it, which
// tell what an error is likely about.
func (s *scanner) flowEntry(parent int, node *Node) (Entry, bool) {
	key := s.flow(parent)
	if key == nil || !s.flowSpace(parent, node.At) {
		return Entry{}, false
	}
	if key.Kind != Scalar || s.rest()[0] != ':' {
		s.noColon(key, node)
		return Entry{}, false
	}
	if key.Text.String == "<<" {
		s.fail(key.At, diag.YAMLRefused, "merge keys are not accepted", "write the fields out")
		return Entry{}, false
	}
	s.col++
	// It stands for the value of a in {a: , b: 1}.
	empty := &Node{Style: Empty, At: s.here(), Text: TextAt("", s.here())}
	if !s.flowSpace(parent, node.At) {
		return Entry{}, false
	}
	if c := s.rest()[0]; c == ',' || c == '}' {
		return Entry{Key: key, Value: empty}, true
	}
	value := s.flow(parent)
	return Entry{Key: key, Value: value}, value != nil
}

const braceHint = "write the fields on lines of their own instead of in {}"

// noColon reports a part of a mapping in braces that is no key: mostly the rest of an expression.
func (s *scanner) noColon(key, node *Node) {
	if last := len(node.Entries) - 1; last >= 0 || key.Kind != Scalar {
		message := "an expression inside {} may not contain any of , [ ] { }"
		// A parenthesis that is open before the comma says that it was one between arguments.
		if last >= 0 && strings.Count(node.Entries[last].Value.Text.String, "(") >
			strings.Count(node.Entries[last].Value.Text.String, ")") {
			message = "the comma before this ended the expression: " + message
		} else if key.Kind == Scalar {
			message = "this part of {} has no colon and value; " + message
		}
		s.fail(key.At, diag.CommaInBraces, message, braceHint)
		return
	}
	hint := "write {key: value}, with a space after the colon"
	if strings.HasPrefix(s.rest(), "}") {
		hint += "; an expression that begins with { is written as a | block, a name is quoted"
	}
	s.fail(key.At, diag.YAMLSyntax, "this part of {} has no colon and value", hint)
}

// flowNext reads what follows a part inside of brackets: a comma, or the closing bracket. The
// bracket is left for the caller to take.
func (s *scanner) flowNext(closing byte) bool {
	switch c := s.rest()[0]; {
	case c == ',':
		s.col++
		return true
	case c == closing:
		return true
	case c == ':' && closing == '}':
		s.fail(s.here(), diag.ColonInValue, "a colon and a space inside a plain value would begin a key",
			braceHint)
	case c == ']' || c == '}':
		s.fail(s.here(), diag.BracketNotClosed, "expected "+string(closing)+" before "+string(c),
			"close the brackets in the order they were opened")
	case c == ':':
		s.fail(s.here(), diag.YAMLSyntax, "a key and value inside of [] need braces",
			"write [{key: value}]")
	case c == '[' || c == '{':
		s.fail(s.here(), diag.CommaInBraces, "an expression inside {} may not contain any of , [ ] { }",
			braceHint)
	default:
		s.fail(s.here(), diag.YAMLSyntax, "expected a comma or "+string(closing),
			"add it; text in brackets stays on one line")
	}
	return false
}

// flowPlain reads an unquoted scalar inside of brackets.
func (s *scanner) flowPlain() *Node {
	node := &Node{At: s.here()}
	rest := s.rest()
	end := flowEnd(rest)
	text := strings.TrimRight(rest[:end], " \t")
	if text == "" || text == "-" {
		return s.fail(node.At, diag.YAMLSyntax, "expected a value before "+rest[:1], "write one")
	}
	if end < len(rest) && rest[end] == '#' {
		node.Cut = s.place(s.line, s.col+end, s.lines[s.line])
	}
	node.Text = TextAt(text, node.At)
	s.col += end
	return node
}

// flowEnd returns where a plain scalar inside of brackets ends. A comma ends it even between
// parentheses, as it does in YAML.
func flowEnd(text string) int {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case strings.IndexByte(",[]{}", c) >= 0:
			return i
		case c == '#' && i > 0 && blank(text[i-1]):
			return i
		case c == ':' && (i+1 == len(text) || blank(text[i+1]) || strings.IndexByte(",[]{}",
			text[i+1]) >= 0):
			return i
		}
	}
	return len(text)
}
