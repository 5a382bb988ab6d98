package aggregate

import (
	"math"
	"math/bits"
	"slices"

	"github.com/fettle-ml/fettle/internal/engine/window"
)

// The sketch has 2^precision registers. A register holds 0, or the greatest of 1 + the leading
// zeros of the hashes that chose it, of which rankBits bits are left.
const (
	precision = 14
	registers = 1 << precision
	rankBits  = 64 - precision
	maxRank   = rankBits + 1
)

// histogramOfRanks is how many registers hold each value.
type histogramOfRanks [maxRank + 1]int32

// approxDistinct estimates the number of different hashes. For long ranges it counts the hashes of
// every pair of register and rank, so that a register can also fall when an event leaves the range.
type approxDistinct struct {
	hashes []int64
	effort effort

	built    bool
	cells    []int32  // by position: the number of its pair of register and rank
	codes    []int32  // by cell: register<<6 | rank
	rows     []int32  // by cell: the number of its register
	counts   []int32  // by cell
	masks    []uint64 // by register: the ranks that occur
	ranks    histogramOfRanks
	from, to int

	codesOf []int32 // scratch
	order   multiset
	values  Values
}

func newApproxDistinct(Specification) (Function, error) { return &approxDistinct{}, nil }

func (f *approxDistinct) Reset(events *Events) {
	f.hashes, f.built = events.Arguments[0].Ints, false
	f.effort = effort{worth: len(f.hashes)}
}

// code returns the register and rank of a hash, the register first, so that codes in their order
// bring all hashes of a register together with the greatest rank at the end.
func code(hash int64) int32 {
	x := uint64(hash)
	rank := min(bits.LeadingZeros64(x<<precision)+1, maxRank)
	return int32(x>>rankBits)<<6 | int32(rank)
}

func (f *approxDistinct) Read(q *Question, out *Result) {
	in := q.Range
	if f.effort.short(in.To - in.From) {
		out.Int = f.direct(in)
		return
	}
	f.build()
	if in.From >= f.to || in.To <= f.from || (in.To-in.From)*2 < f.to-f.from {
		f.shift(f.from, f.from)
		f.from, f.to = in.From, in.From
	}
	f.shift(in.From, in.To)
	for _, i := range in.Holes {
		f.add(f.cells[i], -1)
	}
	out.Int = estimate(&f.ranks)
	for _, i := range in.Holes {
		f.add(f.cells[i], 1)
	}
}

// direct answers a short range without counts. It sorts the codes: the last of each register is the
// greatest.
func (f *approxDistinct) direct(in window.Range) int64 {
	f.codesOf = f.codesOf[:0]
	hole := 0
	for i := in.From; i < in.To; i++ {
		if hole < len(in.Holes) && int(in.Holes[hole]) == i {
			hole++
			continue
		}
		f.codesOf = append(f.codesOf, code(f.hashes[i]))
	}
	slices.Sort(f.codesOf)
	var ranks histogramOfRanks
	used := int32(0)
	for k, c := range f.codesOf {
		if k+1 == len(f.codesOf) || f.codesOf[k+1]>>6 != c>>6 {
			ranks[c&63]++
			used++
		}
	}
	ranks[0] = registers - used
	return estimate(&ranks)
}

// build numbers the pairs of register and rank of the entity.
func (f *approxDistinct) build() {
	if f.built {
		return
	}
	f.built = true
	n := len(f.hashes)
	f.values.Kind, f.values.Ints = window.Ints, sized(f.values.Ints, n)
	for i, hash := range f.hashes {
		f.values.Ints[i] = int64(code(hash))
	}
	f.order.reset(&f.values)
	f.order.number()
	f.cells = f.order.numbers
	f.codes, f.rows = f.codes[:0], f.rows[:0]
	row := int32(-1)
	for k, at := range f.order.places {
		c := int32(f.values.Ints[at])
		if k == 0 || f.codes[k-1]>>6 != c>>6 {
			row++
		}
		f.codes, f.rows = append(f.codes, c), append(f.rows, row)
	}
	f.counts = cleared(f.counts, len(f.codes))
	f.masks = cleared(f.masks, int(row+1))
	f.ranks = histogramOfRanks{registers}
	f.from, f.to = 0, 0
}

// add changes the count of a cell by one, up or down.
func (f *approxDistinct) add(cell, by int32) {
	old := f.counts[cell]
	f.counts[cell] = old + by
	if old != 0 && old+by != 0 {
		return
	}
	mask := &f.masks[f.rows[cell]]
	f.ranks[bits.Len64(*mask)]--
	*mask ^= 1 << (uint(f.codes[cell]&63) - 1)
	f.ranks[bits.Len64(*mask)]++
}

// shift moves the ends of the range one event at a time.
func (f *approxDistinct) shift(from, to int) {
	for ; f.to < to; f.to++ {
		f.add(f.cells[f.to], 1)
	}
	for ; f.from > from; f.from-- {
		f.add(f.cells[f.from-1], 1)
	}
	for ; f.to > to; f.to-- {
		f.add(f.cells[f.to-1], -1)
	}
	for ; f.from < from; f.from++ {
		f.add(f.cells[f.from], -1)
	}
}

// estimate is Ertl's improved estimator, algorithm 6 of his paper. It depends on the histogram
// alone. Every operation is rounded to float64.
func estimate(ranks *histogramOfRanks) int64 {
	const m = float64(registers)
	if ranks[0] == registers {
		return 0
	}
	z := float64(m * tau(1-float64(float64(ranks[maxRank])/m)))
	for k := rankBits; k >= 1; k-- {
		z = float64(0.5 * (z + float64(ranks[k])))
	}
	z += float64(m * sigma(float64(ranks[0])/m))
	// Dividing m*m, a power of two, is exact, and so is the constant rounded once.
	twoLn2 := 1.3862943611198906
	return int64(math.RoundToEven(float64(m*m/twoLn2) / z))
}

// sigma is the sum of x^(2^k) * 2^(k-1), which says how many hashes the empty registers stand for.
// It ends when a term no longer changes the sum; x is less than 1.
func sigma(x float64) float64 {
	y, z := 1.0, x
	for {
		x = float64(x * x)
		before := z
		z += float64(x * y)
		if z == before {
			return z
		}
		y += y
	}
}

// tau is the like for the registers that are full.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		before := z
		y = float64(0.5 * y)
		z -= float64(float64((1-x)*(1-x)) * y)
		if z == before {
			return z / 3
		}
	}
}
