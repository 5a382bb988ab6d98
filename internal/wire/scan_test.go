package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	cases := []struct{ text, want string }{
		{`{}`, ""},
		{` {"a":[1,-0.5,1e3,1E+2,true,false,null,"\u00e9\n\ud83d\ude00"],"b":{"a":{}}} `, ""},
		{``, "the text ends where an object should be"},
		{`[]`, `line 1, column 1: '[' stands where an object should be`},
		{`{"a":1,}`, `line 1, column 8: '}' stands where another value should be`},
		{`{"a":[1,]}`, `']' stands where another value should be`},
		{`{"a":[,1]}`, `',' stands where a value should be`},
		{`{"a" 1}`, `'1' stands where a colon should be`},
		{`{a:1}`, `'a' stands where a key in quotes should be`},
		{`{"a":1 "b":2}`, `'"' stands where a comma or } should be`},
		{`{"a":[1 2]}`, `'2' stands where a comma or ] should be`},
		{"{\n \"a\": 1,\n \"a\": 2}", `line 3, column 2: the key "a" stands twice`},
		{`{"a":1,"\u0061":2}`, `the key "a" stands twice`},
		{`{"x":{"a":1,"b":2,"a":3}}`, `the key "a" stands twice`},
		{`{"x":[{"a":1},{"a":1}]}`, ""},
		{`{} {}`, "there is text behind the end"},
		{"{}\x00", "there is text behind the end"},
		{`{"a":01}`, "a number is not written as JSON does"},
		{`{"a":.5}`, `'.' stands where a value should be`},
		{`{"a":1.}`, "a number is not written as JSON does"},
		{`{"a":1e}`, "a number is not written as JSON does"},
		{`{"a":-}`, "a number is not written as JSON does"},
		{`{"a":+1}`, `'+' stands where a value should be`},
		{`{"a":NaN}`, `'N' stands where a value should be`},
		{`{"a":nul}`, `'n' stands where a value should be`},
		{`{"a":nulll}`, `'l' stands where a comma or } should be`},
		{`{"a":"b`, "a string is not closed"},
		{`{"a":"b\`, "a string is not closed"},
		{"{\"a\":\"b\nc\"}", "a string holds the control character 0x0a"},
		{`{"a":"\x"}`, "a backslash stands before 'x'"},
		{`{"a":"\ud800"}`, "a surrogate its other half"},
		{`{"a":"\ud800\u0041"}`, "a surrogate its other half"},
		{`{"a":"\udc00"}`, "a surrogate its other half"},
		{`{"a":"\u12g4"}`, `\u needs four digits`},
		{"{\"a\":\"\xff\"}", "the byte 0xff is not UTF-8"},
		{"{\"\xc0\xaf\":1}", "is not UTF-8"},
		{`{"a":` + strings.Repeat("[", 98) + strings.Repeat("]", 98) + `}`, ""},
		{`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "nested more than 100 deep"},
		{`{"a":` + strings.Repeat("[", 1_000_000), "nested more than 100 deep"},
		{"\ufeff{}", `stands where an object should be`},
	}
	for _, c := range cases {
		_, err := readObject([]byte(c.text))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", shorten(c.text), err, c.want)
		}
	}
}

// TestManyKeys has objects of every number of keys around the change from a list to a map.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	for n := range 40 {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"k%d":%d,`, i, i)
		}
		object, err := readObject([]byte("{" + b.String() + `"last":1}`))
		if err != nil || len(object) != n+1 {
			t.Errorf("%d keys: %v", n, err)
		}
		for i := range n {
			if _, err := readObject([]byte(fmt.Sprintf(`{%s"k%d":1}`, b.String(), i))); err == nil {
				t.Errorf("%d keys, and k%d again: no error", n, i)
			}
		}
	}
}

// FuzzScanner compares with the standard decoder: we refuse all that it refuses, and take all that it
// takes but for what doc.go names.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-0.5,1e3,true,null,"\u00e9"]}`, `{"a":1,"a":2}`, `{"a":"\ud800"}`,
		`{`, `{"a":01}`,
		`{"a" : [ ] , "b" : { } }`, "{\"\xff\":1}", `{"":{"":[[[]]]}}`, `{"a":1}x`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		object, err := readObject(text)
		var standard map[string]json.RawMessage
		reference := json.Unmarshal(text, &standard)
		if err == nil && reference != nil {
			t.Fatalf("%q is taken, but %v", text, reference)
		}
		if err == nil {
			if len(object) != len(standard) {
				t.Fatalf("%q has %d members, not %d", text, len(object), len(standard))
			}
			for _, m := range object {
				if string(standard[m.Name]) != string(m.Value) {
					t.Fatalf("%q: %s is %s, not %s", text, m.Name, m.Value, standard[m.Name])
				}
			}
			return
		}
		var input *InputError
		if !errors.As(err, &input) || !utf8.ValidString(err.Error()) {
			t.Fatalf("%q: the error is %T %q", text, err, err)
		}
		if reference == nil && standard != nil && !strict(err.Error()) {
			t.Fatalf("%q is refused: %v", text, err)
		}
	})
}

// strict reports whether an error is about what the standard decoder lets pass.
func strict(message string) bool {
	for _, about := range []string{"stands twice", "not UTF-8", "surrogate", "nested more than"} {
		if strings.Contains(message, about) {
			return true
		}
	}
	return false
}
