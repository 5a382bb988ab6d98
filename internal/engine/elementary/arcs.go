package elementary

import "math"

const (
	marginArcs = 0x1p-68
	// If the exponents of two numbers differ by more, the arctangent of their ratio is the ratio.
	ratioIsAngle = 60
)

// Atan2 returns the angle of the point (x, y) in radians, from -pi to pi: 0 for the origin.
func Atan2(y, x float64) float64 {
	switch {
	case y-y != 0 || x-x != 0:
		return atan2OfInfinity(y, x)
	case x == 0 && y != 0:
		return math.Copysign(math.Pi/2, y)
	case y == 0 && (x > 0 || x == 0 && !math.Signbit(x)):
		return y
	case y == 0:
		return math.Copysign(math.Pi, y)
	}
	if r, settled := quickAtan2(y, x); settled {
		return r
	}
	return slowly(func(bits uint) interval { return bigAtan2(y, x, bits) })
}

// atan2OfInfinity settles the angles of points that are not finite, as C99 does.
func atan2OfInfinity(y, x float64) float64 {
	size := 0.0
	switch {
	case x != x || y != y:
		return math.NaN()
	case math.IsInf(x, 1) && math.IsInf(y, 0):
		size = math.Pi / 4
	case math.IsInf(x, -1) && math.IsInf(y, 0):
		size = 3 * math.Pi / 4
	case math.IsInf(y, 0):
		size = math.Pi / 2
	case math.IsInf(x, -1):
		size = math.Pi
	}
	return math.Copysign(size, y)
}

// quickAtan2 gives up on ratios that are no normal numbers.
func quickAtan2(y, x float64) (float64, bool) {
	less, lessExponent := math.Frexp(math.Abs(y))
	more, moreExponent := math.Frexp(math.Abs(x))
	steep := lessExponent > moreExponent || lessExponent == moreExponent && less > more
	if steep {
		less, more = more, less
		lessExponent, moreExponent = moreExponent, lessExponent
	}
	distance := moreExponent - lessExponent
	var angle pair // zero stands for what is too small to change a multiple of pi/2
	switch {
	case distance > 900 && x > 0 && !steep:
		return 0, false
	case distance > 900:
	case distance > ratioIsAngle:
		angle = pair{less, 0}.over(pair{more, 0}).scale(powerOfTwo(-distance))
	default:
		angle = arctangent(pair{float64(less * powerOfTwo(-distance)), 0}, pair{more, 0})
	}
	if steep {
		angle = pair{halfPiHigh, halfPiLow}.plus(angle.negative())
	}
	if x < 0 {
		angle = pair{2 * halfPiHigh, 2 * halfPiLow}.plus(angle.negative())
	}
	if y < 0 {
		angle = angle.negative()
	}
	return angle.rounded(marginArcs)
}

// Asin returns the angle from -pi/2 to pi/2 whose sine is x, and NaN if x is beyond 1.
func Asin(x float64) float64 {
	size := math.Abs(x)
	switch {
	case size < tinyAngle:
		return x
	case size == 1:
		return math.Copysign(math.Pi/2, x)
	case !(size < 1):
		return math.NaN()
	}
	if r, settled := arcsine(size).rounded(marginArcs); settled {
		return math.Copysign(r, x)
	}
	return slowly(func(bits uint) interval { return bigAsin(x, bits) })
}

// arcsine returns the angle whose sine is x, from 2^-60 to below 1: its tangent is x over the root
// of (1-x)(1+x), whose factors are exact as pairs.
func arcsine(x float64) pair {
	other := sum(1, -x).times(sum(1, x)).root()
	if x <= other.high {
		return arctangent(pair{x, 0}, other)
	}
	return pair{halfPiHigh, halfPiLow}.plus(arctangent(other, pair{x, 0}).negative())
}

// arctangent returns the angle of a slope y/x between 0 and 1. It takes away the nearest angle of
// the table: the tangent of what is left is (y - cx) / (x + cy).
func arctangent(y, x pair) pair {
	k := math.Floor(float64(y.high/x.high*tableSteps) + 0.5)
	t := y.over(x)
	if k != 0 {
		c := pair{float64(k / tableSteps), 0}
		t = y.plus(c.times(x).negative()).over(x.plus(c.times(y)))
	}
	x2 := float64(t.high * t.high)
	tail := 1.0/5 - float64(x2*(1.0/7-float64(x2*(1.0/9))))
	cube := float64(float64(x2*t.high) * (float64(x2*tail) - 1.0/3))
	small := quickSum(t.high, t.low+cube)
	n := 2 * int(k)
	return pair{arctangentTable[n], arctangentTable[n+1]}.plus(small)
}
