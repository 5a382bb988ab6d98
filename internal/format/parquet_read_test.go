package format_test

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
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
	return describeInput(t, input)
}

func describeInput(t *testing.T, input format.Input) string {
	t.Helper()
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

func TestWantedTypes(t *testing.T) {
	const failed = "error testdata/types.parquet: column "
	t.Parallel()
	input, err := format.Open(disk.OS{}, "testdata/types.parquet", format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	f := func(name, as, want string) {
		t.Helper()
		got := readAs(t, input, name, as)
		if got != want {
			t.Errorf("%s as %s: %s, want %s", name, as, got, want)
		}
	}
	f("i32", "float64", "-2147483648.0 2147483647.0 null 0.0")
	f("u32", "decimal(1)", "0.0 4294967295.0 null 5.0")
	f("u64", "decimal(0)", "0 9223372036854775807 null 18446744073709551615")
	f("d9", "decimal(4)", "1.2500 -0.0100 null 0.0000")
	f("d9", "decimal(1)", `null null null 0.0; `+
		`row 1: 1.25 does not fit a decimal(1); row 2: -0.01 does not fit a decimal(1)`)
	f("bin", "string", `null null null abc; row 2: "\xff\x00" is not valid UTF-8`)
	f("str", "bytes", "null w7wsIngi null bGluZQpicmVhaw==")
	f("nulls", "timestamp", "null null null null")
	f("nulls", "string", "null null null null")
	f("i64", "duration", "-9223372036854775808us 9223372036854775807us null 0s")
	f("i64", "float64", failed+"i64: the file stores int64, which cannot be read as float64")
	f("f64", "int64", failed+"f64: the file stores float64, which cannot be read as int64")
	f("list", "int64", failed+"list: the file stores list<int64>, which cannot be read as int64")
	f("list", "list<float64>", "[1.0, 2.0] [] null [3.0]")
	f("list", "vector(1)", "null null null [3.0]; "+
		"row 1: it has 2 numbers, a vector(1) has 1; row 2: it has 0 numbers, a vector(1) has 1")
	f("list", "list<decimal(1)>", "[1.0, 2.0] [] null [3.0]")
	f("list", "list<duration>", "[1us, 2us] [] null [3us]")
	f("map", "map<decimal(0)>", "{k: 1} {} null {a: 2, b: 3}")
	f("map", "list<int64>", failed+"map: the file stores map<int64>, which cannot be read as list<int64>")
}

func readAs(t *testing.T, input format.Input, name, as string) string {
	t.Helper()
	wanted, err := schema.ParseType(as)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range input.Columns() {
		if c.Name != name {
			continue
		}
		rows, bad, err := readRows(input, []format.Wanted{{Column: i, Type: wanted}})
		if err != nil {
			return "error " + err.Error()
		}
		var out []string
		for _, row := range rows {
			if row[0] == "" {
				row[0] = "null"
			}
			out = append(out, row[0])
		}
		text := strings.Join(out, " ")
		for _, b := range bad {
			text += fmt.Sprintf("; row %d: %s", b.Row, b.Message)
		}
		return text
	}
	t.Fatalf("no column %s", name)
	return ""
}

// FuzzParquet damages files of every kind: reading them may fail, but must not panic.
func FuzzParquet(f *testing.F) {
	names, err := filepath.Glob("testdata/*.parquet")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, uint32(0), byte(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, at uint32, with byte) {
		if len(data) > 0 {
			data = append([]byte{}, data...)
			data[int(at)%len(data)] ^= with
		}
		openAndRead(data)
	})
}

// openAndRead reads all it can.
func openAndRead(data []byte) {
	fsys := disk.NewMemory()
	fsys.Add("f.parquet", data)
	input, err := format.Open(fsys, "f.parquet", format.Options{})
	if err != nil || input.Rows() > 1000 {
		return
	}
	for i, c := range input.Columns() {
		_, _, _ = readRows(input, []format.Wanted{{Column: i, Type: c.Type}})
	}
	_, _ = format.CreateBeside(io.Discard, format.Parquet, input, nil)
}

// TestDamagedParquet flips bytes of files one after another.
func TestDamagedParquet(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"types", "types_v2", "delta"} {
		data, err := os.ReadFile("testdata/" + name + ".parquet")
		if err != nil {
			t.Fatal(err)
		}
		for at := range data {
			if at%29 != 0 && (at < len(data)*3/4 || at%3 != 0) {
				continue
			}
			damaged := append([]byte{}, data...)
			damaged[at] ^= 0x55
			openAndRead(damaged)
		}
		for length := 0; length < len(data); length += 101 {
			openAndRead(data[:length])
		}
	}
}

// TestEncryptedParquet opens a file whose columns are encrypted, but whose footer is not.
func TestEncryptedParquet(t *testing.T) {
	t.Parallel()
	_, err := format.Open(disk.OS{}, "testdata/encrypted_columns.pq", format.Options{})
	if err == nil || !strings.Contains(err.Error(), "it is encrypted, which is not supported") {
		t.Error(err)
	}
}
