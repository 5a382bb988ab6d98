package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/registry"
)

const visitRows = "user,amount,at\nann,1.5,2024-05-01T10:00:00Z\n"

// visitsProject is a project with one source of files, which declares no fields.
func visitsProject(t *testing.T) string {
	t.Helper()
	return writeProject(t, map[string]string{
		"fettle.yaml": "project: shop\n", "features/a.yaml": visits, "data/a.csv": visitRows,
	})
}

func newDefinitions(t *testing.T, dir string) *definitions {
	t.Helper()
	project, err := OpenProject(dir)
	if err != nil {
		t.Fatal(err)
	}
	d, err := project.definitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newRegistry(t *testing.T) *registry.Registry {
	t.Helper()
	r, err := registry.Open(disk.NewMemory(), "registry")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func writeText(t *testing.T, text string, path ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path...), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCommitDefinitions(t *testing.T) {
	t.Parallel()
	dir, r := visitsProject(t), newRegistry(t)
	d := newDefinitions(t, dir)
	proposal := d.propose(r)
	if total := proposal.Total(); total.Added != 4 {
		t.Errorf("%d definitions are added: %s", total.Added, proposal.Text())
	}
	if _, err := os.Stat(filepath.Join(dir, "fettle.lock")); err == nil {
		t.Error("the lock was written before anything was applied")
	}
	options := commitOptions{Proposal: proposal.ID, By: "ann", At: 1000}
	revision, err := d.commit(t.Context(), r, options)
	if err != nil || revision.Number != 1 || revision.By != "ann" || revision.At != 1000 {
		t.Fatalf("%+v, %v", revision, err)
	}
	lock, err := os.ReadFile(filepath.Join(dir, "fettle.lock"))
	if err != nil || string(lock) != revision.Texts.Lock || !strings.Contains(string(lock), `"amount" float64`) {
		t.Errorf("the lock is %q, %v", lock, err)
	}

	// lint sees what was pinned, and applying again changes nothing.
	if result, err := Lint(t.Context(), LintOptions{Dir: dir}); err != nil || result.Warnings != 0 {
		t.Errorf("lint after apply: %+v, %v", result, err)
	}
	again, err := newDefinitions(t, dir).commit(t.Context(), r, commitOptions{At: 2000})
	if err != nil || again != revision {
		t.Errorf("applied again: %+v, %v", again, err)
	}
}

func TestPinnedColumnsStay(t *testing.T) {
	t.Parallel()
	dir, r := visitsProject(t), newRegistry(t)
	if _, err := newDefinitions(t, dir).commit(t.Context(), r, commitOptions{}); err != nil {
		t.Fatal(err)
	}
	writeText(t, "user,amount,at\nann,7,2024-05-01T10:00:00Z\n", dir, "data/a.csv")
	if proposal := newDefinitions(t, dir).propose(r); !proposal.Empty() {
		t.Errorf("other rows in a file change the definitions: %s", proposal.Text())
	}
	// With another path the lock is out of date for that source, and the files are asked again.
	writeText(t, strings.Replace(visits, "data/*.csv", "data/a*.csv", 1), dir, "features/a.yaml")
	d := newDefinitions(t, dir)
	if !strings.Contains(d.texts.Lock, `"amount" int64`) {
		t.Errorf("the lock is %s", d.texts.Lock)
	}
	if _, err := d.commit(t.Context(), r, commitOptions{}); err != nil {
		t.Fatal(err)
	}
	if sources := r.Current().Sources; len(sources) != 2 {
		t.Errorf("the sources are %v", sources)
	}
}

func TestStaleDefinitions(t *testing.T) {
	t.Parallel()
	dir, r := visitsProject(t), newRegistry(t)
	agreed := newDefinitions(t, dir).propose(r)
	writeText(t, visits+"  n: count() over 7d\n", dir, "features/a.yaml")
	_, err := newDefinitions(t, dir).commit(t.Context(), r, commitOptions{Proposal: agreed.ID})
	var refused *Error
	if !errors.Is(err, registry.ErrStale) || !errors.As(err, &refused) || refused.Code != ExitRefused {
		t.Errorf("other definitions than agreed to: %v", err)
	}
	if r.Current() != nil {
		t.Error("they were applied")
	}
}

func TestBreakingDefinitions(t *testing.T) {
	t.Parallel()
	dir, r := visitsProject(t), newRegistry(t)
	model := visits + "---\nmodel: buyer\nfeatures: [spend.*]\n"
	writeText(t, model, dir, "features/a.yaml")
	if _, err := newDefinitions(t, dir).commit(t.Context(), r, commitOptions{}); err != nil {
		t.Fatal(err)
	}
	writeText(t, strings.Replace(model, "7d", "8d", 1), dir, "features/a.yaml")
	_, err := newDefinitions(t, dir).commit(t.Context(), r, commitOptions{})
	var refused *Error
	if !errors.As(err, &refused) || refused.Code != ExitRefused ||
		!strings.Contains(err.Error(), "--allow-break buyer") {
		t.Errorf("a broken model: %v", err)
	}
	allowed := commitOptions{Allow: []string{"buyer"}}
	if _, err := newDefinitions(t, dir).commit(t.Context(), r, allowed); err != nil {
		t.Errorf("an allowed one: %v", err)
	}
}

func TestInvalidDefinitions(t *testing.T) {
	t.Parallel()
	f := func(name, features, want string) {
		t.Helper()
		dir := writeProject(t, map[string]string{"fettle.yaml": "project: shop\n", "features/a.yaml": features})
		project, err := OpenProject(dir)
		if err != nil {
			t.Fatal(err)
		}
		_, err = project.definitions(t.Context())
		var invalid *Error
		if !errors.As(err, &invalid) || invalid.Code != ExitInvalid || len(invalid.Problems) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		if !strings.Contains(invalid.Problems[0].String(), want) ||
			invalid.Problems[0].Severity != SeverityError {
			t.Errorf("%s: %v", name, invalid.Problems)
		}
	}
	f("no such type", "entity: user\nkey: {user: strin}\n", "strin")
	f("no files", visits, "columns of visits not checked")
}

func TestCompileRevision(t *testing.T) {
	t.Parallel()
	dir, r := visitsProject(t), newRegistry(t)
	d := newDefinitions(t, dir)
	revision, err := d.commit(t.Context(), r, commitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	p, err := compileRevision(revision)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := meanings(p), meanings(d.plan); got != want {
		t.Errorf("compiled again:\n%s\nwant\n%s", got, want)
	}

	f := func(name string, change func(*registry.Revision), want string) {
		t.Helper()
		other := *revision
		other.Definitions = append([]registry.Definition{}, revision.Definitions...)
		other.Texts.Files = append([]registry.File{}, revision.Texts.Files...)
		change(&other)
		_, err := compileRevision(&other)
		if !errors.Is(err, errEngineChanged) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	last := len(revision.Definitions) - 1
	f("another version", func(r *registry.Revision) { r.Definitions[last].Version = "other" }, "spend.total")
	f("a feature is gone", func(r *registry.Revision) {
		r.Texts.Files[0].Text += "  n: count() over 7d\n"
	}, "spend.n")
	f("a feature is new", func(r *registry.Revision) {
		r.Definitions = append(r.Definitions, registry.Definition{Kind: registry.FeatureKind, Name: "spend.x"})
	}, "spend.x")
	f("no longer valid", func(r *registry.Revision) { r.Texts.Files[0].Text += "  n: nosuch(1)\n" },
		"no longer compile")
	f("no columns", func(r *registry.Revision) { r.Texts.Lock = "" }, "")
	f("other columns", func(r *registry.Revision) { r.Sources = nil }, "columns of the source visits")
}

func meanings(p *plan.Plan) string {
	var b strings.Builder
	for _, v := range p.Views {
		for i, f := range v.Features {
			b.WriteString(v.Name + "." + f.Name + " " + f.Version + "\n" + plan.Meaning(v, i))
		}
	}
	return b.String()
}
