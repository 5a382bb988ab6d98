package aggregate

import (
	"slices"

	"github.com/fettle-ml/fettle/internal/engine/window"
)

// distinct is first_distinct and last_distinct. For the last the events are looked at from the
// newest to the oldest: a place is the distance from the oldest event for the first, and from the
// newest one for the last, and everything else is the same.
//
// An event is the first of its value in a range if the event of equal value before it lies before
// the range. A table of the least such link of every block of places lets a search jump over blocks
// where no event is the first.
type distinct struct {
	order
	n       int
	last    bool
	linked  bool
	length  int
	links   []int32 // by place: the place before with the same value, -1: there is none
	follows []int32 // by place: the place after with the same value, length: there is none
	recent  []int32 // by number: the last place, while building
	blocks  []int32 // the least link of every block
	groups  []int32 // the least of every block of blocks
	holes   []int32 // places, ascending
	heads   []int32 // holes that would be the first of their value
	extra   []int32 // events that are the first of their value behind holes
	found   []int32
}

// linkBlock is the number of links in a block, and of blocks in a group.
const linkBlock = 64

func newFirstDistinct(s Specification) (Function, error) { return newDistinct(s, false) }
func newLastDistinct(s Specification) (Function, error)  { return newDistinct(s, true) }

func newDistinct(s Specification, last bool) (Function, error) {
	n, err := countOf(s.Literals[0], 1)
	return &distinct{n: n, last: last}, err
}

func (f *distinct) Reset(events *Events) {
	f.enter(&events.Arguments[0])
	f.linked, f.length = false, events.Arguments[0].length()
}

// place turns a position into a place, and back.
func (f *distinct) place(position int) int {
	if f.last {
		return f.length - 1 - position
	}
	return position
}

func (f *distinct) Read(q *Question, out *Result) {
	from, to := q.Range.From, q.Range.To
	if f.last {
		from, to = f.length-to, f.length-from
	}
	f.found = f.found[:0]
	f.placeHoles(q.Range)
	if f.effort.short(to - from) {
		f.compare(from, to)
	} else {
		f.link()
		f.search(from, to)
	}
	for i, place := range f.found {
		f.found[i] = int32(f.place(int(place)))
	}
	out.Positions = f.found
}

// placeHoles turns the holes of a range into places, ascending whichever way events are looked at.
func (f *distinct) placeHoles(in window.Range) {
	f.holes = f.holes[:0]
	for _, i := range in.Holes {
		f.holes = append(f.holes, int32(f.place(int(i))))
	}
	if f.last {
		reverse(f.holes)
	}
}

func (f *distinct) isHole(place int32) bool {
	_, found := slices.BinarySearch(f.holes, place)
	return found
}

// compare finds the first different values of a range by the values themselves.
func (f *distinct) compare(from, to int) {
	if to-from > shortRange {
		f.compareMany(from, to)
		return
	}
	for i := from; i < to && len(f.found) < f.n; i++ {
		key := f.key(f.place(i))
		known := slices.ContainsFunc(f.found, func(j int32) bool { return f.key(f.place(int(j))) == key })
		if !known && !f.isHole(int32(i)) {
			f.found = append(f.found, int32(i))
		}
	}
}

// compareMany sorts the values of a range; the least place of each run is the first of its value.
func (f *distinct) compareMany(from, to int) {
	f.pairs = f.pairs[:0]
	for i := from; i < to; i++ {
		if len(f.holes) == 0 || !f.isHole(int32(i)) {
			f.pairs = append(f.pairs, pair{f.key(f.place(i)), int32(i)})
		}
	}
	f.sort()
	for k, p := range f.pairs {
		if k == 0 || p.key != f.pairs[k-1].key {
			f.found = append(f.found, p.at)
		}
	}
	slices.Sort(f.found)
	f.found = f.found[:min(f.n, len(f.found))]
}

// link joins the events of equal value.
func (f *distinct) link() {
	if f.linked {
		return
	}
	f.linked = true
	f.number()
	f.links, f.follows = sized(f.links, f.length), sized(f.follows, f.length)
	f.recent = sized(f.recent, len(f.places))
	for i := range f.recent {
		f.recent[i] = -1
	}
	for i := range f.length {
		number := f.numbers[f.place(i)]
		link := f.recent[number]
		f.links[i], f.follows[i] = link, int32(f.length)
		if link >= 0 {
			f.follows[link] = int32(i)
		}
		f.recent[number] = int32(i)
	}
	f.blocks = least(f.blocks, f.links)
	f.groups = least(f.groups, f.blocks)
}

// least stores the least of every block of links, the last of which may be short.
func least(dst, links []int32) []int32 {
	dst = sized(dst, (len(links)+linkBlock-1)/linkBlock)
	for b := range dst {
		dst[b] = slices.Min(links[b*linkBlock : min((b+1)*linkBlock, len(links))])
	}
	return dst
}

// search finds the first different values of a range by the links. Events that are first only since
// others are holes are merged in where they stand.
func (f *distinct) search(from, to int) {
	f.behindHoles(from, to)
	extra := f.extra
	for i := f.next(from, from, to); len(f.found) < f.n; {
		if len(extra) > 0 && (i >= to || int(extra[0]) < i) {
			f.found = append(f.found, extra[0])
			extra = extra[1:]
			continue
		}
		if i >= to {
			return
		}
		if len(f.holes) == 0 || !f.isHole(int32(i)) {
			f.found = append(f.found, int32(i))
		}
		i = f.next(i+1, from, to)
	}
}

// behindHoles finds the events that are the first of their value only because holes are not there.
func (f *distinct) behindHoles(from, to int) {
	f.heads, f.extra = f.heads[:0], f.extra[:0]
	for _, hole := range f.holes {
		link := f.links[hole]
		if _, head := slices.BinarySearch(f.heads, link); int(link) >= from && !head {
			continue
		}
		f.heads = append(f.heads, hole)
		if next := f.follows[hole]; int(next) < to && !f.isHole(next) {
			f.extra = append(f.extra, next)
		}
	}
	slices.Sort(f.extra)
}

// next returns the first place from i on, and before to, whose link is less than from; else to.
func (f *distinct) next(i, from, to int) int {
	bound := int32(from)
	for i < to {
		block := i / linkBlock
		switch {
		case i%(linkBlock*linkBlock) == 0 && f.groups[block/linkBlock] >= bound:
			i += linkBlock * linkBlock
		case i%linkBlock == 0 && f.blocks[block] >= bound:
			i += linkBlock
		case f.links[i] < bound:
			return i
		default:
			i++
		}
	}
	return to
}
