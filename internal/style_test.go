package internal_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The bounds of a file and a function, in lines. A function over the bound is one switch or one
// table, and stands in longFunctions with that reason.
const (
	fileLines     = 700
	functionLines = 80
)

var longFunctions = map[string]string{}

// clockNames are what reads or waits for the wall clock.
var clockNames = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer",
	"NewTicker"}

func TestStyle(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		folder := filepath.ToSlash(filepath.Dir(path))
		switch {
		case entry.IsDir() && entry.Name() == "testdata":
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		problems, doc := styleOf(t, filepath.ToSlash(path))
		documented[folder] = documented[folder] || doc
		for _, problem := range problems {
			t.Error(problem)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder, has := range documented {
		if !has {
			t.Errorf("%s has no package comment; write doc.go", folder)
		}
	}
}

func styleOf(t *testing.T, path string) (problems []string, documented bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n > fileLines && !ast.IsGenerated(file) {
		problems = append(problems, fmt.Sprintf("%s has %d lines, at most %d", path, n, fileLines))
	}
	for _, declaration := range file.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		where := fmt.Sprintf("%s: %s", path, f.Name.Name)
		if f.Name.Name == "init" && f.Recv == nil {
			problems = append(problems, where+": no init functions; write out what is registered")
		}
		lines := files.Position(f.End()).Line - files.Position(f.Pos()).Line + 1
		if lines > functionLines && longFunctions[where] == "" {
			problems = append(problems, fmt.Sprintf("%s has %d lines, at most %d", where, lines, functionLines))
		}
	}
	return append(problems, clockOf(files, file, path)...), file.Doc != nil
}

// clockOf finds uses of the wall clock and of the machine's zone database where results must be the
// same on every replay.
func clockOf(files *token.FileSet, file *ast.File, path string) []string {
	unit, _, _ := strings.Cut(path, "/")
	var problems []string
	ast.Inspect(file, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		name, ok := selector.X.(*ast.Ident)
		if !ok || name.Name != "time" {
			return true
		}
		position := files.Position(selector.Pos())
		switch {
		case slices.Contains(pure, unit) && slices.Contains(clockNames, selector.Sel.Name):
			problems = append(problems, fmt.Sprintf("%s: %s takes time as an argument, not from time.%s",
				position, unit, selector.Sel.Name))
		case selector.Sel.Name == "LoadLocation":
			problems = append(problems, fmt.Sprintf("%s: zones come from schema/zone, not from the machine",
				position))
		}
		return true
	})
	return problems
}
