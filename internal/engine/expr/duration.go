package expr

import (
	"math"
	"math/big"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// bindProduct binds mul.
func bindProduct(e *plan.Expr, args []evaluator) (evaluator, error) {
	switch e.Type.Kind {
	case schema.Int64:
		return strict(args, e.Type, multiplyInts), nil
	case schema.Float64:
		return strict(args, e.Type, multiplyFloats), nil
	case schema.Decimal:
		return strict(args, e.Type, multiplyDecimals), nil
	case schema.Duration:
		if e.Args[0].Type.Kind != schema.Duration {
			// Either side may be the duration; stretch takes it first.
			args = []evaluator{args[1], args[0]}
		}
		return strict(args, e.Type, stretch), nil
	default:
		return nil, unsupported(e)
	}
}

// stretch multiplies a duration by a number of any kind.
func stretch(c *call) {
	durations, dm := c.ints(0)
	by := c.args[1]
	scaleRows(c, func(i int) (int64, bool) {
		return times(durations[i&dm], by, i)
	})
}

// bindUnit binds seconds, minutes, hours and days: a number of units.
func bindUnit(unit int64) binder {
	return kernelOf(func(c *call) {
		by := c.args[0]
		scaleRows(c, func(i int) (int64, bool) { return times(unit, by, i) })
	})
}

// bindToTimestamp binds to_timestamp of a number of seconds or of a text.
func bindToTimestamp(e *plan.Expr, args []evaluator) (evaluator, error) {
	if e.Args[0].Type.Kind == schema.String {
		return bindTextToTimestamp(e, args)
	}
	return strict(args, e.Type, inYears(func(c *call) {
		by := c.args[0]
		scaleRows(c, func(i int) (int64, bool) { return times(schema.Second, by, i) })
	})), nil
}

// scaleRows fills the rows that are not null; at reports whether the result of a row fits.
func scaleRows(c *call, at func(i int) (int64, bool)) {
	for i := range c.out.Ints {
		if c.out.IsNull(i) {
			continue
		}
		v, fits := at(i)
		if !fits {
			c.overflow(i)
			continue
		}
		c.out.Ints[i] = v
	}
}

// times returns unit * row i of by, floored to the microsecond, and whether it fits in int64. The
// floor, unlike truncation, moves numbers on both sides of zero the same way.
func times(unit int64, by operand, i int) (int64, bool) {
	switch by.col.Type.Kind {
	case schema.Float64:
		product := math.Floor(float64(float64(unit) * by.col.Floats[i&by.mask]))
		if product < -1<<63 || product >= 1<<63 {
			return 0, false
		}
		return int64(product), true
	case schema.Decimal:
		product := new(big.Int).Mul(by.col.Decimals[i&by.mask].Big(), big.NewInt(unit))
		// Div rounds down for a positive divisor.
		product.Div(product, powersOfTen[by.col.Type.Size].Big())
		return product.Int64(), product.IsInt64()
	default:
		product, _ := multiply(schema.Int128From(unit), schema.Int128From(by.col.Ints[i&by.mask]))
		return small(product)
	}
}
