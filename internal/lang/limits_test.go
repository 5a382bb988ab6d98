package lang

import (
	"fmt"
	"strings"
	"testing"
)

const limitsHead = "entity: card\nkey: {card_id: string}\n---\nsource: s\npath: a.csv\nevent_time: ts\n" +
	"fields: {card_id: string, ts: timestamp, n: int64}\n"

func compileText(text string) *Result {
	return Compile(Input{
		Project: File{Path: ProjectFile, Text: []byte("project: limits\n")},
		Files:   []File{{Path: "a.yaml", Text: []byte(text)}},
	})
}

// TestBlowUp compiles definitions that would grow without bounds if their parts were copied: each
// must end soon, with an error that says so.
func TestBlowUp(t *testing.T) {
	t.Parallel()
	view := "---\nview: v\nentity: card\nsource: s\nfeatures:\n"
	doubling := func(first, format string, n int) string {
		var b strings.Builder
		b.WriteString("  f0: " + first + "\n")
		for i := 1; i < n; i++ {
			b.WriteString("  " + strings.ReplaceAll(strings.ReplaceAll(format, "NEXT", fmt.Sprint("f", i)),
				"LAST", fmt.Sprint("f", i-1)) + "\n")
		}
		return b.String()
	}
	nested := func(format string, n int) string {
		text := "n"
		for range n {
			text = strings.ReplaceAll(format, "IT", text)
		}
		return text
	}
	for name, text := range map[string]string{
		"inlined features": view + doubling("n", "NEXT: LAST + LAST", 60) +
			"  total: sum(f59) over 7d\n",
		"computed columns": "columns:\n" + doubling("n", "NEXT: LAST + LAST", 60) + view +
			"  total: sum(f59) over 7d\n",
		"nested between": view + "  x: " + nested("if((IT) between 1 and 2, 1, 0)", 24) + "\n",
		"nested case": view + "  x: " +
			nested("(case IT when 1 then 2 when 3 then 4 when 5 then 6 end)", 20) + "\n",
		"a chain of features": view + doubling("n", "NEXT: LAST + 1", 700) + "  last: f699\n",
		"a backward chain":    view + "  first: f1\n" + backward(700),
	} {
		result := compileText(limitsHead + text)
		shown := lines(result.Diagnostics)
		refused := strings.Contains(shown, "[too-deep]")
		if wanted := name != "a chain of features"; refused != wanted {
			t.Errorf("%s: %.600s", name, shown)
		}
	}
}

// backward declares features that each read the next one, so that the first compiles all of them.
func backward(n int) string {
	var b strings.Builder
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "  f%d: f%d + 1\n", i, i+1)
	}
	fmt.Fprintf(&b, "  f%d: n\n", n)
	return b.String()
}

// TestOrderOfFeatures shows that definitions need no order: the same plan comes from any.
func TestOrderOfFeatures(t *testing.T) {
	t.Parallel()
	view := "---\nview: v\nentity: card\nsource: s\nfeatures:\n"
	forward := compileText(limitsHead + view + "  a: sum(n) over 7d\n  b: a / 7\n")
	mixed := compileText(view[4:] + "  b: a / 7\n  a: sum(n) over 7d\n---\n" + limitsHead)
	if forward.Plan == nil || mixed.Plan == nil {
		t.Fatal(lines(forward.Diagnostics), lines(mixed.Diagnostics))
	}
	a, b := forward.Plan.Views[0].Features, mixed.Plan.Views[0].Features
	if a[0].Version != b[1].Version || a[1].Version != b[0].Version || a[0].Version == "" {
		t.Errorf("versions %s %s and %s %s", a[0].Version, a[1].Version, b[0].Version, b[1].Version)
	}
}

// TestNamesAreNotMissed shows that a file that cannot be read gives its own errors only.
func TestNamesAreNotMissed(t *testing.T) {
	t.Parallel()
	text := "*x\n---\nview: v\nentity: card\nsource: s\nfeatures: {a: n, b: other.x}\n---\n" +
		"model: m\nfeatures: [v.a, w.b]\n"
	if shown := lines(compileText(text).Diagnostics); strings.Count(shown, "\n") != 1 {
		t.Errorf("one mistake gives\n%s", shown)
	}
}

func TestParseProject(t *testing.T) {
	t.Parallel()
	settings, diagnostics := ParseProject(File{Path: ProjectFile, Text: []byte(
		"project: cards\ntimezone: Europe/Paris\ndefinitions: [features/, more/]\nx-note: 1\n" +
			"state: /var/cards\nserver: {listen: ':0'}\n")})
	if len(diagnostics) > 0 || settings.Name != "cards" || settings.Timezone != "Europe/Paris" ||
		strings.Join(settings.Definitions, " ") != "features/ more/" || settings.Data != "data/" ||
		settings.State != "/var/cards" || settings.Listen != ":0" {
		t.Errorf("got %+v, %s", settings, lines(diagnostics))
	}
	_, diagnostics = ParseProject(File{Path: ProjectFile,
		Text: []byte("entity: card\nkey: {id: string}\n")})
	if shown := lines(diagnostics); !strings.Contains(shown, "[no-project]") {
		t.Errorf("no project gives %q", shown)
	}
	settings, diagnostics = ParseProject(File{Path: ProjectFile, Text: []byte("project: a\n")})
	if len(diagnostics) > 0 || settings.Timezone != "UTC" || settings.Definitions[0] != "features/" ||
		settings.State != ".fettle/" || settings.Listen != "127.0.0.1:7070" {
		t.Errorf("defaults are %+v", settings)
	}
}
