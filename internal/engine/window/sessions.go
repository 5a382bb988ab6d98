package window

import "sort"

// Sessions are the runs of an entity's live events in which less than a gap of time lies between
// one and the next. They are built once over all events. What is not available as of a label can
// only split a run: a hole between two events that lie a gap apart is looked at when it is asked.
type Sessions struct {
	gap   int64
	times []int64
	begin []int32 // begin[k]: the first position of the run that k belongs to
}

// Build finds the runs of times, which ascend and must stay unchanged while they are asked about.
func (s *Sessions) Build(times []int64, gap int64) {
	s.gap, s.times = gap, times
	s.begin = resize(s.begin, len(times))
	first := int32(0)
	for k, t := range times {
		if k > 0 && t-times[k-1] >= gap {
			first = int32(k)
		}
		s.begin[k] = first
	}
}

// Open reports whether the newest session of the available events goes on at a time: whether its
// last event lies less than the gap before. There must be an event.
func (s *Sessions) Open(available Range, at int64) bool {
	return at-s.times[available.Newest()] < s.gap
}

// Newest returns the newest session of the available events, of which there must be one. Its range
// ends behind its last event.
func (s *Sessions) Newest(available Range) Range {
	last := available.Newest()
	out := available.Before(last + 1)
	first := max(int(s.begin[last]), out.From)
	for k := len(out.Holes); k > 0; {
		// The holes that lie next to each other are one: after is the event behind them, hole the
		// position before them.
		hole := int(out.Holes[k-1])
		after := hole + 1
		for k > 0 && int(out.Holes[k-1]) == hole {
			hole--
			k--
		}
		if after <= first {
			break
		}
		if hole < first || s.times[after]-s.times[hole] >= s.gap {
			first = after
			break
		}
	}
	return out.After(first)
}

// Back returns the n-th newest session before the newest one, that itself for 0; false if there are
// not as many.
func (s *Sessions) Back(available Range, n int) (Range, bool) {
	for ; available.Count() > 0; n-- {
		session := s.Newest(available)
		if n == 0 {
			return session, true
		}
		available = available.Before(session.From)
	}
	return Range{}, false
}

// Trim leaves out what lies longer than longest before the last event of a session.
func (s *Sessions) Trim(session Range, longest int64) Range {
	least := s.times[session.To-1] - longest
	n := session.To - session.From
	first := sort.Search(n, func(k int) bool { return s.times[session.From+k] >= least })
	return session.After(session.From + first)
}
