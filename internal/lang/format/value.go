package format

import (
	"encoding/json"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Value writes a value as a test expects it, inside of brackets or not. Reading it as its type
// gives the same value.
func Value(v schema.Value) string {
	switch {
	case v.Null:
		return "null"
	case holdsJSON(v.Type):
		return quoted(asJSON(v))
	case v.Type.Kind == schema.Timestamp:
		return strings.Replace(schema.FormatTime(v.Int), ".000000Z", "Z", 1)
	case v.Type.Kind == schema.List || v.Type.Kind == schema.Vector:
		items := make([]string, len(v.Items))
		for i, item := range v.Items {
			items[i] = Value(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case v.Type.Kind == schema.Map:
		var entries []string
		for i := 0; i+1 < len(v.Items); i += 2 {
			entries = append(entries, word(v.Items[i].Text)+": "+Value(v.Items[i+1]))
		}
		return "{" + strings.Join(entries, ", ") + "}"
	case v.Type.Kind == schema.String || v.Type.Kind == schema.Bytes:
		return word(v.String())
	}
	return v.String()
}

// holdsJSON reports whether a value is JSON or has JSON in it. In brackets its own white space would
// be lost, and a document in quotes is a text there.
func holdsJSON(t schema.Type) bool {
	return t.Kind == schema.JSON || t.Nested() && holdsJSON(t.Element())
}

// asJSON writes lists and maps of JSON documents as one document, those in it as they are.
func asJSON(v schema.Value) string {
	var parts []string
	switch {
	case v.Null:
		return "null"
	case v.Type.Kind == schema.List:
		for _, item := range v.Items {
			parts = append(parts, asJSON(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case v.Type.Kind == schema.Map:
		for i := 0; i+1 < len(v.Items); i += 2 {
			key, err := json.Marshal(v.Items[i].Text)
			if err != nil {
				panic("BUG: a text has no JSON: " + err.Error())
			}
			parts = append(parts, string(key)+": "+asJSON(v.Items[i+1]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return v.Text
}

// word writes a text, in quotes if it could be taken for anything else, also by other readers.
func word(value string) string {
	switch strings.ToLower(value) {
	case "~", "yes", "no", "on", "off", "null", "true", "false":
		return quoted(value)
	}
	if !plain(value, true) || json.Valid([]byte(value)) || value[0] >= '0' && value[0] <= '9' {
		return quoted(value)
	}
	return value
}

// Named is a value under a name.
type Named struct {
	Name  string
	Value schema.Value
}

// Test is a test that is to be written. Rows without a source are of the view's own.
type Test struct {
	Name, Description, View string
	Now                     int64
	Key, Request, Expect    []Named
	Sources                 []TestRows
}

// TestRows are the events of one source.
type TestRows struct {
	Source string // "" for the view's own, when it is the only one
	Rows   [][]Named
}

// Text writes the test as a document.
func (t *Test) Text() []byte {
	var b strings.Builder
	b.WriteString("test: " + t.Name + "\n")
	if t.Description != "" {
		b.WriteString("description: " + t.Description + "\n")
	}
	b.WriteString("view: " + t.View + "\n")
	now := schema.Value{Type: schema.Of(schema.Timestamp), Int: t.Now}
	b.WriteString("now: " + Value(now) + "\nkey: " + flow(t.Key) + "\n")
	if len(t.Sources) > 0 {
		b.WriteString("events:\n")
	}
	for _, s := range t.Sources {
		indent := "  "
		if s.Source != "" {
			b.WriteString("  " + s.Source + ":\n")
			indent = "    "
		}
		for _, row := range s.Rows {
			b.WriteString(indent + "- " + flow(row) + "\n")
		}
	}
	if len(t.Request) > 0 {
		b.WriteString("request: " + flow(t.Request) + "\n")
	}
	b.WriteString("expect:\n")
	for _, e := range t.Expect {
		b.WriteString("  " + e.Name + ": " + Value(e.Value) + "\n")
	}
	return []byte(b.String())
}

// flow writes names and values in braces.
func flow(all []Named) string {
	entries := make([]string, len(all))
	for i, n := range all {
		entries[i] = word(n.Name) + ": " + Value(n.Value)
	}
	return "{" + strings.Join(entries, ", ") + "}"
}
