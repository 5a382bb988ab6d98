package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/app"
)

func TestPlural(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"1 row": plural(1, "row"), "0 rows": plural(0, "row"), "2 entities": plural(2, "entity"),
		"1 entity": plural(int64(1), "entity"),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	table(&out, [][]string{{"a", "long", ""}, {"longer", "b", "c"}, {"", "", ""}})
	if want := "a       long\nlonger  b     c\n\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestSarif(t *testing.T) {
	t.Parallel()
	result := &app.LintResult{Problems: []app.Problem{
		{File: "features/a.yaml", Line: 3, Column: 7, Code: "unknown_name", Severity: "error",
			Message: "no column amuont", Hint: "did you mean amount?"},
		{Code: "unchecked", Severity: "warning", Message: "columns of b not checked"},
	}}
	text, err := json.Marshal(sarifOf(result, "1.2.3"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"version":"2.1.0"`,
		`"driver":{"name":"fettle","version":"1.2.3"}`,
		`"message":{"text":"no column amuont; did you mean amount?"}`,
		`"artifactLocation":{"uri":"features/a.yaml"},"region":{"startLine":3,"startColumn":7}`,
		`{"ruleId":"unchecked","level":"warning","message":{"text":"columns of b not checked"}}`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}
