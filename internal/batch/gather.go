package batch

import "github.com/fettle-ml/fettle/internal/schema"

// NoRow in a list of rows stands for a null.
const NoRow = ^uint32(0)

// Gather returns the rows of a column in the order given; NoRow gives a null. A dictionary is kept
// as it is, even if few of its entries are still used. NoRow works on a column without rows too.
// The elements of lists, vectors and maps are gathered with them.
func Gather(c *Column, rows []uint32) *Column {
	out := &Column{Type: c.Type, Length: len(rows), Valid: gatherValid(c, rows)}
	switch {
	case c.Codes != nil || c.Dict != nil:
		out.Codes, out.Dict = gatherSlice(c.Codes, rows), c.Dict
	case c.Type.Kind == schema.Bool:
		out.Bools = gatherSlice(c.Bools, rows)
	case c.Type.Kind == schema.Float64:
		out.Floats = gatherSlice(c.Floats, rows)
	case c.Type.Kind == schema.Decimal:
		out.Decimals = gatherSlice(c.Decimals, rows)
	case c.Type.Nested():
		gatherItems(out, c, rows)
	case c.Type.Kind == schema.Null:
	case c.Offsets != nil:
		gatherText(out, c, rows)
	default:
		out.Ints = gatherSlice(c.Ints, rows)
	}
	return out
}

// gatherValid returns nil if no row is null, as readers of columns expect.
func gatherValid(c *Column, rows []uint32) []bool {
	var valid []bool
	for i, row := range rows {
		if row != NoRow && !c.IsNull(int(row)) {
			continue
		}
		if valid == nil {
			valid = fill(len(rows), true)
		}
		valid[i] = false
	}
	return valid
}

func gatherSlice[T any](values []T, rows []uint32) []T {
	out := make([]T, len(rows))
	for i, row := range rows {
		if row != NoRow {
			out[i] = values[row]
		}
	}
	return out
}

// gatherText copies the bytes of the rows; nulls have none.
func gatherText(out, c *Column, rows []uint32) {
	out.Offsets = make([]uint32, 1, len(rows)+1)
	for i, row := range rows {
		if row != NoRow && !out.IsNull(i) {
			out.Data = append(out.Data, c.Text(int(row))...)
		}
		out.Offsets = append(out.Offsets, uint32(len(out.Data)))
	}
}

// gatherItems copies the elements of the rows; nulls have none.
func gatherItems(out, c *Column, rows []uint32) {
	out.Offsets = make([]uint32, 1, len(rows)+1)
	var items []uint32
	for i, row := range rows {
		if row != NoRow && !out.IsNull(i) {
			for item := c.Offsets[row]; item < c.Offsets[row+1]; item++ {
				items = append(items, item)
			}
		}
		out.Offsets = append(out.Offsets, uint32(len(items)))
	}
	out.Child = Gather(c.Child, items)
	if c.Keys != nil {
		out.Keys = Gather(c.Keys, items)
	}
}

// Choose returns, row by row, the value of whenTrue where condition holds and of otherwise
// elsewhere. Both have the same type. Where both are text with dictionaries of their own, the
// result has none.
func Choose(condition []bool, whenTrue, otherwise *Column) *Column {
	joined := Concat([]*Column{whenTrue, otherwise})
	rows := make([]uint32, len(condition))
	for i, c := range condition {
		rows[i] = uint32(i)
		if !c {
			rows[i] += uint32(whenTrue.Length)
		}
	}
	return Gather(joined, rows)
}

// Concat returns the columns, which have one type, one after the other. Text comes out without a
// dictionary unless all share one; so do the texts in lists and maps. A single column is returned
// itself and not copied. There must be at least one.
func Concat(columns []*Column) *Column {
	if len(columns) == 1 {
		return columns[0]
	}
	if columns[0].Type.Nested() {
		return concatNested(columns)
	}
	out := &Column{Type: columns[0].Type, Offsets: startOffsets(columns[0].Type)}
	shared := sharedDictionary(columns)
	for _, c := range columns {
		out.Valid = appendValid(out.Valid, out.Length, c)
		out.Length += c.Length
		switch {
		case shared:
			out.Codes, out.Dict, out.Offsets = append(out.Codes, c.Codes...), c.Dict, nil
		case out.Offsets != nil:
			appendText(out, c)
		default:
			out.Bools = append(out.Bools, c.Bools...)
			out.Ints = append(out.Ints, c.Ints...)
			out.Floats = append(out.Floats, c.Floats...)
			out.Decimals = append(out.Decimals, c.Decimals...)
		}
	}
	return out
}

// concatNested joins the elements that the rows of each column have, which may be some of its child
// only, and moves the offsets.
func concatNested(columns []*Column) *Column {
	out := &Column{Type: columns[0].Type, Offsets: []uint32{0}}
	var keys, children []*Column
	for _, c := range columns {
		out.Valid = appendValid(out.Valid, out.Length, c)
		out.Length += c.Length
		first, last, end := c.Offsets[0], c.Offsets[c.Length], out.Offsets[len(out.Offsets)-1]
		for _, offset := range c.Offsets[1 : c.Length+1] {
			out.Offsets = append(out.Offsets, end+offset-first)
		}
		children = append(children, c.Child.Slice(int(first), int(last)))
		if c.Keys != nil {
			keys = append(keys, c.Keys.Slice(int(first), int(last)))
		}
	}
	out.Child = Concat(children)
	if keys != nil {
		out.Keys = Concat(keys)
	}
	return out
}

// startOffsets returns what the offsets of an empty column begin with; nil if the type has none.
func startOffsets(t schema.Type) []uint32 {
	switch t.Kind {
	case schema.String, schema.Bytes, schema.JSON:
		return []uint32{0}
	default:
		return nil
	}
}

// sharedDictionary compares dictionaries by address: comparing their content would cost more than
// it spares.
func sharedDictionary(columns []*Column) bool {
	for _, c := range columns {
		if c.Dict == nil || c.Dict != columns[0].Dict {
			return false
		}
	}
	return true
}

func appendText(out, c *Column) {
	for i := range c.Length {
		if !c.IsNull(i) {
			out.Data = append(out.Data, c.Text(i)...)
		}
		out.Offsets = append(out.Offsets, uint32(len(out.Data)))
	}
}

// appendValid adds the validity of c to that of the length rows before it. It stays nil as long as
// no column has a null.
func appendValid(valid []bool, length int, c *Column) []bool {
	if valid == nil && c.Valid == nil {
		return nil
	}
	if valid == nil {
		valid = fill(length, true)
	}
	if c.Valid != nil {
		return append(valid, c.Valid...)
	}
	return append(valid, fill(c.Length, true)...)
}
