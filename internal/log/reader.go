package log

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
)

// Reader goes through the acknowledged records from a sequence on. It is used by one goroutine;
// appends may go on meanwhile, and Next finds what they added.
type Reader struct {
	log     *Log
	next    uint64 // the sequence that is wanted next
	segment *segment
	cursor  *cursor
}

// Reader returns a reader that begins with a sequence. Sequence 0 asks for the first that is there.
func (l *Log) Reader(from uint64) *Reader {
	if from == 0 {
		from = l.First()
	}
	return &Reader{log: l, next: from}
}

// Next returns the next record. Its payload is valid until the next call. At the end of what is
// acknowledged the error is io.EOF, and a later call may find more. A *Damage says that records
// cannot be read: the call after it goes on behind them. ErrRemoved says that the wanted record was
// removed. Other errors come from the disk; a later call tries again.
func (r *Reader) Next() (Entry, error) {
	for {
		s, limit, until, err := r.locate()
		if err != nil {
			return Entry{}, err
		}
		if err := r.enter(s); err != nil {
			return Entry{}, err
		}
		r.cursor.limit = limit
		f, lost, err := r.cursor.step()
		switch {
		case err != nil:
			r.leave()
			return Entry{}, err
		case lost != nil:
			if damage := r.lost(lost, until); damage != nil {
				return Entry{}, damage
			}
		case f == nil || f.Op == opSeal:
			return Entry{}, r.skip(until, "the records up to the next segment are missing")
		case f.Sequence >= r.next:
			r.next = f.Sequence + 1
			return f.Entry, nil
		}
	}
}

// Position returns the sequence that Next wants next.
func (r *Reader) Position() uint64 { return r.next }

// Close releases the file that is being read.
func (r *Reader) Close() { r.leave() }

func (r *Reader) leave() {
	if r.cursor != nil {
		r.cursor.window.file.Close()
	}
	r.cursor, r.segment = nil, nil
}

// locate finds the segment that holds the wanted record, how far it may be read, and the sequence
// behind its last record.
func (r *Reader) locate() (s *segment, limit int64, until uint64, err error) {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.next < l.floor {
		return nil, 0, 0, fmt.Errorf("read the log from sequence %d: it begins at %d: %w",
			r.next, l.floor, ErrRemoved)
	}
	if r.next > l.last.Sequence {
		return nil, 0, 0, io.EOF
	}
	i, _ := slices.BinarySearchFunc(l.segments, r.next, func(s *segment, next uint64) int {
		if s.next > next {
			return 1
		}
		return -1
	})
	if i < len(l.segments) && l.segments[i].first <= r.next {
		s := l.segments[i]
		return s, s.end, s.next, nil
	}
	to := l.last.Sequence
	if i < len(l.segments) {
		to = l.segments[i].first - 1
	}
	return nil, 0, 0, r.missing(to)
}

// missing tells what became of the records up to a sequence, for which there is no segment. The
// caller holds the mutex.
func (r *Reader) missing(to uint64) *Damage {
	damage := Damage{From: r.next, To: to, Reason: "a segment is missing"}
	for _, known := range r.log.damages {
		if known.From <= r.next && r.next <= known.To {
			damage = *known
			damage.From, damage.To = r.next, min(known.To, to)
			break
		}
	}
	r.next = damage.To + 1
	return &damage
}

// enter opens a segment, near the wanted record.
func (r *Reader) enter(s *segment) error {
	if r.segment == s {
		return nil
	}
	r.leave()
	file, err := r.log.fs.Open(filepath.Join(r.log.dir, s.name))
	if err != nil {
		r.log.mu.Lock()
		defer r.log.mu.Unlock()
		if r.next < r.log.floor {
			err = ErrRemoved
		}
		return fmt.Errorf("open log segment %s: %w", s.name, err)
	}
	r.log.mu.Lock()
	from := s.place(r.next)
	r.log.mu.Unlock()
	r.segment = s
	r.cursor = newCursor(window{file: file, name: s.name}, s.header, 0)
	r.cursor.offset, r.cursor.next = from.offset, from.next
	return nil
}

// lost makes damage of a hole, unless all of it lies before the wanted record.
func (r *Reader) lost(h *hole, until uint64) error {
	if h.tail {
		h.to = until - 1
	}
	if h.to < r.next && (h.to >= h.from || h.from < r.next) {
		return nil
	}
	damage := h.damage(r.segment.name)
	damage.From = max(h.from, r.next)
	r.next = max(r.next, h.to+1)
	return &damage
}

// skip gives up what is left of a segment.
func (r *Reader) skip(until uint64, reason string) error {
	h := hole{offset: r.cursor.limit, end: r.cursor.limit, from: r.next, to: until - 1,
		reason: errors.New(reason)}
	damage := h.damage(r.segment.name)
	r.next = until
	r.leave()
	return &damage
}
