package exact

// Pairs is the exact sums of two series and of their products, where y and x stand at the same
// positions.
type Pairs struct {
	y, x                Series
	sumY, sumX          Products
	sumXY, sumXX, sumYY Products
	parts               PairParts
	acc                 []uint64
	first, second       integer
	total, product      integer
}

// PairParts says which of the results of a read are wanted.
type PairParts struct{ XX, YY bool }

// Reset makes the pairs those of two series.
func (p *Pairs) Reset(y, x Series, parts PairParts) {
	p.y, p.x, p.parts = y, x, parts
	p.sumY.Start(&p.y)
	p.sumX.Start(&p.x)
	p.sumXY.Start(&p.x, &p.y)
	p.sumXX.Start(&p.x, &p.x)
	p.sumYY.Start(&p.y, &p.y)
}

// Index makes ranges of any length cost about the same.
func (p *Pairs) Index() {
	p.sumY.Index()
	p.sumX.Index()
	p.sumXY.Index()
	if p.parts.XX {
		p.sumXX.Index()
	}
	if p.parts.YY {
		p.sumYY.Index()
	}
}

// Read returns n*Sxy - Sx*Sy, n*Sxx - Sx*Sx and n*Syy - Sy*Sy of the pairs [from, to) without those
// in holes, n of them. Each is formed exactly and rounded once; those not wanted are 0.
func (p *Pairs) Read(from, to int, holes []int32, n int) (xy, xx, yy float64) {
	p.acc = p.sumX.Range(from, to, holes, p.acc)
	p.first.set(p.acc)
	p.acc = p.sumY.Range(from, to, holes, p.acc)
	p.second.set(p.acc)
	spread := func(sums *Products, a, b *integer) float64 {
		p.acc = sums.Range(from, to, holes, p.acc)
		p.total.set(p.acc)
		p.total.times(int64(n))
		p.product.multiply(a, b, -1)
		p.total.add(&p.product)
		return p.total.round(sums.exponent, 1, 0, sums.scale)
	}
	xy = spread(&p.sumXY, &p.first, &p.second)
	if p.parts.XX {
		xx = spread(&p.sumXX, &p.first, &p.first)
	}
	if p.parts.YY {
		yy = spread(&p.sumYY, &p.second, &p.second)
	}
	return xy, xx, yy
}
