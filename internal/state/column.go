package state

import (
	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// The columns here grow at their end only. What readers were given is never written to again: they
// hold slices of the length of that moment.

// emptyColumns returns columns of the types, to be appended to.
func emptyColumns(types []schema.Type) []batch.Column {
	out := make([]batch.Column, len(types))
	for i, t := range types {
		out[i] = emptyColumn(t)
	}
	return out
}

// textual reports whether a column of the type holds text. Its offsets begin with 0 from the start, so
// that row i always ends at offset i+1.
func textual(t schema.Type) bool {
	return t.Kind == schema.String || t.Kind == schema.Bytes || t.Kind == schema.JSON
}

// pushValid counts a value that was appended to the slices of the column.
func pushValid(c *batch.Column) {
	c.Length++
	if c.Valid != nil {
		c.Valid = append(c.Valid, true)
	}
}

// pushNull appends a null. It takes a slot among the values too.
func pushNull(c *batch.Column) {
	if c.Valid == nil {
		c.Valid = make([]bool, c.Length, c.Length+c.Length/2+8)
		for i := range c.Valid {
			c.Valid[i] = true
		}
	}
	c.Valid = append(c.Valid, false)
	c.Length++
	switch c.Type.Kind {
	case schema.Bool:
		c.Bools = append(c.Bools, false)
	case schema.Float64:
		c.Floats = append(c.Floats, 0)
	case schema.Decimal:
		c.Decimals = append(c.Decimals, schema.Int128{})
	case schema.String, schema.Bytes, schema.JSON:
		c.Offsets = append(c.Offsets, uint32(len(c.Data)))
	case schema.List, schema.Vector, schema.Map:
		c.Offsets = append(c.Offsets, uint32(c.Child.Length))
	case schema.Null:
	default:
		c.Ints = append(c.Ints, 0)
	}
}

// pushCell appends a row of another column of the type, which may have a dictionary.
func pushCell(c, from *batch.Column, row int) {
	if from.Type.Kind == schema.Null || from.IsNull(row) {
		pushNull(c)
		return
	}
	switch c.Type.Kind {
	case schema.Bool:
		c.Bools = append(c.Bools, from.Bools[row])
	case schema.Float64:
		c.Floats = append(c.Floats, from.Floats[row])
	case schema.Decimal:
		c.Decimals = append(c.Decimals, from.Decimals[row])
	case schema.String, schema.Bytes, schema.JSON:
		c.Data = append(c.Data, from.Text(row)...)
		c.Offsets = append(c.Offsets, uint32(len(c.Data)))
	case schema.List, schema.Vector, schema.Map:
		pushItems(c, from, row)
	default:
		c.Ints = append(c.Ints, from.Ints[row])
	}
	pushValid(c)
}

// pushRange appends the rows [begin, end) of a column that was made here: it has no dictionary.
func pushRange(c, from *batch.Column, begin, end int) {
	switch {
	case c.Valid == nil && from.Valid == nil:
	case from.Valid == nil:
		c.Valid = appendTrue(c.Valid, end-begin)
	default:
		if c.Valid == nil {
			c.Valid = appendTrue(make([]bool, 0, c.Length+end-begin), c.Length)
		}
		c.Valid = append(c.Valid, from.Valid[begin:end]...)
	}
	c.Length += end - begin
	switch c.Type.Kind {
	case schema.Bool:
		c.Bools = append(c.Bools, from.Bools[begin:end]...)
	case schema.Float64:
		c.Floats = append(c.Floats, from.Floats[begin:end]...)
	case schema.Decimal:
		c.Decimals = append(c.Decimals, from.Decimals[begin:end]...)
	case schema.String, schema.Bytes, schema.JSON:
		move := uint32(len(c.Data)) - from.Offsets[begin]
		c.Data = append(c.Data, from.Data[from.Offsets[begin]:from.Offsets[end]]...)
		for _, offset := range from.Offsets[begin+1 : end+1] {
			c.Offsets = append(c.Offsets, offset+move)
		}
	case schema.List, schema.Vector, schema.Map:
		pushItemRange(c, from, begin, end)
	case schema.Null:
	default:
		c.Ints = append(c.Ints, from.Ints[begin:end]...)
	}
}

// appendTrue marks rows as not null, in a column where others are.
func appendTrue(valid []bool, n int) []bool {
	for range n {
		valid = append(valid, true)
	}
	return valid
}

// columnBytes is the memory that a column holds.
func columnBytes(c *batch.Column) int {
	n := 0
	if c.Child != nil {
		n += columnBytes(c.Child)
	}
	if c.Keys != nil {
		n += columnBytes(c.Keys)
	}
	return n + cap(c.Valid) + cap(c.Bools) + 8*cap(c.Ints) + 8*cap(c.Floats) + 16*cap(c.Decimals) +
		4*cap(c.Offsets) + cap(c.Data) + columnHeader
}

// columnHeader is about the size of a batch.Column itself.
const columnHeader = 240
