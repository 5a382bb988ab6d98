package state

import (
	"encoding/binary"
	"errors"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Lists, vectors and maps in rows: their encoding, and columns of them that grow at their end. The
// columns made here give a null no elements.

var (
	errKeys     = errors.New("the keys of a map are not in order")
	errElements = errors.New("a bit stands for an element that does not exist")
)

// emptyColumn returns a column of a type, to be appended to.
func emptyColumn(t schema.Type) batch.Column {
	c := batch.Column{Type: t}
	if textual(t) || t.Nested() {
		c.Offsets = make([]uint32, 1, 16)
	}
	if t.Nested() {
		child := emptyColumn(t.Element())
		c.Child = &child
	}
	if t.Kind == schema.Map {
		keys := emptyColumn(schema.Of(schema.String))
		c.Keys = &keys
	}
	return c
}

// frozen returns a column that stays what it is while the original grows.
func frozen(c *batch.Column) *batch.Column {
	out := *c
	if c.Child != nil {
		out.Child = frozen(c.Child)
	}
	if c.Keys != nil {
		out.Keys = frozen(c.Keys)
	}
	return &out
}

// appendItems appends the elements of a value that is not null: of a map its keys, then a bit for each
// element, set for null, then the others. A vector has numbers alone, as many as its type says.
func appendItems(dst []byte, c *batch.Column, row int) []byte {
	from, to := int(c.Offsets[row]), int(c.Offsets[row+1])
	if c.Type.Kind == schema.Vector {
		for i := from; i < to; i++ {
			dst = appendCell(dst, c.Child, i)
		}
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(to-from))
	if c.Keys != nil {
		for i := from; i < to; i++ {
			dst = appendCell(dst, c.Keys, i)
		}
	}
	nulls := len(dst)
	for range (to - from + 7) / 8 {
		dst = append(dst, 0)
	}
	for i := from; i < to; i++ {
		if c.Child.Type.Kind == schema.Null || c.Child.IsNull(i) {
			dst[nulls+(i-from)/8] |= 1 << ((i - from) % 8)
			continue
		}
		dst = appendCell(dst, c.Child, i)
	}
	return dst
}

// items appends the elements of the next value to the column.
func (d *decoder) items(c *batch.Column) {
	if c.Type.Kind == schema.Vector {
		for i := 0; i < c.Type.Size && d.err == nil; i++ {
			d.cell(c.Child)
		}
		c.Offsets = append(c.Offsets, uint32(c.Child.Length))
		return
	}
	n := d.elements()
	for i := uint64(0); c.Keys != nil && i < n && d.err == nil; i++ {
		d.cell(c.Keys)
		if at := c.Keys.Length - 1; i > 0 && d.err == nil && c.Keys.Text(at-1) >= c.Keys.Text(at) {
			d.fail(errKeys)
		}
	}
	nulls := d.elementNulls(n)
	for i := uint64(0); i < n && d.err == nil; i++ {
		if nulls[i/8]>>(i%8)&1 != 0 {
			pushNull(c.Child)
		} else {
			d.cell(c.Child)
		}
	}
	c.Offsets = append(c.Offsets, uint32(c.Child.Length))
}

// elements reads how many elements follow. Each has a bit at least.
func (d *decoder) elements() uint64 {
	n := d.uvarint()
	if n > 8*uint64(len(d.data)) {
		d.fail(errShort)
		return 0
	}
	return n
}

func (d *decoder) elementNulls(n uint64) []byte {
	nulls := d.bytes((n + 7) / 8)
	if spare := n % 8; d.err == nil && spare != 0 && nulls[len(nulls)-1]>>spare != 0 {
		d.fail(errElements)
	}
	return nulls
}

// skipItems passes over the elements of a value.
func (d *decoder) skipItems(t schema.Type) {
	if t.Kind == schema.Vector {
		d.bytes(8 * uint64(t.Size))
		return
	}
	n := d.elements()
	for i := uint64(0); t.Kind == schema.Map && i < n && d.err == nil; i++ {
		d.bytes(d.uvarint())
	}
	nulls := d.elementNulls(n)
	for i := uint64(0); i < n && d.err == nil; i++ {
		if nulls[i/8]>>(i%8)&1 == 0 {
			d.skip(t.Element())
		}
	}
}

// pushItems appends the elements of a row of another column.
func pushItems(c, from *batch.Column, row int) {
	for i := int(from.Offsets[row]); i < int(from.Offsets[row+1]); i++ {
		if c.Keys != nil {
			pushCell(c.Keys, from.Keys, i)
		}
		pushCell(c.Child, from.Child, i)
	}
	c.Offsets = append(c.Offsets, uint32(c.Child.Length))
}

// pushItemRange appends the elements of rows of a column that was made here.
func pushItemRange(c, from *batch.Column, begin, end int) {
	first, last := from.Offsets[begin], from.Offsets[end]
	move := uint32(c.Child.Length) - first
	for _, offset := range from.Offsets[begin+1 : end+1] {
		c.Offsets = append(c.Offsets, offset+move)
	}
	pushRange(c.Child, from.Child, int(first), int(last))
	if c.Keys != nil {
		pushRange(c.Keys, from.Keys, int(first), int(last))
	}
}
