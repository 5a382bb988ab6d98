package ingest

import (
	"encoding/binary"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// maxNesting is how deep types of columns may be nested in a payload: far beyond what definitions
// allow, and it keeps a damaged one from using up the stack.
const maxNesting = 64

// appendItems encodes lists, vectors and maps: how many elements there are of all rows together, the
// number of each row unless the type says it, the keys of a map, and the elements as a column of
// their own. Only the elements of rows that are not null are there.
func appendItems(dst []byte, c *batch.Column, set []uint32) ([]byte, error) {
	var items []uint32
	for _, row := range set {
		for i := c.Offsets[row]; i < c.Offsets[row+1]; i++ {
			items = append(items, i)
		}
	}
	dst = append(dst, itemized)
	if c.Type.Kind == schema.Vector {
		dst = binary.AppendUvarint(dst, uint64(c.Type.Size))
	}
	dst = binary.AppendUvarint(dst, uint64(len(items)))
	if c.Type.Kind != schema.Vector {
		dst = appendInts(dst, func(i int) int64 {
			return int64(c.Offsets[set[i]+1] - c.Offsets[set[i]])
		}, len(set))
	}
	var err error
	if c.Keys != nil {
		if dst, err = appendColumn(dst, c.Keys, items); err != nil {
			return nil, err
		}
	}
	return appendColumn(dst, c.Child, items)
}

// items reads the elements of a column of which a number of rows is not null, and with them its type.
func (d *decoder) items(c *batch.Column, set int) {
	d.expect(itemized)
	if d.depth++; d.depth > maxNesting {
		d.fail("its types are nested too deep")
		return
	}
	defer func() { d.depth-- }()
	kind := c.Type.Kind
	if kind == schema.Vector {
		c.Type.Size = d.total(1 << 24)
	}
	// Each element has a bit at least, as a value that is a bool or as one that is null.
	total := d.total(8 * uint64(len(d.data)))
	c.Offsets = d.lengths(c, set, total)
	if kind == schema.Map {
		c.Keys = d.column(total)
	}
	c.Child = d.column(total)
	if d.problem != "" {
		return
	}
	elem := c.Child.Type
	switch {
	case kind == schema.Vector:
		if elem.Kind != schema.Float64 || c.Child.Valid != nil || c.Type.Size == 0 {
			d.fail("a vector is not of numbers")
		}
	case kind == schema.Map && (c.Keys.Type.Kind != schema.String || c.Keys.Valid != nil || !ascend(c)):
		d.fail("the keys of a map are not in order")
	default:
		c.Type.Elem = &elem
	}
}

// lengths returns the offsets of the rows: nulls have no elements.
func (d *decoder) lengths(c *batch.Column, set, total int) []uint32 {
	var lengths []int64
	if c.Type.Kind != schema.Vector {
		lengths = d.ints(set)
	} else if total != set*c.Type.Size {
		d.fail("its vectors are not whole")
	}
	if d.problem != "" {
		return nil
	}
	offsets := make([]uint32, 1, c.Length+1)
	at, next := int64(0), 0
	for i := range c.Length {
		if !c.IsNull(i) {
			n := int64(c.Type.Size)
			if lengths != nil {
				n = lengths[next]
				next++
			}
			if n < 0 || n > int64(total)-at {
				d.fail("its elements are not whole")
				return nil
			}
			at += n
		}
		offsets = append(offsets, uint32(at))
	}
	if at != int64(total) {
		d.fail("its elements are not whole")
		return nil
	}
	return offsets
}

// ascend reports whether the keys of every map are in order, each once.
func ascend(c *batch.Column) bool {
	for row := range c.Length {
		for i := int(c.Offsets[row]) + 1; i < int(c.Offsets[row+1]); i++ {
			if c.Keys.Text(i-1) >= c.Keys.Text(i) {
				return false
			}
		}
	}
	return true
}
