package batch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

// shapes are the types of the property test: every kind alone, and inside of lists and maps.
func shapes() []schema.Type {
	kinds := []schema.Type{
		schema.Of(schema.Bool), schema.Of(schema.Int64), schema.Of(schema.Float64), schema.DecimalOf(2),
		schema.Of(schema.String), schema.Of(schema.Bytes), schema.Of(schema.Timestamp),
		schema.Of(schema.Date), schema.Of(schema.Duration), schema.Of(schema.JSON),
		{Kind: schema.Vector, Size: 3},
	}
	out := slices.Clone(kinds)
	for _, t := range kinds {
		out = append(out, schema.ListOf(t), schema.MapOf(t), schema.ListOf(schema.ListOf(t)),
			schema.MapOf(schema.ListOf(t)), schema.ListOf(schema.MapOf(schema.MapOf(t))))
	}
	return out
}

// draw returns a random value of a type, null in one case of five.
func draw(r *rand.Rand, t schema.Type) schema.Value {
	v := schema.Value{Type: t}
	if r.IntN(5) == 0 {
		return schema.NullOf(t)
	}
	switch t.Kind {
	case schema.Bool:
		v.Int = int64(r.IntN(2))
	case schema.Float64:
		v.Float = []float64{0, 1, -1.5, math.MaxFloat64, 5e-324}[r.IntN(5)]
	case schema.Decimal:
		v.Dec = schema.Int128{Hi: int64(r.IntN(3)) - 1, Lo: r.Uint64()}
	case schema.String, schema.Bytes, schema.JSON:
		v.Text = []string{"", "a", "\x00\xff", "longer text", "é"}[r.IntN(5)]
	case schema.Vector:
		for range t.Size {
			v.Items = append(v.Items, schema.FloatValue(r.NormFloat64()))
		}
	case schema.List:
		for range r.IntN(4) {
			v.Items = append(v.Items, draw(r, *t.Elem))
		}
	case schema.Map:
		for i := range r.IntN(4) {
			v.Items = append(v.Items, schema.StringValue(fmt.Sprint("k", i)), draw(r, *t.Elem))
		}
	default:
		v.Int = r.Int64() - r.Int64()
	}
	return v
}

func drawColumn(r *rand.Rand, t schema.Type, rows int) ([]schema.Value, *Column) {
	b := NewBuilder(t)
	values := make([]schema.Value, rows)
	for i := range values {
		values[i] = draw(r, t)
		b.Append(values[i])
	}
	return values, b.Column()
}

// TestRoundTrip moves values through columns in every way there is and compares them with the
// slices of values that are cut and joined alike.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	const seed = 11
	compared, nested := 0, 0
	for n, shape := range shapes() {
		r := rand.New(rand.NewPCG(seed, uint64(n)))
		for round := range 8 {
			values, column := drawColumn(r, shape, 1+r.IntN(12))
			more, other := drawColumn(r, shape, r.IntN(5))
			from := r.IntN(len(values))
			to := from + r.IntN(len(values)-from+1)
			values, column = values[from:to], column.Slice(from, to)
			values = append(slices.Clone(more), append(slices.Clone(values), more...)...)
			column = Concat([]*Column{other, column, other})
			var rows []uint32
			var wanted []schema.Value
			for range r.IntN(20) {
				i := r.IntN(len(values) + 1)
				if i == len(values) {
					rows, wanted = append(rows, NoRow), append(wanted, schema.NullOf(shape))
					continue
				}
				rows, wanted = append(rows, uint32(i)), append(wanted, values[i])
			}
			gathered := Gather(column, rows)
			checkValues(t, column, values)
			checkValues(t, gathered, wanted)
			if t.Failed() {
				t.Fatalf("seed %d, %s, round %d", seed, shape, round)
			}
			compared += len(values) + len(wanted)
			if shape.Nested() {
				nested++
			}
		}
	}
	if compared < 3000 || nested < 400 {
		t.Errorf("only %d values compared, of %d nested columns", compared, nested)
	}
}

func checkValues(t *testing.T, c *Column, want []schema.Value) {
	t.Helper()
	if c.Length != len(want) {
		t.Fatalf("%d rows, want %d", c.Length, len(want))
	}
	copied := NewBuilder(c.Type)
	for i, v := range want {
		if got := c.Value(i); !sameValue(got, v) {
			t.Errorf("row %d is %s, want %s", i, got, v)
		}
		copied.Append(v)
	}
	other := copied.Column()
	for i, v := range want {
		if !Same(c, i, other, i) {
			t.Errorf("row %d, %s, is not itself", i, v)
		}
	}
}

func TestSameNested(t *testing.T) {
	t.Parallel()
	list := schema.ListOf(schema.Of(schema.Float64))
	one := func(items ...schema.Value) schema.Value { return schema.Value{Type: list, Items: items} }
	null, zero := schema.NullOf(*list.Elem), schema.FloatValue(0)
	values := []schema.Value{
		schema.NullOf(list), one(), one(null), one(zero), one(zero, null), one(null, zero),
		one(schema.FloatValue(math.Copysign(0, -1))),
	}
	b := NewBuilder(list)
	for _, v := range values {
		b.Append(v)
	}
	c := b.Column()
	for i := range values {
		for j := range values {
			if Same(c, i, c, j) != (i == j) {
				t.Errorf("same(%s, %s) is %v", values[i], values[j], i != j)
			}
		}
	}
}

func TestRepeatNested(t *testing.T) {
	t.Parallel()
	const rows = 4
	for n, shape := range shapes() {
		r := rand.New(rand.NewPCG(5, uint64(n)))
		v := draw(r, shape)
		wanted := make([]schema.Value, rows)
		for i := range wanted {
			wanted[i] = v
		}
		checkValues(t, Repeat(v, rows), wanted)
		checkValues(t, Repeat(schema.NullOf(shape), 1), []schema.Value{schema.NullOf(shape)})
	}
}

// TestCodedElements gathers and joins lists whose texts lie in a dictionary.
func TestCodedElements(t *testing.T) {
	t.Parallel()
	text := schema.Of(schema.String)
	dict := NewBuilder(text)
	dict.Append(schema.StringValue("a"))
	dict.Append(schema.StringValue("b"))
	child := &Column{Type: text, Length: 4, Codes: []uint32{1, 0, 0, 1}, Dict: dict.Column(),
		Valid: []bool{true, true, false, true}}
	c := &Column{Type: schema.ListOf(text), Length: 2, Offsets: []uint32{0, 3, 4}, Child: child}
	plain := NewBuilder(c.Type)
	plain.Append(schema.Value{Type: c.Type, Items: []schema.Value{schema.StringValue("c")}})
	joined := Concat([]*Column{c, plain.Column(), Gather(c, []uint32{1, 0})})
	want := []string{"[b, a, null]", "[b]", "[c]", "[b]", "[b, a, null]"}
	for i, text := range want {
		if got := joined.Value(i).String(); got != text {
			t.Errorf("row %d is %s, want %s", i, got, text)
		}
	}
}

// TestChooseNested takes rows of two columns by turns.
func TestChooseNested(t *testing.T) {
	t.Parallel()
	m := schema.MapOf(schema.Of(schema.Int64))
	v := schema.Value{Type: m, Items: []schema.Value{schema.StringValue("paid"), schema.IntValue(3)}}
	c := Choose([]bool{true, false, true}, Repeat(v, 3), Repeat(schema.NullOf(m), 3))
	checkValues(t, c, []schema.Value{v, schema.NullOf(m), v})
	if text := c.Value(0).String(); text != "{paid: 3}" {
		t.Errorf("a map is written %s", text)
	}
}
