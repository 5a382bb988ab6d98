// Package formats reads files of Fettle with other programs, and theirs with Fettle.
package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// types are the columns of the table that goes there and back.
var types = []string{
	"bool", "int64", "float64", "decimal(0)", "decimal(2)", "decimal(38)", "string", "bytes", "timestamp", "date",
	"duration", "json", "vector(3)", "list<int64>", "list<string>", "list<decimal(2)>", "list<duration>",
	"list<timestamp>", "list<vector(2)>", "list<list<float64>>", "list<list<list<bool>>>", "map<int64>",
	"map<string>", "map<list<date>>", "list<map<bytes>>", "map<map<vector(1)>>", "list<json>",
}

// TestPyArrow writes one table as Parquet and Arrow, lets Python check types and values against JSON
// lines and write the table again in many ways, and reads those. FETTLE_PYTHON names a Python with
// pyarrow; polars and duckdb are used if it has them.
func TestPyArrow(t *testing.T) {
	t.Parallel()
	python := os.Getenv("FETTLE_PYTHON")
	if python == "" {
		t.Skip("FETTLE_PYTHON is not set to a Python that has pyarrow")
	}
	folder := t.TempDir()
	table := randomTable(t, rand.New(rand.NewPCG(5, 5)), 500)
	for _, kind := range []format.Format{format.Parquet, format.ArrowFile, format.ArrowStream, format.JSONL} {
		write(t, filepath.Join(folder, "t."+string(kind)), kind, table)
	}
	names := map[string]string{}
	for _, field := range table.Fields {
		names[field.Name] = field.Type.String()
	}
	text, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "types.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	var problems bytes.Buffer
	command := exec.CommandContext(t.Context(), python, "formats.py", folder)
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s%s", err, out, problems.String())
	}
	files, cells := 0, 0
	for _, name := range strings.Fields(string(out)) {
		n, err := compare(filepath.Join(folder, name), table)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		files, cells = files+1, cells+n
	}
	t.Logf("%d files, %d cells", files, cells)
	if files < 10 || cells < 10*len(types)*table.Rows/2 {
		t.Errorf("%d files and %d cells are too few", files, cells)
	}
}

func write(t *testing.T, name string, kind format.Format, table *batch.Batch) {
	t.Helper()
	var out bytes.Buffer
	o, err := format.Create(&out, kind, table.Fields)
	if err == nil {
		err = errors.Join(o.Write(table), o.Close())
	}
	if err == nil {
		err = os.WriteFile(name, out.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// compare reads the columns that a file has of the table. Its own types must be those of the table,
// unless the name of the file says that its writer has none for some: then they are asked for.
func compare(name string, table *batch.Batch) (cells int, err error) {
	input, err := format.Open(disk.OS{}, name, format.Options{})
	if err != nil {
		return 0, err
	}
	defer input.Close()
	var wanted []format.Wanted
	var columns []*batch.Column
	for i, c := range input.Columns() {
		at := table.Index(c.Name)
		if at < 0 {
			return 0, fmt.Errorf("column %s is none of the table", c.Name)
		}
		if t := table.Fields[at].Type; !c.Type.Equal(t) && !strings.Contains(name, "loose") {
			return 0, fmt.Errorf("column %s is %s, was %s; %s", c.Name, c.Type, t, c.Unsupported)
		}
		wanted = append(wanted, format.Wanted{Column: i, Type: table.Fields[at].Type})
		columns = append(columns, table.Columns[at])
	}
	scan, err := input.Scan(wanted)
	if err != nil {
		return 0, err
	}
	defer scan.Close()
	rows := 0
	for {
		unit, err := scan.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		err = unit.Read(func(p *format.Part) error {
			if len(p.Bad) > 0 || p.NonFinite > 0 {
				return fmt.Errorf("bad cells: %v", p.Bad)
			}
			for i, c := range p.Batch.Columns {
				for row := range c.Length {
					if cells++; !batch.Same(c, row, columns[i], rows+row) {
						return fmt.Errorf("%s of row %d is %s, was %s", p.Batch.Fields[i].Type, rows+row,
							c.Value(row), columns[i].Value(rows+row))
					}
				}
			}
			rows += p.Batch.Rows
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	if rows != table.Rows {
		return 0, fmt.Errorf("%d rows of %d", rows, table.Rows)
	}
	return cells, nil
}

func randomTable(t *testing.T, r *rand.Rand, rows int) *batch.Batch {
	t.Helper()
	var fields []schema.Field
	var columns []*batch.Column
	for i, text := range types {
		kind, err := schema.ParseType(text)
		if err != nil {
			t.Fatal(err)
		}
		fields = append(fields, schema.Field{Name: fmt.Sprintf("c%02d", i), Type: kind})
		b := batch.NewBuilder(kind)
		for range rows {
			b.Append(randomValue(r, kind))
		}
		columns = append(columns, b.Column())
	}
	return batch.New(fields, columns)
}

// randomValue stays within what Python's own types of time hold.
func randomValue(r *rand.Rand, t schema.Type) schema.Value {
	if r.IntN(6) == 0 {
		return schema.NullOf(t)
	}
	v := schema.Value{Type: t}
	switch t.Kind {
	case schema.Bool:
		v.Int = r.Int64N(2)
	case schema.Int64:
		v.Int = []int64{0, -1 << 63, 1<<63 - 1, r.Int64()}[r.IntN(4)]
	case schema.Float64:
		v.Float = []float64{0, 5e-324, 1.7976931348623157e308, r.NormFloat64()}[r.IntN(4)]
	case schema.Decimal:
		v.Dec = []schema.Int128{{}, {Hi: 5421010862427522170, Lo: 687399551400673279},
			schema.Int128From(-r.Int64())}[r.IntN(3)]
	case schema.Timestamp:
		v.Int = schema.MinTime + r.Int64N(schema.MaxTime-schema.MinTime)
	case schema.Date:
		v.Int = r.Int64N(100_000) - 20_000
	case schema.Duration:
		v.Int = r.Int64N(1e15) - 5e14
	case schema.String:
		v.Text = []string{"", "é日本\U0001F600", "a\x00b", "line\n", fmt.Sprint(r.IntN(50))}[r.IntN(5)]
	case schema.Bytes:
		v.Text = []string{"", "\xff\x00", fmt.Sprint(r.IntN(50))}[r.IntN(3)]
	case schema.JSON:
		v.Text = []string{`{"a":[1,2.5,null]}`, `[]`, `"x"`, `7`}[r.IntN(4)]
	case schema.Vector:
		for range t.Size {
			v.Items = append(v.Items, schema.FloatValue(r.NormFloat64()))
		}
	case schema.List:
		for range r.IntN(4) {
			v.Items = append(v.Items, randomValue(r, *t.Elem))
		}
	case schema.Map:
		for _, key := range []string{"", "a", "é"} {
			if r.IntN(2) == 0 {
				v.Items = append(v.Items, schema.StringValue(key), randomValue(r, *t.Elem))
			}
		}
	}
	return v
}
