package format_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// everyFormat is the end of a name for every format there is.
var everyFormat = []string{"parquet", "arrow", "arrows", "csv", "csv.gz", "csv.zst",
	"jsonl", "jsonl.gz", "jsonl.zst"}

// TestRoundTrip writes random tables of every type in one format after the other, and reads each file
// back: every cell is what it was, to the last bit, whichever formats it went through.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	const tables = 50
	seed := uint64(20261123)
	pairs, kinds := map[string]int{}, map[string]int{}
	cells := 0
	for i := range tables {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		table := randomNested(r, i)
		order := r.Perm(len(everyFormat))
		current := table
		for k, at := range order {
			name := everyFormat[at]
			current = throughFormat(t, current, name)
			for column, c := range table.Columns {
				for row := range table.Rows {
					if !batch.Same(c, row, current.Columns[column], row) {
						t.Fatalf("seed %d, table %d, %s after %v: %s in row %d is %s, was %s", seed, i, name, order[:k],
							c.Type, row, current.Columns[column].Value(row), c.Value(row))
					}
					cells++
				}
				kinds[name+" "+kindsOf(c.Type)]++
			}
			if k > 0 {
				pairs[everyFormat[order[k-1]]+" "+name]++
			}
		}
	}
	if want := len(everyFormat) * (len(everyFormat) - 1); len(pairs) != want {
		t.Errorf("%d pairs of formats, want all %d", len(pairs), want)
	}
	for _, name := range everyFormat {
		for _, kind := range flatKinds {
			for _, around := range surroundings {
				if n := kinds[name+" "+around+kind.String()]; n < 3 {
					t.Errorf("%s holds %s%s in %d columns; want 3", name, around, kind, n)
				}
			}
		}
	}
	if cells < 30_000 {
		t.Errorf("%d cells are too few", cells)
	}
	t.Logf("%d tables, %d cells, %d pairs of formats, %d types in formats", tables, cells, len(pairs), len(kinds))
}

// kindsOf names the kinds of a type from the outside in.
func kindsOf(t schema.Type) string {
	if t.Elem == nil {
		return t.Kind.String()
	}
	return t.Kind.String() + " " + kindsOf(*t.Elem)
}

// throughFormat writes a table and reads it back.
func throughFormat(t *testing.T, table *batch.Batch, name string) *batch.Batch {
	t.Helper()
	var plain bytes.Buffer
	kind, compression, err := format.Detect("t." + name)
	if err != nil {
		t.Fatal(err)
	}
	output, err := format.Create(&plain, kind, table.Fields)
	if err == nil {
		err = output.Write(table)
	}
	if err == nil {
		err = output.Close()
	}
	if err != nil {
		t.Fatalf("write %s: %v", name, err)
	}
	read, err := readTyped("t."+name, packed(t, plain.Bytes(), compression), table.Fields)
	if err != nil {
		t.Fatalf("read %s of %v: %v", name, table.Fields, err)
	}
	if read.Rows != table.Rows {
		t.Fatalf("%s has %d rows, want %d", name, read.Rows, table.Rows)
	}
	return read
}

func packed(t *testing.T, data []byte, compression format.Compression) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	switch compression {
	case format.Gzip:
		w = gzip.NewWriter(&out)
	case format.Zstd:
		var err error
		if w, err = zstd.NewWriter(&out); err != nil {
			t.Fatal(err)
		}
	default:
		return data
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readTyped reads all of a file as fields. A format that knows its types must have them itself.
func readTyped(name string, data []byte, fields []schema.Field) (*batch.Batch, error) {
	memory := disk.NewMemory()
	memory.Add(name, data)
	input, err := format.Open(memory, name, format.Options{Fields: fields})
	if err != nil {
		return nil, err
	}
	defer input.Close()
	var wanted []format.Wanted
	for i, field := range fields {
		column := input.Columns()[i]
		if !format.IsText(input) && !column.Type.Equal(field.Type) {
			return nil, fmt.Errorf("column %s is %s, was %s", field.Name, column.Type, field.Type)
		}
		wanted = append(wanted, format.Wanted{Column: i, Type: field.Type})
	}
	scan, err := input.Scan(wanted)
	if err != nil {
		return nil, err
	}
	defer scan.Close()
	pieces := make([][]*batch.Column, len(fields))
	rows := 0
	for {
		unit, err := scan.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		err = unit.Read(func(p *format.Part) error {
			if len(p.Bad) > 0 || p.NonFinite > 0 {
				return fmt.Errorf("bad cells %v, %d not finite", p.Bad, p.NonFinite)
			}
			rows += p.Batch.Rows
			for i, c := range p.Batch.Columns {
				pieces[i] = append(pieces[i], c)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	columns := make([]*batch.Column, len(fields))
	for i := range columns {
		if len(pieces[i]) == 0 {
			pieces[i] = append(pieces[i], batch.NewBuilder(fields[i].Type).Column())
		}
		columns[i] = batch.Concat(pieces[i])
	}
	b := batch.New(fields, columns)
	b.Rows = rows
	return b, nil
}

// randomNested returns a table of a few columns, nested up to three deep. Half of the columns of the
// tables take turns at each type and what is around it.
func randomNested(r *rand.Rand, number int) *batch.Batch {
	rows := []int{0, 1, 2, 17, 60}[r.IntN(5)]
	var fields []schema.Field
	var columns []*batch.Column
	for i := range turns + r.IntN(8) {
		t := anyType(r, 3)
		if i < turns {
			turn := number*turns + i
			t = around(flatType(r, flatKinds[turn%len(flatKinds)]),
				surroundings[turn/len(flatKinds)%len(surroundings)])
		}
		name := fmt.Sprintf("c%d", i)
		if r.IntN(10) == 0 {
			name += " \"ü,"
		}
		fields = append(fields, schema.Field{Name: name, Type: t})
		builder := batch.NewBuilder(t)
		nulls := []float64{0, 0.2, 1}[r.IntN(3)]
		for range rows {
			builder.Append(anyValue(r, t, nulls))
		}
		columns = append(columns, builder.Column())
	}
	return batch.New(fields, columns)
}

const turns = 5

var surroundings = []string{"", "list ", "map ", "list list ", "map list ", "list map "}

// around puts a type into lists and maps, which are named from the outside in.
func around(t schema.Type, what string) schema.Type {
	names := strings.Fields(what)
	for i := len(names) - 1; i >= 0; i-- {
		if names[i] == "list" {
			t = schema.ListOf(t)
		} else {
			t = schema.MapOf(t)
		}
	}
	return t
}

var flatKinds = []schema.Kind{schema.Bool, schema.Int64, schema.Float64, schema.Decimal, schema.String,
	schema.Bytes, schema.Timestamp, schema.Date, schema.Duration, schema.JSON, schema.Vector}

func anyType(r *rand.Rand, depth int) schema.Type {
	if depth > 0 && r.IntN(5) < 3 {
		elem := anyType(r, depth-1)
		if r.IntN(2) == 0 {
			return schema.ListOf(elem)
		}
		return schema.MapOf(elem)
	}
	return flatType(r, flatKinds[r.IntN(len(flatKinds))])
}

// flatType returns a type of a kind, with any parameter.
func flatType(r *rand.Rand, kind schema.Kind) schema.Type {
	t := schema.Of(kind)
	switch t.Kind {
	case schema.Decimal:
		t.Size = []int{0, 2, 10, 38}[r.IntN(4)]
	case schema.Vector:
		t.Size = 1 + r.IntN(5)
	}
	return t
}

// anyValue returns null with a probability, and otherwise often an extreme.
func anyValue(r *rand.Rand, t schema.Type, nulls float64) schema.Value {
	if r.Float64() < nulls {
		return schema.NullOf(t)
	}
	v := schema.Value{Type: t}
	switch t.Kind {
	case schema.Bool:
		v.Int = int64(r.IntN(2))
	case schema.Int64, schema.Duration:
		v.Int = oneOf(r, 0, 1, -1, 1<<63-1, -1<<63, 1<<53+1, int64(r.Uint64()))
	case schema.Float64:
		v.Float = oneOf(r, 0, 1, -1.5, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1e300,
			0.1, 1e15, 1e16, 123456789012345680, r.NormFloat64()*1e10)
	case schema.Decimal:
		most := schema.Int128{Hi: 5421010862427522170, Lo: 687399551400673279} // 10^38 - 1
		v.Dec = oneOf(r, schema.Int128{}, schema.Int128From(1), schema.Int128From(-1), most, most.Neg(),
			schema.Int128From(int64(r.Uint64())))
	case schema.Timestamp:
		v.Int = oneOf(r, 0, -1, schema.MinTime, schema.MaxTime, schema.MinTime+r.Int64N(1e15))
	case schema.Date:
		v.Int = oneOf(r, 0, -1, -25567, 84371, 11016, r.Int64N(50000))
	case schema.String:
		v.Text = randomText(r)
	case schema.Bytes:
		v.Text = oneOf(r, "", "\x00", "\xff\xfe\n\r,\"", strings.Repeat("\x80", r.IntN(300)))
	case schema.JSON:
		v.Text = oneOf(r, `{}`, `[]`, `""`, `0`, `true`, `{"a":[1,2.50,null],"b":{"c":"é\n\""}}`, `-0.0`, `1e400`,
			`[[[]]]`, `"`+strings.Repeat("x", r.IntN(100))+`"`)
	case schema.Vector:
		for range t.Size {
			v.Items = append(v.Items, anyValue(r, schema.Of(schema.Float64), 0))
		}
	case schema.List:
		for range oneOf(r, 0, 0, 1, 2, 5) {
			v.Items = append(v.Items, anyValue(r, *t.Elem, min(nulls, 0.3)))
		}
	case schema.Map:
		for _, key := range sortedKeys(r) {
			v.Items = append(v.Items, schema.StringValue(key), anyValue(r, *t.Elem, min(nulls, 0.3)))
		}
	}
	return v
}

func sortedKeys(r *rand.Rand) (keys []string) {
	for _, key := range []string{"", "\"", "a", "a\x00b", "ab", "key, with", "z", "ü", "日本", "\U0001F600"} {
		if r.IntN(4) == 0 {
			keys = append(keys, key)
		}
	}
	return keys
}

func randomText(r *rand.Rand) string {
	return oneOf(r, "", " ", "null", "0", "a,b", "\"", "\"\"", "line\nend", "cr\r\nlf", "\r", "\x00", "\t\x1f\x7f",
		"é日本\U0001F600",
		"\\u0041", "\ufeff", "{\"a\":1}", strings.Repeat("long ", r.IntN(200)))
}

func oneOf[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }
