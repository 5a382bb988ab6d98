package elementary

import (
	"math"
	"math/big"
)

// bigSine returns the sine of x + ahead * pi/2.
func bigSine(x float64, ahead int, bits uint) interval {
	r, quadrant := bigReduce(x, bits+64)
	return around(sineBits(r, quadrant+ahead, bits+64), bits)
}

// bigTangent returns the tangent of x.
func bigTangent(x float64, bits uint) interval {
	wide := bits + 64
	r, quadrant := bigReduce(x, wide)
	y := sineBits(r, quadrant, wide)
	return around(y.Quo(y, sineBits(r, quadrant+1, wide)), bits)
}

// bigReduce is reduce, with the bits the exponent of x needs, and 128 more: the nearest that any
// float64 comes to a multiple of pi/2 takes 62.
func bigReduce(x float64, bits uint) (r *big.Float, quadrant int) {
	_, e := math.Frexp(x)
	work := bits + uint(max(e, 0)) + 128
	quarter := bigPi(work)
	quarter.SetMantExp(quarter, -1)
	wide := exactly(x, work)
	k := wholeOf(number(work).Quo(wide, quarter))
	quarter.Mul(quarter, number(work).SetInt(k))
	mod := new(big.Int).And(k, big.NewInt(3))
	return number(bits).Set(wide.Sub(wide, quarter)), int(mod.Int64())
}

// bigTurn returns the sine of x/period turns and ahead quarters. At whole quarters that is exact.
func bigTurn(x, period float64, ahead int, bits uint) interval {
	wide := bits + 64
	full := exactly(period, wide)
	rest := exactly(math.Mod(x, period), wide)
	rest.SetMantExp(rest, 2)
	k := wholeOf(number(wide).Quo(rest, full))
	left := rest.Sub(rest, number(wide).Mul(full, number(wide).SetInt(k)))
	angle := left.Quo(left, full)
	angle.Mul(angle, bigPi(wide))
	angle.SetMantExp(angle, -1)
	return around(sineBits(angle, int(k.Int64())+ahead, wide), bits)
}

// sineBits returns the sine of r + quadrant * pi/2 for |r| up to 1, by the series of the sine or of
// the cosine.
func sineBits(r *big.Float, quadrant int, bits uint) *big.Float {
	term, n := number(bits).Set(r), int64(1)
	if quadrant&1 != 0 {
		term, n = exactly(1, bits), 0
	}
	square := number(bits).Mul(r, r)
	least := bits
	if term.Sign() != 0 {
		least += uint(max(-term.MantExp(nil), 0))
	}
	total := number(bits)
	for ; !small(term, least); n += 2 {
		total.Add(total, term)
		term.Mul(term, square)
		term.Quo(term, exactly(float64(-(n+1)*(n+2)), bits))
	}
	if quadrant&2 != 0 {
		total.Neg(total)
	}
	return total
}

// bigAtan2 returns the angle of a point that is not on the axes of y = 0.
func bigAtan2(y, x float64, bits uint) interval {
	wide := bits + 64
	less, more := exactly(math.Abs(y), wide), exactly(math.Abs(x), wide)
	steep := less.Cmp(more) > 0
	if steep {
		less, more = more, less
	}
	angle := arctangentBits(number(wide).Quo(less, more), wide)
	pi := bigPi(wide)
	if steep {
		angle.Sub(number(wide).SetMantExp(pi, -1), angle)
	}
	if x < 0 {
		angle.Sub(pi, angle)
	}
	if y < 0 {
		angle.Neg(angle)
	}
	return around(angle, bits)
}

// bigAsin returns the arcsine of x with 0 < |x| < 1.
func bigAsin(x float64, bits uint) interval {
	wide := 2*bits + 128
	size := exactly(math.Abs(x), wide)
	one := exactly(1, wide)
	other := number(wide).Sub(one, number(wide).Mul(size, size))
	other.Sqrt(other)
	var angle *big.Float
	if size.Cmp(other) <= 0 {
		angle = arctangentBits(number(wide).Quo(size, other), wide)
	} else {
		angle = arctangentBits(other.Quo(other, size), wide)
		half := bigPi(wide)
		angle.Sub(half.SetMantExp(half, -1), angle)
	}
	if x < 0 {
		angle.Neg(angle)
	}
	return around(angle, bits)
}

// arctangentBits returns the arctangent of t from 0 to 1: it is twice that of t / (1 + sqrt(1+t^2)),
// so a few halvings make the series short.
func arctangentBits(t *big.Float, bits uint) *big.Float {
	const halvings = 8
	work := bits + 16
	one := exactly(1, work)
	x := number(work).Set(t)
	for range halvings {
		root := number(work).Mul(x, x)
		root.Sqrt(root.Add(root, one))
		x.Quo(x, root.Add(root, one))
	}
	square := number(work).Mul(x, x)
	total, power := number(work), number(work).Set(x)
	least := work
	if x.Sign() != 0 {
		least += uint(max(-x.MantExp(nil), 0))
	}
	for k := int64(1); !small(power, least); k += 2 {
		total.Add(total, number(work).Quo(power, exactly(float64(k), work)))
		power.Mul(power, square)
		power.Neg(power)
	}
	return number(bits).SetMantExp(total, halvings)
}
