package window

import "sort"

// Selection maps positions among an entity's events to positions among the selected ones.
type Selection struct {
	all  bool
	rank []int32 // rank[i]: how many of the first i events are selected; unset if all are
	at   []int32 // at[k]: the position of the k-th selected event; unset if all are
}

// Build selects, of n events, those whose bit is set in words: event i has stride words from
// words[i*stride], and the bit is number bit of them.
func (s *Selection) Build(n int, words []uint64, stride, bit int) {
	word, mask := bit/64, uint64(1)<<(bit%64)
	s.all = true
	for i := range n {
		if words[i*stride+word]&mask == 0 {
			s.all = false
			break
		}
	}
	if s.all {
		return
	}
	s.rank, s.at = resize(s.rank, n+1), resize(s.at, n)
	count := int32(0)
	for i := range n {
		s.rank[i], s.at[count] = count, int32(i)
		if words[i*stride+word]&mask != 0 {
			count++
		}
	}
	s.rank[n] = count
	s.at = s.at[:count]
}

// Rank returns how many of the first i events are selected.
func (s *Selection) Rank(i int) int {
	if s.all {
		return i
	}
	return int(s.rank[i])
}

// Has reports whether event i is selected.
func (s *Selection) Has(i int) bool { return s.all || s.rank[i+1] > s.rank[i] }

// Event returns the position of the k-th selected event.
func (s *Selection) Event(k int) int {
	if s.all {
		return k
	}
	return int(s.at[k])
}

// resize returns a slice of length n, with the old memory if it is enough; the content is anything.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4+8)
	}
	return s[:n]
}

// Compress copies the selected values of n events to dst, or returns values itself if all are.
func Compress[T any](s *Selection, dst, values []T) []T {
	if s.all {
		return values
	}
	dst = resize(dst, len(s.at))
	for k, i := range s.at {
		dst[k] = values[i]
	}
	return dst
}

// Range is the events of one window as one label sees them: positions [From, To) but for the Holes,
// ascending, which are not available yet.
type Range struct {
	From, To int
	Holes    []int32
}

// Count returns how many events the range has.
func (r Range) Count() int { return r.To - r.From - len(r.Holes) }

// Newest returns the last position of the range, which is not empty.
func (r Range) Newest() int {
	last := r.To - 1
	for k := len(r.Holes) - 1; k >= 0 && int(r.Holes[k]) == last; k-- {
		last--
	}
	return last
}

// Oldest returns the first position of the range, which is not empty.
func (r Range) Oldest() int {
	first := r.From
	for k := 0; k < len(r.Holes) && int(r.Holes[k]) == first; k++ {
		first++
	}
	return first
}

// Back returns the position of the n-th newest event of the range, n from 1 to Count.
func (r Range) Back(n int) int {
	at := r.To
	for k := len(r.Holes) - 1; k >= 0; k-- {
		hole := int(r.Holes[k])
		if at-hole > n { // it lies between this hole and the next
			break
		}
		n -= at - hole - 1
		at = hole
	}
	return at - n
}

// Before returns the range without its positions from to on.
func (r Range) Before(to int) Range {
	to = max(r.From, min(r.To, to))
	return Range{From: r.From, To: to, Holes: r.Holes[:r.holesBefore(to)]}
}

// After returns the range without its positions before from.
func (r Range) After(from int) Range {
	from = max(r.From, from)
	return Range{From: from, To: r.To, Holes: r.Holes[r.holesBefore(from):]}
}

func (r Range) holesBefore(position int) int {
	return sort.Search(len(r.Holes), func(k int) bool { return int(r.Holes[k]) >= position })
}

// Ranks translates a range of events into one of selected events, with scratch for the holes.
func (s *Selection) Ranks(events Range, scratch []int32) Range {
	if s.all {
		return events
	}
	out := Range{From: s.Rank(events.From), To: s.Rank(events.To), Holes: scratch[:0]}
	for _, event := range events.Holes {
		if s.Has(int(event)) {
			out.Holes = append(out.Holes, s.rank[event])
		}
	}
	return out
}
