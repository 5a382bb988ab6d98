package disk_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
)

var tree = []string{
	"a.csv", "b.csv", "B.csv", "b.csv.partial", ".hidden.csv", "data/1.parquet", "data/2.parquet",
	"data/deep/er/3.parquet", "data/deep/4.parquet", "data/x[1].csv", "odd/data.csv",
}

func TestGlob(t *testing.T) {
	t.Parallel()
	m, dir := disk.NewMemory(), t.TempDir()
	for _, name := range tree {
		m.Add("root/"+name, nil)
		real := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(real), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(real, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := func(pattern, want string) {
		t.Helper()
		for root, fsys := range map[string]disk.FS{"root": m, dir: disk.OS{}} {
			got, err := disk.Glob(fsys, root, pattern)
			if err != nil {
				t.Errorf("%s: %v", pattern, err)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s in %s: %q, want %q", pattern, root, got, want)
			}
		}
	}
	f("*.csv", "B.csv a.csv b.csv")
	f("a.csv", "a.csv")
	f("./data/../a.csv", "a.csv")
	f("none.csv", "")
	f("none/*.csv", "")
	f("data", "")
	f(".*.csv", ".hidden.csv")
	f("data/?.parquet", "data/1.parquet data/2.parquet")
	f("data/[2-9].parquet", "data/2.parquet")
	f(`data/x\[1\].csv`, "data/x[1].csv")
	f("*/*.csv", "data/x[1].csv odd/data.csv")
	f("**/*.parquet", "data/1.parquet data/2.parquet data/deep/4.parquet data/deep/er/3.parquet")
	f("data/**", "data/1.parquet data/2.parquet data/deep/4.parquet data/deep/er/3.parquet data/x[1].csv")
	f("**/er/*", "data/deep/er/3.parquet")
	if _, err := disk.Glob(m, "root", "a[.csv"); err == nil {
		t.Error("a pattern that is not closed passed")
	}
	absolute, err := disk.Glob(disk.OS{}, "/nowhere", filepath.ToSlash(dir)+"/*.csv")
	if err != nil || len(absolute) != 3 || absolute[1] != filepath.ToSlash(dir)+"/a.csv" {
		t.Errorf("absolute: %q, %v", absolute, err)
	}
}
