package format

import (
	"sort"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/document"
)

// tree is a node with the comments that belong to it.
type tree struct {
	node    *document.Node
	flow    bool   // in brackets, and stays in them
	comment string // behind it, or behind what it begins with
	parts   []*part
	foot    []string // comments below the last part; "" is a blank line
}

// part is one entry or item with the lines above it.
type part struct {
	head  []string       // comments; "" is a blank line
	key   *document.Node // nil for an item
	value *tree
	line  int // where it begins

}

// builder makes trees in the order of the file. next is the first line that nothing has taken yet.
type builder struct {
	file *document.File
	next int
}

// content reports whether a line has anything but blanks and a comment.
func (b *builder) content(line int) bool {
	c, found := b.file.Comments[line]
	return strings.TrimSpace(b.file.Lines[line-1]) != "" && (!found || !c.Own)
}

// head takes the comments and blank lines right above a line.
func (b *builder) head(line int) []string {
	var lines []string
	for at := b.next; at < line; at++ {
		c, found := b.file.Comments[at]
		switch {
		case b.content(at):
			lines = nil
		case found:
			lines = append(lines, c.Text)
		case len(lines) == 0 || lines[len(lines)-1] != "":
			lines = append(lines, "")
		}
	}
	b.next = max(b.next, line)
	return lines
}

// end returns the last line with content before a limit.
func (b *builder) end(limit int) int {
	last := limit - 1
	for last >= b.next && !b.content(last) {
		last--
	}
	return last
}

// foot takes the comments below the last part that are indented at least so far.
func (b *builder) foot(limit, column int) []string {
	var lines []string
	taken := 0
	b.next = max(b.next, b.end(limit)+1)
	next := b.next
	for at := b.next; at < limit; at++ {
		c, found := b.file.Comments[at]
		if !found {
			lines = append(lines, "")
			continue
		}
		if c.Column < column {
			break
		}
		lines = append(lines, c.Text)
		taken, next = len(lines), at+1
	}
	b.next = next
	return squeeze(lines[:taken])
}

// squeeze makes one blank line of several.
func squeeze(lines []string) []string {
	var out []string
	for _, line := range lines {
		if line != "" || len(out) > 0 && out[len(out)-1] != "" {
			out = append(out, line)
		}
	}
	return out
}

// behind takes the comment behind content from one line on, up to a limit.
func (b *builder) behind(from, limit int) string {
	for at := from; at < limit; at++ {
		if c, found := b.file.Comments[at]; found && !c.Own {
			return c.Text
		}
	}
	return ""
}

// build makes the tree of a node that begins on a line; limit is the line of what follows it.
func (b *builder) build(n *document.Node, line, limit int) *tree {
	t := &tree{node: n}
	switch {
	case n.Kind == document.Scalar:
		t.comment = b.behind(line, limit)
	case b.bracket(n):
		b.buildFlow(t, limit)
	default:
		b.buildBlock(t, line, limit)
	}
	return t
}

// bracket reports whether a node is written in brackets.
func (b *builder) bracket(n *document.Node) bool {
	text := []rune(b.file.Lines[n.At.Line-1])
	c := text[n.At.Column-1]
	return c == '{' || c == '['
}

// buildBlock makes the parts of a mapping or list in lines. A comment on the line of its key, when
// its first part is further down, is its own.
func (b *builder) buildBlock(t *tree, line, limit int) {
	parts := children(t.node)
	for _, p := range parts {
		if p.key == nil {
			p.line = b.dash(p.value.node)
		}
	}
	if len(parts) > 0 && parts[0].line > line {
		t.comment = b.behind(line, line+1)
	}
	for i, p := range parts {
		p.head = b.head(p.line)
		until := limit
		if i+1 < len(parts) {
			until = parts[i+1].line
		}
		p.value = b.build(p.value.node, p.line, until)
	}
	t.parts = parts
	t.foot = b.foot(limit, t.node.At.Column-1)
}

// dash returns the line of the dash of an item, which may stand above the item itself.
func (b *builder) dash(item *document.Node) int {
	line := item.At.Line
	before := string([]rune(b.file.Lines[line-1])[:item.At.Column-1])
	for strings.TrimSpace(before) == "" && line > 1 {
		line--
		if rest := strings.TrimSpace(b.file.Lines[line-1]); strings.HasPrefix(rest, "-") {
			return line
		}
	}
	return line
}

// children are the entries or items of a node, with their values still bare.
func children(n *document.Node) []*part {
	var parts []*part
	for _, e := range n.Entries {
		parts = append(parts, &part{key: e.Key, value: &tree{node: e.Value}, line: e.Key.At.Line})
	}
	for _, item := range n.Items {
		parts = append(parts, &part{value: &tree{node: item}, line: item.At.Line})
	}
	return parts
}

// buildFlow makes the tree of a node in brackets. With a comment inside of them it loses its
// brackets, since there is no place for comments there.
func (b *builder) buildFlow(t *tree, limit int) {
	t.flow = true
	from, last := t.node.At.Line, b.end(limit)
	t.parts = b.bare(t.node)
	t.comment = b.behind(last, limit)
	var inside []int
	for at := from; at < last; at++ {
		if _, found := b.file.Comments[at]; found {
			inside = append(inside, at)
		}
	}
	b.next = max(b.next, last+1)
	if len(inside) == 0 || len(t.parts) == 0 {
		for _, at := range inside {
			t.foot = append(t.foot, b.file.Comments[at].Text)
		}
		return
	}
	t.flow = false
	ending := t.comment
	t.comment = ""
	for _, at := range inside {
		b.hang(t, at)
	}
	if ending != "" {
		b.hang(t, last)
	}
}

// hang gives a comment between brackets to the part that it stands above or behind.
func (b *builder) hang(t *tree, line int) {
	c := b.file.Comments[line]
	i := sort.Search(len(t.parts), func(i int) bool { return t.parts[i].line > line })
	switch {
	case !c.Own && i > 0 && t.parts[i-1].value.comment == "" && t.parts[i-1].line == line:
		t.parts[i-1].value.comment = c.Text
	case !c.Own && i == 0:
		t.comment = c.Text
	case i < len(t.parts):
		t.parts[i].head = append(t.parts[i].head, c.Text)
	default:
		t.foot = append(t.foot, c.Text)
	}
}

// bare makes the parts of a node in brackets without looking for comments.
func (b *builder) bare(n *document.Node) []*part {
	parts := children(n)
	for _, p := range parts {
		if n := p.value.node; n.Kind != document.Scalar {
			p.value.flow, p.value.parts = true, b.bare(n)
		}
	}
	return parts
}
