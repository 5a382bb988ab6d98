package lang

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
	"github.com/fettle-ml/fettle/internal/plan"
)

// formatted formats a file, and that again: the second time nothing may change. It is nil if the
// file has errors.
func formatted(t *testing.T, f File) []byte {
	t.Helper()
	once, problems, err := Format(f)
	if err != nil {
		t.Fatalf("%s: %v\n%s", f.Path, err, f.Text)
	}
	if once == nil {
		if !strings.Contains(lines(problems), "[") && len(bytes.TrimSpace(f.Text)) > 0 {
			t.Errorf("%s: neither text nor errors:\n%s", f.Path, f.Text)
		}
		return nil
	}
	twice, problems, err := Format(File{Path: f.Path, Text: once})
	if err != nil || !bytes.Equal(once, twice) {
		t.Fatalf("%s: not idempotent (%v) %s\nof\n%s\nonce\n%s\ntwice\n%s", f.Path, err, lines(problems),
			f.Text, once, twice)
	}
	if a, b := comments(f.Text), comments(once); a != b {
		t.Errorf("%s: the comments were %q and are %q\nof\n%s\nonce\n%s", f.Path, a, b, f.Text, once)
	}
	return once
}

// comments are those of a file, sorted: fields may have changed places.
func comments(text []byte) string {
	var all []string
	for _, c := range document.ParseFile("a.yaml", text, &diag.List{}).Comments {
		all = append(all, strings.TrimRight(c.Text, " \t"))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// sameVersions compares two compilations: features by their versions, everything by its text.
func sameVersions(t *testing.T, before, after *Result, path string) {
	t.Helper()
	if before.Plan == nil || after.Plan == nil {
		if before.Plan != nil || after.Plan != nil {
			t.Errorf("%s: compiled before: %v, after: %v\n%s", path, before.Plan != nil, after.Plan != nil,
				lines(after.Diagnostics))
		}
		return
	}
	if a, b := allVersions(before.Plan), allVersions(after.Plan); a != b {
		t.Errorf("%s: versions changed: %s, %s", path, a, b)
	}
	if a, b := printPlan(before.Plan), printPlan(after.Plan); a != b {
		t.Errorf("%s: the plan changed:\n%s\n%s", path, a, b)
	}
}

func allVersions(p *plan.Plan) string {
	var texts []string
	for _, v := range p.Views {
		for _, f := range v.Features {
			texts = append(texts, v.Name+"."+f.Name+"="+f.Version)
		}
	}
	return strings.Join(texts, " ")
}

// TestFormatKeepsMeaning formats every project of the golden files, right or wrong.
func TestFormatKeepsMeaning(t *testing.T) {
	t.Parallel()
	files, compiled := 0, 0
	for _, folder := range []string{"plan", "diag"} {
		eachGoldenFile(t, folder, func(g *golden) {
			if strings.Contains(g.path, "too-") {
				return
			}
			after := g.input
			after.Files = nil
			for _, f := range g.input.Files {
				if text := formatted(t, f); text != nil {
					f.Text = text
					files++
				}
				after.Files = append(after.Files, f)
			}
			before := Compile(g.input)
			sameVersions(t, before, Compile(after), g.path)
			if before.Plan != nil {
				compiled++
			}
		})
	}
	if files < 50 || compiled < 7 {
		t.Errorf("only %d files were formatted and %d projects compiled", files, compiled)
	}
}

// TestFormatExamples formats what users see first: it must be canonical already.
func TestFormatExamples(t *testing.T) {
	t.Parallel()
	found := 0
	err := filepath.WalkDir("../../examples", func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := "features/a.yaml"
		if filepath.Base(path) == ProjectFile {
			name = ProjectFile
		}
		found++
		if got := formatted(t, File{Path: name, Text: text}); !bytes.Equal(got, text) {
			t.Errorf("%s is not formatted; it would be\n%s", path, got)
		}
		return nil
	})
	if err != nil || found < 5 {
		t.Errorf("%d examples, %v", found, err)
	}
}

// TestFormatGolden compares files with what they become.
func TestFormatGolden(t *testing.T) {
	t.Parallel()
	eachGolden(t, "format", func(t *testing.T, g *golden) {
		g.check(t, string(formatted(t, g.input.Files[0])))
	})
}

// FuzzFormat formats mutations of the golden files: no input panics, comments stay, the result is
// canonical and compiles to the same plan.
func FuzzFormat(f *testing.F) {
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
	f.Fuzz(func(t *testing.T, text []byte) {
		before := File{Path: "features/a.yaml", Text: text}
		once, _, err := Format(before)
		if err != nil {
			t.Fatal(err)
		}
		if once == nil {
			return
		}
		after := File{Path: before.Path, Text: formatted(t, before)}
		compile := func(f File) *Result {
			return Compile(Input{Project: File{Path: ProjectFile, Text: []byte("project: fuzz\n")}, Files: []File{f}})
		}
		sameVersions(t, compile(before), compile(after), before.Path)
	})
}
