package document

import (
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/fettle-ml/fettle/internal/lang/diag"
)

// show writes a node as nested lists, scalars quoted.
func show(n *Node) string {
	var parts []string
	switch n.Kind {
	case Mapping:
		for _, entry := range n.Entries {
			parts = append(parts, show(entry.Key)+": "+show(entry.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case Sequence:
		for _, item := range n.Items {
			parts = append(parts, show(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprintf("%q", n.Text.String)
}

// accepted are documents that a general parser reads in the same way.
var accepted = []string{
	"a: b", "a:\n  b: c\n  d: e\nf: g\n", "a:\n- b\n- c\nd:\n  - e\n",
	"- a\n- b: c\n  d: e\n- - f\n  - g\n",
	"a: {b: c, d: [e, f], }\ng: []\nh: {}\n", "a: 'it''s'\nb: \"x\\ny\\u00e9\"\n",
	"a: |\n  one\n   two\n\n  three\nb: c\n",
	"a: |-\n  one\n  two\n", "a: |+\n  one\n\nb: c\n", "a: >\n  one\n  two\n\n  three\n",
	"a: >-\n  one\n  two\n",
	"a: one\n  two\n  three\nb: c\n", "a: one\n\n  two\n",
	"# comment\na: b # comment\n# more\nc: d#e\n",
	"a: [b,\n  c, # comment\n  d]\ne: f\n", "a: [\n  b,\n  c\n]\nd: e\n", "a: {\n  b: c\n}\n",
	"a: \"one\n  two\"\nb: c\n",
	"\"a b\": c\n'd': e\n", "a: x:y\nb: http://c/d\n", "a:   b  \n", "a: -b\nc: ?d\ne: :f\n",
	"a: {\"b\":c}\n",
	"a:\n  - b\n  -\n    c: d\n  - e\n", "a: |2\n   one\n  two\n", "a: 'one\n\n  two'\n",
	"a: sum(x) over 7d\n", "a b: c\n",
	"a: b\r\nc: d\r\n", "a: {b: 'c, d'}\n", "x: >\n  a\n\n\n  b\n", "x: >\n  a\n    b\n  c\n",
	"a: '#b'\nc: \"d # e\"\n",
}

// TestLikeAGeneralParser compares the tree with the one of go-yaml, all scalars taken as text.
func TestLikeAGeneralParser(t *testing.T) {
	t.Parallel()
	for _, text := range accepted {
		report := &diag.List{}
		nodes, complete := Parse("a.yaml", []byte(text), report)
		if len(nodes) != 1 || !complete || report.Errors() > 0 {
			t.Errorf("%q: %d documents, %v", text, len(nodes), report.Sorted())
			continue
		}
		var want yaml.MapSlice
		var list []any
		var shown string
		if nodes[0].Kind == Sequence {
			if err := yaml.UnmarshalWithOptions([]byte(text), &list, yaml.UseOrderedMap()); err != nil {
				t.Errorf("%q: %v", text, err)
			}
			shown = showValue(list)
		} else {
			if err := yaml.UnmarshalWithOptions([]byte(text), &want, yaml.UseOrderedMap()); err != nil {
				t.Errorf("%q: %v", text, err)
			}
			shown = showValue(want)
		}
		if got := show(nodes[0]); got != shown {
			t.Errorf("%q:\n got %s\nwant %s", text, got, shown)
		}
	}
}

func showValue(v any) string {
	var parts []string
	switch v := v.(type) {
	case yaml.MapSlice:
		for _, item := range v {
			parts = append(parts, showValue(item.Key)+": "+showValue(item.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		for _, item := range v {
			parts = append(parts, showValue(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprintf("%q", fmt.Sprint(v))
}

// TestScalarsStayText shows that nothing is resolved.
func TestScalarsStayText(t *testing.T) {
	t.Parallel()
	text := "a: no\nb: 12:30\nc: 1_000\nd: 0x1F\ne: null\nf: ~\ng: 2024-05-01\nh: 1.0\ni:\n"
	nodes, _ := Parse("a.yaml", []byte(text), &diag.List{})
	want := `{"a": "no", "b": "12:30", "c": "1_000", "d": "0x1F", "e": "null", "f": "~", ` +
		`"g": "2024-05-01", "h": "1.0", "i": ""}`
	if got := show(nodes[0]); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestPositions checks that each character of a scalar knows its place.
func TestPositions(t *testing.T) {
	t.Parallel()
	text := "é: ab\n  cd\nb: |\n   x\n  ü y\nc: {d: e, 'f': \"gh\"}\n"
	nodes, _ := Parse("a.yaml", []byte(text), &diag.List{})
	entries := nodes[0].Entries
	check := func(n *Node, offset, line, column int) {
		t.Helper()
		at := n.Text.Position(offset)
		if at.Line != line || at.Column != column {
			t.Errorf("%q at %d is at %d:%d, want %d:%d", n.Text.String, offset, at.Line, at.Column, line,
				column)
		}
	}
	check(entries[0].Key, 0, 1, 1)
	check(entries[0].Value, 1, 1, 5)
	check(entries[0].Value, 3, 2, 3)
	check(entries[0].Value, 5, 2, 5)
	if got := entries[1].Value.Text.String; got != "x\n" {
		t.Errorf("a block is as deep as its first line: %q", got)
	}
	flow := "c: {d: e, 'f': \"gh\"}\n"
	nodes, _ = Parse("a.yaml", []byte(flow), &diag.List{})
	inner := nodes[0].Entries[0].Value
	check(inner.Entries[0].Value, 0, 1, 8)
	check(inner.Entries[1].Key, 0, 1, 12)
	check(inner.Entries[1].Value, 1, 1, 18)
	block, _ := Parse("a.yaml", []byte("b: |\n  é x\n\n  y\n"), &diag.List{})
	value := block[0].Entries[0].Value
	check(value, 0, 2, 3)
	check(value, 3, 2, 5)
	check(value, 6, 4, 3)
}

func TestReplace(t *testing.T) {
	t.Parallel()
	text := TextAt("sum(x) over {w} / 2", diag.Position{Line: 1, Column: 10})
	text = text.Replace(12, 15, "30d")
	if text.String != "sum(x) over 30d / 2" {
		t.Fatal(text.String)
	}
	for offset, column := range map[int]int{0: 10, 11: 21, 12: 22, 14: 22, 15: 25, 18: 28} {
		if got := text.Position(offset).Column; got != column {
			t.Errorf("offset %d is in column %d, want %d", offset, got, column)
		}
	}
}

// FuzzParse looks for panics and for places outside of the file.
func FuzzParse(f *testing.F) {
	for _, text := range accepted {
		f.Add([]byte(text))
	}
	f.Add([]byte("a: {b: [c\n- |3\n\t'"))
	f.Fuzz(func(t *testing.T, text []byte) {
		report := &diag.List{}
		lines := strings.Count(string(text), "\n") + 1
		nodes, _ := Parse("a.yaml", text, report)
		for _, d := range report.Sorted() {
			if d.Line < 1 || d.Line > lines+1 || d.Column < 1 {
				t.Errorf("a place outside of the file: %s", d)
			}
		}
		for _, n := range nodes {
			inside(t, n, lines)
		}
	})
}

func inside(t *testing.T, n *Node, lines int) {
	t.Helper()
	for offset := 0; n.Kind == Scalar && offset <= len(n.Text.String); offset++ {
		if at := n.Text.Position(offset); at.Line < 0 || at.Line > lines {
			t.Errorf("%q at %d is at %s", n.Text.String, offset, at)
		}
	}
	for _, entry := range n.Entries {
		inside(t, entry.Key, lines)
		inside(t, entry.Value, lines)
	}
	for _, item := range n.Items {
		inside(t, item, lines)
	}
}
