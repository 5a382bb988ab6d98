package expr

import (
	"math"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// bindCast binds cast: the argument as the type of the node.
func bindCast(e *plan.Expr, args []evaluator) (evaluator, error) {
	from, to := e.Args[0].Type, e.Type
	switch {
	case from.Equal(to):
		return args[0], nil
	case from.Kind == schema.Null:
		return func(*frame) operand { return nullScalar(to) }, nil
	case from.Nested():
		return bindNestedCast(e, args[0])
	}
	k := castKernel(from, to)
	if k == nil {
		return nil, unsupported(e)
	}
	return strict(args, to, k), nil
}

// castKernel returns the kernel of a conversion, or nil if the engine has none, which the checker
// should have refused before.
func castKernel(from, to schema.Type) kernel {
	switch {
	case from.Kind == schema.String:
		return castText(to)
	case to.Kind == schema.String:
		return castToText(from)
	case to.Kind == schema.Bool && from.Numeric():
		return castToBool
	case from.Kind == schema.Timestamp && to.Kind == schema.Date:
		return eachInt(func(t int64) int64 { return schema.FloorDiv(t, schema.Day) })
	case from.Kind == schema.Date && to.Kind == schema.Timestamp:
		return castDate
	case from.Numeric() || from.Kind == schema.Bool:
		return castNumber(from, to)
	default:
		return nil
	}
}

// castNumber is for numbers and for bools, which count as 0 and 1.
func castNumber(from, to schema.Type) kernel {
	switch to.Kind {
	case schema.Int64:
		return castToInt(from)
	case schema.Float64:
		return castToFloat
	case schema.Decimal:
		return castToDecimal
	default:
		return nil
	}
}

// castToInt truncates towards zero. What does not fit is null and counted.
func castToInt(from schema.Type) kernel {
	return func(c *call) {
		a := c.args[0]
		for i := range c.out.Ints {
			if c.out.IsNull(i) {
				continue
			}
			v, fits := int64(0), true
			switch from.Kind {
			case schema.Bool:
				v = truthInt(a.col.Bools[i&a.mask])
			case schema.Float64:
				x := math.Trunc(a.col.Floats[i&a.mask])
				// 2^63 is a float64 and no int64, so the upper end is exclusive. Beyond it Go
				// leaves the conversion to the CPU.
				if fits = x >= -1<<63 && x < 1<<63; fits {
					v = int64(x)
				}
			case schema.Decimal:
				q, _ := truncated(a.col.Decimals[i&a.mask], powersOfTen[from.Size])
				v, fits = small(q)
			}
			if !fits {
				c.misfit(i)
				continue
			}
			c.out.Ints[i] = v
		}
	}
}

func truthInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// castToFloat rounds to the nearest float64, which every int64 and decimal has: it never fails.
func castToFloat(c *call) {
	a := c.args[0]
	ints, mask := a.col.Ints, a.mask
	switch a.col.Type.Kind {
	case schema.Bool:
		for i := range c.out.Floats {
			c.out.Floats[i] = float64(truthInt(a.col.Bools[i&mask]))
		}
	case schema.Decimal:
		for i := range c.out.Floats {
			if !c.out.IsNull(i) {
				c.out.Floats[i] = decimalToFloat(a.col.Decimals[i&mask], a.col.Type.Size)
			}
		}
	default:
		for i := range c.out.Floats {
			c.out.Floats[i] = float64(ints[i&mask])
		}
	}
}

// castToDecimal rounds half to even, and fails beyond 38 digits. The slice that is set tells what
// it reads.
func castToDecimal(c *call) {
	a, scale := c.args[0], c.out.Type.Size
	for i := range c.out.Decimals {
		if c.out.IsNull(i) {
			continue
		}
		var v schema.Int128
		var fits bool
		switch {
		case a.col.Floats != nil:
			v, fits = floatToDecimal(a.col.Floats[i&a.mask], scale)
		case a.col.Bools != nil:
			v, fits = rescale(schema.Int128From(truthInt(a.col.Bools[i&a.mask])), 0, scale)
		default:
			v, fits = rescale(decimalAt(a, i), a.col.Type.Size, scale)
		}
		if !fits {
			c.misfit(i)
			continue
		}
		c.out.Decimals[i] = v
	}
}

func castToBool(c *call) {
	a := c.args[0]
	for i := range c.out.Bools {
		if a.col.Floats != nil {
			c.out.Bools[i] = a.col.Floats[i&a.mask] != 0
		} else {
			c.out.Bools[i] = decimalAt(a, i).Sign() != 0
		}
	}
}

// castDate gives midnight UTC.
func castDate(c *call) {
	a, m := c.ints(0)
	for i := range c.out.Ints {
		days := a[i&m]
		// The first two tests keep the product of the third in int64.
		if days < -farthestDay || days > farthestDay || !schema.ValidTime(days*schema.Day) {
			c.misfit(i)
			continue
		}
		c.out.Ints[i] = days * schema.Day
	}
}

// rowsOnly is an environment of so many rows and no leaf.
type rowsOnly int

// Rows returns the number of rows.
func (n rowsOnly) Rows() int { return int(n) }

// Leaf is never called: the operands are at hand.
func (n rowsOnly) Leaf(e *plan.Expr) *batch.Column { return noLeaves{}.Leaf(e) }
