package exact

import (
	"math"
	"math/bits"
)

// integer is a signed integer of any width: sign and magnitude, the least word first and no zero
// word at the top. Operations write to their receiver, which is none of the operands, and reuse its
// memory.
type integer struct {
	words    []uint64
	negative bool
}

// sized makes room for n words, whose content is anything.
func (z *integer) sized(n int) {
	if cap(z.words) < n {
		z.words = make([]uint64, n, n+n/2+2)
	}
	z.words = z.words[:n]
}

// trim restores the invariant that the top word is not zero, and that zero is not negative.
func (z *integer) trim() {
	n := len(z.words)
	for n > 0 && z.words[n-1] == 0 {
		n--
	}
	z.words = z.words[:n]
	if n == 0 {
		z.negative = false
	}
}

// set takes an accumulator in two's complement.
func (z *integer) set(acc []uint64) {
	z.sized(len(acc))
	copy(z.words, acc)
	if z.negative = int64(acc[len(acc)-1]) < 0; z.negative {
		negate(z.words)
	}
	z.trim()
}

// multiply sets z = x * y * factor.
func (z *integer) multiply(x, y *integer, factor int64) {
	z.sized(len(x.words) + len(y.words) + 1)
	clear(z.words)
	for i, a := range x.words {
		var carry uint64
		for j, b := range y.words {
			hi, lo := bits.Mul64(a, b)
			var c uint64
			lo, c = bits.Add64(lo, z.words[i+j], 0)
			hi += c
			z.words[i+j], c = bits.Add64(lo, carry, 0)
			carry = hi + c
		}
		z.words[i+len(y.words)] = carry
	}
	z.negative = x.negative != y.negative
	z.times(factor)
}

// times multiplies z by a factor; the magnitude must have room for one more word or not need it.
func (z *integer) times(factor int64) {
	z.words = append(z.words, 0)
	var carry uint64
	for i, word := range z.words {
		hi, lo := bits.Mul64(word, magnitude(factor))
		var c uint64
		z.words[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
	z.negative = z.negative != (factor < 0)
	z.trim()
}

// add sets z = z + x.
func (z *integer) add(x *integer) {
	for len(z.words) <= len(x.words) {
		z.words = append(z.words, 0)
	}
	var carry uint64
	if z.negative == x.negative {
		for i := range z.words {
			z.words[i], carry = bits.Add64(z.words[i], x.word(i), carry)
		}
		if carry != 0 {
			z.words = append(z.words, carry)
		}
		z.trim()
		return
	}
	for i := range z.words {
		z.words[i], carry = bits.Sub64(z.words[i], x.word(i), carry)
	}
	if carry != 0 { // x was the greater
		negate(z.words)
		z.negative = x.negative
	}
	z.trim()
}

// word returns a word of the magnitude, also beyond its end.
func (z *integer) word(i int) uint64 {
	if i < len(z.words) {
		return z.words[i]
	}
	return 0
}

// divide divides the magnitude by a word, downwards, and reports whether something was left.
func (z *integer) divide(by uint64) (rest bool) {
	var remainder uint64
	for i := len(z.words) - 1; i >= 0; i-- {
		z.words[i], remainder = bits.Div64(remainder, z.words[i], by)
	}
	z.trim()
	return remainder != 0
}

// tens is the greatest power of ten in a word, and its number of zeros.
const (
	tens      = 10_000_000_000_000_000_000
	tensZeros = 19
)

// round returns z * 2^exponent / (n^power * 10^scale), rounded once to the nearest float64, half to
// even, an infinity if it is too large. z is overwritten.
//
// The division is downwards, with so many words appended that the quotient has more bits than a
// float64; whether anything is left of it becomes the last bit, far below those that round.
func (z *integer) round(exponent int, n uint64, power, scale int) float64 {
	if len(z.words) == 0 {
		return 0
	}
	if power > 0 || scale > 0 {
		exponent -= z.shiftWords(2 + (bits.Len64(n)*power+scale*4)/64 + 1)
		rest := false
		for range power {
			rest = z.divide(n) || rest
		}
		for ; scale >= tensZeros; scale -= tensZeros {
			rest = z.divide(tens) || rest
		}
		last := uint64(1)
		for range scale {
			last *= 10
		}
		if rest = z.divide(last) || rest; rest {
			z.words[0] |= 1
		}
	}
	x := roundMagnitude(z.words, exponent)
	if z.negative && x != 0 {
		return math.Copysign(x, -1)
	}
	return x
}

// shiftWords appends n zero words below and returns the bits of them.
func (z *integer) shiftWords(n int) int {
	old := len(z.words)
	for range n {
		z.words = append(z.words, 0)
	}
	copy(z.words[n:], z.words[:old])
	clear(z.words[:n])
	return n * 64
}
