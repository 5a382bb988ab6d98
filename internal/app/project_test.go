package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// writeProject writes files into a new folder.
func writeProject(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const visits = `
entity: user
key: {user: string}
---
source: visits
path: data/*.csv
event_time: {column: at}
available: at
---
view: spend
entity: user
source: visits
features:
  total: sum(amount) over 7d
`

func TestOpenProject(t *testing.T) {
	t.Parallel()
	dir := writeProject(t, map[string]string{
		"fettle.yaml": "project: shop\ndefinitions: [features/, more/]\n", "features/deep/b.yaml": visits,
		"more/a.yml": "entity: shop\nkey: {shop: int64}\n", "features/notes.txt": "entity: not read\n",
		"data/a.csv": "user,amount,at\nann,1.5,2024-05-01T10:00:00Z\n",
		"data/b.csv": "user,amount,at\nbob,2.5,2024-05-01T10:00:00Z\n",
	})
	p, err := OpenProject(filepath.Join(dir, "features", "deep"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Root != dir || p.Settings.Name != "shop" || len(p.input.Files) != 2 ||
		p.input.Files[0].Path != "features/deep/b.yaml" {
		t.Errorf("root %s, settings %+v, %d files", p.Root, p.Settings, len(p.input.Files))
	}
	if c := p.Compile(Heads); c.Plan == nil || !c.Plan.Sources[0].Unchecked || len(c.Problems) != 1 {
		t.Errorf("heads: %+v", c.Problems)
	}
	compiled, err := p.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	source := compiled.Sources[0]
	if source.Unchecked || len(source.Columns) != 3 || source.Columns[1].Type.Kind != schema.Float64 {
		t.Errorf("rows: %+v", source.Columns)
	}
}

func TestOpenProjectFails(t *testing.T) {
	t.Parallel()
	var known *Error
	if _, err := OpenProject(t.TempDir()); !errors.As(err, &known) || known.Code != ExitInvalid {
		t.Errorf("no project: %v", err)
	}
	dir := writeProject(t, map[string]string{"fettle.yaml": "project: shop\n", "features/a.yaml": visits})
	p, err := OpenProject(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c := p.Compile(Heads); c.Plan == nil {
		t.Errorf("lint needs the files: %v", c.Problems)
	}
	_, err = Train(t.Context(), TrainOptions{Dir: dir, Features: []string{"spend.*"}, Output: "out.csv"})
	if !errors.As(err, &known) || known.Code != ExitInvalid || len(known.Problems) == 0 {
		t.Errorf("no data: %v", err)
	}
}

func TestFindRootRelative(t *testing.T) {
	t.Parallel()
	fsys := disk.OS{}
	dir := writeProject(t, map[string]string{"fettle.yaml": "project: p\n", "a/b/c.txt": ""})
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, filepath.Join(dir, "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := findRoot(fsys, relative)
	if err != nil || filepath.IsAbs(root) || !samePath(root, dir) {
		t.Errorf("%s from %s: %v", root, relative, err)
	}
}

func TestFreshnessText(t *testing.T) {
	t.Parallel()
	f := func(want string, freshness plan.Freshness) {
		t.Helper()
		if got := freshnessText(freshness); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f("realtime", plan.Freshness{})
	f("static", plan.Freshness{Kind: plan.Static})
	f("5m", plan.Freshness{Kind: plan.Grid, Period: 5 * schema.Minute})
	f("daily", plan.Freshness{Kind: plan.Daily, Zone: "UTC"})
	f("daily at 02:30", plan.Freshness{Kind: plan.Daily, TimeOfDay: 150 * schema.Minute})
	f("weekly", plan.Freshness{Kind: plan.Weekly})
}
