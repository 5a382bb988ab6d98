package format_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
)

func TestDetect(t *testing.T) {
	t.Parallel()
	f := func(name, want string) {
		t.Helper()
		kind, compression, err := format.Detect(name)
		got := strings.TrimSuffix(string(kind)+" "+string(compression), " ")
		if err != nil {
			got = "error"
			if !errors.Is(err, format.ErrFormat) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	f("a.parquet", "parquet")
	f("dir.csv/A.PQ", "parquet")
	f("a.csv", "csv")
	f("a.b.CSV.GZ", "csv gz")
	f("a.csv.zst", "csv zst")
	f("a.parquet.gz", "error")
	f("a.json", "error")
	f("a.jsonl", "jsonl")
	f("a.NDJSON", "jsonl")
	f("a.jsonl.gz", "jsonl gz")
	f("a.ndjson.zst", "jsonl zst")
	f("csv", "error")
	f("", "error")
}

func TestOpenFormat(t *testing.T) {
	t.Parallel()
	fsys := disk.NewMemory()
	fsys.Add("data.txt", []byte("a,b\n1,2\n"))
	fsys.Add("data.parquet", []byte("a,b\n1,2\n"))
	f := func(name, as, want string) {
		t.Helper()
		input, err := format.Open(fsys, name, format.Options{Format: as})
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			for _, c := range input.Columns() {
				got += c.Name + ":" + c.Type.String() + " "
			}
		}
		if !strings.HasPrefix(got, want) || want == "" {
			t.Errorf("%s as %q: %s, want %s", name, as, got, want)
		}
	}
	f("data.txt", "csv", "a:int64 b:int64 ")
	f("data.txt", "csv.gz", "data.txt: not a gzip file")
	f("data.txt", "jsonl.zst", "data.txt: damaged, or not readable")
	f("data.txt", "", "data.txt: unknown format: the name ends in none of")
	f("data.txt", "xml", `data.txt: unknown format "xml"; write parquet, arrow, csv or jsonl`)
	f("data.txt", "parquet", "data.txt: damaged, or not a Parquet file: 8 bytes are too few")
	f("data.parquet", "", "data.parquet: damaged, or not a Parquet file: 8 bytes are too few")
	f("none.csv", "", "open none.csv: file does not exist")
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	if _, err := format.Create(nil, "xml", nil); !errors.Is(err, format.ErrFormat) {
		t.Errorf("error %v, want %v", err, format.ErrFormat)
	}
}
