package schema

import (
	"fmt"
	"math/big"
	"math/bits"
	"strings"
)

// Int128 is a signed 128-bit integer in two's complement: the unscaled value of a decimal.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Int128From returns x as an Int128.
func Int128From(x int64) Int128 { return Int128{Hi: x >> 63, Lo: uint64(x)} }

// Add returns a + b and whether it fits.
func (a Int128) Add(b Int128) (Int128, bool) {
	lo, carry := bits.Add64(a.Lo, b.Lo, 0)
	hi := int64(uint64(a.Hi) + uint64(b.Hi) + carry)
	overflow := (a.Hi >= 0) == (b.Hi >= 0) && (hi >= 0) != (a.Hi >= 0)
	return Int128{Hi: hi, Lo: lo}, !overflow
}

// Neg returns -a; the smallest value is its own negation.
func (a Int128) Neg() Int128 {
	lo, borrow := bits.Sub64(0, a.Lo, 0)
	return Int128{Hi: -a.Hi - int64(borrow), Lo: lo}
}

// Sign returns -1, 0 or 1.
func (a Int128) Sign() int {
	switch {
	case a.Hi < 0:
		return -1
	case a.Hi == 0 && a.Lo == 0:
		return 0
	default:
		return 1
	}
}

// Compare returns -1, 0 or 1 as a is less than, equal to or greater than b.
func (a Int128) Compare(b Int128) int {
	switch {
	case a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo:
		return -1
	case a == b:
		return 0
	default:
		return 1
	}
}

// Big returns the value as a big integer.
func (a Int128) Big() *big.Int {
	v := new(big.Int).SetInt64(a.Hi)
	v.Lsh(v, 64)
	return v.Or(v, new(big.Int).SetUint64(a.Lo))
}

// Int128FromBig returns the value and whether it fits in 128 bits.
func Int128FromBig(v *big.Int) (Int128, bool) {
	if v.BitLen() > 127 {
		return Int128{}, false
	}
	lo := new(big.Int).And(v, new(big.Int).SetUint64(^uint64(0))).Uint64()
	return Int128{Hi: new(big.Int).Rsh(v, 64).Int64(), Lo: lo}, true
}

// FormatDecimal writes an unscaled value with scale digits after the point, such as 12.50.
func FormatDecimal(v Int128, scale int) string {
	text := v.Big().String()
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	if scale == 0 {
		return sign + text
	}
	if len(text) <= scale {
		text = strings.Repeat("0", scale-len(text)+1) + text
	}
	return sign + text[:len(text)-scale] + "." + text[len(text)-scale:]
}

// ParseDecimal reads plain decimal text, such as -12.5, at the given scale. More digits after the
// point than the scale holds, or more than 38 digits in all, is an error: nothing is rounded.
func ParseDecimal(text string, scale int) (Int128, error) {
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 {
		return Int128{}, fmt.Errorf("%q is not a decimal", text)
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return Int128{}, fmt.Errorf("%q is not a decimal", text)
	}
	if extra := strings.TrimRight(fraction, "0"); len(extra) > scale {
		return Int128{}, fmt.Errorf("%q has more than %d digits after the point", text, scale)
	}
	fraction = (fraction + strings.Repeat("0", scale))[:scale]
	v, _ := new(big.Int).SetString(whole+fraction, 10)
	if strings.HasPrefix(text, "-") {
		v.Neg(v)
	}
	if len(new(big.Int).Abs(v).String()) > MaxDecimalDigits {
		return Int128{}, fmt.Errorf("%q has more than %d digits", text, MaxDecimalDigits)
	}
	result, _ := Int128FromBig(v)
	return result, nil
}
