package batch

import (
	"fmt"
	"unsafe"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Column is the values of one type. Exactly the slices of its kind are set:
//
//	bool                                  Bools
//	int64, timestamp, date, duration      Ints
//	float64                               Floats
//	decimal                               Decimals
//	string, bytes, json                   Offsets (length+1) and Data, or Codes and Dict
//	list, vector                          Offsets (length+1) and Child
//	map                                   Offsets (length+1), Keys (strings) and Child
//
// The elements of row i are rows Offsets[i] to Offsets[i+1] of Child. Elements may be null but in a
// vector, which has as many as its type says. The keys of a map are unique and ascend bytewise.
//
// A column with Codes is dictionary-encoded: row i is row Codes[i] of Dict, which is a text column
// without nulls and without a dictionary of its own. Nulls are in Valid of the outer column, and
// the code of a null is any code or 0 of an empty dictionary.
type Column struct {
	Type     schema.Type
	Length   int
	Valid    []bool // nil: no nulls
	Bools    []bool
	Ints     []int64
	Floats   []float64
	Decimals []schema.Int128
	Offsets  []uint32
	Data     []byte
	Codes    []uint32
	Dict     *Column
	Keys     *Column
	Child    *Column
}

// IsNull reports whether row i is null.
func (c *Column) IsNull(i int) bool { return c.Valid != nil && !c.Valid[i] }

// Text returns row i of a text column without copying: the result lives as long as the column.
func (c *Column) Text(i int) string {
	if c.Dict != nil {
		c, i = c.Dict, int(c.Codes[i])
	}
	from, to := c.Offsets[i], c.Offsets[i+1]
	if from == to {
		return ""
	}
	return unsafe.String(&c.Data[from], int(to-from))
}

// Value returns row i as a value.
func (c *Column) Value(i int) schema.Value {
	v := schema.Value{Type: c.Type}
	if c.IsNull(i) {
		v.Null = true
		return v
	}
	switch c.Type.Kind {
	case schema.Null:
		v.Null = true
	case schema.Bool:
		v = schema.BoolValue(c.Bools[i])
	case schema.Int64, schema.Timestamp, schema.Date, schema.Duration:
		v.Int = c.Ints[i]
	case schema.Float64:
		v.Float = c.Floats[i]
	case schema.Decimal:
		v.Dec = c.Decimals[i]
	case schema.String, schema.Bytes, schema.JSON:
		v.Text = string([]byte(c.Text(i)))
	case schema.List, schema.Vector, schema.Map:
		for j := int(c.Offsets[i]); j < int(c.Offsets[i+1]); j++ {
			if c.Keys != nil {
				v.Items = append(v.Items, c.Keys.Value(j))
			}
			v.Items = append(v.Items, c.Child.Value(j))
		}
	}
	return v
}

// NullCount counts the nulls.
func (c *Column) NullCount() int {
	n := 0
	for _, valid := range c.Valid {
		if !valid {
			n++
		}
	}
	return n
}

// Slice returns rows from up to to, sharing memory. Text keeps all of its bytes and offsets that do
// not begin at 0, so Offsets[0] must not be taken for 0.
func (c *Column) Slice(from, to int) *Column {
	s := *c
	s.Length = to - from
	if c.Valid != nil {
		s.Valid = c.Valid[from:to]
	}
	switch {
	case c.Codes != nil:
		s.Codes = c.Codes[from:to]
	case c.Offsets != nil:
		s.Offsets = c.Offsets[from : to+1]
	case c.Bools != nil:
		s.Bools = c.Bools[from:to]
	case c.Ints != nil:
		s.Ints = c.Ints[from:to]
	case c.Floats != nil:
		s.Floats = c.Floats[from:to]
	case c.Decimals != nil:
		s.Decimals = c.Decimals[from:to]
	}
	return &s
}

// Batch is columns of one length under names.
type Batch struct {
	Fields  []schema.Field
	Columns []*Column
	Rows    int
}

// New returns a batch; it panics if a column's length or type differs from what is declared.
func New(fields []schema.Field, columns []*Column) *Batch {
	b := &Batch{Fields: fields, Columns: columns}
	if len(fields) != len(columns) {
		panic(fmt.Sprintf("BUG: %d fields, %d columns", len(fields), len(columns)))
	}
	for i, c := range columns {
		if i == 0 {
			b.Rows = c.Length
		}
		if c.Length != b.Rows || !c.Type.Equal(fields[i].Type) {
			panic(fmt.Sprintf("BUG: column %s is %s of %d rows, declared %s of %d",
				fields[i].Name, c.Type, c.Length, fields[i].Type, b.Rows))
		}
	}
	return b
}

// Index returns the position of a column, or -1.
func (b *Batch) Index(name string) int {
	for i, f := range b.Fields {
		if f.Name == name {
			return i
		}
	}
	return -1
}
