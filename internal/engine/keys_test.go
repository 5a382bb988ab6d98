package engine

import (
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// columnFor builds a column; a nil is null.
func columnFor(t schema.Type, values ...any) *batch.Column {
	b := batch.NewBuilder(t)
	for _, x := range values {
		v := schema.Value{Type: t}
		switch x := x.(type) {
		case nil:
			v.Null = true
		case string:
			v.Text = x
		case bool:
			v = schema.BoolValue(x)
		case int:
			v.Int = int64(x)
		}
		b.Append(v)
	}
	return b.Column()
}

// encoded returns a text column with a dictionary, in which an entry may occur twice.
func encoded(c *batch.Column) *batch.Column {
	out := &batch.Column{Type: c.Type, Length: c.Length, Valid: c.Valid}
	dictionary := batch.NewBuilder(c.Type)
	for i := range c.Length {
		out.Codes = append(out.Codes, 0)
		if !c.IsNull(i) {
			out.Codes[i] = uint32(dictionary.Column().Length)
			dictionary.Append(c.Value(i))
		}
	}
	out.Dict = dictionary.Column()
	return out
}

func TestKeyTable(t *testing.T) {
	t.Parallel()
	text, bytesType, date := schema.Of(schema.String), schema.Of(schema.Bytes), schema.Of(schema.Date)
	for _, c := range []struct {
		name        string
		rows, event []*batch.Column
		want, found []int32
		nulls       int64
	}{
		{
			"text", []*batch.Column{columnFor(text, "a", "b", "a", nil, "")},
			[]*batch.Column{columnFor(text, "b", "c", nil, "", "a ")},
			[]int32{0, 1, 0, nullKey, 2}, []int32{1, noEntity, nullKey, 2, noEntity}, 1,
		},
		{
			"a dictionary against plain text", []*batch.Column{encoded(columnFor(text, nil, "a", "a", "b"))},
			[]*batch.Column{columnFor(text, "b", "a", nil, nil)},
			[]int32{nullKey, 0, 0, 1}, []int32{1, 0, nullKey, nullKey}, 2,
		},
		{
			"a dictionary of nulls", []*batch.Column{columnFor(text, "a")},
			[]*batch.Column{encoded(columnFor(text, nil, nil))},
			[]int32{0}, []int32{nullKey, nullKey}, 2,
		},
		{
			"bytes", []*batch.Column{columnFor(bytesType, "\x00", "")},
			[]*batch.Column{encoded(columnFor(bytesType, "", nil, "\x00"))},
			[]int32{0, 1}, []int32{1, nullKey, 0}, 1,
		},
		{
			"numbers", []*batch.Column{columnFor(intType, 7, -1, 7)},
			[]*batch.Column{columnFor(intType, -1, 0, 7, nil)},
			[]int32{0, 1, 0}, []int32{1, noEntity, 0, nullKey}, 1,
		},
		{
			"bools", []*batch.Column{columnFor(schema.Of(schema.Bool), true, false)},
			[]*batch.Column{columnFor(schema.Of(schema.Bool), false, true)},
			[]int32{0, 1}, []int32{1, 0}, 0,
		},
		{
			"dates", []*batch.Column{columnFor(date, 19000)}, []*batch.Column{columnFor(date, 19000, 19001)},
			[]int32{0}, []int32{0, noEntity}, 0,
		},
		{
			"columns do not run into each other",
			[]*batch.Column{columnFor(text, "1", "12", "1\x00", nil), columnFor(text, "23", "3", "1", "1")},
			[]*batch.Column{
				encoded(columnFor(text, "12", "1", "1", "123", "1\x00")), columnFor(text, "3", "23", "\x001", "", "1"),
			},
			[]int32{0, 1, 2, nullKey}, []int32{1, 0, noEntity, noEntity, 2}, 0,
		},
		{
			"a null in any column", []*batch.Column{columnFor(text, "a", "a"), columnFor(intType, 1, nil)},
			[]*batch.Column{columnFor(text, "a", nil, "a"), columnFor(intType, 1, 1, nil)},
			[]int32{0, nullKey}, []int32{0, nullKey, nullKey}, 2,
		},
	} {
		table := newKeyTable()
		if got, _ := table.numbers(c.rows, nil, true); !slices.Equal(got, c.want) {
			t.Errorf("%s: rows are %v, want %v", c.name, got, c.want)
		}
		got, nulls := table.numbers(c.event, nil, false)
		if !slices.Equal(got, c.found) || nulls != c.nulls {
			t.Errorf("%s: events are %v and %d nulls, want %v and %d", c.name, got, nulls, c.found, c.nulls)
		}
	}
}

func TestKeyTableLeavesRowsOut(t *testing.T) {
	t.Parallel()
	table := newKeyTable()
	got, _ := table.numbers([]*batch.Column{columnFor(intType, 1, 2, 3)}, []bool{true, false, true}, true)
	if want := []int32{0, nullKey, 1}; !slices.Equal(got, want) || table.count != 2 {
		t.Errorf("got %v of %d, want %v", got, table.count, want)
	}
}
