package exact

import (
	"math"
	"math/bits"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Sums holds the prefix sums of one sequence of terms. The zero value is an empty sequence; Build
// functions replace the content and reuse the memory.
type Sums struct {
	limbs    int
	exponent int // the value of a sum is its integer times 2^exponent
	words    []uint64
}

// Limbs returns the number of words of a sum: what Range and Remove want as accumulator.
func (s *Sums) Limbs() int { return s.limbs }

// Exponent returns the power of two of the least significant bit of a sum.
func (s *Sums) Exponent() int { return s.exponent }

// Range stores the sum of terms [from, to) in acc, which has Limbs words.
func (s *Sums) Range(from, to int, acc []uint64) {
	low, high := s.words[from*s.limbs:], s.words[to*s.limbs:]
	var borrow uint64
	for i := range acc {
		acc[i], borrow = bits.Sub64(high[i], low[i], borrow)
	}
}

// Remove takes term i out of acc.
func (s *Sums) Remove(i int, acc []uint64) {
	low, high := s.words[i*s.limbs:], s.words[(i+1)*s.limbs:]
	var borrow, carry uint64
	for k := range acc {
		var term uint64
		term, borrow = bits.Sub64(high[k], low[k], borrow)
		acc[k], carry = bits.Sub64(acc[k], term, carry)
	}
}

// start sizes the sums for terms of at most width bits (without sign) and zeroes the first prefix.
func (s *Sums) start(terms, width, exponent int) {
	width += bits.Len(uint(terms)) + 1
	s.limbs, s.exponent = max(2, (width+63)/64), exponent
	need := (terms + 1) * s.limbs
	if cap(s.words) < need {
		s.words = make([]uint64, need, need+need/4)
	}
	s.words = s.words[:need]
	clear(s.words[:s.limbs])
}

// push writes prefix i+1: prefix i plus the integer (hi, lo) << shift, negated if negative.
func (s *Sums) push(i int, hi, lo uint64, shift uint, negative bool) {
	previous := s.words[i*s.limbs : (i+1)*s.limbs]
	next := s.words[(i+1)*s.limbs : (i+2)*s.limbs]
	copy(next, previous)
	at, part := int(shift/64), shift%64
	parts := [3]uint64{lo << part, hi<<part | lo>>1>>(63-part), hi >> 1 >> (63 - part)}
	var carry uint64
	for k := at; k < len(next); k++ {
		var word uint64
		if k-at < len(parts) {
			word = parts[k-at]
		} else if carry == 0 {
			break
		}
		if negative {
			next[k], carry = bits.Sub64(next[k], word, carry)
		} else {
			next[k], carry = bits.Add64(next[k], word, carry)
		}
	}
}

const (
	mantissaBits = 52
	mantissaMask = 1<<mantissaBits - 1
	exponentMask = 0x7FF
	lowestBit    = -1074 // the exponent of the last bit of the smallest float64
)

// split returns mantissa and exponent field; a subnormal has the exponent field of the smallest
// normal numbers. x is finite.
func split(x float64) (mantissa uint64, field int) {
	b := math.Float64bits(x)
	mantissa, field = b&mantissaMask, int(b>>mantissaBits)&exponentMask
	if field == 0 {
		return mantissa, 1
	}
	return mantissa | 1<<mantissaBits, field
}

// fields returns the least and greatest exponent field of the terms that are not zero.
func fields(values []float64) (least, most int) {
	least, most = exponentMask, 1
	for _, x := range values {
		if x == 0 {
			continue
		}
		field := max(1, int(math.Float64bits(x)>>mantissaBits)&exponentMask)
		least, most = min(least, field), max(most, field)
	}
	return min(least, most), most
}

// BuildFloats makes the sums of finite float64 terms.
func (s *Sums) BuildFloats(values []float64) {
	least, most := fields(values)
	s.start(len(values), most-least+mantissaBits+1, least-1+lowestBit)
	if s.limbs == 2 {
		s.pushFloats2(values, least)
		return
	}
	for i, x := range values {
		mantissa, field := split(x)
		// A zero may lie below the least field; its mantissa is zero, so any shift does.
		s.push(i, 0, mantissa, uint(max(0, field-least)), x < 0)
	}
}

// pushFloats2 is push for the common case of two limbs, without loops.
func (s *Sums) pushFloats2(values []float64, least int) {
	words := s.words
	var lo, hi uint64
	for i, x := range values {
		mantissa, field := split(x)
		shift := uint(max(0, field-least))
		termLo, termHi := mantissa<<shift, mantissa>>1>>(63-shift)
		if shift >= 64 {
			termLo, termHi = 0, mantissa<<(shift-64)
		}
		var carry uint64
		if x < 0 {
			lo, carry = bits.Sub64(lo, termLo, 0)
			hi, _ = bits.Sub64(hi, termHi, carry)
		} else {
			lo, carry = bits.Add64(lo, termLo, 0)
			hi, _ = bits.Add64(hi, termHi, carry)
		}
		words[2*i+2], words[2*i+3] = lo, hi
	}
}

// BuildFloatSquares makes the sums of the exact squares of finite float64 terms.
func (s *Sums) BuildFloatSquares(values []float64) {
	least, most := fields(values)
	s.start(len(values), 2*(most-least)+2*(mantissaBits+1), 2*(least-1+lowestBit))
	for i, x := range values {
		mantissa, field := split(x)
		hi, lo := bits.Mul64(mantissa, mantissa)
		s.push(i, hi, lo, uint(2*max(0, field-least)), false)
	}
}

// BuildInts makes the sums of integers.
func (s *Sums) BuildInts(values []int64) {
	s.start(len(values), 64, 0)
	for i, x := range values {
		s.push(i, 0, magnitude(x), 0, x < 0)
	}
}

// BuildIntSquares makes the sums of the squares of integers.
func (s *Sums) BuildIntSquares(values []int64) {
	s.start(len(values), 128, 0)
	for i, x := range values {
		hi, lo := bits.Mul64(magnitude(x), magnitude(x))
		s.push(i, hi, lo, 0, false)
	}
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// BuildDecimals makes the sums of unscaled decimals of one scale.
func (s *Sums) BuildDecimals(values []schema.Int128) {
	s.start(len(values), 128, 0)
	for i, x := range values {
		if x.Hi < 0 {
			n := x.Neg()
			s.push(i, uint64(n.Hi), n.Lo, 0, true)
		} else {
			s.push(i, uint64(x.Hi), x.Lo, 0, false)
		}
	}
}

// BuildDecimalSquares makes the sums of the squares of unscaled decimals.
func (s *Sums) BuildDecimalSquares(values []schema.Int128) {
	s.start(len(values), 256, 0)
	for i, x := range values {
		if x.Hi < 0 {
			x = x.Neg()
		}
		a, b := uint64(x.Hi), x.Lo
		// (a*2^64 + b)^2 in three pushes onto the same prefix.
		hi, lo := bits.Mul64(b, b)
		s.push(i, hi, lo, 0, false)
		if a == 0 {
			continue
		}
		hi, lo = bits.Mul64(a, b)
		s.again(i, hi, lo, 65)
		hi, lo = bits.Mul64(a, a)
		s.again(i, hi, lo, 128)
	}
}

// again adds to prefix i+1 after push has made it.
func (s *Sums) again(i int, hi, lo uint64, shift uint) {
	saved := s.words[i*s.limbs : (i+1)*s.limbs]
	next := s.words[(i+1)*s.limbs : (i+2)*s.limbs]
	var keep [6]uint64
	copy(keep[:], saved)
	copy(saved, next)
	s.push(i, hi, lo, shift, false)
	copy(saved, keep[:s.limbs])
}
