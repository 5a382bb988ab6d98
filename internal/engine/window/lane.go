package window

import (
	"math"

	"github.com/fettle-ml/fettle/internal/engine/exact"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Kind is how the values of a lane are held.
type Kind uint8

// The kinds of lanes. Values of other types are numbered in their order and held as integers.
const (
	Ints Kind = iota
	Floats
	Decimals
)

// Lane is the selected, non-null values of one argument, in total order, with the structures that
// answer ranges. Exactly one slice is set, by kind.
type Lane struct {
	Kind     Kind
	Ints     []int64
	Floats   []float64
	Decimals []schema.Int128

	sums, squares         exact.Sums
	leastInt, mostInt     extrema[int64]
	leastFloat, mostFloat extrema[float64]
	numbers               []int32
	numbering             map[uint64]int32
	windows               []distinct // by window
	epoch                 int        // counts resets
	built                 [structures]bool
	compressedInts        []int64
	compressedFloats      []float64
	compressedDecimals    []schema.Int128
	first, second         []uint64
	scratch               []uint64
}

// structures counts what a lane builds when asked.
const (
	builtSums = iota
	builtSquares
	builtLeast
	builtMost
	builtNumbers
	structures
)

// ResetInts makes the lane hold the selected ones of an entity's integers.
func (l *Lane) ResetInts(s *Selection, values []int64) {
	l.reset(Ints)
	l.Ints = Compress(s, l.compressedInts, values)
	if !s.all {
		l.compressedInts = l.Ints
	}
}

// ResetFloats makes the lane hold the selected ones of an entity's floats.
func (l *Lane) ResetFloats(s *Selection, values []float64) {
	l.reset(Floats)
	l.Floats = Compress(s, l.compressedFloats, values)
	if !s.all {
		l.compressedFloats = l.Floats
	}
}

// ResetDecimals makes the lane hold the selected ones of an entity's decimals.
func (l *Lane) ResetDecimals(s *Selection, values []schema.Int128) {
	l.reset(Decimals)
	l.Decimals = Compress(s, l.compressedDecimals, values)
	if !s.all {
		l.compressedDecimals = l.Decimals
	}
}

func (l *Lane) reset(kind Kind) {
	l.Kind = kind
	l.built = [structures]bool{}
	l.epoch++
}

// Sum returns the exact sum of the values in a range as an accumulator, which is valid until the
// next call, and the exponent of its last bit.
func (l *Lane) Sum(in Range) (acc []uint64, exponent int) {
	if !l.built[builtSums] {
		l.built[builtSums] = true
		switch l.Kind {
		case Ints:
			l.sums.BuildInts(l.Ints)
		case Floats:
			l.sums.BuildFloats(l.Floats)
		default:
			l.sums.BuildDecimals(l.Decimals)
		}
	}
	l.first = collect(&l.sums, l.first, in)
	return l.first, l.sums.Exponent()
}

func collect(sums *exact.Sums, acc []uint64, in Range) []uint64 {
	acc = resize(acc, sums.Limbs())
	sums.Range(in.From, in.To, acc)
	for _, k := range in.Holes {
		sums.Remove(int(k), acc)
	}
	return acc
}

// Spread returns n*S2 - S1*S1 of the values, rounded once. scale is that of decimals, else 0.
func (l *Lane) Spread(in Range, scale int) float64 {
	if !l.built[builtSquares] {
		l.built[builtSquares] = true
		switch l.Kind {
		case Ints:
			l.squares.BuildIntSquares(l.Ints)
		case Floats:
			l.squares.BuildFloatSquares(l.Floats)
		default:
			l.squares.BuildDecimalSquares(l.Decimals)
		}
	}
	first, exponent := l.Sum(in)
	l.second = collect(&l.squares, l.second, in)
	var spread float64
	spread, l.scratch = exact.Spread(first, l.second, int64(in.Count()), exponent, scale, l.scratch)
	return spread
}

// ExtremeInt returns the least or greatest of at least one value of a lane of integers.
func (l *Lane) ExtremeInt(in Range, greatest bool) int64 {
	table, which := &l.leastInt, builtLeast
	if greatest {
		table, which = &l.mostInt, builtMost
	}
	if !l.built[which] {
		l.built[which] = true
		table.build(l.Ints, greatest)
	}
	return extreme(table, in)
}

// ExtremeFloat returns the least or greatest of at least one value of a lane of floats.
func (l *Lane) ExtremeFloat(in Range, greatest bool) float64 {
	table, which := &l.leastFloat, builtLeast
	if greatest {
		table, which = &l.mostFloat, builtMost
	}
	if !l.built[which] {
		l.built[which] = true
		table.build(l.Floats, greatest)
	}
	return extreme(table, in)
}

// extreme asks the table for every run between holes.
func extreme[T int64 | float64](table *extrema[T], in Range) T {
	if len(in.Holes) == 0 {
		return table.find(in.From, in.To)
	}
	best := table.values[in.Oldest()]
	from := in.From
	for _, hole := range in.Holes {
		if int(hole) > from {
			best = table.better(best, table.find(from, int(hole)))
		}
		from = int(hole) + 1
	}
	if from < in.To {
		best = table.better(best, table.find(from, in.To))
	}
	return best
}

// Distinct returns how many distinct values there are. Each window has a number of its own: what it
// costs is how far its range has moved since it was asked last.
func (l *Lane) Distinct(window int, in Range) int {
	if !l.built[builtNumbers] {
		l.built[builtNumbers] = true
		l.number()
	}
	for len(l.windows) <= window {
		l.windows = append(l.windows, distinct{})
	}
	d := &l.windows[window]
	if d.epoch != l.epoch {
		d.epoch = l.epoch
		d.start(len(l.numbering))
	}
	d.move(l.numbers, in.From, in.To)
	for _, k := range in.Holes {
		d.remove(l.numbers[k])
	}
	present := d.present
	for _, k := range in.Holes {
		d.add(l.numbers[k])
	}
	return present
}

// number gives every different value a number from 0.
func (l *Lane) number() {
	if l.numbering == nil {
		l.numbering = map[uint64]int32{}
	}
	clear(l.numbering)
	l.numbers = l.numbers[:0]
	for _, x := range l.Ints[:l.lengthOf(Ints)] {
		l.numbers = append(l.numbers, l.numberOf(uint64(x)))
	}
	for _, x := range l.Floats[:l.lengthOf(Floats)] {
		l.numbers = append(l.numbers, l.numberOf(math.Float64bits(x)))
	}
}

func (l *Lane) lengthOf(kind Kind) int {
	switch {
	case l.Kind != kind:
		return 0
	case kind == Ints:
		return len(l.Ints)
	default:
		return len(l.Floats)
	}
}

func (l *Lane) numberOf(x uint64) int32 {
	number, known := l.numbering[x]
	if !known {
		number = int32(len(l.numbering))
		l.numbering[x] = number
	}
	return number
}
