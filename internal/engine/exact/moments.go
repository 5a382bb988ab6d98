package exact

// Moments is the exact power sums of a series.
//
// Central moments are formed from them in integers: with n numbers, n^k times a moment of power k
// is a polynomial of n and the sums, and no rounding happens before the one division by n^k.
type Moments struct {
	series  Series
	degree  int
	sums    [maxFactors]Products
	acc     []uint64
	powers  [maxFactors]integer // of sums: S1 .. S4
	square  integer
	product integer
	total   integer
}

// Reset makes the moments those of a series, up to a degree from 2 to 4.
func (m *Moments) Reset(series Series, degree int) {
	m.series, m.degree = series, degree
	factors := [maxFactors]*Series{&m.series, &m.series, &m.series, &m.series}
	for k := range degree {
		m.sums[k].Start(factors[:k+1]...)
	}
}

// Index makes ranges of any length cost about the same.
func (m *Moments) Index() {
	for k := range m.degree {
		m.sums[k].Index()
	}
}

// Read returns the central moments of the numbers [from, to) without those in holes, n of them: the
// means of the second power, and of the power that is the degree, of the distances from the mean.
// Each is formed exactly and rounded once.
func (m *Moments) Read(from, to int, holes []int32, n int) (second, highest float64) {
	for k := range m.degree {
		m.acc = m.sums[k].Range(from, to, holes, m.acc)
		m.powers[k].set(m.acc)
	}
	s1, s2, s3, s4 := &m.powers[0], &m.powers[1], &m.powers[2], &m.powers[3]
	count := int64(n)
	m.square.multiply(s1, s1, 1)
	m.total.copy(s2) // n*S2 - S1^2
	m.total.times(count)
	m.subtract(&m.square, 1)
	second = m.round(n, 2)
	switch m.degree {
	case 3: // n*(n*S3 - 3*S1*S2) + 2*S1*S1^2
		m.total.copy(s3)
		m.total.times(count)
		m.addProduct(s1, s2, -3)
		m.total.times(count)
		m.addProduct(s1, &m.square, 2)
		return second, m.round(n, 3)
	case 4: // n*(n*(n*S4 - 4*S1*S3) + 6*S1^2*S2) - 3*S1^2*S1^2
		m.total.copy(s4)
		m.total.times(count)
		m.addProduct(s1, s3, -4)
		m.total.times(count)
		m.addProduct(&m.square, s2, 6)
		m.total.times(count)
		m.addProduct(&m.square, &m.square, -3)
		return second, m.round(n, 4)
	default:
		return second, second
	}
}

// copy sets z = x.
func (z *integer) copy(x *integer) {
	z.sized(len(x.words))
	copy(z.words, x.words)
	z.negative = x.negative
}

// subtract takes a multiple of x out of the total.
func (m *Moments) subtract(x *integer, times int64) {
	m.product.copy(x)
	m.product.times(-times)
	m.total.add(&m.product)
}

// addProduct adds a multiple of a product to the total.
func (m *Moments) addProduct(x, y *integer, times int64) {
	m.product.multiply(x, y, times)
	m.total.add(&m.product)
}

// round returns the total over n^power, in the units of the series.
func (m *Moments) round(n, power int) float64 {
	return m.total.round(power*m.series.exponent, uint64(n), power, power*m.series.scale)
}
