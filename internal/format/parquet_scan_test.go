package format

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestParquetParts cuts row groups into parts of odd sizes, across pages with dictionaries and
// without, and compares with the parts as they usually are.
func TestParquetParts(t *testing.T) {
	t.Parallel()
	fsys := disk.NewMemory()
	if err := disk.WriteFile(fsys, "a.parquet", writeMixed); err != nil {
		t.Fatal(err)
	}
	whole := readParts(t, fsys, PartRows)
	for _, size := range []int64{1000, 16384, 16385, 7} {
		parts := readParts(t, fsys, size)
		for i := range whole {
			if whole[i] != parts[i] {
				t.Fatalf("parts of %d, row %d: %s, want %s", size, i, parts[i], whole[i])
			}
		}
	}
}

// writeMixed writes a column of texts whose dictionary is given up half way, and numbers.
func writeMixed(w io.Writer) error {
	r := rand.New(rand.NewPCG(4, 4))
	text, number := schema.Of(schema.String), schema.Of(schema.Int64)
	fields := []schema.Field{{Name: "s", Type: text}, {Name: "n", Type: number}}
	s, n := batch.NewBuilder(text), batch.NewBuilder(number)
	for row := range 40000 {
		v := schema.StringValue(fmt.Sprint("few ", r.IntN(50)))
		if row > 20000 {
			v = schema.StringValue(fmt.Sprintf("%0100d", r.IntN(1e9)))
		}
		s.Append(schema.Value{Type: text, Text: v.Text, Null: r.IntN(9) == 0})
		n.Append(schema.Value{Type: number, Int: r.Int64N(int64(row + 1)), Null: r.IntN(9) == 0})
	}
	output, err := Create(w, Parquet, fields)
	if err != nil {
		return err
	}
	table := batch.New(fields, []*batch.Column{s.Column(), n.Column()})
	return errors.Join(output.Write(table), output.Close())
}

func readParts(t *testing.T, fsys disk.Reader, size int64) (rows []string) {
	t.Helper()
	input, err := Open(fsys, "a.parquet", Options{})
	if err != nil {
		t.Fatal(err)
	}
	scan, err := input.Scan([]Wanted{{0, schema.Of(schema.String)}, {1, schema.Of(schema.Int64)}})
	if err != nil {
		t.Fatal(err)
	}
	next, err := scan.Next()
	if err != nil {
		t.Fatal(err)
	}
	unit := next.(*parquetUnit)
	if err := unit.open(); err != nil {
		t.Fatal(err)
	}
	defer unit.close()
	for done := int64(0); done < unit.group.NumRows(); {
		n := min(size, unit.group.NumRows()-done)
		part, err := unit.read(done+1, int(n))
		if err != nil {
			t.Fatal(err)
		}
		for i := range part.Batch.Rows {
			row := ""
			for _, c := range part.Batch.Columns {
				row += c.Value(i).String() + " "
			}
			rows = append(rows, row)
		}
		done += n
	}
	return rows
}
