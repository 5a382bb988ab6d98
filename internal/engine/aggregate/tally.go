package aggregate

import (
	"math/bits"

	"github.com/fettle-ml/fettle/internal/engine/window"
)

// tally counts how often each value occurs in a range, and follows the range as its ends move. It
// keeps the most frequent value on top of a tree if that is asked for, and how many values occur
// how often if that is.
type tally struct {
	order
	counts   []int32 // by number
	present  int     // numbers that occur
	set      []uint64
	from, to int
	started  bool

	treed bool
	tree  []int32 // tree[1] is the root, leaves from size on: the greatest count below
	size  int

	levelled  bool
	levels    []int32  // by count: how many numbers occur so often
	levelBits []uint64 // the counts that are
}

func (t *tally) enter(v *Values) {
	t.order.enter(v)
	t.started = false
}

// start prepares empty counts of the entity.
func (t *tally) start() {
	if t.started {
		return
	}
	t.started = true
	t.number()
	different := len(t.places)
	t.counts = cleared(t.counts, different)
	t.set = cleared(t.set, (different+63)/64)
	t.from, t.to, t.present = 0, 0, 0
	if t.treed {
		t.size = 1 << bits.Len(uint(max(different-1, 0)))
		t.tree = cleared(t.tree, 2*t.size)
	}
	if t.levelled {
		t.levels = cleared(t.levels, len(t.numbers)+1)
		t.levelBits = cleared(t.levelBits, len(t.numbers)/64+1)
	}
}

// cleared returns a slice of n zeros, with the old memory if it is enough.
func cleared[T any](s []T, n int) []T {
	s = sized(s, n)
	clear(s)
	return s
}

// add changes the count of a number by one, up or down.
func (t *tally) add(number, by int32) {
	old := t.counts[number]
	count := old + by
	t.counts[number] = count
	if old == 0 || count == 0 {
		t.present += int(by)
		t.set[number/64] ^= 1 << uint(number%64)
	}
	if t.levelled {
		t.level(old, -1)
		t.level(count, 1)
	}
	if t.treed {
		t.lift(int(number), count)
	}
}

// level changes how many numbers occur so often.
func (t *tally) level(count, by int32) {
	if count == 0 {
		return
	}
	old := t.levels[count]
	t.levels[count] = old + by
	if old == 0 || old+by == 0 {
		t.levelBits[count/64] ^= 1 << uint(count%64)
	}
}

// lift stores a count at its leaf and the greatest counts above it, as far up as they change.
func (t *tally) lift(number int, count int32) {
	at := t.size + number
	t.tree[at] = count
	for at > 1 {
		best := max(t.tree[at], t.tree[at^1])
		if at /= 2; t.tree[at] == best {
			return
		}
		t.tree[at] = best
	}
}

// move makes the counts those of a range without its holes; leave puts the holes back, so that the
// next range is reached from a run without gaps. A range that shares little with the one before is
// counted from nothing, since taking out what was there would cost more.
func (t *tally) move(in window.Range) {
	t.start()
	if in.From >= t.to || in.To <= t.from || (in.To-in.From)*2 < t.to-t.from {
		t.shift(t.from, t.from)
		t.from, t.to = in.From, in.From
	}
	t.shift(in.From, in.To)
	for _, i := range in.Holes {
		t.add(t.numbers[i], -1)
	}
}

// leave undoes what move did for the holes. It must follow every move.
func (t *tally) leave(in window.Range) {
	for _, i := range in.Holes {
		t.add(t.numbers[i], 1)
	}
}

// shift moves the ends one event at a time, outwards before inwards, so that no count falls below
// zero on the way.
func (t *tally) shift(from, to int) {
	for ; t.to < to; t.to++ {
		t.add(t.numbers[t.to], 1)
	}
	for ; t.from > from; t.from-- {
		t.add(t.numbers[t.from-1], 1)
	}
	for ; t.to > to; t.to-- {
		t.add(t.numbers[t.to-1], -1)
	}
	for ; t.from < from; t.from++ {
		t.add(t.numbers[t.from], -1)
	}
}

// run is a value that occurs: where, and how often.
type run struct {
	at    int32
	count int32
}

// runs appends the different values of sorted pairs to dst, in their order.
func runs(dst []run, pairs []pair) []run {
	for k, p := range pairs {
		if k == 0 || p.key != pairs[k-1].key {
			dst = append(dst, run{at: p.at})
		}
		dst[len(dst)-1].count++
	}
	return dst
}

// all appends the values that occur to dst, in their order.
func (t *tally) all(dst []run) []run {
	for at, word := range t.set {
		for word != 0 {
			number := at*64 + bits.TrailingZeros64(word)
			word &= word - 1
			dst = append(dst, run{t.places[number], t.counts[number]})
		}
	}
	return dst
}

// best appends the k most frequent values to dst, of equally frequent ones the lesser first. It
// opens the tree from the top, and looks at few nodes more than it finds.
func (t *tally) best(dst []run, k int, open *frontier) []run {
	open.nodes = append(open.nodes[:0], 1)
	open.tree = t.tree
	for len(open.nodes) > 0 && len(dst) < k {
		at := open.pop()
		if t.tree[at] == 0 {
			break
		}
		if at >= t.size {
			dst = append(dst, run{t.places[at-t.size], t.tree[at]})
			continue
		}
		open.push(2 * at)
		open.push(2*at + 1)
	}
	return dst
}

// frontier is a heap of nodes of a tree, the one with the greatest count on top, of equal ones the
// one whose leaves come first.
type frontier struct {
	nodes []int
	tree  []int32
}

// before compares nodes. No node of the heap lies below another, so that of two the one with the
// lesser leaves is found by bringing both to the same depth.
func (f *frontier) before(a, b int) bool {
	if f.tree[a] != f.tree[b] {
		return f.tree[a] > f.tree[b]
	}
	da, db := bits.Len(uint(a)), bits.Len(uint(b))
	if da < db {
		a <<= uint(db - da)
	} else {
		b <<= uint(da - db)
	}
	return a < b
}

func (f *frontier) push(node int) {
	f.nodes = append(f.nodes, node)
	for i := len(f.nodes) - 1; i > 0; {
		parent := (i - 1) / 2
		if !f.before(f.nodes[i], f.nodes[parent]) {
			return
		}
		f.nodes[i], f.nodes[parent] = f.nodes[parent], f.nodes[i]
		i = parent
	}
}

func (f *frontier) pop() int {
	top, last := f.nodes[0], len(f.nodes)-1
	f.nodes[0] = f.nodes[last]
	f.nodes = f.nodes[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return top
		}
		if child+1 < last && f.before(f.nodes[child+1], f.nodes[child]) {
			child++
		}
		if !f.before(f.nodes[child], f.nodes[i]) {
			return top
		}
		f.nodes[i], f.nodes[child] = f.nodes[child], f.nodes[i]
		i = child
	}
}
