package exact

import (
	"math/big"
	"math/bits"
)

// Total is one sum of products of float64 numbers, without any rounding. The zero value is the sum
// of nothing. Its words span every product of two finite numbers, so that a term is added where it
// stands; only the words that were used are looked at again.
type Total struct {
	positive, negative [totalWords]uint64
	low, high          int // words that may be other than zero; none if high is 0
}

const (
	totalLowest = 2 * lowestBit // the exponent of the last bit
	// totalWords hold the products, less than 2^2048, and 2^60 of them.
	totalWords = (2048 - totalLowest + 60 + 63) / 64
)

// Reset makes it the sum of nothing.
func (t *Total) Reset() {
	clear(t.positive[t.low:t.high])
	clear(t.negative[t.low:t.high])
	t.low, t.high = 0, 0
}

// Add adds the exact x * y; both are finite.
func (t *Total) Add(x, y float64) {
	if x == 0 || y == 0 {
		return
	}
	p, pField := split(x)
	q, qField := split(y)
	hi, lo := bits.Mul64(p, q)
	shift := uint(pField + qField - 2)
	at, part := int(shift/64), shift%64
	words := &t.positive
	if (x < 0) != (y < 0) {
		words = &t.negative
	}
	var carry uint64
	words[at], carry = bits.Add64(words[at], lo<<part, 0)
	words[at+1], carry = bits.Add64(words[at+1], hi<<part|lo>>1>>(63-part), carry)
	words[at+2], carry = bits.Add64(words[at+2], hi>>1>>(63-part), carry)
	end := at + 3
	for ; carry != 0; end++ {
		words[end], carry = bits.Add64(words[end], 0, carry)
	}
	if t.high == 0 {
		t.low = at
	}
	t.low, t.high = min(t.low, at), max(t.high, end)
}

// Float returns the sum rounded once, half to even: an infinity if it is beyond the float64 numbers,
// +0.0 for zero.
func (t *Total) Float() float64 {
	if t.high == 0 {
		return 0
	}
	var difference [totalWords + 1]uint64
	return Float(t.words(&difference), totalLowest+64*t.low) + 0
}

// words stores the sum in the words that are in use, and one for the sign, and returns these.
func (t *Total) words(dst *[totalWords + 1]uint64) []uint64 {
	var borrow uint64
	for i := t.low; i < t.high; i++ {
		dst[i], borrow = bits.Sub64(t.positive[i], t.negative[i], borrow)
	}
	dst[t.high] = -borrow
	return dst[t.low : t.high+1]
}

// big returns the sum as an integer times a power of two.
func (t *Total) big() (*big.Int, int) {
	if t.high == 0 {
		return new(big.Int), 0
	}
	var difference [totalWords + 1]uint64
	return bigOf(t.words(&difference)), totalLowest + 64*t.low
}

// SquareRatio returns d*d / (x*y) rounded once, half to even. x and y are greater than zero, and d*d
// is at most their product.
func SquareRatio(d, x, y *Total) float64 {
	dividend, scale := d.big()
	dividend.Mul(dividend, dividend)
	a, aScale := x.big()
	b, bScale := y.big()
	divisor, exponent := a.Mul(a, b), 2*scale-aScale-bScale
	quotient := new(big.Float).SetPrec(mantissaBits + 1)
	quotient.Quo(new(big.Float).SetInt(dividend), new(big.Float).SetInt(divisor))
	quotient.SetMantExp(quotient, exponent)
	if dividend.Sign() == 0 || quotient.MantExp(nil) > -1000 {
		ratio, _ := quotient.Float64()
		return ratio
	}
	// Near the least numbers a float64 has fewer bits, and what was rounded would be rounded again.
	if exponent > 0 {
		dividend.Lsh(dividend, uint(exponent))
	} else {
		divisor.Lsh(divisor, uint(-exponent))
	}
	ratio, _ := new(big.Rat).SetFrac(dividend, divisor).Float64()
	return ratio
}
