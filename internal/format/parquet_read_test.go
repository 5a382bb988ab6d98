package format_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestParquetFiles reads files that another program wrote. Each type, encoding and page version is
// in one of them.
func TestParquetFiles(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.parquet")
	if err != nil || len(names) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range names {
		golden(t, strings.TrimSuffix(name, ".parquet")+".golden", describe(t, name))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n%s", name, got)
	}
}

// describe lists the columns of a file and all their cells.
func describe(t *testing.T, name string) string {
	t.Helper()
	input, err := format.Open(disk.OS{}, name, format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	var out strings.Builder
	fmt.Fprintf(&out, "%d rows\n", input.Rows())
	for i, c := range input.Columns() {
		fmt.Fprintf(&out, "%s: %s", c.Name, c.Type)
		if c.Local {
			out.WriteString(", local")
		}
		if c.Unsupported != "" {
			fmt.Fprintf(&out, ", unsupported: %s\n", c.Unsupported)
			continue
		}
		rows, bad, err := readRows(input, []format.Wanted{{Column: i, Type: c.Type}})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			fmt.Fprintf(&out, " | %q", row[0])
		}
		out.WriteString("\n")
		for _, b := range bad {
			fmt.Fprintf(&out, "    row %d, %s: %s: %s\n", b.Row, b.Field, b.Code, b.Message)
		}
	}
	return out.String()
}
