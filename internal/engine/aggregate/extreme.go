package aggregate

import "math/bits"

// extremeBlock is the number of values under one entry of the table of extremes.
const extremeBlock = 16

// extreme is min_by and max_by: the newest of the events with the least or greatest x.
type extreme struct {
	order
	greatest bool
	tabled   bool
	levels   [][]int32 // levels[k][i]: the best position of blocks i .. i+2^k-1
	found    [1]int32
}

func newMinBy(Specification) (Function, error) { return &extreme{}, nil }
func newMaxBy(Specification) (Function, error) { return &extreme{greatest: true}, nil }

func (f *extreme) Reset(events *Events) {
	f.enter(&events.Arguments[1])
	f.tabled = false
}

// Read asks for every run between holes. The table holds positions and not keys, so that the newest
// of equal events can be told from the others when runs are put together.
func (f *extreme) Read(q *Question, out *Result) {
	in := q.Range
	best := int32(-1)
	from := in.From
	for _, hole := range in.Holes {
		best = f.better(best, f.find(from, int(hole)))
		from = int(hole) + 1
	}
	best = f.better(best, f.find(from, in.To))
	if best < 0 {
		out.Null = true
		return
	}
	f.found[0] = best
	out.Positions = f.found[:]
}

// better returns which of two positions is to be taken; -1 is none.
func (f *extreme) better(a, b int32) int32 {
	if a < 0 || b < 0 {
		return max(a, b)
	}
	x, y := f.key(int(a)), f.key(int(b))
	switch {
	case x == y:
		return max(a, b)
	case f.greatest == (y > x):
		return b
	default:
		return a
	}
}

// find returns the best position of [from, to), -1 if that is empty.
func (f *extreme) find(from, to int) int32 {
	if from >= to {
		return -1
	}
	if !f.tabled && f.effort.short(to-from) {
		return f.scan(from, to)
	}
	f.table()
	first, last := (from+extremeBlock-1)/extremeBlock, to/extremeBlock
	if last <= first {
		return f.scan(from, to)
	}
	// Two entries of one length cover the whole blocks. They overlap, which does no harm to a best.
	best := f.scan(from, first*extremeBlock)
	k := bits.Len(uint(last-first)) - 1
	best = f.better(best, f.levels[k][first])
	best = f.better(best, f.levels[k][last-1<<k])
	return f.better(best, f.scan(last*extremeBlock, to))
}

// scan looks at every position: the way for short runs, for the ends of long ones, and for the
// table itself.
func (f *extreme) scan(from, to int) int32 {
	best := int32(-1)
	for i := from; i < to; i++ {
		best = f.better(best, int32(i))
	}
	return best
}

// table prepares the table over whole blocks.
func (f *extreme) table() {
	if f.tabled {
		return
	}
	f.tabled = true
	blocks := f.values.length() / extremeBlock
	depth := bits.Len(uint(blocks))
	for len(f.levels) < depth {
		f.levels = append(f.levels, nil)
	}
	if depth == 0 {
		return
	}
	base := sized(f.levels[0], blocks)
	for i := range base {
		base[i] = f.scan(i*extremeBlock, (i+1)*extremeBlock)
	}
	f.levels[0] = base
	for k := 1; k < depth; k++ {
		below, half := f.levels[k-1], 1<<(k-1)
		row := sized(f.levels[k], blocks-2*half+1)
		for i := range row {
			row[i] = f.better(below[i], below[i+half])
		}
		f.levels[k] = row
	}
}
