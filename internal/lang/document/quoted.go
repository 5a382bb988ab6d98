package document

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fettle-ml/fettle/internal/lang/diag"
)

// quoted reads a quoted scalar up to its closing quote. Its lines are folded. They must be indented
// deeper than parent, so that a quote left open does not take in the rest of the file. The result
// is nil after an error.
func (s *scanner) quoted(parent int) *Node {
	node := &Node{Style: DoubleQuoted, At: s.here()}
	quote := s.rest()[0]
	if quote == '\'' {
		node.Style = SingleQuoted
	}
	s.col++
	begin := s.here()
	var text strings.Builder
	for {
		rest := s.rest()
		switch {
		case rest == "":
			node.Inexact = true
			if !s.foldQuoted(&text, parent) {
				return s.fail(node.At, diag.QuoteNotClosed, "this quote is not closed",
					"close it, or leave both quotes out")
			}
		case rest[0] == quote && quote == '\'' && strings.HasPrefix(rest, "''"):
			node.Inexact = true
			text.WriteByte('\'')
			s.col += 2
		case rest[0] == quote:
			s.col++
			node.Text = TextAt(text.String(), begin)
			return node
		case rest[0] == '\\' && quote == '"':
			node.Inexact = true
			if !s.escape(&text) {
				return nil
			}
		default:
			text.WriteByte(rest[0])
			s.col++
		}
	}
}

// foldQuoted goes on with a quoted scalar on the next line; false if it ended without a quote. It
// rewrites the end of text: blanks around a line break are dropped, as YAML has it.
func (s *scanner) foldQuoted(text *strings.Builder, parent int) bool {
	kept := strings.TrimRight(text.String(), " \t")
	// escape leaves this mark for a backslash at the end of a line, which joins the two without a
	// space.
	escaped := strings.HasSuffix(text.String(), "\\\n")
	if escaped {
		kept = strings.TrimSuffix(text.String(), "\\\n")
	}
	blanks := 0
	for s.newline(); s.line < len(s.lines); s.newline() {
		line := s.lines[s.line]
		rest := strings.TrimLeft(line, " \t")
		if rest == "" {
			blanks++
			continue
		}
		if indentation(line) <= parent {
			return false
		}
		s.col = len(line) - len(rest)
		text.Reset()
		text.WriteString(kept)
		if !escaped || blanks > 0 {
			text.WriteString(fold(blanks))
		}
		return true
	}
	return false
}

// escapes are those of YAML that are one character behind the backslash; x, u and U take digits.
var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f",
	'r': "\r", 'e': "\x1b", ' ': " ", '"': "\"", '/': "/", '\\': "\\", 'N': "\u0085",
	'_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// escape reads one escape of a double-quoted scalar.
func (s *scanner) escape(text *strings.Builder) bool {
	rest := s.rest()
	if len(rest) == 1 {
		text.WriteString("\\\n") // an escaped line break; foldQuoted takes it away
		s.col++
		return true
	}
	if plain, found := escapes[rest[1]]; found {
		text.WriteString(plain)
		s.col += 2
		return true
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[rest[1]]
	if digits > 0 && len(rest) >= 2+digits {
		code, err := strconv.ParseUint(rest[2:2+digits], 16, 32)
		if err == nil && code <= utf8.MaxRune && utf8.ValidRune(rune(code)) {
			text.WriteRune(rune(code))
			s.col += 2 + digits
			return true
		}
	}
	s.fail(s.here(), diag.BadEscape, "this escape is not one of YAML", `write \\ for a backslash`)
	return false
}
