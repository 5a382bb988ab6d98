package elementary

import "math"

const (
	marginSine    = 0x1p-68
	marginTangent = 0x1p-67
	// Angles below this one are their own sine and tangent.
	tinyAngle = 0x1p-60
	// tableSteps is the entries for each unit in the tables of angles.
	tableSteps = 256
)

// Sin returns the sine of x radians.
func Sin(x float64) float64 {
	switch {
	case x-x != 0:
		return math.NaN()
	case math.Abs(x) < tinyAngle:
		return x
	}
	r, quadrant := reduce(x)
	if y, settled := sine(r, quadrant).rounded(marginSine); settled {
		return y
	}
	return slowly(func(bits uint) interval { return bigSine(x, 0, bits) })
}

// Cos returns the cosine of x radians.
func Cos(x float64) float64 {
	switch {
	case x-x != 0:
		return math.NaN()
	case math.Abs(x) < tinyAngle:
		return 1
	}
	r, quadrant := reduce(x)
	if y, settled := sine(r, quadrant+1).rounded(marginSine); settled {
		return y
	}
	return slowly(func(bits uint) interval { return bigSine(x, 1, bits) })
}

// Tan returns the tangent of x radians. It is finite for every finite x.
func Tan(x float64) float64 {
	switch {
	case x-x != 0:
		return math.NaN()
	case math.Abs(x) < tinyAngle:
		return x
	}
	r, quadrant := reduce(x)
	if y, settled := sine(r, quadrant).over(sine(r, quadrant+1)).rounded(marginTangent); settled {
		return y
	}
	return slowly(func(bits uint) interval { return bigTangent(x, bits) })
}

// SinTurn returns the sine of x/period of a full turn, for a period above 0: exactly 0, 1 and -1 at
// whole quarters.
func SinTurn(x, period float64) float64 { return sineOfTurn(x, period, 0) }

// CosTurn returns the cosine of x/period of a full turn, for a period above 0.
func CosTurn(x, period float64) float64 { return sineOfTurn(x, period, 1) }

func sineOfTurn(x, period float64, ahead int) float64 {
	if x-x != 0 || period-period != 0 || period <= 0 {
		return math.NaN()
	}
	// The remainder is exact, and so is bringing both near 1.
	rest := math.Mod(x, period)
	size, e := math.Frexp(period)
	if _, f := math.Frexp(rest); rest != 0 && f-e < -400 {
		return slowly(func(bits uint) interval { return bigTurn(x, period, ahead, bits) })
	}
	rest = math.Ldexp(rest, -e)
	k := math.Floor(float64(4*rest)/size + 0.5)
	taken := product(k, size)
	left := sum(float64(4*rest), -taken.high)
	left = quickSum(left.high, left.low-taken.low)
	quarters := left.over(pair{size, 0})
	angle := quarters.times(pair{halfPiHigh, halfPiLow})
	if y, settled := sine(angle, int(k)+ahead).rounded(marginSine); settled {
		return y
	}
	return slowly(func(bits uint) interval { return bigTurn(x, period, ahead, bits) })
}

// sine returns the sine of r + quadrant * pi/2 for |r| up to pi/4 and a bit.
func sine(r pair, quadrant int) pair {
	negative := quadrant&2 != 0
	if quadrant&1 == 0 && r.high < 0 {
		negative = !negative
	}
	if r.high < 0 {
		r = r.negative()
	}
	k := math.Floor(float64(r.high*tableSteps) + 0.5)
	t := quickSum(r.high-float64(k/tableSteps), r.low)
	n := 4 * int(k)
	// The sine of t, and its cosine less 1.
	square := product(t.high, t.high)
	x2 := square.high
	cube := float64(float64(x2*t.high) * (-1.0/6 + float64(x2*(1.0/120-float64(x2*(1.0/5040))))))
	small := quickSum(t.high, t.low+cube)
	fourth := float64(float64(x2*x2) * (1.0/24 - float64(x2*(1.0/720))))
	versed := quickSum(-float64(x2/2), fourth-(float64(square.low/2)+float64(t.high*t.low)))
	// sin(a+t) is sin a + (sin a (cos t - 1) + cos a sin t), and the cosine likewise.
	own, other := pair{sineTable[n], sineTable[n+1]}, pair{sineTable[n+2], sineTable[n+3]}
	if quadrant&1 != 0 {
		own, other = other, own.negative()
	}
	y := own.plus(own.times(versed).plus(other.times(small)))
	if negative {
		return y.negative()
	}
	return y
}
