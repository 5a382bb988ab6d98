package expr

import (
	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// converter casts a column of all elements; those that fail become null and are counted.
type converter func(f *frame, c *batch.Column) *batch.Column

// bindNestedCast binds the casts between lists, vectors and maps.
func bindNestedCast(e *plan.Expr, arg evaluator) (evaluator, error) {
	convert := nestedConverter(e.Args[0].Type, e.Type)
	if convert == nil {
		return nil, unsupported(e)
	}
	return func(f *frame) operand {
		o := arg(f)
		if !o.scalar() {
			return operand{col: convert(f, o.col), mask: -1}
		}
		// What one row for all counts happened in each of them.
		var own Counts
		out := convert(f.within(rowsOnly(1), &own, f.speculative), o.col)
		f.counts.addTimes(own, int64(f.rows))
		return operand{col: out, mask: 0}
	}, nil
}

// elementConverter returns the converter of any two types, or nil if there is none.
func elementConverter(from, to schema.Type) converter {
	switch {
	case from.Equal(to):
		return func(_ *frame, c *batch.Column) *batch.Column { return c }
	case from.Kind == schema.Null:
		return func(_ *frame, c *batch.Column) *batch.Column {
			return batch.Repeat(schema.NullOf(to), c.Length)
		}
	case from.Nested() || to.Nested():
		return nestedConverter(from, to)
	}
	k := castKernel(from, to)
	if k == nil {
		return nil
	}
	return func(f *frame, c *batch.Column) *batch.Column {
		// Elements have a frame of their own, because there are not as many of them as rows.
		inner := f.within(rowsOnly(c.Length), f.counts, f.speculative)
		return inner.run(k, to, []operand{{col: c, mask: -1}}, -1).col
	}
}

// nestedConverter casts the elements, and for a vector checks what a list cannot say.
func nestedConverter(from, to schema.Type) converter {
	float := schema.Of(schema.Float64)
	switch {
	case !from.Nested() || !to.Nested():
		return nil
	case from.Kind == schema.Vector && !to.Equal(schema.ListOf(float)):
		return nil
	case from.Kind != to.Kind && (from.Kind == schema.Map || to.Kind == schema.Map):
		return nil
	}
	convert := elementConverter(from.Element(), to.Element())
	if convert == nil {
		return nil
	}
	return func(f *frame, c *batch.Column) *batch.Column {
		// Elements that no row has would be counted otherwise.
		out := *compact(c)
		out.Type = to
		out.Child = convert(f, out.Child)
		if from.Kind == schema.List && to.Kind == schema.Vector {
			return f.vectorsOf(&out)
		}
		return &out
	}
}

// compact returns the column with no elements but those of its rows that are not null.
func compact(c *batch.Column) *batch.Column {
	same := c.Offsets[0] == 0 && int(c.Offsets[c.Length]) == c.Child.Length
	for i := 0; same && c.Valid != nil && i < c.Length; i++ {
		same = c.Valid[i] || c.Offsets[i] == c.Offsets[i+1]
	}
	if same {
		return c
	}
	rows := make([]uint32, c.Length)
	for i := range rows {
		rows[i] = uint32(i)
	}
	return batch.Gather(c, rows)
}

// vectorsOf makes the rows null, and counts them, that are no vectors: those of another length, and
// those with a null.
func (f *frame) vectorsOf(c *batch.Column) *batch.Column {
	rows := make([]uint32, c.Length)
	bad := false
	for i := range rows {
		rows[i] = uint32(i)
		if c.IsNull(i) {
			continue
		}
		from, to := int(c.Offsets[i]), int(c.Offsets[i+1])
		fits := to-from == c.Type.Size
		for at := from; fits && at < to; at++ {
			fits = !c.Child.IsNull(at)
		}
		if !fits {
			rows[i], bad = batch.NoRow, true
			f.counts.Cast++
		}
	}
	if bad {
		return batch.Gather(c, rows)
	}
	return c
}
