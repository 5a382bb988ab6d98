package jsontext

import (
	"math"
	"strings"
	"testing"
)

func TestPath(t *testing.T) {
	t.Parallel()
	const document = ` {"a": {"b c": [10, 20, {"d": "x"}]}, "é": 1, "": {"_x9": true}, "q\"'": 2, "\\": 3, "t\t": 4} `
	f := func(path, want string) {
		t.Helper()
		p, err := ParsePath(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		got, found := p.Find(document)
		if !found {
			got = "nothing"
		}
		if got != want {
			t.Errorf("%s gives %s, want %s", path, got, want)
		}
	}
	f("$", strings.TrimSpace(document))
	f("$.a['b c'][0]", "10")
	f(`$["a"]["b c"][-1]`, `{"d": "x"}`)
	f("$.a['b c'][-3]", "10")
	f("$.a['b c'][-4]", "nothing")
	f("$.a['b c'][3]", "nothing")
	f("$.a['b c'][2].d", `"x"`)
	f("$.a['b c'].d", "nothing")
	f("$.a.b", "nothing")
	f("$[0]", "nothing")
	f("$.é", "1")
	f("$['\\u00e9']", "1")
	f("$['']._x9", "true")
	f(`$['q"\'']`, "2")
	f(`$["q\"'"]`, "2")
	f(`$['\\']`, "3")
	f(`$['t\t']`, "4")
	f("$.é.x", "nothing")
}

func TestPathErrors(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"": "must begin with $", "a": "must begin with $", ".a": "must begin with $", "$a": "byte 2: write .name",
		"$.": "byte 2: a name follows", "$.1": "byte 2: a name follows", "$.a b": "byte 4: write .name",
		"$ .a": "byte 2: write .name",
		"$..a": "neither .. nor *", "$.*": "neither .. nor *", "$[*]": "neither .. nor *", "$[]": "write an index",
		"$[01]": "write an index", "$[-0]": "write an index", "$[ 1]": "write an index", "$[1": "write an index",
		"$[1:2]": "write an index", "$[9007199254740992]": "write an index", "$[a]": "write an index",
		"$['a]": "not closed", "$['a'": "not closed", "$['a'x]": "not closed",
		`$['\x']`: "no such escape", `$['\"']`: "no such escape",
		`$["\'"]`: "no such escape", "$['\n']": "control character", `$["a\`: "no such escape", "$[?(@.a)]": "write an index",
		"$" + strings.Repeat("[0]", MaxSteps+1): "more than 1000 steps",
	} {
		if _, err := ParsePath(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", path, err, want)
		}
	}
	if _, err := ParsePath("$[9007199254740991][-9007199254740991]"); err != nil {
		t.Error(err)
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"0": 0, "-0": 0, "1e400": math.Inf(1), "-1e400": math.Inf(-1), "1e-400": 0, "0.1": 0.1,
		"12345678901234567890": 12345678901234567890,
		"9007199254740993":     9007199254740992,
	} {
		if got, is := Number(text); !is || got != want || got == 0 && math.Signbit(got) {
			t.Errorf("%s is %v, %v", text, got, is)
		}
	}
	for _, text := range []string{"", "null", `"1"`, "[1]", "{}", "true"} {
		if _, is := Number(text); is {
			t.Errorf("%s is a number", text)
		}
	}
}

// TestUnchecked walks over texts that are no JSON: anything may come out, but it ends.
func TestUnchecked(t *testing.T) {
	t.Parallel()
	texts := []string{
		"{", "[", `{"`, `{"a`, `{"a"`, `{"a":`, `{"a":}`, "[,", "[}", "]", `"\`, `{"a\`, `{"a":1,`, `[1,]`,
		`{,}`, `[{]`, "\x00", `{"a" "b"}`,
	}
	path, err := ParsePath("$.a[0]")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		path.Find(text)
		path[:1].Find(text)
		path[1:].Find(text)
		Elements(text)
		Members(text)
		Text(text)
	}
}
