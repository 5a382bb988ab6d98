package elementary

import (
	"math"
	"math/bits"
)

// Half of pi, and the part of its third piece that a reduction near a multiple of it needs.
const (
	halfPiHigh = 0x1.921fb54442d18p+0
	halfPiLow  = 0x1.1a62633145c07p-54
)

// reduce returns x - k * pi/2 with k the nearest whole number, and k modulo 4, for finite x (Payne
// and Hanek).
//
// x is m * 2^e with a whole m. Of 2/pi those 256 bits are taken whose product with x has its point
// behind the second bit: bits in front of them give multiples of 4, which do not count, and bits
// behind them less than 2^-200. The product is made of whole numbers, so nothing is rounded before
// it becomes a pair.
func reduce(x float64) (r pair, quadrant int) {
	if math.Abs(x) < math.Pi/4 {
		return pair{x, 0}, 0
	}
	fraction, e := math.Frexp(math.Abs(x))
	m := uint64(int64(float64(fraction * (1 << 53))))
	// x = m * 2^(e-53), and bit n of 2/pi, from 1, has the weight 2^-n. The first one taken has a
	// product below 2^2 once 2^62 is divided away: m < 2^53.
	first := e - 53 - 2
	product := timesTwoOverPi(m, first)
	quadrant = int(product[0] >> 62)
	product[0] = product[0]<<2 | product[1]>>62
	product[1] = product[1]<<2 | product[2]>>62
	product[2] = product[2]<<2 | product[3]>>62
	product[3] <<= 2
	negative := product[0]>>63 != 0
	if negative {
		quadrant++
		negate(&product)
	}
	turns := fixedPair(product)
	r = turns.times(pair{halfPiHigh, halfPiLow})
	if negative {
		r = r.negative()
	}
	if x < 0 {
		return r.negative(), -quadrant & 3
	}
	return r, quadrant & 3
}

// timesTwoOverPi returns m times the 256 bits of 2/pi behind bit number first, modulo 2^256.
func timesTwoOverPi(m uint64, first int) (product [4]uint64) {
	var window [4]uint64
	for i := range window {
		window[i] = bitsOfTwoOverPi(first + 64*i)
	}
	var carry uint64
	for i := 3; i >= 0; i-- {
		high, low := bits.Mul64(m, window[i])
		var c uint64
		product[i], c = bits.Add64(low, carry, 0)
		carry = high + c
	}
	return product
}

// bitsOfTwoOverPi returns 64 bits of 2/pi behind bit number first, which may be negative: bits in
// front of the point are zero.
func bitsOfTwoOverPi(first int) uint64 {
	word := first >> 6
	shift := uint(first & 63)
	at := func(i int) uint64 {
		if i < 0 || i >= len(twoOverPi) {
			return 0
		}
		return twoOverPi[i]
	}
	return at(word)<<shift | at(word+1)>>1>>(63-shift)
}

// negate returns 1 - x for a fraction x.
func negate(x *[4]uint64) {
	borrow := uint64(0)
	for i := 3; i >= 0; i-- {
		x[i], borrow = bits.Sub64(0, x[i], borrow)
	}
}

// fixedPair turns a fraction of 256 bits into a pair. It takes the first 106 bits behind the leading
// zeros, in two exact pieces.
func fixedPair(x [4]uint64) pair {
	exponent := 0
	for x[0] == 0 && exponent < 192 {
		x[0], x[1], x[2], x[3] = x[1], x[2], x[3], 0
		exponent += 64
	}
	shift := uint(bits.LeadingZeros64(x[0]))
	a := x[0]<<shift | x[1]>>1>>(63-shift)
	b := x[1]<<shift | x[2]>>1>>(63-shift)
	exponent += int(shift)
	high := float64(float64(a>>11) * powerOfTwo(-53-exponent))
	low := float64(float64((a&0x7ff)<<42|b>>22) * powerOfTwo(-106-exponent))
	return quickSum(high, low)
}
