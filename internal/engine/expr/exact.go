package expr

import (
	"cmp"
	"math"
	"math/big"

	"github.com/fettle-ml/fettle/internal/schema"
)

// maxScale is the number of digits of a decimal.
const maxScale = schema.MaxDecimalDigits

// powersOfTen are 10^0 to 10^38.
var powersOfTen = func() (powers [maxScale + 1]schema.Int128) {
	x := big.NewInt(1)
	for i := range powers {
		powers[i], _ = schema.Int128FromBig(x)
		x.Mul(x, big.NewInt(10))
	}
	return powers
}()

// small returns a value that fits in int64.
func small(v schema.Int128) (int64, bool) { return int64(v.Lo), v.Hi == int64(v.Lo)>>63 }

// compareScaled compares two decimals by value, whatever their scales.
func compareScaled(a schema.Int128, as int, b schema.Int128, bs int) int {
	switch {
	case as == bs:
		return a.Compare(b)
	case as > bs:
		return -compareScaled(b, bs, a, as)
	}
	if scaled, fits := multiply(a, powersOfTen[bs-as]); fits {
		return scaled.Compare(b)
	}
	// a times a power of ten is beyond 127 bits, and so beyond every b.
	return a.Sign()
}

// compareExact compares the decimal v of a scale with a finite x by exact value. Rounding to the
// nearest float64 is monotone, so that a difference after it is one before it; only equals need
// the exact quotient.
func compareExact(v schema.Int128, scale int, x float64) int {
	if scale == 0 {
		if n, fits := small(v); fits {
			return compareIntFloat(n, x)
		}
	}
	if rounded := decimalToFloat(v, scale); rounded != x {
		return cmp.Compare(rounded, x)
	}
	exact := new(big.Rat).SetFrac(v.Big(), powersOfTen[scale].Big())
	return exact.Cmp(new(big.Rat).SetFloat64(x))
}

// compareIntFloat compares by exact value: behind the first test x is a whole number.
func compareIntFloat(n int64, x float64) int {
	if rounded := float64(n); rounded != x {
		return cmp.Compare(rounded, x)
	}
	if x >= 1<<63 { // n was rounded up to 2^63
		return -1
	}
	return cmp.Compare(n, int64(x))
}

// decimalToFloat returns the float64 nearest to a decimal, half to even. Up to 2^53 and 10^22 both
// numbers are exact, and one division rounds once.
func decimalToFloat(v schema.Int128, scale int) float64 {
	if n, fits := small(v); fits && n >= -1<<53 && n <= 1<<53 && scale <= 22 {
		return float64(n) / exactPowers[scale]
	}
	x, _ := new(big.Rat).SetFrac(v.Big(), powersOfTen[scale].Big()).Float64()
	return x
}

// exactPowers are the powers of ten that a float64 holds exactly.
var exactPowers = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
	1e18, 1e19, 1e20, 1e21, 1e22,
}

// floatToDecimal rounds the exact value of x half to even to a scale.
func floatToDecimal(x float64, scale int) (schema.Int128, bool) {
	if math.Abs(x) >= 1e38 {
		return schema.Int128{}, false
	}
	exact := new(big.Rat).SetFloat64(x)
	numerator := new(big.Int).Mul(exact.Num(), powersOfTen[scale].Big())
	return bounded(divideHalfEven(numerator, exact.Denom()))
}

// exactQuotient returns x / y rounded once; y is not zero.
func exactQuotient(x, y int64) float64 {
	q, _ := new(big.Rat).SetFrac(big.NewInt(x), big.NewInt(y)).Float64()
	return q
}
