package format_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestArrowFiles reads files that another program wrote, compressed in both ways.
func TestArrowFiles(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.arrow")
	if err != nil || len(names) < 2 {
		t.Fatal("no files", err)
	}
	for _, name := range names {
		golden(t, strings.TrimSuffix(name, ".arrow")+"_arrow.golden", describe(t, name))
	}
}

// TestArrowCut writes rows in batches of any length: the bytes are the same.
func TestArrowCut(t *testing.T) {
	t.Parallel()
	table := batch.New([]schema.Field{{Name: "x", Type: schema.Of(schema.Int64)}, {Name: "l",
		Type: schema.ListOf(schema.Of(schema.Int64))}}, []*batch.Column{countedRows(150_000), countedLists(150_000)})
	var want []byte
	for _, step := range []int{table.Rows, 1000, 65_537} {
		var out bytes.Buffer
		o, err := format.Create(&out, format.ArrowFile, table.Fields)
		if err != nil {
			t.Fatal(err)
		}
		for from := 0; from < table.Rows; from += step {
			to := min(table.Rows, from+step)
			cut := batch.New(table.Fields, []*batch.Column{table.Columns[0].Slice(from, to),
				table.Columns[1].Slice(from, to)})
			if err := o.Write(cut); err != nil {
				t.Fatal(err)
			}
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = out.Bytes()
		} else if !bytes.Equal(want, out.Bytes()) {
			t.Errorf("cut at %d rows, the file is another one", step)
		}
	}
	read, err := readTyped("t.arrow", want, table.Fields)
	if err != nil || read.Rows != table.Rows || !batch.Same(read.Columns[1], 149_999, table.Columns[1], 149_999) {
		t.Errorf("%v", err)
	}
}

func countedRows(n int) *batch.Column {
	c := &batch.Column{Type: schema.Of(schema.Int64), Length: n, Ints: make([]int64, n)}
	for i := range c.Ints {
		c.Ints[i] = int64(i)
	}
	return c
}

func countedLists(n int) *batch.Column {
	c := &batch.Column{Type: schema.ListOf(schema.Of(schema.Int64)), Length: n, Offsets: make([]uint32, n+1)}
	for i := range n {
		c.Offsets[i+1] = c.Offsets[i] + uint32(i%3)
	}
	c.Child = countedRows(int(c.Offsets[n]))
	return c
}

// nestedFiles are files of random tables, of which every byte may be damaged.
func nestedFiles(t testing.TB, ends ...string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for i := range 3 {
		table := randomNested(rand.New(rand.NewPCG(77, uint64(i))), i*3)
		for _, end := range ends {
			kind, _, err := format.Detect("f." + end)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			o, err := format.Create(&out, kind, table.Fields)
			if err == nil {
				err = errors.Join(o.Write(table), o.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
			files[fmt.Sprint(i, ".", end)] = out.Bytes()
		}
	}
	return files
}

// readDamaged reads all it can of a file that may be damaged, and returns what is wrong with columns
// that were read nevertheless. Memory is bounded by how much of it is read.
func readDamaged(name string, data []byte) error {
	memory := disk.NewMemory()
	memory.Add(name, data)
	input, err := format.Open(memory, name, format.Options{})
	if err != nil {
		return nil
	}
	for i, c := range input.Columns() {
		scan, err := input.Scan([]format.Wanted{{Column: i, Type: c.Type}})
		if err != nil {
			continue
		}
		rows := 0
		for rows < 1000 {
			unit, err := scan.Next()
			if err != nil {
				break
			}
			err = unit.Read(func(p *format.Part) error {
				if rows += p.Batch.Rows; rows > 1000 {
					return io.EOF
				}
				return checkColumn(p.Batch.Columns[0])
			})
			if errors.Is(err, errInvariant) {
				return fmt.Errorf("%s, column %d %s: %w", name, i, c.Type, err)
			}
		}
		scan.Close()
	}
	return nil
}

var errInvariant = errors.New("a column is not what it must be")

// checkColumn looks at every value, and at what the engine relies on.
func checkColumn(c *batch.Column) error {
	for i := range c.Length {
		if err := checkValue(c.Value(i)); err != nil {
			return err
		}
	}
	return nil
}

func checkValue(v schema.Value) error {
	if v.Null {
		return nil
	}
	ok := !math.IsNaN(v.Float) && !math.IsInf(v.Float, 0) && math.Float64bits(v.Float) != 1<<63
	for i, item := range v.Items {
		if err := checkValue(item); err != nil {
			return err
		}
		if v.Type.Kind == schema.Map && i%2 == 0 {
			ok = ok && !item.Null && (i == 0 || v.Items[i-2].Text < item.Text)
		}
		ok = ok && (v.Type.Kind != schema.Vector || !item.Null)
	}
	ok = ok && (v.Type.Kind != schema.Vector || len(v.Items) == v.Type.Size)
	if !ok {
		return fmt.Errorf("%w: %s %s", errInvariant, v.Type, v)
	}
	return nil
}

// TestDamagedNested flips bytes of files one after another, and cuts them off.
func TestDamagedNested(t *testing.T) {
	t.Parallel()
	files := nestedFiles(t, "parquet", "arrow", "arrows")
	for _, name := range []string{"types_lz4.arrow", "types_zstd.arrow"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	damaged := 0
	for name, data := range files {
		for at := 0; at < len(data); at += 1 + len(data)/40 {
			changed := bytes.Clone(data)
			changed[at] ^= []byte{0x55, 0xFF}[at%2]
			if err := readDamaged(name, changed); err != nil {
				t.Fatalf("byte %d: %v", at, err)
			}
			damaged++
		}
		for length := 0; length < len(data); length += 1 + len(data)/8 {
			if err := readDamaged(name, data[:length]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if damaged < 400 {
		t.Errorf("%d damaged files are too few", damaged)
	}
}

// FuzzNested damages files of nested types: reading them may fail, but must not panic, and what is
// read is what the engine relies on.
func FuzzNested(f *testing.F) {
	for name, data := range nestedFiles(f, "parquet", "arrow", "arrows") {
		f.Add(data, uint32(0), byte(0), strings.HasSuffix(name, "parquet"))
	}
	for _, name := range []string{"types_lz4.arrow", "types_zstd.arrow"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, uint32(0), byte(0), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, at uint32, with byte, parquet bool) {
		if len(data) > 0 {
			data = bytes.Clone(data)
			data[int(at)%len(data)] ^= with
		}
		name := "f.arrow"
		if parquet {
			name = "f.parquet"
		}
		if err := readDamaged(name, data); err != nil {
			t.Fatal(err)
		}
	})
}
