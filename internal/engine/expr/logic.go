package expr

import (
	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// evaluateAll evaluates every argument and returns them with the mask of the whole. The operands
// are scratch: they hold until the next evaluation on the frame.
func (f *frame) evaluateAll(args []evaluator) ([]operand, int) {
	base, mask := len(f.stack), 0
	for _, arg := range args {
		o := arg(f)
		mask |= o.mask
		f.stack = append(f.stack, o)
	}
	ops := f.stack[base:]
	f.stack = f.stack[:base]
	return ops, mask
}

// length returns the rows of a result with a mask.
func (f *frame) length(mask int) int {
	if mask == 0 {
		return 1
	}
	return f.rows
}

// bindConnective binds and and or. decisive is the value that settles the row whatever the others
// are: false for and, true for or. All arguments are computed, in a batch as for one row.
func bindConnective(decisive bool) binder {
	return func(e *plan.Expr, args []evaluator) (evaluator, error) {
		return func(f *frame) operand {
			ops, mask := f.evaluateAll(args)
			out := f.column(e.Type, f.length(mask))
			fillBools(out.Bools, !decisive)
			for _, o := range ops {
				connect(out, o, decisive)
			}
			return operand{col: out, mask: mask}
		}, nil
	}
}

// fillBools prepares a result of connect, whose memory may be that of an earlier evaluation.
func fillBools(values []bool, x bool) {
	for i := range values {
		values[i] = x
	}
}

// connect merges one operand into what the operands before it gave. A decisive value wins over
// null, and null over the rest. out must begin as the value that is not decisive, in every row.
func connect(out *batch.Column, o operand, decisive bool) {
	bools := o.col.Bools
	if out.Valid == nil && o.col.Valid == nil {
		for i := range out.Bools {
			if bools[i&o.mask] == decisive {
				out.Bools[i] = decisive
			}
		}
		return
	}
	if out.Valid == nil {
		out.Valid = make([]bool, out.Length)
		fillBools(out.Valid, true)
	}
	for i := range out.Bools {
		switch {
		case out.Valid[i] && out.Bools[i] == decisive:
		case o.isNull(i):
			out.Valid[i] = false
		case bools[i&o.mask] == decisive:
			out.Bools[i], out.Valid[i] = decisive, true
		}
	}
}

// notKernel negates null rows too, whose value nobody reads.
func notKernel(c *call) {
	a, m := c.args[0].col.Bools, c.args[0].mask
	for i := range c.out.Bools {
		c.out.Bools[i] = !a[i&m]
	}
}

// bindIsNull binds is_null. The result has no null, and its mask is that of the argument.
func bindIsNull(e *plan.Expr, args []evaluator) (evaluator, error) {
	return func(f *frame) operand {
		o := args[0](f)
		out := f.column(e.Type, f.length(o.mask))
		if o.col.Valid != nil {
			for i := range out.Bools {
				out.Bools[i] = !o.col.Valid[i&o.mask]
			}
		}
		return operand{col: out, mask: o.mask}
	}, nil
}

// bindIsDistinct binds is_distinct: <> in which null is a value.
func bindIsDistinct(e *plan.Expr, args []evaluator) (evaluator, error) {
	equal, err := compareKernel("eq", e.Args[0].Type, e.Args[1].Type)
	if err != nil {
		return nil, err
	}
	return func(f *frame) operand {
		ops, mask := f.evaluateAll(args)
		a, b := ops[0], ops[1]
		o := f.run(equal, e.Type, ops, mask)
		out := f.column(e.Type, f.length(mask))
		for i := range out.Bools {
			switch an, bn := a.isNull(i), b.isNull(i); {
			case an || bn:
				out.Bools[i] = an != bn
			default:
				out.Bools[i] = !o.col.Bools[i]
			}
		}
		return operand{col: out, mask: mask}
	}, nil
}

// bindNullIf binds nullif: x, or null where it equals y.
func bindNullIf(e *plan.Expr, args []evaluator) (evaluator, error) {
	equal, err := compareKernel("eq", e.Args[0].Type, e.Args[1].Type)
	if err != nil {
		return nil, err
	}
	none := nullScalar(e.Type)
	return func(f *frame) operand {
		ops, mask := f.evaluateAll(args)
		x := ops[0]
		same := f.run(equal, schema.Of(schema.Bool), ops, mask).col
		if same.Length == 1 {
			if same.Bools[0] && !same.IsNull(0) {
				return none
			}
			return x
		}
		// y differs from row to row, so one x is null in some rows and not in others.
		if x.scalar() && mask != 0 {
			x = operand{col: spread(x, f.rows), mask: -1}
		}
		out := *x.col
		out.Valid = nullWhere(same, x.col.Valid)
		return operand{col: &out, mask: mask}
	}, nil
}

// nullWhere returns valid without the rows that are true; nil if no row is null. valid is not
// changed, and may be what is returned.
func nullWhere(truth *batch.Column, valid []bool) []bool {
	out := make([]bool, truth.Length)
	nulls := false
	for i, is := range truth.Bools {
		keep := !is || truth.Valid != nil && !truth.Valid[i]
		out[i] = keep
		nulls = nulls || !keep
	}
	switch {
	case !nulls:
		return valid
	case valid != nil:
		for i, is := range valid[:len(out)] {
			out[i] = out[i] && is
		}
	}
	return out
}

// bindExtreme binds greatest (sign 1) and least (sign -1); nulls are skipped. Of equal values the
// first is taken, and of nulls alone the result is null.
func bindExtreme(sign int) binder {
	return func(e *plan.Expr, args []evaluator) (evaluator, error) {
		compare, err := threeWay(e.Type, e.Type)
		if err != nil || len(args) >= int(undecided) {
			return nil, unsupported(e)
		}
		return func(f *frame) operand {
			ops, mask := f.evaluateAll(args)
			pick := make([]uint16, f.length(mask))
			for i := range pick {
				for k := 1; k < len(ops); k++ {
					best := ops[pick[i]]
					if ops[k].isNull(i) {
						continue
					}
					if best.isNull(i) || compare(ops[k], best, i)*sign > 0 {
						pick[i] = uint16(k)
					}
				}
			}
			o := choose(e.Type, ops, pick)
			return operand{col: o.col, mask: mask}
		}, nil
	}
}
