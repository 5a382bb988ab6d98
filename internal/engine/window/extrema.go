package window

import (
	"cmp"
	"math/bits"
)

// blockSize is the number of values under one entry of a sparse table: scanning that many costs
// about as much as the look-ups of the table.
const blockSize = 16

// extrema answers the least or greatest of any range: block by block in a sparse table, value by
// value at the ends.
type extrema[T cmp.Ordered] struct {
	values   []T
	greatest bool
	levels   [][]T // levels[k][i]: of blocks i .. i+2^k-1
}

// build prepares the table for values, which must stay unchanged while it is asked.
func (e *extrema[T]) build(values []T, greatest bool) {
	e.values, e.greatest = values, greatest
	blocks := len(values) / blockSize
	depth := bits.Len(uint(blocks))
	for len(e.levels) < depth {
		e.levels = append(e.levels, nil)
	}
	if depth == 0 {
		return
	}
	base := resize(e.levels[0], blocks)
	for i := range base {
		base[i] = e.scan(values[i*blockSize : (i+1)*blockSize])
	}
	e.levels[0] = base
	for k := 1; k < depth; k++ {
		below, half := e.levels[k-1], 1<<(k-1)
		level := resize(e.levels[k], blocks-2*half+1)
		for i := range level {
			level[i] = e.better(below[i], below[i+half])
		}
		e.levels[k] = level
	}
}

func (e *extrema[T]) better(a, b T) T {
	if e.greatest == (a > b) {
		return a
	}
	return b
}

// scan returns the extreme of at least one value.
func (e *extrema[T]) scan(values []T) T {
	best := values[0]
	if e.greatest {
		for _, x := range values[1:] {
			best = max(best, x)
		}
		return best
	}
	for _, x := range values[1:] {
		best = min(best, x)
	}
	return best
}

// find returns the extreme of values[from:to], which is not empty.
func (e *extrema[T]) find(from, to int) T {
	first, last := (from+blockSize-1)/blockSize, to/blockSize // whole blocks [first, last)
	if last <= first {
		return e.scan(e.values[from:to])
	}
	k := bits.Len(uint(last-first)) - 1
	level := e.levels[k]
	best := e.better(level[first], level[last-1<<k])
	if head := first * blockSize; head > from {
		best = e.better(best, e.scan(e.values[from:head]))
	}
	if tail := last * blockSize; tail < to {
		best = e.better(best, e.scan(e.values[tail:to]))
	}
	return best
}
