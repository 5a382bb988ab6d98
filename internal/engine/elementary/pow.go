package elementary

import (
	"math"
	"math/big"
)

const marginPow = 0x1p-66

// Pow returns x to the power of y; of 0 to the power of 0, 1. A negative x with a y that is not
// whole gives NaN.
func Pow(x, y float64) float64 {
	if special, is := powSpecial(x, y); is {
		return special
	}
	negative := x < 0 && odd(y)
	r := powOf(math.Abs(x), y)
	if negative {
		return -r
	}
	return r
}

// powSpecial settles what is not a power of a positive number to a finite one.
func powSpecial(x, y float64) (float64, bool) {
	switch {
	case y == 0 || x == 1:
		return 1, true
	case x != x || y != y:
		return math.NaN(), true
	case x == 0:
		return powOfZero(x, y), true
	case y-y != 0:
		size := math.Abs(x)
		switch {
		case size == 1:
			return 1, true
		case (size > 1) == (y > 0):
			return math.Inf(1), true
		default:
			return 0, true
		}
	case x-x != 0:
		size := math.Inf(1)
		if y < 0 {
			size = 0
		}
		if x < 0 && odd(y) {
			size = -size
		}
		return size, true
	case x < 0 && math.Floor(y) != y:
		return math.NaN(), true
	default:
		return 0, false
	}
}

// powOfZero keeps the sign of a zero for odd powers.
func powOfZero(x, y float64) float64 {
	size := 0.0
	if y < 0 {
		size = math.Inf(1)
	}
	if odd(y) {
		return math.Copysign(size, x)
	}
	return size
}

// odd reports whether y is an odd whole number.
func odd(y float64) bool {
	return math.Abs(y) < 0x1p53 && math.Floor(y) == y && int64(y)&1 != 0
}

// powOf returns x^y for x > 0: e^(y ln x), unless the result is at an end of the range.
func powOf(x, y float64) float64 {
	logarithm := logOf(pair{x, 0})
	estimate := float64(y * logarithm.high)
	switch {
	case estimate > 711:
		return math.Inf(1)
	case estimate < -747:
		return 0
	case math.Abs(estimate) < 0x1p-60:
		return 1
	}
	if math.Abs(estimate) < 708 && normalFactor(y) {
		value, exponent := expOf(logarithm.times(pair{y, 0}))
		if r, settled := value.rounded(marginPow); settled {
			return float64(r * powerOfTwo(exponent))
		}
	}
	if r, is := exactPower(x, y); is {
		return r
	}
	return slowly(func(bits uint) interval { return bigPow(x, y, bits) })
}

// normalFactor reports whether product takes y.
func normalFactor(y float64) bool {
	size := math.Abs(y)
	return size > 0x1p-400 && size < 0x1p400
}

// exactPower returns x^y for x > 0 if that is a number of few bits, or a power of 2. Only such a
// power can lie halfway between two float64, for it has at most 54 bits.
//
// x is a * 2^b with an odd a, and y is n / 2^k with an odd n or k = 0. The power has few bits only
// if 2^(bn/2^k) is whole, a is the 2^k-th power of a whole number s, and s^n has few bits. For a > 1
// that means k <= 5, and 0 < n < 54.
func exactPower(x, y float64) (float64, bool) {
	a, b := oddPart(x)
	n, k := oddPart(y) // y = n * 2^k, and below k counts up to 0
	for ; k < 0 && a != 1 && k >= -5; k++ {
		root := math.Sqrt(a)
		if math.Floor(root) != root || float64(root*root) != a || b%2 != 0 {
			return 0, false
		}
		a, b = root, b/2
	}
	for ; k < 0 && b%2 == 0; k++ {
		b /= 2
	}
	if k < 0 || a != 1 && (n < 0 || math.Ldexp(n, k) > 54) {
		return 0, false
	}
	whole := math.Ldexp(n, k)
	power := new(big.Float).SetPrec(4096).SetInt64(1)
	if a != 1 {
		power.SetInt(new(big.Int).Exp(big.NewInt(int64(a)), big.NewInt(int64(whole)), nil))
	}
	r, _ := power.SetMantExp(power, b*int(whole)).Float64()
	return r, true
}

// oddPart splits x into an odd whole number, with the sign of x, and a power of 2.
func oddPart(x float64) (float64, int) {
	fraction, e := math.Frexp(x)
	m := int64(float64(fraction * (1 << 53)))
	e -= 53
	for m&1 == 0 {
		m >>= 1
		e++
	}
	return float64(m), e
}
