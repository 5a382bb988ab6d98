package lang

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	langschema "github.com/fettle-ml/fettle/internal/lang/jsonschema"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
)

// compiledSchema compiles the schema with a validator that is not ours.
func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(langschema.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("fettle.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("fettle.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// documentsOf reads the documents of a file as editors do: with a general reader of YAML, which
// makes numbers and booleans of text that looks like them.
func documentsOf(t *testing.T, text []byte) []any {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var all []any
	for {
		var value any
		if err := decoder.Decode(&value); err != nil {
			if err.Error() != "EOF" {
				t.Fatalf("%v\n%s", err, text)
			}
			return all
		}
		asJSON, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		value, err = jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			t.Fatal(err)
		}
		if value != nil {
			all = append(all, value)
		}
	}
}

// TestSchemaAcceptsWhatLintAccepts validates every valid definition there is: the examples, the
// pages, and the projects of the golden files.
func TestSchemaAcceptsWhatLintAccepts(t *testing.T) {
	t.Parallel()
	compiled := compiledSchema(t)
	count := 0
	validate := func(name string, text []byte) {
		for _, value := range documentsOf(t, text) {
			count++
			if err := compiled.Validate(value); err != nil {
				t.Errorf("%s: %v\n%v", name, err, value)
			}
		}
	}
	for _, pattern := range []string{"../../examples/*/*.yaml", "../../examples/*/*/*.yaml"} {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			validate(path, text)
		}
	}
	pages, _ := filepath.Glob("../../docs/language/*.md")
	for _, path := range pages {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range strings.Split(string(text), "```yaml\n") {
			if block, _, closed := strings.Cut(part, "```"); i > 0 && closed {
				validate(path, []byte(block))
			}
		}
	}
	eachGoldenFile(t, "plan", func(g *golden) {
		for _, f := range append(g.input.Files, g.input.Project) {
			validate(g.path+" "+f.Path, f.Text)
		}
	})
	if count < 100 {
		t.Errorf("only %d documents", count)
	}
}

// TestSchemaRefuses validates definitions that are wrong in ways that an editor should show.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	compiled := compiledSchema(t)
	for _, text := range []string{
		"entity: card\n", "entity: Card\nkey: {a: string}\n", "entity: card\nkey: a\n",
		"entity: card\nkey: {a: string}\nkeys: {}\n", "entity: a__b\nkey: {a: string}\n",
		"source: s\nevent_time: ts\n", "source: s\npath: a\nevent_time: {colum: ts}\n",
		"source: s\npath: a\nevent_time: ts\nedge: after\n",
		"source: s\npath: a\nevent_time: ts\nmax_future: 5 minutes\n",
		"view: v\nentity: card\n", "view: v\nentity: card\nfeatures: [a]\n",
		"view: v\nentity: card\nfeatures: {a: {exp: n}}\n",
		"view: v\nentity: card\nfreshness: sometimes\nfeatures: {a: n}\n",
		"model: m\nversion: 0\nfeatures: [a]\n", "test: t\nview: v\nexpect: {a: 1}\n", "nothing: 1\n",
		"- a\n",
	} {
		for _, value := range documentsOf(t, []byte(text)) {
			if compiled.Validate(value) == nil {
				t.Errorf("accepted:\n%s", text)
			}
		}
	}
}

// TestCompletion looks for what an editor offers, and compiles the windows.
func TestCompletion(t *testing.T) {
	t.Parallel()
	var words struct {
		Keywords   []string
		Windows    []struct{ Form, Doc string }
		Functions  []struct{ Name string }
		Aggregates []struct{ Name, Doc string }
	}
	if err := json.Unmarshal(langschema.Completion(), &words); err != nil {
		t.Fatal(err)
	}
	ready := 0
	for _, f := range builtin.All() {
		if f.Ready && !f.Operator {
			ready++
		}
	}
	if got := len(words.Functions) + len(words.Aggregates); got != ready || got < 50 {
		t.Errorf("%d functions and aggregates, the table has %d", got, ready)
	}
	if len(words.Keywords) < 20 || len(words.Windows) < 8 {
		t.Errorf("%d keywords, %d windows", len(words.Keywords), len(words.Windows))
	}
	for _, w := range words.Windows {
		text := "entity: card\nkey: {card_id: string}\n---\nsource: s\npath: a.csv\nevent_time: ts\n" +
			"fields: {card_id: string, ts: timestamp}\n---\nview: v\nentity: card\nsource: s\n" +
			"features:\n  n: |\n    count() over " + w.Form + "\n"
		result := Compile(Input{
			Project: File{Path: ProjectFile, Text: []byte("project: windows\n")},
			Files:   []File{{Path: "a.yaml", Text: []byte(text)}},
		})
		if said := lines(result.Diagnostics); result.Plan == nil && !strings.Contains(said, "[not-yet]") {
			t.Errorf("over %s: %s", w.Form, said)
		}
	}
}
