package elementary

import (
	"math"
	"math/big"
)

// interval is what a value lies between.
type interval struct{ low, high *big.Float }

// guard is how many of the working bits the errors of a slow computation may use up. None has more
// than a few hundred steps, each of which loses less than two units in the last place.
const guard = 32

// around returns the interval of an approximation that was computed with so many bits.
func around(x *big.Float, bits uint) interval {
	margin := new(big.Float).SetPrec(bits).Abs(x)
	margin.SetMantExp(margin, guard-int(bits))
	wide := func() *big.Float { return new(big.Float).SetPrec(bits + guard) }
	return interval{wide().Sub(x, margin), wide().Add(x, margin)}
}

// slowly computes with more and more bits, until all of the interval rounds to one float64. It ends,
// because values that lie exactly between two float64 never come here.
func slowly(compute func(bits uint) interval) float64 {
	for bits := uint(192); ; bits *= 2 {
		between := compute(bits)
		low, _ := between.low.Float64()
		high, _ := between.high.Float64()
		if low == high {
			return high
		}
		if bits > 1<<16 {
			panic("BUG: a value halfway between two numbers")
		}
	}
}

// number returns a zero of so many bits.
func number(bits uint) *big.Float { return new(big.Float).SetPrec(bits) }

// exactly returns a float64 with room for so many bits.
func exactly(x float64, bits uint) *big.Float { return number(max(bits, 64)).SetFloat64(x) }

// small reports whether a term is too small to change a sum of magnitude about 1.
func small(term *big.Float, bits uint) bool {
	return term.Sign() == 0 || term.MantExp(nil) < -int(bits)
}

// wholeOf returns the whole number nearest to x.
func wholeOf(x *big.Float) *big.Int {
	half := number(x.Prec() + 2).SetFloat64(math.Copysign(0.5, float64(x.Sign())))
	whole, _ := half.Add(half, x).Int(nil)
	return whole
}

// inverseSeries returns the sum of sign^k / ((2k+1) n^(2k+1)): the inverse tangent of 1/n for a sign
// of -1, the inverse hyperbolic one for 1.
func inverseSeries(n, sign int64, bits uint) *big.Float {
	total, power := number(bits), number(bits).Quo(exactly(1, bits), exactly(float64(n), bits))
	square := exactly(float64(n*n*sign), bits)
	for k := int64(1); !small(power, bits); k += 2 {
		total.Add(total, number(bits).Quo(power, exactly(float64(k), bits)))
		power.Quo(power, square)
	}
	return total
}

// bigLn2 is 18 artanh(1/26) - 2 artanh(1/4801) + 8 artanh(1/8749).
func bigLn2(bits uint) *big.Float {
	total := number(bits).Mul(exactly(18, bits), inverseSeries(26, 1, bits))
	total.Sub(total, number(bits).Mul(exactly(2, bits), inverseSeries(4801, 1, bits)))
	return total.Add(total, number(bits).Mul(exactly(8, bits), inverseSeries(8749, 1, bits)))
}

// bigPi is 16 arctan(1/5) - 4 arctan(1/239) (Machin).
func bigPi(bits uint) *big.Float {
	total := number(bits).Mul(exactly(16, bits), inverseSeries(5, -1, bits))
	return total.Sub(total, number(bits).Mul(exactly(4, bits), inverseSeries(239, -1, bits)))
}

// bigExp returns e^x for |x| below 2^11.
func bigExp(x *big.Float, bits uint) interval { return around(expBits(x, bits), bits) }

// expBits takes out powers of 2 and halves what is left eight times, for a short series.
func expBits(x *big.Float, bits uint) *big.Float {
	const halvings = 8
	work := bits + 16 // the size of x takes 11 bits off the fraction
	ln2 := bigLn2(work + 16)
	k := wholeOf(number(work).Quo(x, ln2))
	r := number(work+16).Mul(ln2, number(64).SetInt(k))
	r.Sub(x, r)
	r.SetMantExp(r, -halvings)
	total, term := exactly(1, work), exactly(1, work)
	for n := 1; ; n++ {
		term.Mul(term, r)
		term.Quo(term, exactly(float64(n), work))
		if small(term, work) {
			break
		}
		total.Add(total, term)
	}
	for range halvings {
		total.Mul(total, total)
	}
	return number(bits).SetMantExp(total, int(k.Int64()))
}

// bigExp2 returns 2^x.
func bigExp2(x float64, bits uint) interval {
	if whole := math.Floor(x); whole == x {
		power := number(bits).SetMantExp(exactly(1, bits), int(whole))
		return interval{power, power}
	}
	wide := bits + 16
	return bigExp(number(wide).Mul(exactly(x, wide), bigLn2(wide)), bits)
}

// bigLog returns ln x for x > 0, with the precision x has.
func bigLog(x *big.Float, bits uint) interval { return around(logBits(x, bits), bits) }

// logBits improves the logarithm of a float64 by y + 2 (x - e^y) / (x + e^y), which triples the
// bits with each step. The closer x is to 1, the more bits the difference takes: no caller has a
// logarithm below 2^-64 but for those of its own making.
func logBits(x *big.Float, bits uint) *big.Float {
	work := bits + 96
	mantissa := new(big.Float)
	e := x.MantExp(mantissa)
	if m, _ := mantissa.Float64(); m < 0.75 {
		mantissa.SetMantExp(mantissa, 1)
		e--
	}
	m, _ := mantissa.Float64()
	y := exactly(logOf(pair{m, 0}).high, work)
	for good := uint(48); good < 2*work; good *= 3 {
		power := expBits(y, work)
		step := number(work).Quo(number(work).Sub(mantissa, power), number(work).Add(mantissa, power))
		y.Add(y, step.SetMantExp(step, 1))
	}
	y.Add(y, number(work).Mul(exactly(float64(e), work), bigLn2(work)))
	return number(bits).Set(y)
}

// bigLogBase returns the logarithm to a whole base.
func bigLogBase(x, base float64, bits uint) interval {
	value := logBits(exactly(x, bits), bits)
	return around(value.Quo(value, logBits(exactly(base, bits), bits)), bits)
}

// bigPow returns x^y for x > 0, which is in range.
func bigPow(x, y float64, bits uint) interval {
	wide := bits + 32
	power := logBits(exactly(x, wide), wide)
	return bigExp(power.Mul(power, exactly(y, wide)), bits)
}
