package expr

import (
	"math/big"
	"math/bits"

	"github.com/fettle-ml/fettle/internal/schema"
)

// bounded returns a decimal and whether it has at most 38 digits.
func bounded(v *big.Int) (schema.Int128, bool) {
	x, fits := schema.Int128FromBig(v)
	return x, fits && inDigits(x)
}

// inDigits reports whether a value has at most 38 digits.
func inDigits(v schema.Int128) bool {
	limit := powersOfTen[maxScale]
	return v.Compare(limit) < 0 && v.Compare(limit.Neg()) > 0
}

// magnitude returns the absolute value of an int64, the least included.
func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// signed returns a 127-bit magnitude with a sign. The highest bit of hi must be clear.
func signed(hi, lo uint64, negative bool) schema.Int128 {
	v := schema.Int128{Hi: int64(hi), Lo: lo}
	if negative {
		return v.Neg()
	}
	return v
}

// multiply returns a * b and whether it fits in 128 bits. That can be more than 38 digits, which is
// for the caller to test.
func multiply(a, b schema.Int128) (schema.Int128, bool) {
	x, xs := small(a)
	y, ys := small(b)
	if xs && ys {
		hi, lo := bits.Mul64(magnitude(x), magnitude(y))
		return signed(hi, lo, (x < 0) != (y < 0)), true
	}
	return schema.Int128FromBig(new(big.Int).Mul(a.Big(), b.Big()))
}

// divideHalfEven returns a / b rounded half to even; b is not zero.
func divideHalfEven(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	twice := new(big.Int).Lsh(new(big.Int).Abs(r), 1)
	side := twice.CmpAbs(b)
	if side > 0 || side == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(int64(a.Sign()*b.Sign())))
	}
	return q
}

// quotient returns a * 10^shift / b rounded half to even; b is not zero. shift may be negative.
func quotient(a, b schema.Int128, shift int) (schema.Int128, bool) {
	x, xs := small(a)
	y, ys := small(b)
	if xs && ys && shift >= 0 && shift < 19 {
		hi, lo := bits.Mul64(magnitude(x), powersOfTen[shift].Lo)
		// bits.Div64 panics if the quotient has more than 64 bits.
		if divisor := magnitude(y); hi < divisor {
			q, r := bits.Div64(hi, lo, divisor)
			if half := divisor - r; r > half || r == half && q&1 == 1 {
				var carry uint64
				q, carry = bits.Add64(q, 1, 0)
				return signed(carry, q, (x < 0) != (y < 0)), true
			}
			return signed(0, q, (x < 0) != (y < 0)), true
		}
	}
	numerator, divisor := a.Big(), b.Big()
	if shift >= 0 {
		numerator.Mul(numerator, tenTo(shift))
	} else {
		divisor.Mul(divisor, tenTo(-shift))
	}
	return bounded(divideHalfEven(numerator, divisor))
}

// tenTo is a power of ten for products that may have more than 128 bits; n is not negative.
func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// rescale changes the scale of a decimal, rounding half to even.
func rescale(v schema.Int128, from, to int) (schema.Int128, bool) {
	if to >= from {
		scaled, fits := multiply(v, powersOfTen[to-from])
		return scaled, fits && inDigits(scaled)
	}
	return quotient(v, schema.Int128From(1), to-from)
}

// truncated returns a / b without its fraction and the remainder with the sign of a. b is not zero.
// The least int64 by -1 fits in 128 bits only.
func truncated(a, b schema.Int128) (q, r schema.Int128) {
	x, xs := small(a)
	y, ys := small(b)
	if xs && ys && y != -1 {
		return schema.Int128From(x / y), schema.Int128From(x % y)
	}
	bq, br := new(big.Int).QuoRem(a.Big(), b.Big(), new(big.Int))
	q, _ = schema.Int128FromBig(bq)
	r, _ = schema.Int128FromBig(br)
	return q, r
}

// decimalRows runs an operation of two decimals over the rows that are not null. The operation
// reports whether its result fits.
func decimalRows(c *call, op func(a, b schema.Int128) (schema.Int128, bool)) {
	a, am := c.decimals(0)
	b, bm := c.decimals(1)
	for i := range c.out.Decimals {
		if c.out.IsNull(i) {
			continue
		}
		v, fits := op(a[i&am], b[i&bm])
		if !fits || !inDigits(v) {
			c.overflow(i)
			continue
		}
		c.out.Decimals[i] = v
	}
}

func addDecimals(c *call) { decimalRows(c, schema.Int128.Add) }

func subtractDecimals(c *call) {
	decimalRows(c, func(a, b schema.Int128) (schema.Int128, bool) { return a.Add(b.Neg()) })
}

// multiplyDecimals adds the scales; beyond 38 the product is rounded half to even.
func multiplyDecimals(c *call) {
	scale := c.args[0].col.Type.Size + c.args[1].col.Type.Size
	if scale <= c.out.Type.Size {
		decimalRows(c, multiply)
		return
	}
	drop := tenTo(scale - c.out.Type.Size)
	decimalRows(c, func(a, b schema.Int128) (schema.Int128, bool) {
		return bounded(divideHalfEven(new(big.Int).Mul(a.Big(), b.Big()), drop))
	})
}

// divideDecimals rounds once, at the scale of the result.
func divideDecimals(c *call) {
	shift := c.out.Type.Size + c.args[1].col.Type.Size - c.args[0].col.Type.Size
	nullWhereZero(c)
	decimalRows(c, func(a, b schema.Int128) (schema.Int128, bool) { return quotient(a, b, shift) })
}

// truncateDecimals is div: whole units of the common scale.
func truncateDecimals(c *call) {
	unit := powersOfTen[c.out.Type.Size]
	nullWhereZero(c)
	decimalRows(c, func(a, b schema.Int128) (schema.Int128, bool) {
		q, _ := truncated(a, b)
		return multiply(q, unit)
	})
}

// remainderDecimals gives a result with the sign of the dividend.
func remainderDecimals(c *call) {
	nullWhereZero(c)
	decimalRows(c, func(a, b schema.Int128) (schema.Int128, bool) {
		_, r := truncated(a, b)
		return r, true
	})
}

// nullWhereZero makes the rows null, uncounted, whose second argument is the decimal zero. It runs
// before decimalRows, which passes over null rows and so never divides by zero.
func nullWhereZero(c *call) {
	b, m := c.decimals(1)
	for i := range c.out.Decimals {
		if b[i&m] == (schema.Int128{}) {
			c.fail(i)
		}
	}
}
