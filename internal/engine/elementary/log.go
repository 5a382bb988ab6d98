package elementary

import "math"

const marginLog = 0x1p-76

// ln 2: the first piece has 42 bits, so that its product with an exponent is exact, and the second
// 53 more.
const (
	ln2Short = 0x1.62e42fefa38p-1
	ln2Rest  = 0x1.ef35793c7673p-45
	ln2High  = 0x1.62e42fefa39efp-1
	ln2Low   = 0x1.abc9e3b39803fp-56
)

// The inverses of ln 2 and ln 10, as pairs.
const (
	invLn2High  = 0x1.71547652b82fep+0
	invLn2Low   = 0x1.777d0ffda0d24p-56
	invLn10High = 0x1.bcb7b1526e50ep-2
	invLn10Low  = 0x1.95355baaafad3p-57
)

// Log returns the natural logarithm of x.
func Log(x float64) float64 {
	if special, is := logSpecial(x); is {
		return special
	}
	if r, settled := logOf(pair{x, 0}).rounded(marginLog); settled {
		return r
	}
	return slowly(func(bits uint) interval { return bigLog(exactly(x, bits), bits) })
}

// Log2 returns the logarithm of x to base 2, exactly for powers of 2.
func Log2(x float64) float64 {
	if special, is := logSpecial(x); is {
		return special
	}
	value := logOf(pair{x, 0}).times(pair{invLn2High, invLn2Low})
	if r, settled := value.rounded(marginLog); settled {
		return r
	}
	return slowly(func(bits uint) interval { return bigLogBase(x, 2, bits) })
}

// Log10 returns the logarithm of x to base 10, exactly for powers of 10.
func Log10(x float64) float64 {
	if special, is := logSpecial(x); is {
		return special
	}
	value := logOf(pair{x, 0}).times(pair{invLn10High, invLn10Low})
	if r, settled := value.rounded(marginLog); settled {
		return r
	}
	return slowly(func(bits uint) interval { return bigLogBase(x, 10, bits) })
}

// Log1p returns the natural logarithm of 1 + x.
func Log1p(x float64) float64 {
	if math.Abs(x) < 0x1p-60 {
		return x
	}
	if special, is := logSpecial(1 + x); is && (x <= -1 || x-x != 0) {
		return special
	}
	if r, settled := logOf(sum(1, x)).rounded(marginLog); settled {
		return r
	}
	return slowly(func(bits uint) interval {
		one := exactly(1, bits)
		return bigLog(one.Add(one, exactly(x, bits)), bits)
	})
}

// logSpecial returns the logarithms that are no finite number, and that of 1.
func logSpecial(x float64) (float64, bool) {
	switch {
	case x != x, x > math.MaxFloat64:
		return x, true
	case x < 0:
		return math.NaN(), true
	case x == 0:
		return math.Inf(-1), true
	default:
		return 0, x == 1
	}
}

// logOf returns ln x for a positive pair.
//
// x is 2^e * m with m near 1. Two factors of few bits, whose logarithms are in tables, bring m to
// 1 + r with |r| < 2^-13, where six terms of the series are enough.
func logOf(x pair) pair {
	fraction, e := math.Frexp(x.high)
	if fraction < math.Sqrt2/2 {
		fraction, e = float64(fraction*2), e-1
	}
	low := math.Ldexp(x.low, -e)
	j := int(math.Floor(float64(fraction*128) + 0.5))
	factor := logFactor(j)
	// 40 bits times 12: both products are exact, and the first lies so near 1 that taking it away
	// is.
	head := math.Float64frombits(math.Float64bits(fraction) &^ (1<<13 - 1))
	r := sum(float64(head*factor)-1, float64((fraction-head)*factor))
	r = quickSum(r.high, r.low+float64(low*factor))

	i := math.Floor(float64(r.high*0x1p13) + 0.5)
	d := float64(i * 0x1p-13)
	cross := product(d, r.high)
	s := sum(r.high-d, -cross.high)
	r = quickSum(s.high, s.low+((r.low-cross.low)-float64(d*r.low)))

	series := logSeries(r)
	n := int(i) + logFineMiddle
	total := pair{logFine[2*n], logFine[2*n+1]}
	if j != 128 {
		n := j - logCoarseFirst
		total = pair{logCoarse[2*n], logCoarse[2*n+1]}.plus(total)
	}
	if e != 0 {
		whole := float64(e)
		total = quickSum(float64(whole*ln2Short), float64(whole*ln2Rest)).plus(total)
	}
	return total.plus(series)
}

// logFactor is about 128/j, with 12 bits.
func logFactor(j int) float64 { return math.Floor(0x1p18/float64(j)+0.5) * 0x1p-11 }

// logSeries returns ln(1 + r) for |r| < 2^-13.
func logSeries(r pair) pair {
	x := r.high
	square := product(x, x)
	cube := float64(square.high * x)
	tail := float64(cube * (1.0/3 - float64(x*(0.25-float64(x*(0.2-float64(x*(1.0/6))))))))
	s := quickSum(x, -float64(square.high/2))
	return quickSum(s.high, s.low+(tail+(r.low-(float64(square.low/2)+float64(x*r.low)))))
}
