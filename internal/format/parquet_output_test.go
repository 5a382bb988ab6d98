package format_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

var everyType = []schema.Field{
	{Name: "b", Type: schema.Of(schema.Bool)},
	{Name: "i", Type: schema.Of(schema.Int64)},
	{Name: "f", Type: schema.Of(schema.Float64)},
	{Name: "d", Type: schema.DecimalOf(3)},
	{Name: "s", Type: schema.Of(schema.String)},
	{Name: "x", Type: schema.Of(schema.Bytes)},
	{Name: "t", Type: schema.Of(schema.Timestamp)},
	{Name: "day", Type: schema.Of(schema.Date)},
	{Name: "j", Type: schema.Of(schema.JSON)},
}

// randomValue draws from few or many values, by the size of the table.
func randomValue(r *rand.Rand, t schema.Type, nulls float64) schema.Value {
	v := schema.Value{Type: t}
	if r.Float64() < nulls {
		v.Null = true
		return v
	}
	switch t.Kind {
	case schema.Bool:
		v.Int = int64(r.IntN(2))
	case schema.Int64:
		v.Int = int64(r.Uint64()) >> r.IntN(64)
	case schema.Float64:
		v.Float = float64(r.IntN(1000)) / 8
		if r.IntN(3) == 0 {
			v.Float = r.NormFloat64()
		}
	case schema.Decimal:
		v.Dec = schema.Int128From(int64(r.Uint64()) >> r.IntN(64))
		if r.IntN(5) == 0 {
			v.Dec.Hi ^= int64(r.Uint32())
		}
	case schema.String:
		v.Text = []string{"", "a", "ü,\"quoted\"", "line\nbreak", " spaced ", "null"}[r.IntN(6)]
		if r.IntN(4) == 0 {
			v.Text = fmt.Sprint("text ", r.IntN(1000000))
		}
	case schema.Bytes:
		v.Text = string([]byte{byte(r.Uint32()), 0xFF, 0})[:r.IntN(4)]
	case schema.Timestamp:
		v.Int = schema.MinTime + r.Int64N(schema.MaxTime-schema.MinTime)
	case schema.Date:
		v.Int = int64(r.IntN(80000) - 20000)
	case schema.JSON:
		v.Text = fmt.Sprintf(`{"a": [%d, "x"]}`, r.IntN(9))
	}
	return v
}

// randomTable returns rows of every type, cut into batches.
func randomTable(seed uint64, rows int, nulls float64) *batch.Batch {
	r := rand.New(rand.NewPCG(seed, 7))
	columns := make([]*batch.Column, len(everyType))
	for i, field := range everyType {
		b := batch.NewBuilder(field.Type)
		for range rows {
			b.Append(randomValue(r, field.Type, nulls))
		}
		columns[i] = b.Column()
	}
	return batch.New(everyType, columns)
}

func write(t testing.TB, kind format.Format, b *batch.Batch, cuts ...int) []byte {
	t.Helper()
	var out bytes.Buffer
	output, err := format.Create(&out, kind, b.Fields)
	if err != nil {
		t.Fatal(err)
	}
	from := 0
	for _, to := range append(cuts, b.Rows) {
		columns := make([]*batch.Column, len(b.Columns))
		for i, c := range b.Columns {
			columns[i] = c.Slice(from, to)
		}
		if err := output.Write(batch.New(b.Fields, columns)); err != nil {
			t.Fatal(err)
		}
		from = to
	}
	if err := output.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read returns all rows of a file, columns as the fields say, as text.
func read(t testing.TB, name string, data []byte, fields []schema.Field) ([][]string, []format.Bad) {
	t.Helper()
	fsys := disk.NewMemory()
	fsys.Add(name, data)
	input, err := format.Open(fsys, name, format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	var wanted []format.Wanted
	for i, field := range fields {
		if got := input.Columns()[i].Name; got != field.Name {
			t.Fatalf("column %d is %s, want %s", i, got, field.Name)
		}
		wanted = append(wanted, format.Wanted{Column: i, Type: field.Type})
	}
	rows, bad, err := readRows(input, wanted)
	if err != nil {
		t.Fatal(err)
	}
	return rows, bad
}

func cells(b *batch.Batch) [][]string {
	rows := make([][]string, b.Rows)
	for i := range rows {
		for _, c := range b.Columns {
			rows[i] = append(rows[i], c.Value(i).String())
			if v := c.Value(i); !v.Null && v.Text == "null" {
				rows[i][len(rows[i])-1] = `"null"`
			}
		}
	}
	return rows
}

func readRows(input format.Input, wanted []format.Wanted) (rows [][]string, bad []format.Bad, err error) {
	scan, err := input.Scan(wanted)
	if err != nil {
		return nil, nil, err
	}
	defer scan.Close()
	for {
		unit, err := scan.Next()
		if err != nil {
			if err.Error() == "EOF" {
				err = nil
			}
			return rows, bad, err
		}
		err = unit.Read(func(p *format.Part) error {
			if p.First != int64(len(rows)+1) {
				return fmt.Errorf("part begins at row %d after %d rows", p.First, len(rows))
			}
			rows = append(rows, cells(p.Batch)...)
			bad = append(bad, p.Bad...)
			return nil
		})
		if err != nil {
			return rows, bad, err
		}
	}
}

func compareRows(t testing.TB, got, want [][]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		for j := range want[i] {
			if got[i][j] != want[i][j] {
				t.Fatalf("row %d, column %d: %q, want %q", i+1, j, got[i][j], want[i][j])
			}
		}
	}
}

func TestParquetRoundTrip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows  int
		nulls float64
	}{{0, 0}, {1, 0}, {1, 1}, {7, 0.5}, {2000, 0}, {20000, 0.2}, {17000, 1}} {
		table := randomTable(uint64(c.rows), c.rows, c.nulls)
		data := write(t, format.Parquet, table)
		got, bad := read(t, "t.parquet", data, table.Fields)
		if len(bad) > 0 {
			t.Fatalf("bad cells: %v", bad)
		}
		compareRows(t, got, cells(table))
	}
}

func TestParquetBytesDependOnRowsAlone(t *testing.T) {
	t.Parallel()
	table := randomTable(3, 20000, 0.1)
	whole := write(t, format.Parquet, table)
	if cut := write(t, format.Parquet, table, 1, 17, 16384, 16385, 18000); !bytes.Equal(whole, cut) {
		t.Fatal("other batches gave another file")
	}
}
