package lang

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

// testedTypes are types of features that a test may expect, nested ones too.
var testedTypes = []string{
	"bool", "int64", "float64", "decimal(2)", "string", "bytes", "timestamp", "date", "duration",
	"json", "vector(2)", "list<string>", "list<float64>", "list<decimal(2)>", "list<timestamp>",
	"map<int64>", "map<list<string>>", "list<date>", "list<bool>", "list<bytes>",
	"list<duration>", "list<int64>", "map<float64>", "list<list<int64>>", "list<map<string>>", "map<vector(2)>",
	"list<json>", "map<json>", "map<list<json>>",
}

var awkwardTexts = []string{
	"", "a", "null", "true", "12", "1e5", "a b", " a", "a: b", "# a", "a #b", "'a'", `"`, "it's", "[a]", "{",
	"a,b", "-", "- a", "?", "~", "no", "a\nb", "\t", "é", "\\n", "2024-05-01", "*", "&a", "@", "|", ">", "\u2028",
}

func randomValue(r *rand.Rand, t schema.Type) schema.Value {
	v := schema.Value{Type: t}
	if r.IntN(12) == 0 && t.Kind != schema.Vector {
		return schema.NullOf(t)
	}
	switch t.Kind {
	case schema.Bool:
		v.Int = int64(r.IntN(2))
	case schema.Float64:
		v.Float = float64(r.IntN(2000)-1000) / 8
	case schema.Decimal:
		v.Dec = schema.Int128{Lo: uint64(r.IntN(100_000))}
	case schema.String, schema.Bytes:
		v.Text = awkwardTexts[r.IntN(len(awkwardTexts))]
	case schema.JSON:
		v.Text = []string{`{"a":1}`, `[1,"b"]`, `"it's"`, `12`, `true`, `{"a": [1.0, null]}`, `[]`, `"1"`}[r.IntN(8)]
	case schema.Timestamp:
		v.Int = int64(r.IntN(1_700_000_000))*schema.Second + int64(r.IntN(3))*7
	case schema.Vector:
		for range t.Size {
			v.Items = append(v.Items, schema.FloatValue(float64(r.IntN(100))/4))
		}
	case schema.List:
		for range r.IntN(4) {
			v.Items = append(v.Items, randomValue(r, *t.Elem))
		}
	case schema.Map:
		for i := range r.IntN(3) {
			key := schema.StringValue(fmt.Sprintf("%d%s", i, awkwardTexts[r.IntN(len(awkwardTexts))]))
			v.Items = append(v.Items, key, randomValue(r, *t.Elem))
		}
	default:
		v.Int = int64(r.IntN(20_000))
	}
	return v
}

// typedProject is a view with one feature of a type, and a test that expects a value of it.
func typedProject(kind, test string) []File {
	text := "entity: e\nkey: {k: string}\n---\nsource: s\npath: a.csv\nevent_time: {column: t}\n" +
		"fields: {k: string, t: timestamp, x: \"" + kind + "\"}\n---\nview: v\nentity: e\nsource: s\nfeatures:\n  f: x\n"
	return []File{{Path: "features/a.yaml", Text: []byte(text)}, {Path: "features/t.yaml", Text: []byte(test)}}
}

// TestExpectedValuesReadBack writes random values of every type as tests do, as a new test and into
// one that is there, and compiles both.
func TestExpectedValuesReadBack(t *testing.T) {
	t.Parallel()
	const seed = 7
	r := rand.New(rand.NewPCG(seed, seed))
	for _, kind := range testedTypes {
		typ, err := schema.ParseType(kind)
		if err != nil {
			t.Fatal(err)
		}
		for range 40 {
			value := randomValue(r, typ)
			test := &TestText{Name: "one", View: "v", Now: schema.Day,
				Key:    []NamedValue{{Name: "k", Value: schema.StringValue("a")}},
				Expect: []NamedValue{{Name: "f", Value: value}}}
			written, err := FormatTest(test)
			if err != nil {
				t.Fatalf("%s: %v\n%s", kind, err, test.Text())
			}
			compareExpected(t, kind, written, value)
			old := "test: one\nview: v\nnow: 1970-01-02T00:00:00Z\n" +
				"expect: # now\n    # above\n    f: null   # behind\n# below\nkey: {k: a}\n"
			updated, err := UpdateTest(File{Path: "t.yaml", Text: []byte(old)}, "one",
				[]NamedValue{{Name: "f", Value: value}})
			if err != nil {
				t.Fatal(err)
			}
			compareExpected(t, kind, updated, value)
			if a, b := comments([]byte(old)), comments(updated); a != b {
				t.Errorf("the comments were %q and are %q", a, b)
			}
		}
	}
	t.Logf("seed %d, %d types", seed, len(testedTypes))
}

func compareExpected(t *testing.T, kind string, test []byte, want schema.Value) {
	t.Helper()
	result := Compile(Input{
		Project: File{Path: ProjectFile, Text: []byte("project: p\n")}, Files: typedProject(kind, string(test)),
	})
	if result.Plan == nil {
		t.Fatalf("%s of %s\n%s%s", want, kind, test, lines(result.Diagnostics))
	}
	got := result.Plan.Tests[0].Expect[0].Value
	if got.Null != want.Null || got.String() != want.String() {
		t.Errorf("%s: wrote %q, read %q from\n%s", kind, want.String(), got.String(), test)
	}
}

// TestEventsBySource compiles events of several sources.
func TestEventsBySource(t *testing.T) {
	t.Parallel()
	compile := func(events string) *Result {
		test := "test: one\nview: v\nnow: 1970-01-02T00:00:00Z\nkey: {k: a}\nevents:" + events + "expect: {f: null}\n"
		files := typedProject("list<string>", test)
		files[0].Text = append(files[0].Text, "---\nsource: other\npath: b.csv\nevent_time: {column: t, unit: s}\n"+
			"fields: {t: int64, y: int64}\n"...)
		return Compile(Input{Project: File{Path: ProjectFile, Text: []byte("project: p\n")}, Files: files})
	}
	good := compile("\n  other:\n    - {t: 60, y: 1}\n  s:\n    - {k: a, t: 1970-01-01T00:00:00Z, x: [b, '1']}\n")
	if good.Plan == nil {
		t.Fatal(lines(good.Diagnostics))
	}
	events := good.Plan.Tests[0].Events
	if len(events) != 2 || events[0].Source.Name != "other" || events[0].EventTime != schema.Minute ||
		events[1].Values[2].String() != "[b, 1]" {
		t.Errorf("events %+v", events)
	}
	if r := compile(" {k: a, t: 1970-01-01T00:00:00Z, x: [b]}\n"); r.Plan == nil || len(r.Plan.Tests[0].Events) != 1 {
		t.Errorf("one row alone: %s", lines(r.Diagnostics))
	}
	for events, want := range map[string]string{
		"\n  othr: [{t: 1}]\n":          "there is no source othr; did you mean other?",
		"\n  other: [{y: 1}]\n":         "the event has no time; add t:",
		"\n  other: [{t: null}]\n":      "the event time is null",
		" [{t: 1970-01-01T00:00:00}]\n": "has no zone",
		" [{t: 1970-01-01T00:00:00Z, received_at: 1970-01-01T00:00:00Z}]\n": "has no live events",
	} {
		if said := lines(compile(events).Diagnostics); !strings.Contains(said, want) {
			t.Errorf("%s: %s, want %s", events, said, want)
		}
	}
}
