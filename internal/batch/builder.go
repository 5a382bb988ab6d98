package batch

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Builder grows a column a value at a time: for small tables, literals and tests. Readers of large
// files fill the slices of a Column themselves.
type Builder struct {
	column Column
	nulls  bool
	keys   *Builder // of a map
	child  *Builder // of a list, vector or map
}

// NewBuilder returns an empty builder of the type.
func NewBuilder(t schema.Type) *Builder {
	b := &Builder{column: Column{Type: t}}
	switch t.Kind {
	case schema.String, schema.Bytes, schema.JSON:
		b.column.Offsets = []uint32{0}
	case schema.List, schema.Vector, schema.Map:
		b.column.Offsets = []uint32{0}
		b.child = NewBuilder(t.Element())
	}
	if t.Kind == schema.Map {
		b.keys = NewBuilder(schema.Of(schema.String))
	}
	return b
}

// Append adds one value, which must be of the builder's type or null. A null still takes a slot in
// the column of values, or of offsets, so that positions agree. The keys of a map must ascend, and a
// vector must have its dimension.
func (b *Builder) Append(v schema.Value) {
	c := &b.column
	if !v.Null && !v.Type.Equal(c.Type) {
		panic(fmt.Sprintf("BUG: append %s to a column of %s", v.Type, c.Type))
	}
	b.nulls = b.nulls || v.Null
	c.Valid = append(c.Valid, !v.Null)
	c.Length++
	switch c.Type.Kind {
	case schema.Bool:
		c.Bools = append(c.Bools, v.Int != 0)
	case schema.Int64, schema.Timestamp, schema.Date, schema.Duration:
		c.Ints = append(c.Ints, v.Int)
	case schema.Float64:
		c.Floats = append(c.Floats, v.Float)
	case schema.Decimal:
		c.Decimals = append(c.Decimals, v.Dec)
	case schema.String, schema.Bytes, schema.JSON:
		c.Data = append(c.Data, v.Text...)
		c.Offsets = append(c.Offsets, uint32(len(c.Data)))
	case schema.List, schema.Vector, schema.Map:
		b.appendItems(v)
	}
}

// appendItems adds the elements of a list, vector or map: none for a null.
func (b *Builder) appendItems(v schema.Value) {
	c, items := &b.column, v.Items
	if c.Type.Kind == schema.Vector && !v.Null && len(items) != c.Type.Size {
		panic(fmt.Sprintf("BUG: %d elements for a %s", len(items), c.Type))
	}
	if b.keys != nil {
		for i := 0; i < len(items); i += 2 {
			if i > 0 && items[i-2].Text >= items[i].Text {
				panic(fmt.Sprintf("BUG: the key %q of a map after %q", items[i].Text, items[i-2].Text))
			}
			b.keys.Append(items[i])
			b.child.Append(items[i+1])
		}
	} else {
		for _, item := range items {
			b.child.Append(item)
		}
	}
	c.Offsets = append(c.Offsets, uint32(b.child.column.Length))
}

// Column returns what was built; the builder must not be used again.
func (b *Builder) Column() *Column {
	if !b.nulls {
		b.column.Valid = nil
	}
	if b.child != nil {
		b.column.Child = b.child.Column()
	}
	if b.keys != nil {
		b.column.Keys = b.keys.Column()
	}
	return &b.column
}

// Repeat returns a column with the same value in every row. Text is stored once, under a dictionary
// of one entry, so the cost is four bytes for each row. A null has the slots of its type all the
// same.
func Repeat(v schema.Value, rows int) *Column {
	c := &Column{Type: v.Type, Length: rows}
	if v.Null {
		c.Valid = make([]bool, rows)
	}
	switch v.Type.Kind {
	case schema.Bool:
		c.Bools = fill(rows, v.Int != 0)
	case schema.Int64, schema.Timestamp, schema.Date, schema.Duration:
		c.Ints = fill(rows, v.Int)
	case schema.Float64:
		c.Floats = fill(rows, v.Float)
	case schema.Decimal:
		c.Decimals = fill(rows, v.Dec)
	case schema.String, schema.Bytes, schema.JSON:
		c.Codes = make([]uint32, rows)
		c.Dict = &Column{Type: v.Type, Length: 1, Offsets: []uint32{0, uint32(len(v.Text))}, Data: []byte(v.Text)}
	case schema.List, schema.Vector, schema.Map:
		b := NewBuilder(v.Type)
		for range rows {
			b.Append(v)
		}
		return b.Column()
	}
	return c
}

func fill[T any](n int, x T) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = x
	}
	return s
}
