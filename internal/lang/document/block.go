package document

import (
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/diag"
)

// block reads the node at the cursor, whose surroundings are indented by parent (-1: a document).
// It returns nil after an error, with the cursor anywhere in the node: who goes on from there calls
// skipTo.
func (s *scanner) block(parent int) *Node {
	s.depth++
	defer func() { s.depth-- }()
	switch {
	case s.depth > MaxDepth:
		return s.tooDeep()
	case startsItem(s.rest()):
		return s.sequence(s.col)
	case startsKey(s.rest()):
		return s.mapping(s.col)
	default:
		return s.value(parent)
	}
}

// tooDeep reports a value nested beyond the limit, which also bounds the stack.
func (s *scanner) tooDeep() *Node {
	return s.fail(s.here(), diag.TooDeep, "values are nested deeper than 32 levels", "flatten them")
}

// mapping reads the entries whose keys stand at a column. It is never nil: entries that could not
// be read are left out or marked.
func (s *scanner) mapping(indent int) *Node {
	node := &Node{Kind: Mapping, At: s.here()}
	seen := map[string]bool{}
	for {
		line := s.line
		if !s.entry(node, indent, seen) {
			s.skipTo(line, indent)
		}
		if !s.sibling(indent) {
			return node
		}
	}
}

// sequence reads the items whose dashes stand at a column.
func (s *scanner) sequence(indent int) *Node {
	node := &Node{Kind: Sequence, At: s.here()}
	for {
		line := s.line
		if !startsItem(s.rest()) {
			if startsKey(s.rest()) {
				return node // the next key of the mapping the sequence is a value of
			}
			s.fail(s.here(), diag.YAMLSyntax, "expected another item of the list", "begin it with -")
			s.skipTo(line, indent)
		} else if item := s.item(indent); item != nil {
			node.Items = append(node.Items, item)
		} else {
			s.skipTo(line, indent)
		}
		if !s.sibling(indent) {
			return node
		}
	}
}

// sibling moves to the next entry at a column and reports whether there is one. Lines indented
// deeper belong to nothing and are reported.
func (s *scanner) sibling(indent int) bool {
	for s.next() {
		if s.col <= indent {
			return s.col == indent
		}
		s.fail(s.here(), diag.YAMLSyntax, "this line is indented deeper than what it could belong to",
			"align it with the line above, or write a long value as a | block")
		s.skipTo(s.line, indent)
	}
	return false
}

// item reads one item; nil means an error was reported.
func (s *scanner) item(indent int) *Node {
	s.col++
	s.col += len(s.rest()) - len(strings.TrimLeft(s.rest(), " \t"))
	if rest := s.rest(); rest == "" || rest[0] == '#' {
		return s.nextLine(indent, false)
	}
	return s.block(indent)
}

// entry reads one key and its value into a mapping; false means an error was reported. A value that
// could not be read becomes a broken node, so that its field is not reported as missing too.
func (s *scanner) entry(node *Node, indent int, seen map[string]bool) bool {
	key := s.key()
	if key == nil {
		return false
	}
	s.col += len(s.rest()) - len(strings.TrimLeft(s.rest(), " \t"))
	var value *Node
	if rest := s.rest(); rest == "" || rest[0] == '#' {
		value = s.nextLine(indent, true)
	} else {
		value = s.value(indent)
	}
	if seen[key.Text.String] {
		s.duplicate(key)
		return value != nil
	}
	seen[key.Text.String] = true
	ok := value != nil
	if !ok {
		value = &Node{At: key.At, Broken: true}
	}
	node.Entries = append(node.Entries, Entry{Key: key, Value: value})
	return ok
}

// duplicate reports a key that its mapping has already; the first one counts.
func (s *scanner) duplicate(key *Node) {
	s.fail(key.At, diag.DuplicateKey, "the key "+key.Text.String+" is there twice",
		"remove one of the two")
}

// nextLine reads a value that begins below its key or dash, or was left out. Items of a list may
// stand at the column of the key they belong to.
func (s *scanner) nextLine(indent int, ofKey bool) *Node {
	empty := &Node{Style: Empty, At: s.here()}
	empty.Text = TextAt("", empty.At)
	before := s.tabs
	if s.rest() != "" {
		s.note(s.col) // the callers have seen that it is a comment
	}
	s.newline()
	found := s.next()
	if s.tabs > before {
		// A line with a tab was reported and skipped. It was meant to be this value, which is
		// therefore not empty.
		return nil
	}
	if !found {
		return empty
	}
	if s.col > indent || ofKey && s.col == indent && startsItem(s.rest()) {
		return s.block(indent)
	}
	// The line belongs to a node further out, which reads it from its start.
	s.col = 0
	return empty
}

// key reads a key and its colon; nil means an error was reported.
func (s *scanner) key() *Node {
	rest := s.rest()
	if !startsKey(rest) {
		if refused := refusedStart(rest); refused != "" {
			return s.fail(s.here(), diag.YAMLRefused, refused+" are not accepted", refusedHint)
		}
		return s.fail(s.here(), diag.YAMLSyntax, "expected a key, a colon and a value",
			"check the indentation; a long expression is written as a | block")
	}
	if strings.HasPrefix(rest, "? ") {
		return s.fail(s.here(), diag.YAMLRefused, "keys that begin with ? are not accepted",
			"write key: value")
	}
	at := s.here()
	if rest[0] == '"' || rest[0] == '\'' {
		// startsKey has seen the closing quote on this line, so no indentation matters.
		key := s.quoted(-1)
		if key != nil {
			s.col += len(s.rest()) - len(strings.TrimLeft(s.rest(), " \t")) + 1
		}
		return key
	}
	end := colon(rest)
	s.col += end + 1
	text := strings.TrimRight(rest[:end], " \t")
	if text == "<<" {
		return s.fail(at, diag.YAMLRefused, "merge keys are not accepted", "write the fields out")
	}
	return &Node{Text: TextAt(text, at), At: at}
}

// startsItem reports whether a line begins an item of a list: a dash and a space, or a dash alone.
func startsItem(rest string) bool {
	return rest == "-" || strings.HasPrefix(rest, "- ") || strings.HasPrefix(rest, "-\t")
}

// startsKey reports whether a line begins with a key: text up to a colon that a space or the end
// of the line follows.
func startsKey(rest string) bool {
	if rest == "" || strings.HasPrefix(rest, "? ") {
		// A complex key counts as a key, for key to refuse it by its name.
		return rest != ""
	}
	switch rest[0] {
	case '{', '[', '|', '>', '&', '*', '!', '%', '@', '`', '#':
		return false
	case '"', '\'':
		end := closingQuote(rest)
		if end < 0 {
			return false
		}
		after := strings.TrimLeft(rest[end+1:], " \t")
		return colon(after) == 0
	}
	return colon(rest) > 0
}

// colon returns where the colon of a key is, before any comment, or -1. A colon inside of a word,
// such as that of 10:30, is part of the text.
func colon(text string) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '#' && i > 0 && blank(text[i-1]):
			return -1
		case text[i] == ':' && (i+1 == len(text) || blank(text[i+1])):
			return i
		}
	}
	return -1
}

// blank reports whether a byte separates words within a line.
func blank(c byte) bool { return c == ' ' || c == '\t' }

// closingQuote returns where the quote that begins a text closes on its line, or -1. An escape in
// double quotes and a doubled single quote do not close it.
func closingQuote(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[0] == '"' && text[i] == '\\':
			i++
		case text[i] == text[0] && text[0] == '\'' && strings.HasPrefix(text[i+1:], "'"):
			i++
		case text[i] == text[0]:
			return i
		}
	}
	return -1
}
