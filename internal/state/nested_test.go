package state

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
)

// nestedTypes are types of every kind of element, and of nesting.
func nestedTypes(t testing.TB) (types []schema.Type) {
	for _, text := range []string{"list<bool>", "list<int64>", "list<float64>", "list<decimal(2)>", "list<json>",
		"list<list<string>>", "map<bytes>", "map<list<map<date>>>", "vector(3)", "list<vector(2)>", "map<timestamp>"} {
		parsed, err := schema.ParseType(text)
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, parsed)
	}
	return types
}

func nestedValue(rng *rand.Rand, t schema.Type) schema.Value {
	v := schema.Value{Type: t}
	if rng.IntN(5) == 0 {
		return schema.NullOf(t)
	}
	switch t.Kind {
	case schema.Bool:
		v.Int = rng.Int64N(2)
	case schema.Float64:
		v.Float = rng.NormFloat64()
	case schema.Decimal:
		v.Dec = schema.Int128From(rng.Int64())
	case schema.String, schema.Bytes, schema.JSON:
		v.Text = []string{"", "1", "[null]"}[rng.IntN(3)]
	case schema.Vector:
		for range t.Size {
			v.Items = append(v.Items, schema.FloatValue(rng.NormFloat64()))
		}
	case schema.List:
		for range rng.IntN(12) {
			v.Items = append(v.Items, nestedValue(rng, *t.Elem))
		}
	case schema.Map:
		for _, key := range []string{"", "a", "é"} {
			if rng.IntN(2) == 0 {
				v.Items = append(v.Items, schema.StringValue(key), nestedValue(rng, *t.Elem))
			}
		}
	default:
		v.Int = rng.Int64()
	}
	return v
}

func nestedRow(rng *rand.Rand, types []schema.Type) []*batch.Column {
	columns := make([]*batch.Column, len(types))
	for i, t := range types {
		b := batch.NewBuilder(t)
		b.Append(nestedValue(rng, t))
		columns[i] = b.Column()
	}
	return columns
}

func readNested(value []byte, types []schema.Type, wanted []bool) ([]batch.Column, error) {
	out := emptyColumns(types)
	d := decoder{data: value}
	d.header(0, len(out))
	d.columns(out, wanted)
	return out, d.err
}

// TestNestedValue writes rows of nested values and reads them back, whole, cut off, and passed over.
func TestNestedValue(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	types := nestedTypes(t)
	for range 50 {
		columns := nestedRow(rng, types)
		value := appendValue(nil, times{0, engine.NoTime, engine.NoTime}, columns, 0)
		read, err := readNested(value, types, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range read {
			if read[i].Length != 1 || !batch.Same(columns[i], 0, &read[i], 0) {
				t.Fatalf("%s is %s, was %s", types[i], read[i].Value(0), columns[i].Value(0))
			}
		}
		wanted := make([]bool, len(types))
		wanted[rng.IntN(len(types))] = true
		if _, err := readNested(value, types, wanted); err != nil {
			t.Fatal(err)
		}
		for cut := range value {
			if _, err := readNested(value[:cut], types, nil); err == nil {
				t.Fatalf("a value of %d bytes was read from %d", len(value), cut)
			}
		}
	}
}

// TestNestedSample reads what the first release wrote: a row of nestedTypes, whose values are listed
// beside it. Neither file is ever written anew.
func TestNestedSample(t *testing.T) {
	t.Parallel()
	types := nestedTypes(t)
	sample, err := os.ReadFile("testdata/v1-nested.bin")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/v1-nested.txt")
	if err != nil {
		t.Fatal(err)
	}
	read, err := readNested(sample, types, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	cells := make([]*batch.Column, len(read))
	for i := range read {
		fmt.Fprintf(&got, "%s: %s\n", types[i], read[i].Value(0))
		cells[i] = &read[i]
	}
	if got.String() != string(want) {
		t.Errorf("the sample says\n%s\nv1-nested.txt has\n%s", got.String(), want)
	}
	if now := appendValue(nil, times{0, engine.NoTime, engine.NoTime}, cells, 0); !bytes.Equal(now, sample) {
		t.Errorf("the sample is encoded otherwise now: %x", now)
	}
}

// TestNestedRows lets a run grow, one row and then some rows at a time, while a reader keeps what it
// was given.
func TestNestedRows(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 9))
	types := nestedTypes(t)
	grown, copied := newRows(types, false), newRows(types, false)
	var all [][]*batch.Column
	var kept []*rows
	for i := range 60 {
		columns := nestedRow(rng, types)
		all = append(all, columns)
		grown.pushArrival(&arrival{times: times{event: int64(i)}, columns: columns})
		kept = append(kept, grown.freeze())
		if i%7 == 6 {
			copied.pushRun(grown, copied.len(), grown.len())
		}
	}
	copied.pushRun(grown, copied.len(), grown.len())
	cells := 0
	for _, run := range append(kept, grown, copied) {
		for i := range run.columns {
			c := &run.columns[i]
			for row := range run.len() {
				if cells++; !batch.Same(c, row, all[row][i], 0) {
					t.Fatalf("%s in row %d is %s, was %s", types[i], row, c.Value(row), all[row][i].Value(0))
				}
			}
			if c.Child != nil && c.Child.Length != int(c.Offsets[c.Length]) {
				t.Fatalf("%s of %d rows has %d elements, not %d", types[i], c.Length, c.Child.Length, c.Offsets[c.Length])
			}
		}
		var out batch.Column
		if half := run.len() / 2; half > 0 {
			slice(&out, &run.columns[3], half, run.len())
			if !batch.Same(&out, 0, all[half][3], 0) {
				t.Fatalf("a slice begins with %s", out.Value(0))
			}
		}
	}
	if grown.bytes() < 60*len(types) || cells < 10_000 {
		t.Errorf("%d bytes, %d cells", grown.bytes(), cells)
	}
}

// FuzzNestedValue decodes anything: it never panics, and what it accepts it writes and reads again.
func FuzzNestedValue(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 3))
	types := nestedTypes(f)
	for range 20 {
		f.Add(appendValue(nil, times{0, engine.NoTime, engine.NoTime}, nestedRow(rng, types), 0))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		cells, err := readNested(value, types, nil)
		if err != nil {
			return
		}
		if _, err := readNested(value, types, make([]bool, len(types))); err != nil {
			t.Fatal(err)
		}
		read := make([]*batch.Column, len(cells))
		for i := range cells {
			read[i] = &cells[i]
		}
		again, err := readNested(appendValue(nil, times{0, engine.NoTime, engine.NoTime}, read, 0), types, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range again {
			if !batch.Same(&again[i], 0, &cells[i], 0) {
				t.Fatalf("%s is %s, was %s", types[i], again[i].Value(0), cells[i].Value(0))
			}
		}
	})
}
