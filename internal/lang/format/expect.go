package format

import (
	"errors"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
)

// ErrNoTest means that a test, or what it expects, is not where it can be rewritten.
var ErrNoTest = errors.New("expect: has no lines of its own in the test")

// Expect replaces values that a test of a file expects. Nothing but the lines of expect: changes,
// and comments in them stay.
func Expect(path string, text []byte, test string, values []Named) ([]byte, error) {
	file := document.ParseFile(path, text, &diag.List{})
	for _, section := range file.Sections {
		if section.Node == nil || field(section.Node, "test") != test {
			continue
		}
		b := &builder{file: file, next: section.From}
		limit := min(section.To, len(file.Lines)+1)
		if b.bracket(section.Node) {
			return nil, ErrNoTest
		}
		root := b.build(section.Node, section.Node.At.Line, limit)
		i := slices.IndexFunc(root.parts, func(p *part) bool { return p.key.Text.String == "expect" })
		if i < 0 {
			return nil, ErrNoTest
		}
		if i+1 < len(root.parts) {
			limit = root.parts[i+1].line
		}
		return b.splice(root.parts[i], limit, values), nil
	}
	return nil, ErrNoTest
}

// field returns the text of a field of a mapping, "" if there is none.
func field(n *document.Node, name string) string {
	for _, e := range n.Entries {
		if e.Key.Text.String == name {
			return e.Value.Text.String
		}
	}
	return ""
}

// splice writes the lines of a part anew, up to a limit.
func (b *builder) splice(p *part, limit int, values []Named) []byte {
	indent := p.key.At.Column - 1
	last := limit - 1
	for last > p.line && !b.content(last) {
		if c, found := b.file.Comments[last]; found && c.Column > indent {
			break
		}
		last--
	}
	for _, entry := range p.value.parts {
		for _, v := range values {
			if entry.key != nil && entry.key.Text.String == v.Name {
				entry.value = &tree{node: nodeOf(Value(v.Value)), comment: entry.value.comment}
				entry.value.flow = entry.value.node.Kind != document.Scalar
				entry.value.parts = b.bare(entry.value.node)
			}
		}
	}
	out := &printer{}
	out.value(p.value, place{}, indent, "expect:")
	lines := slices.Clone(b.file.Lines[:p.line-1])
	lines = append(lines, strings.TrimSuffix(out.String(), "\n"))
	lines = append(lines, b.file.Lines[last:]...)
	return []byte(strings.Join(lines, "\n"))
}

// nodeOf reads a value that Value wrote.
func nodeOf(text string) *document.Node {
	nodes, _ := document.Parse("value", []byte("value: "+text+"\n"), &diag.List{})
	if len(nodes) != 1 || len(nodes[0].Entries) != 1 {
		panic("BUG: a value cannot be read again: " + text)
	}
	return nodes[0].Entries[0].Value
}
