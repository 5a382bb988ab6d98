package window

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

// Range is the events of one window as one label sees them: positions [From, To) without gaps, and
// Extra positions after To, ascending, that are in the window and available while some event
// before them is not yet.
type Range struct {
	From, To int
	Extra    []int32
}
