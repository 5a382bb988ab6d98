package elementary

import "math"

// pair is the unevaluated sum of two float64, of which low is small beside high: about 106 bits.
type pair struct{ high, low float64 }

// sum adds exactly, whatever the order of magnitudes (Knuth).
func sum(a, b float64) pair {
	s := a + b
	t := s - a
	return pair{s, (a - (s - t)) + (b - t)}
}

// quickSum adds exactly if a is zero or not smaller in magnitude than b (Dekker).
func quickSum(a, b float64) pair {
	s := a + b
	return pair{s, b - (s - a)}
}

// product multiplies exactly (Dekker, Veltkamp). The magnitudes must stay between 2^-480 and 2^480,
// or be zero, so that neither the halves nor the error leave the range.
func product(a, b float64) pair {
	const splitter = 1<<27 + 1
	p := float64(a * b)
	c, d := float64(splitter*a), float64(splitter*b)
	a1, b1 := c-(c-a), d-(d-b)
	a2, b2 := a-a1, b-b1
	low := ((float64(a1*b1) - p) + float64(a1*b2) + float64(a2*b1)) + float64(a2*b2)
	return pair{p, low}
}

func (x pair) negative() pair { return pair{-x.high, -x.low} }

func (x pair) scale(power float64) pair {
	return pair{float64(x.high * power), float64(x.low * power)}
}

// plus loses at most 2^-104 of the larger magnitude.
func (x pair) plus(y pair) pair {
	s := sum(x.high, y.high)
	t := sum(x.low, y.low)
	s = quickSum(s.high, s.low+t.high)
	return quickSum(s.high, s.low+t.low)
}

// times loses at most 2^-102 of the product.
func (x pair) times(y pair) pair {
	p := product(x.high, y.high)
	low := p.low + (float64(x.high*y.low) + float64(x.low*y.high))
	return quickSum(p.high, low)
}

// over loses at most 2^-100 of the quotient.
func (x pair) over(y pair) pair {
	q := x.high / y.high
	rest := x.plus(pair{q, 0}.times(y).negative())
	r := rest.high / y.high
	rest = rest.plus(pair{r, 0}.times(y).negative())
	first := quickSum(q, r)
	return quickSum(first.high, first.low+rest.high/y.high)
}

// root returns the square root of a positive pair, by one step of Newton from the float64 root.
func (x pair) root() pair {
	s := math.Sqrt(x.high)
	rest := x.plus(product(s, s).negative())
	return quickSum(s, rest.high/(2*s))
}

// rounded returns the float64 nearest to a value that differs from x by at most margin times its
// magnitude, and whether that is settled. The low part must be small beside the high one.
func (x pair) rounded(margin float64) (float64, bool) {
	width := float64(math.Abs(x.high) * margin)
	up, down := x.high+(x.low+width), x.high+(x.low-width)
	return up, up == down
}

// powerOfTwo returns 2^n for n from -1022 to 1023.
func powerOfTwo(n int) float64 { return math.Float64frombits(uint64(n+1023) << 52) }
