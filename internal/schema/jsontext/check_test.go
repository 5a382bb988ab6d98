package jsontext

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"null", "true", " false ", "0", "-0", "1.5e+10", "1E400", `""`, `"\u00e9\ud83d\ude00\/\b"`, "[]", "[ 1 , [ ] ]", "{}",
		`{"a":1,"b":{"a":1}}`, "\t\r\n1\n", `{"":[{}]}`, strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
		`{"a":1,"A":2,"\u0062":3}`,
	} {
		if err := Check(text); err != nil {
			t.Errorf("%.40s: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"": "byte 1: a value", "nul": "byte 1: a value", "01": "byte 2: something follows", "1.": "byte 3: a digit",
		"-": "byte 2: a digit", "1e": "byte 3: a digit", ".5": "byte 1: a value", "+1": "byte 1: a value",
		`"a`: "byte 3: a string is not closed", "\"\n\"": "byte 2: a control character",
		`"\x"`:     "byte 2: there is no such escape",
		`"\ud800"`: "byte 2: there is no such escape", `"\udc00\ud800"`: "byte 2: there is no such escape",
		`"\u12g4"`: "byte 2: there is no such escape", "[1,]": "byte 4: a value", "[1 2]": "byte 4: a comma or ]",
		`{"a":1,}`: "byte 8: a key", "{a:1}": "byte 2: a key", `{"a" 1}`: "byte 6: a colon",
		`{"a":1 "b":2}`:      "byte 8: a comma or }",
		`{"a":1,"\u0061":2}`: "byte 8: a key is there twice", "1 2": "byte 3: something follows",
		"\xff": "it is not valid UTF-8",
		strings.Repeat("[", 1001) + strings.Repeat("]", 1001): "byte 1001: values are nested more than 1000 deep",
		"[": "byte 2: a value", "{": "byte 2: a key", `{"a":`: "byte 6: a value", `"\`: "byte 2: there is no such escape",
	} {
		if err := Check(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40s: %v, want %s", text, err, want)
		}
	}
}

// TestManyKeys looks for a duplicate among more keys than are compared one by one.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 100 {
		b.WriteString(`,"k` + strings.Repeat("x", i) + `":1`)
	}
	object := "{" + b.String()[1:]
	if err := Check(object + "}"); err != nil {
		t.Error(err)
	}
	for _, key := range []string{"k", "kx", "k" + strings.Repeat("x", 99)} {
		if Check(object+`,"`+key+`":1}`) == nil {
			t.Errorf("%s passed twice", key)
		}
	}
}

// FuzzCheck compares with encoding/json, which allows more: keys twice, halves of pairs, other bytes.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{
		`{"a": [1, {"b": null}], "c": "\ud83d\ude00"}`, `[[1], -0.5e3, true]`, `"\ud800"`, `{"a":1,"a":2}`,
		"nul", `{"a`, `[1,`, "\xff",
	} {
		f.Add(text, "$.a[0]['b']")
	}
	f.Fuzz(func(t *testing.T, text, query string) {
		err := Check(text)
		if err == nil && !json.Valid([]byte(text)) {
			t.Errorf("%q passed", text)
		}
		allowed := err != nil && (strings.Contains(err.Error(), "twice") || strings.Contains(err.Error(), "escape") ||
			strings.Contains(err.Error(), "deep"))
		if err != nil && !allowed && utf8.ValidString(text) && json.Valid([]byte(text)) {
			t.Errorf("%q: %v", text, err)
		}
		if Elements(text); err == nil {
			compareParts(t, Trim(text))
		}
		Text(text)
		Number(text)
		Members(text)
		path, problem := ParsePath(query)
		if problem != nil {
			return
		}
		if part, found := path.Find(text); found && err == nil && Check(part) != nil {
			t.Errorf("%q at %s gives %q", text, query, part)
		}
	})
}

// compareParts compares the parts of a checked value with those that encoding/json finds.
func compareParts(t *testing.T, text string) {
	t.Helper()
	var items []json.RawMessage
	var members map[string]json.RawMessage
	var word *string
	if got, is := Text(text); is != (json.Unmarshal([]byte(text), &word) == nil && word != nil) || is && got != *word {
		t.Errorf("%q is the text %q, %v", text, got, is)
	}
	elements, is := Elements(text)
	if is != (text[0] == '[') || is && (json.Unmarshal([]byte(text), &items) != nil || len(items) != len(elements)) {
		t.Fatalf("%q has the elements %q", text, elements)
	}
	for i, element := range elements {
		last, found := Path{{index: int64(i - len(elements))}}.Find(text)
		if element != string(items[i]) || last != element || !found {
			t.Errorf("%q: element %d is %q and %q", text, i, element, last)
		}
	}
	pairs, is := Members(text)
	if is != (text[0] == '{') || is && (json.Unmarshal([]byte(text), &members) != nil || len(members) != len(pairs)) {
		t.Fatalf("%q has the members %q", text, pairs)
	}
	for _, m := range pairs {
		under, found := Path{{named: true, name: m.Name}}.Find(text)
		if m.Value != string(members[m.Name]) || under != m.Value || !found {
			t.Errorf("%q: under %q is %q and %q", text, m.Name, m.Value, under)
		}
	}
}
