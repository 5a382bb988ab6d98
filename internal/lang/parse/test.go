package parse

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
)

// test reads a declared case. Its values stay text: their types are those of columns and features,
// which are not known here.
func (r *reader) test(n *document.Node) *ast.Test {
	t := &ast.Test{Name: ast.Word{At: n.At}}
	r.fields(n, "a test", handlers{
		"test":        func(n *document.Node) { t.Name = r.name(n) },
		"view":        func(n *document.Node) { t.View = r.word(n) },
		"now":         func(n *document.Node) { t.Now = r.word(n) },
		"key":         func(n *document.Node) { t.Key = r.values(n, "key") },
		"events":      func(n *document.Node) { t.Events = r.testEvents(n) },
		"request":     func(n *document.Node) { t.Request = r.values(n, "request") },
		"expect":      func(n *document.Node) { t.Expect = r.expected(n) },
		"description": func(n *document.Node) { r.text(n) },
	})
	r.requireAll(n, "a test", "the test")
	return t
}

// expected reads what a test expects. A test that expects nothing would pass whatever is computed.
func (r *reader) expected(n *document.Node) []ast.Pair {
	if n.Kind == document.Mapping && len(n.Entries) == 0 && !n.Broken {
		r.fail(n.At, diag.BadTest, "the test expects nothing", "name a feature and its value")
	}
	return r.values(n, "expect")
}

// testEvents reads the rows of a test: a list of them, one alone, or lists by source. A mapping is
// by source if each of its values is a list with nothing but mappings, as no column is.
func (r *reader) testEvents(n *document.Node) []ast.TestRow {
	bySource := n.Kind == document.Mapping && len(n.Entries) > 0
	for _, entry := range n.Entries {
		bySource = bySource && entry.Value.Kind == document.Sequence && len(entry.Value.Items) > 0 &&
			!slices.ContainsFunc(entry.Value.Items, func(item *document.Node) bool {
				return item.Kind != document.Mapping
			})
	}
	var rows []ast.TestRow
	if !bySource {
		for _, item := range items(n) {
			rows = append(rows, ast.TestRow{At: item.At, Cells: r.values(item, "an event")})
		}
		return rows
	}
	for _, entry := range n.Entries {
		source := r.word(entry.Key)
		for _, item := range entry.Value.Items {
			rows = append(rows, ast.TestRow{At: item.At, Source: source, Cells: r.values(item, "an event")})
		}
	}
	return rows
}

// values reads a mapping of names to values of data; a value may be left out or null, and lists and
// mappings become JSON. A value keeps whether it was quoted, which tells the text null from none.
func (r *reader) values(n *document.Node, what string) []ast.Pair {
	var all []ast.Pair
	r.entries(n, what, func(key ast.Word, value *document.Node) {
		pair := ast.Pair{Name: key, Value: ast.Word{At: value.At}}
		switch {
		case value.Broken || value.IsEmpty():
		case value.Kind == document.Scalar:
			pair.Value = r.text(value)
		default:
			pair.Value.Text = jsonOf(value)
		}
		all = append(all, pair)
	})
	return all
}

// jsonOf writes a list or mapping as JSON. Plain text that is a number or a word of JSON is that;
// everything else is a string, and what is quoted always is.
func jsonOf(n *document.Node) string {
	var b strings.Builder
	switch n.Kind {
	case document.Sequence:
		b.WriteByte('[')
		for i, item := range n.Items {
			b.WriteString(comma(i) + jsonOf(item))
		}
		b.WriteByte(']')
	case document.Mapping:
		b.WriteByte('{')
		for i, entry := range n.Entries {
			b.WriteString(comma(i) + jsonText(entry.Key.Text.String) + ":" + jsonOf(entry.Value))
		}
		b.WriteByte('}')
	default:
		text := n.Text.String
		switch {
		case n.IsEmpty():
			return "null"
		case n.Style == document.Plain && json.Valid([]byte(text)):
			return text
		}
		return jsonText(text)
	}
	return b.String()
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// jsonText writes a text as a JSON string. It cannot fail: documents are valid UTF-8.
func jsonText(text string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		panic("BUG: " + err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}
