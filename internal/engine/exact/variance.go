package exact

import (
	"math/big"
	"math/bits"
)

// Spread returns n*S2 - S1*S1 rounded once, where the integer of S1 is first, that of S2 is second,
// and the last bit of S1 has the given exponent (that of S2 twice it). scale is that of a decimal:
// the result is divided by 10^(2*scale) before it is rounded. first is overwritten; scratch grows
// as needed and is returned for the next call.
func Spread(first, second []uint64, n int64, exponent, scale int, scratch []uint64) (float64, []uint64) {
	if scale > 0 {
		return decimalSpread(first, second, n, scale), scratch
	}
	if int64(first[len(first)-1]) < 0 {
		negate(first)
	}
	size := max(2*len(first), len(second)+1)
	if cap(scratch) < 2*size {
		scratch = make([]uint64, 2*size)
	}
	total, square := scratch[:size], scratch[size:2*size]
	multiplyWord(total, second, uint64(n))
	squareInto(square, first)
	var borrow uint64
	for i := range total {
		total[i], borrow = bits.Sub64(total[i], square[i], borrow)
	}
	// By Cauchy and Schwarz the result is never negative.
	return roundMagnitude(total, 2*exponent), scratch
}

// multiplyWord stores x * y in dst, which is longer than x; x is not negative.
func multiplyWord(dst, x []uint64, y uint64) {
	clear(dst)
	var carry uint64
	for i, word := range x {
		hi, lo := bits.Mul64(word, y)
		var c uint64
		dst[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
	dst[len(x)] = carry
}

// squareInto stores x * x in dst, which is at least twice as long as x; x is not negative.
func squareInto(dst, x []uint64) {
	clear(dst)
	for i, a := range x {
		if a == 0 {
			continue
		}
		var carry uint64
		for j, b := range x {
			hi, lo := bits.Mul64(a, b)
			var c uint64
			lo, c = bits.Add64(lo, dst[i+j], 0)
			hi += c
			dst[i+j], c = bits.Add64(lo, carry, 0)
			carry = hi + c
		}
		dst[i+len(x)] = carry
	}
}

func decimalSpread(first, second []uint64, n int64, scale int) float64 {
	sum := bigOf(first)
	total := new(big.Int).Mul(bigOf(second), big.NewInt(n))
	total.Sub(total, sum.Mul(sum, sum))
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(2*scale)), nil)
	spread, _ := new(big.Rat).SetFrac(total, unit).Float64()
	return spread
}
