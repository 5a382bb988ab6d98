package expr

import (
	"math"

	"github.com/fettle-ml/fettle/internal/engine/exact"
)

// vectors is the kernel of a function of one or two vectors of one dimension. measure adds to
// totals that are empty and returns the result; false is a null that is not counted.
func vectors(measure func(totals *[3]exact.Total, x, y []float64) (float64, bool)) kernel {
	return func(c *call) {
		// A total is a kilobyte, so they are made once for all rows.
		totals := new([3]exact.Total)
		for i := range c.n {
			if c.out.IsNull(i) {
				continue
			}
			x := floatsOf(c.args[0], i)
			y := x
			if len(c.args) == 2 {
				y = floatsOf(c.args[1], i)
			}
			var defined bool
			c.out.Floats[i], defined = measure(totals, x, y)
			if !defined {
				c.fail(i)
			}
			for k := range totals {
				totals[k].Reset()
			}
		}
		c.dropNonFinite()
	}
}

func floatsOf(o operand, i int) []float64 {
	from, to := o.extent(i)
	return o.col.Child.Floats[from:to]
}

func dotProduct(totals *[3]exact.Total, x, y []float64) (float64, bool) {
	for i := range x {
		totals[0].Add(x[i], y[i])
	}
	return totals[0].Float(), true
}

// vectorLength is given one vector twice.
func vectorLength(totals *[3]exact.Total, x, y []float64) (float64, bool) {
	sum, _ := dotProduct(totals, x, y)
	return math.Sqrt(sum), true
}

// distance adds the three terms of (x-y)*(x-y), because the difference itself may be no float64.
func distance(totals *[3]exact.Total, x, y []float64) (float64, bool) {
	for i := range x {
		totals[0].Add(x[i], x[i])
		totals[0].Add(y[i], y[i])
		totals[0].Add(-x[i], y[i])
		totals[0].Add(-x[i], y[i])
	}
	return math.Sqrt(totals[0].Float()), true
}

// cosine rounds the square once and takes its root, so that the result never leaves [-1, 1], and
// that of a vector with itself is 1.
func cosine(totals *[3]exact.Total, x, y []float64) (float64, bool) {
	zeroX, zeroY := true, true
	for i := range x {
		totals[0].Add(x[i], y[i])
		totals[1].Add(x[i], x[i])
		totals[2].Add(y[i], y[i])
		zeroX, zeroY = zeroX && x[i] == 0, zeroY && y[i] == 0
	}
	if zeroX || zeroY {
		return 0, false
	}
	root := math.Sqrt(exact.SquareRatio(&totals[0], &totals[1], &totals[2]))
	if totals[0].Float() < 0 {
		return -root + 0, true
	}
	return root, true
}
