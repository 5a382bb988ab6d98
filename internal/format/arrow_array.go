package format

import (
	"encoding/binary"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// arrowData lays a column out as Arrow does. Numbers share the memory of the column.
func arrowData(c *batch.Column, t arrow.DataType) arrow.ArrayData {
	nulls := c.NullCount()
	buffers := []*memory.Buffer{arrowValidity(c, nulls)}
	add := func(data []byte) { buffers = append(buffers, memory.NewBufferBytes(data)) }
	var children []arrow.ArrayData
	switch c.Type.Kind {
	case schema.Null:
		return array.NewData(t, c.Length, []*memory.Buffer{nil}, nil, c.Length, 0)
	case schema.Bool:
		add(appendBits(make([]byte, 0, c.Length/8+1), c.Bools[:c.Length]))
	case schema.Float64:
		add(arrow.Float64Traits.CastToBytes(c.Floats[:c.Length]))
	case schema.Decimal:
		data := make([]byte, 0, 16*c.Length)
		for _, x := range c.Decimals[:c.Length] {
			data = binary.LittleEndian.AppendUint64(data, x.Lo)
			data = binary.LittleEndian.AppendUint64(data, uint64(x.Hi))
		}
		add(data)
	case schema.Date:
		data := make([]byte, 0, 4*c.Length)
		for _, x := range c.Ints[:c.Length] {
			data = binary.LittleEndian.AppendUint32(data, uint32(x))
		}
		add(data)
	case schema.String, schema.Bytes, schema.JSON:
		offsets, data := arrowPacked(c)
		add(offsets)
		add(data)
	case schema.Vector:
		children = append(children, arrowNumbers(c))
	case schema.List:
		offsets, from, to := arrowBounds(c)
		add(offsets)
		children = append(children, arrowData(c.Child.Slice(from, to), t.(*arrow.ListType).Elem()))
	case schema.Map:
		offsets, from, to := arrowBounds(c)
		add(offsets)
		pair := t.(*arrow.MapType).Elem().(*arrow.StructType)
		children = append(children, array.NewData(pair, to-from, []*memory.Buffer{nil}, []arrow.ArrayData{
			arrowData(c.Keys.Slice(from, to), pair.Field(0).Type),
			arrowData(c.Child.Slice(from, to), pair.Field(1).Type),
		}, 0, 0))
	default:
		add(arrow.Int64Traits.CastToBytes(c.Ints[:c.Length]))
	}
	return array.NewData(t, c.Length, buffers, children, nulls, 0)
}

// arrowValidity returns a bit for each row, or nil if no row is null.
func arrowValidity(c *batch.Column, nulls int) *memory.Buffer {
	if nulls == 0 {
		return nil
	}
	return memory.NewBufferBytes(appendBits(make([]byte, 0, c.Length/8+1), c.Valid[:c.Length]))
}

// arrowPacked returns texts one after the other, nulls empty.
func arrowPacked(c *batch.Column) (offsets, data []byte) {
	offsets = make([]byte, 4, 4*(c.Length+1))
	for i := range c.Length {
		if !c.IsNull(i) {
			data = append(data, c.Text(i)...)
		}
		offsets = binary.LittleEndian.AppendUint32(offsets, uint32(len(data)))
	}
	return offsets, data
}

// arrowBounds returns the offsets of elements counted from the first one, and where they lie.
func arrowBounds(c *batch.Column) (offsets []byte, from, to int) {
	first := c.Offsets[0]
	for _, offset := range c.Offsets[:c.Length+1] {
		offsets = binary.LittleEndian.AppendUint32(offsets, offset-first)
	}
	return offsets, int(first), int(c.Offsets[c.Length])
}

// arrowNumbers returns the numbers of vectors. A null has as many as others.
func arrowNumbers(c *batch.Column) arrow.ArrayData {
	numbers := make([]float64, c.Length*c.Type.Size)
	for row := range c.Length {
		if !c.IsNull(row) {
			copy(numbers[row*c.Type.Size:(row+1)*c.Type.Size],
				c.Child.Floats[c.Offsets[row]:c.Offsets[row+1]])
		}
	}
	data := memory.NewBufferBytes(arrow.Float64Traits.CastToBytes(numbers))
	return array.NewData(arrow.PrimitiveTypes.Float64, len(numbers), []*memory.Buffer{nil, data}, nil, 0, 0)
}
