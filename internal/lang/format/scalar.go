package format

import (
	"fmt"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/document"
	"github.com/fettle-ml/fettle/internal/lang/parse"
)

// scalar is a value as it is written: on one line, or as a block whose header is | or > with lines
// below it. Words may be put on lines of their own where a plain value is too long.
type scalar struct {
	line   string
	header string
	block  []string
	words  bool
}

// room is where a scalar is to stand: in brackets or not, and how many columns of a line are left.
type room struct {
	flow    bool
	columns int
}

// text writes a value that is no expression. It keeps the style it was written in, because quotes
// tell the text null from nothing.
func text(n *document.Node, r room) scalar {
	value := n.Text.String
	switch n.Style {
	case document.Empty:
		return scalar{}
	case document.Plain:
		if r.flow || plain(value, false) { // nothing moves into brackets
			return scalar{line: value, words: !r.flow}
		}
		if !r.flow && strings.Contains(value, "\n") {
			return literal(strings.Split(value, "\n"))
		}
		return scalar{line: quoted(value)}
	case document.Literal, document.Folded:
		value = strings.TrimSpace(value)
		switch {
		case value == "":
			return scalar{line: "''"}
		case n.Style == document.Folded && !strings.ContainsAny(value, "\n\t") &&
			!strings.Contains(value, "  "):
			return scalar{header: ">", block: fill(value, r.columns)}
		}
		return literal(strings.Split(value, "\n"))
	}
	return scalar{line: quoted(value)}
}

// literal is a | block.
func literal(lines []string) scalar {
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return scalar{header: "|", block: lines}
}

// expression writes an expression: on one line if it was on one, or if it was merely folded and one
// line has room for it, and without a block if it needs none.
func expression(n *document.Node, r room) scalar {
	how := parse.Spelling{Template: strings.Contains(n.Text.String, "{")}
	lines, ok := parse.Spell(n.Text, how)
	if !ok {
		return asWritten(n, r)
	}
	if len(lines) > 1 && n.Style == document.Plain {
		how.OneLine = true
		if one, ok := parse.Spell(n.Text, how); ok && len(one[0]) <= r.columns {
			lines = one
		}
	}
	if len(lines) > 1 {
		if r.flow {
			return asWritten(n, r)
		}
		return literal(lines)
	}
	if plain(lines[0], r.flow) {
		return scalar{line: lines[0]}
	}
	// Parentheses may be what makes it a plain value: ('paid').
	how.Parentheses = true
	if kept, ok := parse.Spell(n.Text, how); ok && len(kept) == 1 && plain(kept[0], r.flow) {
		return scalar{line: kept[0]}
	}
	if r.flow {
		return asWritten(n, r)
	}
	return literal(lines)
}

// asWritten leaves an expression alone but for the space around it.
func asWritten(n *document.Node, r room) scalar {
	switch n.Style {
	case document.Literal:
		return literal(strings.Split(strings.TrimSpace(n.Text.String), "\n"))
	case document.SingleQuoted:
		return scalar{line: "'" + n.Text.String + "'"}
	case document.DoubleQuoted:
		return scalar{line: `"` + n.Text.String + `"`}
	}
	if !r.flow && !plain(n.Text.String, false) {
		return literal(strings.Split(n.Text.String, "\n"))
	}
	return scalar{line: n.Text.String}
}

// quoted writes a text in single quotes if that needs no escape, and else in double ones.
func quoted(value string) string {
	simple := !strings.Contains(value, "'")
	for _, c := range value {
		simple = simple && c >= ' ' && c != 0x7F && c != '\u0085' && c != '\u2028' && c != '\u2029'
	}
	if simple {
		return "'" + value + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range value {
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c == 0x7F:
			fmt.Fprintf(&b, `\x%02x`, c)
		case c == '\u0085' || c == '\u2028' || c == '\u2029':
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// plain reports whether a text can stand without quotes, as this language reads it and as YAML at
// large does.
func plain(value string, flow bool) bool {
	if value == "" || value != strings.TrimSpace(value) || value == "-" || value == "?" ||
		strings.ContainsAny(value, "\n\t") {
		return false
	}
	if strings.IndexByte("&*!@`%|>\"'#,]}[{", value[0]) >= 0 {
		return false
	}
	for _, prefix := range []string{"- ", "? ", "--- ", "... "} {
		if strings.HasPrefix(value, prefix) {
			return false
		}
	}
	if strings.Contains(value, ": ") || strings.HasSuffix(value, ":") || strings.Contains(value, " #") ||
		value == "---" || value == "..." {
		return false
	}
	if !flow {
		return true
	}
	return !strings.ContainsAny(value, ",[]{}")
}

// fill breaks a text at its spaces into lines of at most so many columns, if words are that short.
func fill(value string, columns int) []string {
	var lines []string
	line := ""
	for i, word := range strings.Split(value, " ") {
		// A line cannot begin like a comment, nor with a space.
		if i > 0 && len(line)+1+len(word) > columns && word != "" && word[0] != '#' &&
			!strings.HasSuffix(line, " ") && word != "---" && word != "..." {
			lines = append(lines, line)
			line = word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
