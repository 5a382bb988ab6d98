package format

import (
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/lang/diag"
)

func TestSource(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		report := &diag.List{}
		got, err := Source("features/a.yaml", []byte(text), report)
		if err != nil || string(got) != want {
			t.Errorf("%q became\n%s%v %v, want\n%s", text, got, err, report.Sorted(), want)
		}
	}
	f("", "")
	f("\n\n", "")
	f("---\n---\n", "")
	f("# only a comment", "# only a comment\n")
	f("key: {k: string}\nentity: e", "entity: e\nkey: {k: string}\n")
	f("\uFEFFentity: e\r\nkey:\r\n    k:   string # the key\r\n", "entity: e\nkey:\n  k: string  # the key\n")
	f("entity: e\nx-b: 1\nkey: {k: string}\nx-a: 2\n", "entity: e\nkey: {k: string}\nx-b: 1\nx-a: 2\n")
	f("--- # a\nentity: e\nkey: {k: string}\n...\n# b\n", "# a\nentity: e\nkey: {k: string}\n---\n# b\n")
	f("entity: e\nkey: {k: strin", "")
}

func TestPlain(t *testing.T) {
	t.Parallel()
	f := func(text string, block, flow bool) {
		t.Helper()
		if plain(text, false) != block || plain(text, true) != flow {
			t.Errorf("%q: plain %v, in brackets %v", text, plain(text, false), plain(text, true))
		}
	}
	f("a", true, true)
	f("f(a, b)", true, false)
	f("12:30", true, true)
	f("a: b", false, false)
	f("a #b", false, false)
	f("a#b", true, true)
	f("'a' || b", false, false)
	f("- a", false, false)
	f("-a", true, true)
	f("", false, false)
	f(" a", false, false)
	f("[a]", false, false)
	f("a[0]", true, false)
}

func TestQuoted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a": "'a'", "it's": `"it's"`, "a\nb": `"a\nb"`, `"`: `'"'`, `it's \ "`: `"it's \\ \""`, "\u2028": `"\u2028"`,
	} {
		if got := quoted(text); got != want {
			t.Errorf("quoted(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"aa bb cc": "aa bb|cc", "aa #b cc": "aa #b|cc", "a": "a", "aaaaaaaa b": "aaaaaaaa|b", "aa  bb": "aa  bb",
	} {
		if got := strings.Join(fill(text, 5), "|"); got != want {
			t.Errorf("fill(%q) = %q, want %q", text, got, want)
		}
	}
}
