package elementary

import "math"

// The margins are what the kernels may be off, relative to the result. Each is at least four times
// the largest error that TestKernels finds.
const (
	marginExp  = 0x1p-72
	marginExp2 = 0x1p-72
)

// ln 2 / 128 in three pieces: the product of one of the first two and an index is exact.
const (
	step1 = 0x1.62e42fefp-8
	step2 = 0x1.473de6afp-41
	step3 = 0x1.3c7673007e5edp-76
)

// Exp returns e to the power of x.
func Exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	case math.Abs(x) <= 0x1p-54:
		return 1
	case x > 709 || x < -708:
		return slowly(func(bits uint) interval { return bigExp(exactly(x, bits), bits) })
	}
	value, exponent := expOf(pair{x, 0})
	if r, settled := value.rounded(marginExp); settled {
		return float64(r * powerOfTwo(exponent))
	}
	return slowly(func(bits uint) interval { return bigExp(exactly(x, bits), bits) })
}

// expOf returns e^x as value * 2^exponent, value between 0.99 and 2, for |x| up to 746.
func expOf(x pair) (value pair, exponent int) {
	k := math.Floor(float64(x.high*0x1.71547652b82fep+7) + 0.5)
	r := sum(x.high-float64(k*step1), -float64(k*step2))
	r = sum(r.high, r.low+(x.low-float64(k*step3)))
	n := int(k)
	return expTable(n&127, r), n >> 7
}

// Exp2 returns 2 to the power of x, exactly for whole x.
func Exp2(x float64) float64 {
	switch {
	case x != x:
		return x
	case x >= 1024:
		return math.Inf(1)
	case x < -1080:
		return 0
	case math.Abs(x) <= 0x1p-54:
		return 1
	case x < -1022:
		return slowly(func(bits uint) interval { return bigExp2(x, bits) })
	}
	k := math.Floor(float64(x*128) + 0.5)
	t := x - float64(k/128)
	r := product(t, ln2High)
	n := int(k)
	value := expTable(n&127, pair{r.high, r.low + float64(t*ln2Low)})
	if r, settled := value.rounded(marginExp2); settled {
		if n>>7 == 1024 {
			return float64(float64(r*2) * powerOfTwo(1023))
		}
		return float64(r * powerOfTwo(n>>7))
	}
	return slowly(func(bits uint) interval { return bigExp2(x, bits) })
}

// expTable returns 2^(j/128) * e^r for |r| up to 2^-8.4: the table's entry and the entry times
// e^r - 1.
func expTable(j int, r pair) pair {
	x := r.high
	square := product(x, x)
	cube := float64(square.high * x)
	tail := 1.0/120 + float64(x*(1.0/720+float64(x*(1.0/5040))))
	tail = float64(cube * (1.0/6 + float64(x*(1.0/24+float64(x*tail)))))
	low := float64(square.low/2) + float64(x*r.low) + r.low
	q := quickSum(x, float64(square.high/2))
	qLow := q.low + (tail + low)
	entry := pair{exp2Table[2*j], exp2Table[2*j+1]}
	p := product(entry.high, q.high)
	s := quickSum(entry.high, p.high)
	rest := entry.low + (float64(entry.high*qLow) + float64(entry.low*q.high))
	return quickSum(s.high, s.low+(p.low+rest))
}
