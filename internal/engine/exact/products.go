package exact

import "math/bits"

// blockOf is how many terms lie between two stored prefix sums of so many words. Fourth powers of
// numbers of all magnitudes have over a hundred words, too many to keep for each event; with the
// few words of ordinary numbers, sums are near to each other.
func blockOf(limbs int) int {
	switch {
	case limbs <= 8:
		return 8
	case limbs <= 32:
		return 16
	default:
		return 32
	}
}

// Products is exact sums, over any range, of products of the numbers at one position. The zero
// value is empty; Start replaces the content and reuses the memory.
type Products struct {
	length   int
	limbs    int
	block    int
	exponent int
	scale    int
	indexed  bool
	factors  []*Series
	words    []uint64 // indexed: the sum before every block
	term     term
}

// Start makes the sums those of the products of the factors, of which there are at most four. The
// series must stay unchanged while the sums are read.
func (p *Products) Start(factors ...*Series) {
	p.length, p.exponent, p.scale, p.indexed = factors[0].length, 0, 0, false
	p.factors = append(p.factors[:0], factors...)
	width := bits.Len(uint(p.length)) + 1
	for _, s := range factors {
		width += s.width
		p.exponent += s.exponent
		p.scale += s.scale
	}
	p.limbs = max(2, (width+63)/64)
	p.block = blockOf(p.limbs)
}

// Index makes ranges of any length cost about the same, for the cost of summing all terms once.
func (p *Products) Index() {
	if p.indexed {
		return
	}
	p.indexed = true
	block := p.block
	need := (p.length/block + 1) * p.limbs
	if cap(p.words) < need {
		p.words = make([]uint64, need, need+need/4)
	}
	p.words = p.words[:need]
	clear(p.words[:p.limbs])
	for at := range p.length / block {
		sum := p.words[(at+1)*p.limbs : (at+2)*p.limbs]
		copy(sum, p.words[at*p.limbs:])
		p.add(sum, at*block, (at+1)*block, false)
	}
}

// add adds the terms [from, to) to acc, or takes them out.
func (p *Products) add(acc []uint64, from, to int, remove bool) {
	for i := from; i < to; i++ {
		p.term.set(i, p.factors)
		p.term.addTo(acc, remove)
	}
}

// Range returns the sum of the terms [from, to) without those in holes, as an accumulator in acc,
// which grows as needed.
func (p *Products) Range(from, to int, holes []int32, acc []uint64) []uint64 {
	if cap(acc) < p.limbs {
		acc = make([]uint64, p.limbs, 2*p.limbs)
	}
	acc = acc[:p.limbs]
	block := p.block
	first, last := (from+block-1)/block, to/block
	if !p.indexed || first >= last {
		clear(acc)
		p.add(acc, from, to, false)
	} else {
		low, high := p.words[first*p.limbs:], p.words[last*p.limbs:]
		var borrow uint64
		for i := range acc {
			acc[i], borrow = bits.Sub64(high[i], low[i], borrow)
		}
		p.add(acc, from, first*block, false)
		p.add(acc, last*block, to, false)
	}
	for _, i := range holes {
		p.add(acc, int(i), int(i)+1, true)
	}
	return acc
}
