package expr

import (
	"math"
	"math/big"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// absoluteInts overflows for the least int64, which has no counterpart.
func absoluteInts(c *call) {
	a, m := c.ints(0)
	for i := range c.out.Ints {
		x := a[i&m]
		if x == math.MinInt64 {
			c.overflow(i)
		}
		c.out.Ints[i] = max(x, -x)
	}
}

// absoluteDecimals cannot overflow: the limit of 38 digits is the same on both sides of zero.
func absoluteDecimals(c *call) {
	a, m := c.decimals(0)
	for i := range c.out.Decimals {
		x := a[i&m]
		if x.Sign() < 0 {
			x = x.Neg()
		}
		c.out.Decimals[i] = x
	}
}

// eachFloat is the kernel of a function of one float64. What is not finite is dropped and counted.
func eachFloat(f func(float64) float64) kernel {
	return func(c *call) {
		a, m := c.floats(0)
		bad := false
		for i := range c.out.Floats {
			r := f(a[i&m]) + 0
			bad = bad || r-r != 0
			c.out.Floats[i] = r
		}
		if bad {
			c.dropNonFinite()
		}
	}
}

// sameInts is the kernel of a rounding of whole numbers. It copies, because a kernel is given the
// memory of its result.
func sameInts(c *call) {
	a, m := c.ints(0)
	for i := range c.out.Ints {
		c.out.Ints[i] = a[i&m]
	}
}

// signKernel gives -1, 0 or 1.
func signKernel(c *call) {
	a := c.args[0]
	for i := range c.out.Ints {
		switch a.col.Type.Kind {
		case schema.Float64:
			x := a.col.Floats[i&a.mask]
			c.out.Ints[i] = int64(compareBools(x > 0, x < 0))
		default:
			c.out.Ints[i] = int64(decimalAt(a, i).Sign())
		}
	}
}

// roundingMode says which of the two neighbours a decimal goes to. The remainder is never negative.
type roundingMode func(quotient, remainder, unit *big.Int) (up bool)

// Quotients are floored here, so that "up" means towards plus infinity.
func towardsFloor(_, _, _ *big.Int) bool           { return false }
func towardsCeiling(_, remainder, _ *big.Int) bool { return remainder.Sign() > 0 }

func towardsZero(quotient, remainder, _ *big.Int) bool {
	return remainder.Sign() > 0 && quotient.Sign() < 0
}

// halfAway rounds to the nearest; a half goes up above zero and down below it. That is what round
// of the language does for floats too; only casts round half to even.
func halfAway(quotient, remainder, unit *big.Int) bool {
	side := new(big.Int).Lsh(remainder, 1).Cmp(unit)
	return side > 0 || side == 0 && quotient.Sign() >= 0
}

// roundUnscaled rounds an unscaled value to a multiple of 10^drop. Nothing is rounded if drop is
// not positive. DivMod floors for a positive unit, as the modes expect.
func roundUnscaled(v schema.Int128, drop int, mode roundingMode) (schema.Int128, bool) {
	if drop <= 0 {
		return v, true
	}
	unit := tenTo(drop)
	q, r := new(big.Int).DivMod(v.Big(), unit, new(big.Int))
	if mode(q, r, unit) {
		q.Add(q, big.NewInt(1))
	}
	return bounded(q.Mul(q, unit))
}

// roundDecimals is the kernel that keeps digits places after the point.
func roundDecimals(digits int, mode roundingMode) kernel {
	return func(c *call) {
		a, m := c.decimals(0)
		drop := c.out.Type.Size - digits
		for i := range c.out.Decimals {
			v, fits := roundUnscaled(a[i&m], drop, mode)
			if !fits {
				c.overflow(i)
			}
			c.out.Decimals[i] = v
		}
	}
}

// bindRounding binds the roundings to whole numbers. Each names its mode twice, for floats and for
// decimals, and both must agree.
func bindRounding(float func(float64) float64, mode roundingMode) binder {
	return byKind(map[schema.Kind]kernel{
		schema.Int64: sameInts, schema.Float64: eachFloat(float),
		schema.Decimal: roundDecimals(0, mode),
	})
}

// bindRound binds round(x, n). n is a literal, negative for tens, hundreds and so on.
func bindRound(e *plan.Expr, args []evaluator) (evaluator, error) {
	digits := 0
	if len(e.Args) == 2 {
		if e.Args[1].Op != plan.Const {
			return nil, unsupported(e)
		}
		digits = int(e.Args[1].Value.Int)
	}
	switch e.Type.Kind {
	case schema.Int64:
		return strict(args[:1], e.Type, roundInts(digits)), nil
	case schema.Float64:
		return strict(args[:1], e.Type, eachFloat(roundFloat(digits))), nil
	case schema.Decimal:
		return strict(args[:1], e.Type, roundDecimals(digits, halfAway)), nil
	default:
		return nil, unsupported(e)
	}
}

// roundInts changes nothing unless digits is negative.
func roundInts(digits int) kernel {
	if digits >= 0 {
		return sameInts
	}
	return func(c *call) {
		a, m := c.ints(0)
		for i := range c.out.Ints {
			v, fits := roundUnscaled(schema.Int128From(a[i&m]), -digits, halfAway)
			x, holds := small(v)
			if !fits || !holds {
				c.overflow(i)
			}
			c.out.Ints[i] = x
		}
	}
}

// roundFloat returns the rounding to digits places: scaled, rounded, scaled back, each a float64
// operation. A number whose scaled value is not finite has no such digits and stays.
func roundFloat(digits int) func(float64) float64 {
	power, _ := new(big.Float).SetInt(tenTo(max(digits, -digits))).Float64()
	switch {
	case digits == 0:
		return math.Round
	case digits < 0:
		return func(x float64) float64 { return float64(math.Round(x/power) * power) }
	default:
		return func(x float64) float64 {
			scaled := float64(x * power)
			if scaled-scaled != 0 {
				return x
			}
			// Divided, because the inverse of a power of ten is no float64, and would round once
			// more.
			return math.Round(scaled) / power
		}
	}
}

// bindClip binds clip: least(greatest(x, low), high) without nulls. Unlike those it is null if any
// argument is. A low above high gives high.
func bindClip(e *plan.Expr, args []evaluator) (evaluator, error) {
	compare, err := threeWay(e.Type, e.Type)
	if err != nil {
		return nil, err
	}
	return func(f *frame) operand {
		ops, mask := f.evaluateAll(args)
		valid := mergeValid(ops, f.length(mask))
		pick := make([]uint16, f.length(mask))
		for i := range pick {
			if valid != nil && !valid[i] {
				continue
			}
			if compare(ops[0], ops[1], i) < 0 {
				pick[i] = 1
			}
			if compare(ops[pick[i]], ops[2], i) > 0 {
				pick[i] = 2
			}
		}
		o := choose(e.Type, ops, pick)
		o.col.Valid = valid
		return operand{col: o.col, mask: mask}
	}, nil
}

// bindSafeDiv binds safe_div(x, y, else). Only a division by zero takes else; a null x or y gives
// null.
func bindSafeDiv(e *plan.Expr, args []evaluator) (evaluator, error) {
	return func(f *frame) operand {
		shared, mask := f.evaluateAll(args)
		ops := append([]operand(nil), shared...)
		quotient := f.run(divideFloats, e.Type, ops[:2], ops[0].mask|ops[1].mask)
		pick := make([]uint16, f.length(mask))
		for i := range pick {
			if y := ops[1]; !y.isNull(i) && y.col.Floats[i&y.mask] == 0 && !ops[0].isNull(i) {
				pick[i] = 1
			}
		}
		o := choose(e.Type, []operand{quotient, ops[2]}, pick)
		return operand{col: o.col, mask: mask}
	}, nil
}

// bindBucket binds bucket(x, [edges]). The result is the number of edges up to x. They are searched
// by halves, so they must ascend.
func bindBucket(e *plan.Expr, args []evaluator) (evaluator, error) {
	list := e.Args[1]
	if list.Op != plan.Const || list.Type.Kind != schema.List {
		return nil, unsupported(e)
	}
	compare, err := threeWay(e.Args[0].Type, *list.Type.Elem)
	if err != nil {
		return nil, err
	}
	edges := make([]operand, len(list.Value.Items))
	for i, item := range list.Value.Items {
		edges[i] = constant(item)
	}
	return strict(args[:1], e.Type, func(c *call) {
		x := c.args[0]
		for i := range c.out.Ints {
			low, high := 0, len(edges)
			for low < high && !c.out.IsNull(i) {
				if middle := (low + high) / 2; compare(x, edges[middle], i) >= 0 {
					low = middle + 1
				} else {
					high = middle
				}
			}
			c.out.Ints[i] = int64(low)
		}
	}), nil
}
