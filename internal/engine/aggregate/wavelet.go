package aggregate

import (
	"math/bits"
	"sort"
)

// wavelet is a wavelet matrix of numbers: the bits of all numbers, the highest first; each level is
// in the order of the bits above, zeros before ones. It answers the k-th least of any range of
// positions in one step for each bit. See F. Claude, G. Navarro, A. Ordóñez, The wavelet matrix,
// 2015.
type wavelet struct {
	levels       []level
	depth        int
	numbers, old []int32
}

// level is one bit of every number, with the count of ones before each word.
type level struct {
	words []uint64
	ones  []int32
	zeros int // of all
}

// build makes the matrix of numbers from 0 to below different.
func (w *wavelet) build(numbers []int32, different int) {
	w.depth = bits.Len(uint(max(different-1, 0)))
	for len(w.levels) < w.depth {
		w.levels = append(w.levels, level{})
	}
	w.numbers = append(w.numbers[:0], numbers...)
	w.old = sized(w.old, len(numbers))
	for k := range w.depth {
		w.levels[k].build(w.numbers, w.old, uint(w.depth-1-k))
		w.numbers, w.old = w.old, w.numbers
	}
}

// build stores one bit of the numbers and puts them into next, those without the bit first.
func (l *level) build(numbers, next []int32, bit uint) {
	size := len(numbers)/64 + 1
	l.words, l.ones = sized(l.words, size), sized(l.ones, size)
	ones := int32(0)
	for at := range size {
		var word uint64
		for i, x := range numbers[at*64 : min(at*64+64, len(numbers))] {
			word |= uint64(x>>bit&1) << uint(i)
		}
		l.words[at], l.ones[at] = word, ones
		ones += int32(bits.OnesCount64(word))
	}
	l.zeros = len(numbers) - int(ones)
	zero, one := 0, l.zeros
	for _, x := range numbers {
		if x>>bit&1 == 0 {
			next[zero] = x
			zero++
		} else {
			next[one] = x
			one++
		}
	}
}

// before returns the number of ones before a position.
func (l *level) before(i int) int {
	at, part := i/64, uint(i%64)
	return int(l.ones[at]) + bits.OnesCount64(l.words[at]&(1<<part-1))
}

// node is the part of a range that shares the high bits of a number: positions in its level, and
// the numbers of holes among them.
type node struct {
	level    int
	from, to int
	number   int32
	holes    []int32
}

func (n *node) count() int { return n.to - n.from - len(n.holes) }

// split returns the parts without and with the next bit.
func (w *wavelet) split(n *node) (zero, one node) {
	l := &w.levels[n.level]
	from, to := l.before(n.from), l.before(n.to)
	above := n.number | 1<<uint(w.depth-1-n.level)
	cut := 0
	if len(n.holes) > 0 {
		cut = sort.Search(len(n.holes), func(i int) bool { return n.holes[i] >= above })
	}
	zero = node{n.level + 1, n.from - from, n.to - to, n.number, n.holes[:cut]}
	one = node{n.level + 1, l.zeros + from, l.zeros + to, above, n.holes[cut:]}
	return zero, one
}

// find returns the k-th least number, from 0, of positions [from, to) without holes, whose numbers
// are given in order. There are more than k.
func (w *wavelet) find(from, to int, holes []int32, k int) int32 {
	n := node{from: from, to: to, holes: holes}
	for n.level < w.depth {
		zero, one := w.split(&n)
		if c := zero.count(); k < c {
			n = zero
		} else {
			k -= c
			n = one
		}
	}
	return n.number
}

// walk calls visit with the different numbers of a part and how often each is there, in order or
// from the greatest on, until it returns false.
func (w *wavelet) walk(n node, descending bool, visit func(number int32, count int) bool) bool {
	if n.count() == 0 {
		return true
	}
	if n.level == w.depth {
		return visit(n.number, n.count())
	}
	zero, one := w.split(&n)
	if descending {
		zero, one = one, zero
	}
	return w.walk(zero, descending, visit) && w.walk(one, descending, visit)
}
