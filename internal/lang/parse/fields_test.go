package parse

import (
	"slices"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
	"github.com/fettle-ml/fettle/internal/lang/fields"
)

// documents has one document for each object of the table, with a field where %s stands.
var documents = map[string]string{
	"a project": "project: p\n%s", "server": "project: p\nserver:\n  %s", "limits": "project: p\nlimits:\n  %s",
	"an entity": "entity: e\n%s", "a link": "entity: e\nbelongs_to:\n  l:\n    %s",
	"a source": "source: s\n%s", "event_time": "source: s\nevent_time:\n  %s",
	"timezone": "source: s\nevent_time:\n  timezone:\n    %s", "a check": "source: s\nchecks:\n- %s",
	"a view": "view: v\n%s", "a feature": "view: v\nfeatures:\n  f:\n    %s",
	"deprecated": "view: v\nfeatures:\n  f:\n    deprecated:\n      %s", "a model": "model: m\n%s",
	"a role": "model: m\nentities:\n  r:\n    %s", "log": "model: m\nlog:\n  %s",
	"label": "model: m\nlabel:\n  %s", "a test": "test: t\n%s",
}

// TestEveryFieldIsRead gives each field of the table to the parser, and one that is not there: the
// parser must have a reader for exactly those.
func TestEveryFieldIsRead(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, object := range fields.Objects() {
		pattern, found := documents[object.What]
		if !found {
			t.Errorf("no document for %s", object.What)
			continue
		}
		for _, name := range append(object.Names(), "surely_none") {
			text := strings.ReplaceAll(pattern, "%s", name+": x")
			unknown := false
			for _, d := range diagnostics(text) {
				unknown = unknown || d.Code == diag.UnknownField
			}
			if unknown != (name == "surely_none") {
				t.Errorf("%s: field %s, refused: %v", object.What, name, unknown)
			}
			tried++
		}
	}
	if tried < 120 {
		t.Errorf("only %d fields", tried)
	}
}

// TestChoicesAgree compares the words of the table with those that the parser names.
func TestChoicesAgree(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, object := range fields.Objects() {
		for _, f := range object.Fields {
			if f.Shape != fields.Choice {
				continue
			}
			compared++
			text := strings.ReplaceAll(documents[object.What], "%s", f.Name+": surely_none")
			want := " is not one of " + strings.Join(f.Values, ", ")
			named := slices.ContainsFunc(diagnostics(text), func(d diag.Diagnostic) bool {
				return strings.HasSuffix(d.Message, want)
			})
			if !named {
				t.Errorf("%s: %s: the parser does not say %q", object.What, f.Name, want)
			}
		}
	}
	if compared < 6 {
		t.Errorf("only %d choices", compared)
	}
}

// TestKindsAgree looks for the kinds of the table among those that are looked for, in that order.
func TestKindsAgree(t *testing.T) {
	t.Parallel()
	last := -1
	for _, kind := range fields.Kinds() {
		at := slices.Index(ast.Kinds[:], kind.Key)
		if at <= last {
			t.Errorf("the kind %s is not in the order of the parser", kind.Key)
		}
		last = at
		if f := fields.Of(kind.What).Fields[0]; f.Name != kind.Key {
			t.Errorf("the first field of %s is %s", kind.What, f.Name)
		}
	}
}

func diagnostics(text string) []diag.Diagnostic {
	report := &diag.List{}
	nodes, _ := document.Parse(ProjectFile, []byte(text), report)
	r := &reader{report: report}
	for _, n := range nodes {
		r.definition(ProjectFile, n, &ast.Definitions{})
	}
	return report.Sorted()
}
