package exact

import (
	"math/bits"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Series is numbers of one kind in fixed point: each is exactly an integer of at most 128 bits,
// shifted left, times 2^exponent / 10^scale, and all share exponent and scale.
type Series struct {
	length   int
	ints     []int64
	floats   []float64
	decimals []schema.Int128
	least    int // floats: the least exponent field
	width    int // bits of the greatest magnitude, shift included
	exponent int
	scale    int
}

// IntSeries returns a series of integers.
func IntSeries(values []int64) Series {
	return Series{length: len(values), ints: values, width: 64}
}

// FloatSeries returns a series of finite floats.
func FloatSeries(values []float64) Series {
	least, most := fields(values)
	return Series{
		length: len(values), floats: values, least: least, width: most - least + mantissaBits + 1,
		exponent: least - 1 + lowestBit,
	}
}

// DecimalSeries returns a series of decimals of one scale.
func DecimalSeries(values []schema.Int128, scale int) Series {
	return Series{length: len(values), decimals: values, width: 128, scale: scale}
}

// at returns the magnitude, shift and sign of a number.
func (s *Series) at(i int) (hi, lo uint64, shift int, negative bool) {
	switch {
	case s.floats != nil:
		x := s.floats[i]
		mantissa, field := split(x)
		// A zero may lie below the least field; its mantissa is zero, so any shift does.
		return 0, mantissa, max(0, field-s.least), x < 0
	case s.ints != nil:
		x := s.ints[i]
		return 0, magnitude(x), 0, x < 0
	default:
		x := s.decimals[i]
		if negative = x.Hi < 0; negative {
			x = x.Neg()
		}
		return uint64(x.Hi), x.Lo, 0, negative
	}
}

// maxFactors is how many numbers a term multiplies at most, and termWords the words of its
// magnitude: two for each factor.
const (
	maxFactors = 4
	termWords  = 2 * maxFactors
)

// term is a product of numbers: magnitude << shift, and its sign.
type term struct {
	words    [termWords]uint64
	used     int // words in use
	shift    int
	negative bool
}

// set makes the term the product of the numbers of the factors at a position.
func (t *term) set(i int, factors []*Series) {
	t.words[0], t.used, t.shift, t.negative = 1, 1, 0, false
	for _, s := range factors {
		hi, lo, shift, negative := s.at(i)
		t.shift += shift
		t.negative = t.negative != negative
		t.times(hi, lo)
	}
}

// times multiplies the magnitude by a number of two words.
func (t *term) times(hi, lo uint64) {
	if hi == 0 {
		t.timesWord(lo)
		return
	}
	var carryLo, carryHi uint64
	for k := range t.used {
		// words[k] * (hi, lo) + carry: three words, of which the upper two are carried on.
		h0, l0 := bits.Mul64(t.words[k], lo)
		h1, l1 := bits.Mul64(t.words[k], hi)
		var c uint64
		t.words[k], c = bits.Add64(l0, carryLo, 0)
		carryLo, c = bits.Add64(h0, l1, c)
		h1 += c
		carryLo, c = bits.Add64(carryLo, carryHi, 0)
		carryHi = h1 + c
	}
	if carryLo != 0 || carryHi != 0 {
		t.words[t.used] = carryLo
		t.used++
	}
	if carryHi != 0 {
		t.words[t.used] = carryHi
		t.used++
	}
}

// timesWord is times for the numbers of one word: integers and floats.
func (t *term) timesWord(x uint64) {
	var carry uint64
	for k, word := range t.words[:t.used] {
		high, low := bits.Mul64(word, x)
		var c uint64
		t.words[k], c = bits.Add64(low, carry, 0)
		carry = high + c
	}
	if carry != 0 {
		t.words[t.used] = carry
		t.used++
	}
}

// addTo adds the term to an accumulator in two's complement, or takes it out.
func (t *term) addTo(acc []uint64, remove bool) {
	at, part := t.shift/64, uint(t.shift%64)
	subtract := t.negative != remove
	var below, carry uint64
	for k := at; k < len(acc); k++ {
		var word uint64
		if j := k - at; j <= t.used {
			var here uint64
			if j < t.used {
				here = t.words[j]
			}
			word = here<<part | below>>1>>(63-part)
			below = here
		} else if carry == 0 {
			return
		}
		if subtract {
			acc[k], carry = bits.Sub64(acc[k], word, carry)
		} else {
			acc[k], carry = bits.Add64(acc[k], word, carry)
		}
	}
}
