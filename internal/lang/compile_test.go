package lang

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/fettle-ml/fettle/internal/schema"
)

// FuzzCompile compiles mutations of the golden projects: no input panics, and a plan comes exactly
// when there is no error.
func FuzzCompile(f *testing.F) {
	paths, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if file.Name != "want" && len(file.Data) < 4000 {
				f.Add(file.Data)
			}
		}
	}
	f.Add([]byte("entity: |\n---\nsource: ''\n---\nsource: ''\n---\nview: \"\"\nentity: ''\n"))
	columns := []Column{
		{Name: "card_id", Type: schema.Of(schema.String)}, {Name: "ts",
			Type: schema.Of(schema.Timestamp)},
		{Name: "amount", Type: schema.DecimalOf(2)}, {Name: "n", Type: schema.Of(schema.Int64)},
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		result := Compile(Input{
			Project: File{Path: ProjectFile, Text: []byte("project: fuzz\n")},
			Files:   []File{{Path: "features/a.yaml", Text: text}},
			Columns: func(SourceFiles) ([]Column, error) { return columns, nil },
		})
		errors := 0
		for _, d := range result.Diagnostics {
			if d.Severity.String() == "error" {
				errors++
			}
			if d.Line < 1 || d.Column < 1 || d.File == "" {
				t.Errorf("a diagnostic without a place: %s", d)
			}
		}
		if (result.Plan == nil) != (errors > 0) {
			t.Errorf("plan %v with %d errors", result.Plan != nil, errors)
		}
		if result.Plan != nil {
			printPlan(result.Plan) // reads every part of it
		}
	})
}

// TestUnknownColumns compiles without any knowledge of columns: a warning, and an unchecked source.
func TestUnknownColumns(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/plan/cards.txtar")
	if err != nil {
		t.Fatal(err)
	}
	input := Input{Project: File{Path: ProjectFile, Text: []byte("project: cards\n")}}
	for _, f := range txtar.Parse(text).Files {
		if f.Name == "features/cards.yaml" {
			input.Files = append(input.Files, File{Path: f.Name, Text: f.Data})
		}
	}
	result := Compile(input)
	if result.Plan == nil || len(result.Diagnostics) != 3 || !result.Plan.Sources[0].Unchecked {
		t.Fatalf("plan %v, %s", result.Plan != nil, lines(result.Diagnostics))
	}
	if len(result.Sources) != 0 {
		t.Errorf("pinned %v without knowing columns", result.Sources)
	}
}

// TestManyFeatures bounds the time of a large but honest project.
func TestManyFeatures(t *testing.T) {
	t.Parallel()
	text := "entity: card\nkey: {card_id: string}\n---\nsource: s\npath: a.csv\nevent_time: ts\n" +
		"fields: {card_id: string, ts: timestamp, amount: float64}\n---\nview: v\nentity: card\nsource: s\nfeatures:\n" +
		"  f_{a}_{b}_{c}:\n    for: {a: [1d, 2d, 3d, 4d, 5d, 6d, 7d, 8d, 9d, 10d], b: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], " +
		"c: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}\n    expr: sum(amount) where amount > {b} over {a} offset {c}h\n"
	result := Compile(Input{
		Project: File{Path: ProjectFile, Text: []byte("project: many\n")},
		Files:   []File{{Path: "a.yaml", Text: []byte(text)}},
	})
	if result.Plan == nil {
		t.Fatal(lines(result.Diagnostics))
	}
	if n := len(result.Plan.Views[0].Aggregates); n != 1000 {
		t.Errorf("%d aggregates, want 1000", n)
	}
}

func TestParseValue(t *testing.T) {
	t.Parallel()
	f := func(text, kind, want string) {
		t.Helper()
		typ, err := schema.ParseType(kind)
		if err != nil {
			t.Fatal(err)
		}
		v, err := ParseValue(text, typ)
		got := v.String()
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("ParseValue(%q, %s) = %s (%v), want %s", text, kind, got, err, want)
		}
	}
	f("true", "bool", "true")
	f("yes", "bool", "error")
	f("-5", "int64", "-5")
	f("5.0", "int64", "error")
	f("9223372036854775808", "int64", "error")
	f("5", "float64", "5.0")
	f("-0.0", "float64", "0.0")
	f("nan", "float64", "error")
	f("inf", "float64", "error")
	f("1e400", "float64", "error")
	f("0x10", "float64", "error")
	f("1_000.5", "float64", "error")
	f("12.5", "decimal(2)", "12.50")
	f("12.555", "decimal(2)", "error")
	f("", "string", "")
	f("c1", "string", "c1")
	f("aGk=", "bytes", "aGk=")
	f("a", "bytes", "error")
	f("2024-05-01T12:00:00+02:00", "timestamp", "2024-05-01T10:00:00.000000Z")
	f("2024-05-01T12:00:00", "timestamp", "error")
	f("1800-05-01T12:00:00Z", "timestamp", "error")
	f("2024-02-29", "date", "2024-02-29")
	f("2023-02-29", "date", "error")
	f("-90s", "duration", "-90s")
	f("90", "duration", "error")
	f("[]", "list<int64>", "[]")
	f(`[1, null, "3"]`, "list<int64>", "[1, null, 3]")
	f("[1.5]", "list<int64>", "error")
	f("[1", "list<int64>", "error")
	f("1", "list<int64>", "error")
	f(`["a", "b"]`, "list<string>", "[a, b]")
	f("[1]", "list<string>", "error")
	f(`[["2024-05-01"], []]`, "list<list<date>>", "[[2024-05-01], []]")
	f(`{"b": 1.5, "a": 2}`, "map<float64>", "{a: 2.0, b: 1.5}")
	f(`{"a": 1, "a": 2}`, "map<float64>", "error")
	f(`["5m", 90000000]`, "list<duration>", "[5m, 90s]")
	f(`["1.50", 2]`, "list<decimal(2)>", "[1.50, 2.00]")
	f(`["aGk="]`, "list<bytes>", "[aGk=]")
	f("[1, 2]", "vector(2)", "[1.0, 2.0]")
	f("[1, 2]", "vector(3)", "error")
	f("[1, null]", "vector(2)", "error")
	f(` {"a": [1]} `, "json", `{"a": [1]}`)
	f("{a: 1}", "json", "error")
}
