package lang

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden is one txtar file: the files of a project, columns/SOURCE with one column to a line, and
// want, the expected text.
type golden struct {
	path    string
	archive *txtar.Archive
	input   Input
	want    string
}

func readGolden(t *testing.T, path string) *golden {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g := &golden{path: path, archive: archive}
	columns, failing := map[string][]Column{}, map[string]bool{}
	g.input.Project = File{Path: ProjectFile, Text: []byte("project: golden\n")}
	for _, f := range archive.Files {
		name, isColumns := strings.CutPrefix(f.Name, "columns/")
		switch {
		case isColumns && string(f.Data) == "error\n":
			failing[name] = true
		case isColumns:
			columns[name] = readColumns(t, string(f.Data))
		case strings.HasPrefix(f.Name, "repeated/"):
			large := File{Path: strings.TrimPrefix(f.Name, "repeated/"), Text: bytes.Repeat(f.Data, 50_000)}
			g.input.Files = append(g.input.Files, large)
		case f.Name == "want":
			g.want = string(f.Data)
		case f.Name == ProjectFile:
			g.input.Project.Text = f.Data
		case f.Name == LockFile:
			g.input.Lock = &File{Path: LockFile, Text: f.Data}
		default:
			g.input.Files = append(g.input.Files, File{Path: f.Name, Text: f.Data})
		}
	}
	sort.Slice(g.input.Files,
		func(i, j int) bool { return g.input.Files[i].Path < g.input.Files[j].Path })
	g.input.Columns = func(f SourceFiles) ([]Column, error) {
		if failing[f.Name] {
			return nil, errors.New("no file fits " + strings.Join(f.Paths, ", "))
		}
		return columns[f.Name], nil
	}
	return g
}

func readColumns(t *testing.T, text string) []Column {
	t.Helper()
	var columns []Column
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		line, note, _ := strings.Cut(line, " # ")
		name, kind, _ := strings.Cut(line, " ")
		kind, local := strings.CutSuffix(kind, " local")
		typ, err := schema.ParseType(kind)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, Column{Name: name, Type: typ, Local: local, Note: note})
	}
	return columns
}

// check compares with the want part, or rewrites it with -update.
func (g *golden) check(t *testing.T, got string) {
	t.Helper()
	if got == g.want {
		return
	}
	if !*update {
		t.Errorf("%s: got\n%s\nwant\n%s", g.path, got, g.want)
		return
	}
	for i, f := range g.archive.Files {
		if f.Name == "want" {
			g.archive.Files = append(g.archive.Files[:i], g.archive.Files[i+1:]...)
			break
		}
	}
	g.archive.Files = append(g.archive.Files, txtar.File{Name: "want", Data: []byte(got)})
	if err := os.WriteFile(g.path, txtar.Format(g.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func lines(all []diag.Diagnostic) string {
	var b strings.Builder
	for _, d := range all {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}

func eachGoldenFile(t *testing.T, folder string, visit func(g *golden)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files in %s: %v", folder, err)
	}
	for _, path := range paths {
		visit(readGolden(t, path))
	}
}

func eachGolden(t *testing.T, folder string, run func(t *testing.T, g *golden)) {
	t.Helper()
	eachGoldenFile(t, folder, func(g *golden) {
		t.Run(strings.TrimSuffix(filepath.Base(g.path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			run(t, g)
		})
	})
}
