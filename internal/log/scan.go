package log

// markBytes is the distance of the places in a segment that are remembered, so that a reader can
// begin near a sequence without reading the segment up to it.
const markBytes = 1 << 20

// mark is the place of a record.
type mark struct {
	sequence uint64
	offset   int64
}

// scanned is what the bytes of one segment tell.
type scanned struct {
	end    int64  // behind the last readable record
	next   uint64 // the sequence after it
	sealed bool
	holes  []foundHole
	// batch is the first sequence of the last batch that left a readable record. All before it was
	// durable when that batch was written.
	batch    uint64
	group    place // behind the last record that ended an append
	received int64
	marks    []mark
}

// place is an offset, and the sequence that comes there.
type place struct {
	offset int64
	next   uint64
}

// foundHole is a hole, and where the last append before it ended.
type foundHole struct {
	hole
	group place
}

// scan reads a segment to its end. The error is one of reading the file.
func scan(c *cursor) (scanned, error) {
	s := scanned{end: headerSize, next: c.first, batch: c.first,
		group: place{headerSize, c.first}}
	for {
		offset := c.offset
		f, lost, err := c.step()
		switch {
		case err != nil:
			return s, err
		case lost != nil:
			s.holes = append(s.holes, foundHole{*lost, s.group})
		case f == nil:
			return s, nil
		default:
			s.add(f, offset)
			s.end, s.next, s.sealed = c.offset, c.next, c.sealed
			if f.groupEnd || s.sealed {
				s.group = place{c.offset, c.next}
			}
		}
	}
}

func (s *scanned) add(f *frame, offset int64) {
	s.batch = max(s.batch, f.Sequence-uint64(f.batch))
	if f.Op == opSeal {
		return
	}
	s.received = max(s.received, f.ReceivedAt)
	s.marks = addMark(s.marks, f.Sequence, offset)
}

func addMark(marks []mark, sequence uint64, offset int64) []mark {
	var last int64
	if len(marks) > 0 {
		last = marks[len(marks)-1].offset
	}
	if offset-last < markBytes {
		return marks
	}
	return append(marks, mark{sequence, offset})
}

// tear finds where the torn end of the last segment begins: at the first unreadable bytes of which
// no later batch proves that they were durable once, or at the first record of an append that is
// not there whole. Everything from there on was never acknowledged, unless the disk damaged the
// last batch afterwards, which looks the same.
func (s *scanned) tear() place {
	end, group := place{s.end, s.next}, s.group
	if s.sealed {
		return end
	}
	var damaged int64
	for _, lost := range s.holes {
		if lost.from >= s.batch {
			end, group = place{lost.offset, lost.from}, lost.group
			break
		}
		damaged = lost.end
	}
	if group.offset < damaged {
		return end // the append's beginning may be what is damaged: its rest is kept
	}
	return group
}
