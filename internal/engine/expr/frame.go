package expr

import (
	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// evaluator computes one node over the rows of a frame.
type evaluator func(f *frame) operand

// operand is the value of a node. Row i is row i&mask of the column: mask is -1 for a column of all
// rows, and 0 for a column of one row that stands for all.
type operand struct {
	col  *batch.Column
	mask int
}

func (o operand) isNull(i int) bool { return o.col.Valid != nil && !o.col.Valid[i&o.mask] }

func (o operand) text(i int) string { return o.col.Text(i & o.mask) }

// scalar reports whether one row stands for all.
func (o operand) scalar() bool { return o.mask == 0 }

// frame is one evaluation: where leaves come from and where counts go.
type frame struct {
	env    Environment
	rows   int
	counts *Counts
	// speculative is set when the caller only asks whether anything was counted: branches that are
	// not taken may count too, because a count other than zero is made again precisely.
	speculative bool
	stack       []operand // arguments of the calls that are under way
	call        call      // the kernel that runs; kernels do not nest
	probe       Counts    // of a branch that is tried; only one is at a time
	arena       []single  // columns of one row, for all but the result
	used        int
}

// within runs an evaluation in another environment on a frame of its own. A frame runs one kernel
// at a time, so what is nested needs another.
func (f *frame) within(env Environment, counts *Counts, speculative bool) *frame {
	return &frame{env: env, rows: env.Rows(), counts: counts, speculative: speculative}
}

// call is what a kernel works on. The slices of out are made, and out.Valid is false where an
// argument is null; the slot of a null argument holds anything.
type call struct {
	n      int
	args   []operand
	out    *batch.Column
	counts *Counts
}

// kernel computes the rows of out that are not null.
type kernel func(c *call)

// fail makes row i null and reports whether it was not null before, and so is to be counted.
func (c *call) fail(i int) bool {
	if c.out.Valid == nil {
		c.out.Valid = make([]bool, c.n)
		for j := range c.out.Valid {
			c.out.Valid[j] = true
		}
	}
	was := c.out.Valid[i]
	c.out.Valid[i] = false
	return was
}

// overflow makes row i null and counts it.
func (c *call) overflow(i int) {
	if c.fail(i) {
		c.counts.Overflow++
	}
}

// misfit makes row i null and counts it as a failed cast.
func (c *call) misfit(i int) {
	if c.fail(i) {
		c.counts.Cast++
	}
}

// dropNonFinite makes the rows null whose result is not finite.
func (c *call) dropNonFinite() {
	for i, x := range c.out.Floats {
		if x-x == 0 {
			continue
		}
		c.out.Floats[i] = 0
		if c.fail(i) {
			c.counts.NonFinite++
		}
	}
}

// floats returns the values and mask of a float64 argument.
func (c *call) floats(i int) ([]float64, int) { return c.args[i].col.Floats, c.args[i].mask }

// ints returns the values and mask of an argument that is kept as integers.
func (c *call) ints(i int) ([]int64, int) { return c.args[i].col.Ints, c.args[i].mask }

// decimals returns the values and mask of a decimal argument.
func (c *call) decimals(i int) ([]schema.Int128, int) {
	return c.args[i].col.Decimals, c.args[i].mask
}

// strict returns the evaluator of a function that is null when an argument is. The arguments lie on
// the stack of the frame, since a slice of their own would be an allocation for each call and row.
func strict(args []evaluator, t schema.Type, k kernel) evaluator {
	none := nullScalar(t)
	return func(f *frame) operand {
		base := len(f.stack)
		mask, null := 0, false
		for _, arg := range args {
			o := arg(f)
			f.stack = append(f.stack, o)
			mask |= o.mask
			null = null || o.mask == 0 && o.isNull(0)
		}
		ops := f.stack[base:]
		// ops can still be read: nothing is evaluated on this frame until the kernel is done.
		f.stack = f.stack[:base]
		if null {
			return none
		}
		return f.run(k, t, ops, mask)
	}
}

// run calls a kernel over the rows of its arguments, or over one if all are scalars.
func (f *frame) run(k kernel, t schema.Type, ops []operand, mask int) operand {
	n := f.rows
	if mask == 0 {
		n = 1
	}
	out := f.column(t, n)
	out.Valid = mergeValid(ops, n)
	f.call = call{n: n, args: ops, out: out, counts: f.counts}
	if mask == 0 {
		// The one result stands for all rows, and what it counts happened in each.
		var own Counts
		f.call.counts = &own
		k(&f.call)
		f.counts.addTimes(own, int64(f.rows))
	} else {
		k(&f.call)
	}
	return operand{col: out, mask: mask}
}

// mergeValid returns the rows in which no argument is null; nil for all of them.
func mergeValid(ops []operand, n int) []bool {
	var valid []bool
	for _, o := range ops {
		switch {
		case o.col.Valid == nil || o.mask == 0 && o.col.Valid[0]:
		case o.mask == 0:
			return make([]bool, n)
		case valid == nil:
			valid = make([]bool, n)
			copy(valid, o.col.Valid)
		default:
			for i, is := range o.col.Valid[:n] {
				valid[i] = valid[i] && is
			}
		}
	}
	return valid
}

// single is a column of one row in one piece of memory.
type single struct {
	column batch.Column
	ints   [1]int64
	floats [1]float64
	bools  [1]bool
}

// newColumn returns a column of n rows with the slices of its kind; text has its offsets only.
func newColumn(t schema.Type, n int) *batch.Column {
	if n == 1 {
		return newSingle(t)
	}
	c := &batch.Column{Type: t, Length: n}
	switch t.Kind {
	case schema.Bool:
		c.Bools = make([]bool, n)
	case schema.Int64, schema.Timestamp, schema.Date, schema.Duration:
		c.Ints = make([]int64, n)
	case schema.Float64:
		c.Floats = make([]float64, n)
	case schema.Decimal:
		c.Decimals = make([]schema.Int128, n)
	case schema.String, schema.Bytes, schema.JSON, schema.List, schema.Vector, schema.Map:
		c.Offsets = make([]uint32, 1, n+1)
	}
	return c
}

// newSingle returns a column of one row. Text and lists get the first of their two offsets only, as
// in newColumn.
func newSingle(t schema.Type) *batch.Column {
	switch {
	case t.Kind == schema.Decimal:
		return &batch.Column{Type: t, Length: 1, Decimals: make([]schema.Int128, 1)}
	case !inSingle(t.Kind):
		return &batch.Column{Type: t, Length: 1, Offsets: make([]uint32, 1, 2)}
	}
	return new(single).as(t)
}

// as makes the memory a column of a type whose values have a fixed size.
func (s *single) as(t schema.Type) *batch.Column {
	s.column = batch.Column{Type: t, Length: 1}
	switch t.Kind {
	case schema.Bool:
		s.bools[0], s.column.Bools = false, s.bools[:]
	case schema.Float64:
		s.floats[0], s.column.Floats = 0, s.floats[:]
	default:
		s.ints[0], s.column.Ints = 0, s.ints[:]
	}
	return &s.column
}

// inSingle reports whether a single holds the kind.
func inSingle(k schema.Kind) bool {
	return k == schema.Bool || k == schema.Float64 || isInts(k)
}

// column is newColumn; one row is taken from the frame's arena while there is room. Such a column
// lives until the evaluation ends.
func (f *frame) column(t schema.Type, n int) *batch.Column {
	if n != 1 || f.used == len(f.arena) || !inSingle(t.Kind) {
		return newColumn(t, n)
	}
	f.used++
	return f.arena[f.used-1].as(t)
}

// keep copies a result of one row out of the arena. The arena is used again as soon as the frame
// goes back to the pool.
func keep(o operand) *batch.Column {
	out := newSingle(o.col.Type)
	switch {
	case o.isNull(0):
		out.Valid = []bool{false}
	case o.col.Type.Kind == schema.Bool:
		out.Bools[0] = o.col.Bools[0]
	case o.col.Type.Kind == schema.Float64:
		out.Floats[0] = o.col.Floats[0]
	default:
		out.Ints[0] = o.col.Ints[0]
	}
	return out
}

// nullScalar returns a null that stands for all rows.
func nullScalar(t schema.Type) operand {
	if t.Nested() {
		return operand{col: batch.Repeat(schema.NullOf(t), 1)}
	}
	c := newColumn(t, 1)
	c.Valid = []bool{false}
	if c.Offsets != nil {
		c.Offsets = append(c.Offsets, 0)
	}
	return operand{col: c}
}

// constant returns a value that stands for all rows.
func constant(v schema.Value) operand {
	switch {
	case v.Null:
		return nullScalar(v.Type)
	case isText(v.Type.Kind):
		offsets := []uint32{0, uint32(len(v.Text))}
		return operand{col: &batch.Column{Type: v.Type, Length: 1, Offsets: offsets, Data: []byte(v.Text)}}
	default:
		return operand{col: batch.Repeat(v, 1)}
	}
}
