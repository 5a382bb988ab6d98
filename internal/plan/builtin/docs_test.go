package builtin

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the pages")

var titles = map[string]string{
	"operator": "Operators and forms", "null": "Nulls and choices", "number": "Numbers",
	"string": "Text", "time": "Time", "geo": "Places", "list": "Lists and maps", "json": "JSON",
	"vector": "Vectors",
}

const functionsIntro = `# Functions

Every operator and function of the language, written by a test from the table that the compiler checks calls against.

In signatures, ` + "`N`" + ` stands for one kind of number, ` + "`O`" + ` for one type that has an order, ` + "`T`" + ` for one type of any
kind: arguments under the same letter are converted to the one type that holds them all. The only conversions made without
being asked are int64 to float64 or decimal, and decimal to float64 or to a decimal with more digits. ` + "`...`" + ` repeats, brackets
may be left out, ` + "`literal`" + ` must be written out in place. "Null, counted" means that the result is null and that the null is
reported beside the feature. A result that is a negative zero is zero.
`

const aggregatesIntro = `# Aggregates

Every aggregate of the language, written by a test from the table that the compiler checks calls against. An aggregate is a
function of the set, or of the ordered sequence, of the events in its window: how they were stored or merged changes no bit.
`

// TestPages compares docs/language/functions.md and aggregates.md with the table; -update rewrites
// them.
func TestPages(t *testing.T) {
	t.Parallel()
	functions, aggregates := functionsIntro, aggregatesIntro
	group := ""
	for _, f := range All() {
		if f.Aggregate {
			aggregates += section(f)
			continue
		}
		if f.Group != group {
			group = f.Group
			functions += "\n## " + titles[group] + "\n"
		}
		functions += section(f)
	}
	comparePage(t, "functions.md", functions)
	comparePage(t, "aggregates.md", aggregates)
}

func comparePage(t *testing.T, name, want string) {
	t.Helper()
	path := "../../../docs/language/" + name
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/language/%s is not what the table says; run make golden (%v)", name, err)
	}
}

func section(f *Function) string {
	var b strings.Builder
	name := f.Name
	if f.Symbol != "" {
		name = fmt.Sprintf("`%s` (%s)", f.Symbol, f.Name)
	}
	fmt.Fprintf(&b, "\n### %s\n\n", name)
	if !f.Ready {
		b.WriteString("*Not available yet.* ")
	}
	b.WriteString(f.Doc + "\n\n")
	for _, text := range f.Signatures {
		fmt.Fprintf(&b, "* `%s`\n", text)
	}
	for _, text := range f.Later {
		fmt.Fprintf(&b, "* `%s` (not available yet)\n", text)
	}
	lines := []struct{ title, text string }{
		{"Empty", f.Empty}, {"Nulls", f.Nulls}, {"Ties", f.Ties}, {"Errors", f.Errors},
		{"Source", f.Source},
	}
	b.WriteString("\n")
	for _, line := range lines {
		if line.text != "" {
			fmt.Fprintf(&b, "%s: %s.\\\n", line.title, line.text)
		}
	}
	fmt.Fprintf(&b, "Example: `%s`\n", f.Example)
	return b.String()
}

// TestComplete checks that every entry says what the pages show.
func TestComplete(t *testing.T) {
	t.Parallel()
	for _, f := range All() {
		if f.Doc == "" || f.Nulls == "" || f.Errors == "" || f.Example == "" || f.Group == "" {
			t.Errorf("%s: a text is missing", f.Name)
		}
		if f.Aggregate && (f.Empty == "" || f.Ties == "") {
			t.Errorf("%s: an aggregate says its empty value and its ties", f.Name)
		}
		if f.Operator != (f.Symbol != "" && f.Name != "mod" && f.Name != "concat" && f.Name != "is_null" && f.Name != "element_at") {
			t.Errorf("%s: operator %v, symbol %q", f.Name, f.Operator, f.Symbol)
		}
		for _, text := range f.Signatures {
			if !strings.HasPrefix(text, f.Name+"(") {
				t.Errorf("%s: signature %s", f.Name, text)
			}
		}
	}
}
