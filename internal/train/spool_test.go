package train

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

var mapElem = schema.Of(schema.Float64)

// spoolTypes has every kind.
var spoolTypes = []schema.Type{
	schema.Of(schema.Bool), schema.Of(schema.Int64), schema.Of(schema.Float64), schema.Of(schema.Timestamp),
	schema.Of(schema.Date), schema.Of(schema.Duration), schema.DecimalOf(2), schema.Of(schema.String),
	schema.Of(schema.Bytes), schema.Of(schema.JSON), schema.Of(schema.Null),
	schema.ListOf(schema.Of(schema.Int64)), schema.ListOf(schema.ListOf(schema.Of(schema.String))),
	{Kind: schema.Map, Elem: &mapElem}, {Kind: schema.Vector, Size: 2},
}

// randomValue returns a value of a type, or null.
func randomValue(r *rand.Rand, t schema.Type) schema.Value {
	v := schema.Value{Type: t}
	if t.Kind == schema.Null || r.IntN(5) == 0 {
		return schema.NullOf(t)
	}
	switch t.Kind {
	case schema.Float64:
		v.Float = r.NormFloat64()
	case schema.Decimal:
		v.Dec = schema.Int128From(r.Int64N(1000) - 500)
	case schema.String, schema.Bytes, schema.JSON:
		v.Text = []string{"", "1", "12", "\"é\""}[r.IntN(4)]
	case schema.Bool:
		v.Int = r.Int64N(2)
	default:
		v.Int = r.Int64() - r.Int64()
	}
	return v
}

func randomColumn(r *rand.Rand, t schema.Type, rows int) *batch.Column {
	switch t.Kind {
	case schema.List, schema.Map, schema.Vector:
		return randomNested(r, t, rows)
	}
	b := batch.NewBuilder(t)
	for range rows {
		b.Append(randomValue(r, t))
	}
	return b.Column()
}

func randomNested(r *rand.Rand, t schema.Type, rows int) *batch.Column {
	c := &batch.Column{Type: t, Length: rows, Offsets: []uint32{0}, Valid: make([]bool, rows)}
	total := 0
	for i := range rows {
		if c.Valid[i] = r.IntN(4) > 0; t.Kind == schema.Vector {
			total += t.Size
		} else {
			total += r.IntN(4)
		}
		c.Offsets = append(c.Offsets, uint32(total))
	}
	elem := mapElem // of a vector too
	if t.Elem != nil {
		elem = *t.Elem
	}
	if t.Kind == schema.Map {
		c.Keys = randomColumn(r, schema.Of(schema.String), total)
	}
	c.Child = randomColumn(r, elem, total)
	return c
}

// TestSpoolColumns writes slices of columns of every type and reads them back.
func TestSpoolColumns(t *testing.T) {
	t.Parallel()
	cells := 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		for _, kind := range spoolTypes {
			rows := r.IntN(40)
			c := randomColumn(r, kind, rows)
			from := r.IntN(rows + 1)
			to := from + r.IntN(rows-from+1)
			data := append(appendColumn(nil, c, from, to), 7)
			got, rest := columnFrom(data, kind, to-from)
			if len(rest) != 1 || got.Length != to-from {
				t.Fatalf("seed %d: %s: %d bytes are left of %d rows", seed, kind, len(rest), to-from)
			}
			for i := range got.Length {
				if a, b := got.Value(i), c.Value(from+i); a.String() != b.String() || a.Null != b.Null {
					t.Fatalf("seed %d: %s row %d: %s, want %s", seed, kind, i, got.Value(i), c.Value(from+i))
				}
				cells++
			}
		}
	}
	if cells < 2500 {
		t.Errorf("only %d cells", cells)
	}
}

// runBytes is a run in memory.
type runBytes struct{ bytes.Buffer }

func (r *runBytes) ReadAt(data []byte, offset int64) (int, error) {
	return bytes.NewReader(r.Bytes()).ReadAt(data, offset)
}

func (r *runBytes) Close() error { return nil }

// TestSpool puts rows of groups back into their order.
func TestSpool(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 2))
		rows, groups := r.IntN(300), 1+r.IntN(5)
		kinds := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.String)}
		s := &spool{
			run: &runBytes{}, types: kinds, block: 1 + r.IntN(50), blocks: make([][]block, groups),
			cursors: make([]cursor, groups),
		}
		want := []*batch.Column{randomColumn(r, kinds[0], rows), randomColumn(r, kinds[1], rows)}
		members := make([][]uint32, groups)
		for row := range rows {
			g := r.IntN(groups)
			s.groupOf = append(s.groupOf, uint16(g))
			members[g] = append(members[g], uint32(row))
		}
		for g, list := range members {
			columns := []*batch.Column{batch.Gather(want[0], list), batch.Gather(want[1], list)}
			if err := s.add(g, columns, len(list)); err != nil {
				t.Fatal(err)
			}
		}
		for from := 0; from < rows; {
			to := from + 1 + r.IntN(rows-from)
			got, err := s.next(from, to)
			if err != nil {
				t.Fatal(err)
			}
			for i := range to - from {
				for k := range kinds {
					if !batch.Same(got[k], i, want[k], from+i) {
						t.Fatalf("seed %d row %d: %s, want %s", seed, from+i, got[k].Value(i), want[k].Value(from+i))
					}
				}
			}
			from = to
		}
	}
}

// FuzzColumnFrom reads any bytes as columns: what is too short is refused.
func FuzzColumnFrom(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 3))
	for k, kind := range spoolTypes {
		f.Add(appendColumn(nil, randomColumn(r, kind, 5), 0, 5), uint8(k), uint16(5))
	}
	f.Fuzz(func(t *testing.T, data []byte, kind uint8, rows uint16) {
		c, rest := columnFrom(data, spoolTypes[int(kind)%len(spoolTypes)], int(rows))
		if rest != nil && c.Length != int(rows) {
			t.Errorf("%d rows, want %d", c.Length, rows)
		}
	})
}
