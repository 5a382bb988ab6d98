package diag

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/language/diagnostics.md")

const page = "../../../docs/language/diagnostics.md"

// TestTableIsComplete compares the table with the constants of codes.go.
func TestTableIsComplete(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	described := map[Code]int{}
	for _, entry := range Table() {
		described[entry.Code]++
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is {
			return true
		}
		declared++
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil || described[Code(text)] != 1 {
			t.Errorf("the code %s is in the table %d times", text, described[Code(text)])
		}
		return true
	})
	if declared != len(Table()) {
		t.Errorf("%d codes are declared, %d are in the table", declared, len(Table()))
	}
}

// TestPage keeps docs/language/diagnostics.md equal to the table.
func TestPage(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Diagnostics\n\nWhat `fettle lint` may say, as `file:line:column: message; hint [code]`. " +
		"This page is generated from\nthe table of codes; `internal/lang/testdata/diag` shows each of them.\n\n" +
		"| code | severity | given when |\n|---|---|---|\n")
	for _, entry := range Table() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", entry.Code, entry.Severity, entry.Title)
	}
	got, err := os.ReadFile(page)
	if string(got) == b.String() {
		return
	}
	if !*update {
		t.Fatalf("%s is not up to date (%v): run the test with -update", page, err)
	}
	if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
