package exact

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Float rounds acc * 2^exponent to the nearest float64, ties to even. A zero is +0.0; a value beyond
// the largest float64 is an infinity. acc is overwritten.
func Float(acc []uint64, exponent int) float64 {
	negative := int64(acc[len(acc)-1]) < 0
	if negative {
		negate(acc)
	}
	x := roundMagnitude(acc, exponent)
	if negative {
		return -x
	}
	return x
}

func negate(acc []uint64) {
	carry := uint64(1)
	for i, word := range acc {
		acc[i], carry = bits.Add64(^word, 0, carry)
	}
}

// roundMagnitude rounds a non-negative integer times 2^exponent.
func roundMagnitude(acc []uint64, exponent int) float64 {
	top := len(acc) - 1
	for top >= 0 && acc[top] == 0 {
		top--
	}
	if top < 0 {
		return 0
	}
	width := top*64 + bits.Len64(acc[top])
	// cut is the number of low bits that do not fit: beyond 53 significant ones, or below the last
	// bit of the subnormal numbers.
	cut := max(width-53, lowestBit-exponent, 0)
	mantissa := window53(acc, cut)
	if cut > 0 && roundsUp(acc, cut, mantissa) {
		mantissa++
	}
	return compose(mantissa, exponent+cut)
}

// window53 returns the bits of acc from position cut upwards; there are at most 53.
func window53(acc []uint64, cut int) uint64 {
	at, part := cut/64, uint(cut%64)
	if at >= len(acc) {
		return 0
	}
	value := acc[at] >> part
	if part > 0 && at+1 < len(acc) {
		value |= acc[at+1] << (64 - part)
	}
	return value
}

// roundsUp decides by the bits below cut: more than half, or half and odd.
func roundsUp(acc []uint64, cut int, mantissa uint64) bool {
	half := cut - 1
	at, part := half/64, uint(half%64)
	if at >= len(acc) || acc[at]>>part&1 == 0 {
		return false
	}
	if mantissa&1 == 1 || acc[at]&(1<<part-1) != 0 {
		return true
	}
	for _, word := range acc[:at] {
		if word != 0 {
			return true
		}
	}
	return false
}

// compose returns mantissa * 2^exponent, where the mantissa has at most 53 bits or is 2^53, and the
// result needs no rounding.
func compose(mantissa uint64, exponent int) float64 {
	if width := bits.Len64(mantissa); width+exponent > 1024 {
		return math.Inf(1)
	}
	if exponent > -1023 && exponent < 900 {
		return float64(mantissa) * math.Float64frombits(uint64(exponent+1023)<<mantissaBits)
	}
	return math.Ldexp(float64(mantissa), exponent)
}

// Int64 returns acc as an int64 and whether it fits.
func Int64(acc []uint64) (int64, bool) {
	x := int64(acc[0])
	for _, word := range acc[1:] {
		if word != uint64(x>>63) {
			return 0, false
		}
	}
	return x, true
}

// Decimal returns acc as an unscaled decimal and whether it has at most 38 digits.
func Decimal(acc []uint64) (schema.Int128, bool) {
	return fitDecimal(bigOf(acc))
}

func fitDecimal(v *big.Int) (schema.Int128, bool) {
	if new(big.Int).Abs(v).Cmp(decimalLimit) >= 0 {
		return schema.Int128{}, false
	}
	return schema.Int128FromBig(v)
}

var decimalLimit = new(big.Int).Exp(big.NewInt(10), big.NewInt(schema.MaxDecimalDigits), nil)

func bigOf(acc []uint64) *big.Int {
	negative := int64(acc[len(acc)-1]) < 0
	value := new(big.Int)
	for i := len(acc) - 1; i >= 0; i-- {
		value.Lsh(value, 64)
		value.Or(value, new(big.Int).SetUint64(acc[i]))
	}
	if negative {
		value.Sub(value, new(big.Int).Lsh(big.NewInt(1), uint(len(acc)*64)))
	}
	return value
}

// IntMean returns acc / n rounded once.
func IntMean(acc []uint64, n int64) float64 {
	if sum, fits := Int64(acc); fits && sum > -1<<53 && sum < 1<<53 && n < 1<<53 {
		return float64(sum)/float64(n) + 0 // + 0: a zero is +0.0
	}
	mean, _ := new(big.Rat).SetFrac(bigOf(acc), big.NewInt(n)).Float64()
	return mean
}

// DecimalMean returns acc / n with digits more digits after the point, rounded half to even, and
// whether it has at most 38 digits.
func DecimalMean(acc []uint64, n int64, digits int) (schema.Int128, bool) {
	scaled := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	scaled.Mul(scaled, bigOf(acc))
	quotient, rest := new(big.Int).QuoRem(scaled, big.NewInt(n), new(big.Int))
	switch twice := rest.Abs(rest).Lsh(rest, 1); twice.Cmp(big.NewInt(n)) {
	case 1:
		quotient.Add(quotient, big.NewInt(int64(scaled.Sign())))
	case 0:
		if quotient.Bit(0) == 1 {
			quotient.Add(quotient, big.NewInt(int64(scaled.Sign())))
		}
	}
	return fitDecimal(quotient)
}

// DecimalDifference returns a - b of one scale and whether it has at most 38 digits.
func DecimalDifference(a, b schema.Int128) (schema.Int128, bool) {
	// Decimals have at most 38 digits, so that the difference of two fits in 128 bits.
	difference, fits := a.Add(b.Neg())
	if !fits {
		return schema.Int128{}, false
	}
	return fitDecimal(difference.Big())
}
