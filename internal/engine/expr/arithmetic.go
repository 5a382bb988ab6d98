package expr

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// bindSum binds add and sub. Durations and numbers add alike; a timestamp must stay in the accepted
// years.
func bindSum(ints, floats, decimals kernel) binder {
	return func(e *plan.Expr, args []evaluator) (evaluator, error) {
		switch {
		case e.Type.Kind == schema.Timestamp:
			return strict(args, e.Type, inYears(ints)), nil
		case isInts(e.Type.Kind):
			return strict(args, e.Type, ints), nil
		case e.Type.Kind == schema.Float64:
			return strict(args, e.Type, floats), nil
		case e.Type.Kind == schema.Decimal:
			return strict(args, e.Type, decimals), nil
		default:
			return nil, unsupported(e)
		}
	}
}

// inYears drops, counted, what a kernel computes beyond the accepted years. It runs over null rows
// as well, of which overflow counts none.
func inYears(k kernel) kernel {
	return func(c *call) {
		k(c)
		for i, t := range c.out.Ints {
			if !schema.ValidTime(t) {
				c.overflow(i)
			}
		}
	}
}

// The loops below compute every row, nulls included, and look again only if something overflowed.

// addInts finds an overflow by the signs: that of the sum differs from those of both operands. The
// bits of all rows are gathered, so that the loop nearly all batches need has no branch.
func addInts(c *call) {
	a, am := c.ints(0)
	b, bm := c.ints(1)
	var over int64
	for i := range c.out.Ints {
		x, y := a[i&am], b[i&bm]
		s := x + y
		over |= (x ^ s) & (y ^ s)
		c.out.Ints[i] = s
	}
	if over >= 0 {
		return
	}
	for i, s := range c.out.Ints {
		if x, y := a[i&am], b[i&bm]; (x^s)&(y^s) < 0 {
			c.overflow(i)
		}
	}
}

// subtractInts overflows where the signs of the operands differ, and the result has not that of the
// first.
func subtractInts(c *call) {
	a, am := c.ints(0)
	b, bm := c.ints(1)
	var over int64
	for i := range c.out.Ints {
		x, y := a[i&am], b[i&bm]
		s := x - y
		over |= (x ^ y) & (x ^ s)
		c.out.Ints[i] = s
	}
	if over >= 0 {
		return
	}
	for i, s := range c.out.Ints {
		if x, y := a[i&am], b[i&bm]; (x^y)&(x^s) < 0 {
			c.overflow(i)
		}
	}
}

// multiplyInts asks for the 128-bit product only if a factor has more than 32 bits, because two
// smaller ones cannot overflow.
func multiplyInts(c *call) {
	a, am := c.ints(0)
	b, bm := c.ints(1)
	for i := range c.out.Ints {
		x, y := a[i&am], b[i&bm]
		if int64(int32(x)) != x || int64(int32(y)) != y {
			hi, lo := bits.Mul64(magnitude(x), magnitude(y))
			negative := (x < 0) != (y < 0)
			// A magnitude of 2^63 fits as the least int64 and as nothing else.
			if hi != 0 || lo > 1<<63 || lo == 1<<63 && !negative {
				c.overflow(i)
				continue
			}
		}
		c.out.Ints[i] = x * y
	}
}

// addFloats and its kin add 0 to each result, which turns a negative zero into zero and changes
// nothing else. r-r is 0 for every finite r, and NaN for an infinity or NaN.
func addFloats(c *call) {
	a, am := c.floats(0)
	b, bm := c.floats(1)
	bad := false
	for i := range c.out.Floats {
		r := a[i&am] + b[i&bm] + 0
		bad = bad || r-r != 0
		c.out.Floats[i] = r
	}
	if bad {
		c.dropNonFinite()
	}
}

func subtractFloats(c *call) {
	a, am := c.floats(0)
	b, bm := c.floats(1)
	bad := false
	for i := range c.out.Floats {
		r := a[i&am] - b[i&bm] + 0
		bad = bad || r-r != 0
		c.out.Floats[i] = r
	}
	if bad {
		c.dropNonFinite()
	}
}

// multiplyFloats converts the product before it adds 0, as the package does with every product that
// feeds a sum.
func multiplyFloats(c *call) {
	a, am := c.floats(0)
	b, bm := c.floats(1)
	bad := false
	for i := range c.out.Floats {
		r := float64(a[i&am]*b[i&bm]) + 0
		bad = bad || r-r != 0
		c.out.Floats[i] = r
	}
	if bad {
		c.dropNonFinite()
	}
}

// divideFloats gives null for a division by zero. That is what the language says it is, so it is
// not counted, and made null before dropNonFinite would count it.
func divideFloats(c *call) {
	a, am := c.floats(0)
	b, bm := c.floats(1)
	bad := false
	for i := range c.out.Floats {
		r := a[i&am]/b[i&bm] + 0
		bad = bad || r-r != 0
		c.out.Floats[i] = r
	}
	if !bad {
		return
	}
	for i := range c.out.Floats {
		if b[i&bm] == 0 {
			c.fail(i)
		}
	}
	c.dropNonFinite()
}

// divideInts gives the exact quotient rounded once: an int64 beyond 2^53 is not rounded before.
func divideInts(c *call) {
	a, am := c.ints(0)
	b, bm := c.ints(1)
	// Up to here both are float64 without loss, and the division rounds once.
	const exact = 1 << 53
	for i := range c.out.Floats {
		x, y := a[i&am], b[i&bm]
		switch {
		case y == 0:
			c.fail(i)
		case x <= exact && x >= -exact && y <= exact && y >= -exact:
			c.out.Floats[i] = float64(x)/float64(y) + 0
		default:
			c.out.Floats[i] = exactQuotient(x, y)
		}
	}
}

// truncateFloats is div: the exact quotient without its fraction, rounded once where it is beyond 2^53.
func truncateFloats(c *call) {
	divideFloats(c)
	a, am := c.floats(0)
	b, bm := c.floats(1)
	for i := range c.out.Floats {
		x, y := a[i&am], b[i&bm]
		if y != 0 && x-x == 0 && y-y == 0 { // what lies under a null may be anything
			c.out.Floats[i] = truncatedQuotient(x, y) + 0
		}
	}
}

// truncatedQuotient returns x / y without its fraction. The quotient that the machine rounds may be the
// next whole number, so what remains is taken from x first; where that would not leave half a unit, whole
// numbers of any size decide.
func truncatedQuotient(x, y float64) float64 {
	const safe = 1 << 49
	if q := x / y; q < safe && q > -safe {
		return math.Round((x - math.Mod(x, y)) / y)
	}
	exact := new(big.Rat).SetFloat64(x)
	exact.Quo(exact, new(big.Rat).SetFloat64(y))
	whole, _ := new(big.Float).SetInt(new(big.Int).Quo(exact.Num(), exact.Denom())).Float64()
	return whole
}

// remainderFloats gives a result with the sign of the dividend, as truncation leaves it.
func remainderFloats(c *call) {
	a, am := c.floats(0)
	b, bm := c.floats(1)
	for i := range c.out.Floats {
		x, y := a[i&am], b[i&bm]
		if y == 0 {
			c.fail(i)
			continue
		}
		c.out.Floats[i] = math.Mod(x, y) + 0
	}
}

// truncateInts is div of whole numbers. Its one overflow is the least int64 by -1, for which Go
// would give the least int64 again.
func truncateInts(c *call) {
	a, am := c.ints(0)
	b, bm := c.ints(1)
	for i := range c.out.Ints {
		x, y := a[i&am], b[i&bm]
		switch {
		case y == 0:
			c.fail(i)
		case y == -1 && x == math.MinInt64:
			c.overflow(i)
		default:
			c.out.Ints[i] = x / y
		}
	}
}

// remainderInts tests for zero in null rows too, because their slots hold anything and Go would
// panic.
func remainderInts(c *call) {
	a, am := c.ints(0)
	b, bm := c.ints(1)
	for i := range c.out.Ints {
		if y := b[i&bm]; y == 0 {
			c.fail(i)
		} else {
			c.out.Ints[i] = a[i&am] % y // Go gives 0 for the least int64 % -1
		}
	}
}

// negateInts overflows for the least int64 alone.
func negateInts(c *call) {
	a, m := c.ints(0)
	for i := range c.out.Ints {
		x := a[i&m]
		if x == math.MinInt64 {
			c.overflow(i)
		}
		c.out.Ints[i] = -x
	}
}

// negateFloats subtracts from zero because -x would make a negative zero of zero.
func negateFloats(c *call) {
	a, m := c.floats(0)
	for i := range c.out.Floats {
		c.out.Floats[i] = 0 - a[i&m]
	}
}

// negateDecimals cannot overflow: the limit of 38 digits is the same on both sides of zero.
func negateDecimals(c *call) {
	a, m := c.decimals(0)
	for i := range c.out.Decimals {
		c.out.Decimals[i] = a[i&m].Neg()
	}
}
