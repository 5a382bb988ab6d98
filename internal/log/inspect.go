package log

import (
	"errors"
	"fmt"

	"github.com/fettle-ml/fettle/internal/disk"
)

// inspection reads a log's directory and decides what is to be done about it, without doing it.
type inspection struct {
	fs      disk.Reader
	dir     string
	options Options
	listing
	report   Report
	readable []*segment
	next     uint64 // the sequence that must come
	epoch    uint32 // the highest one seen
	received int64
	cuts     []cutPlan
	// unsealed says that the last segment may hold bytes that are not durable yet.
	unsealed bool
}

// cutPlan is a file to be cut to its first size bytes; nothing of it is kept if size is 0.
type cutPlan struct {
	name string
	size int64
}

// Check reads a log and reports what Open would find, without changing anything. A log that is open
// at the same time may look as if its end were torn.
func Check(fsys disk.Reader, dir string) (*Report, error) {
	i, err := inspect(fsys, dir, Options{})
	if err != nil {
		return nil, err
	}
	return &i.report, nil
}

func inspect(fsys disk.Reader, dir string, options Options) (*inspection, error) {
	i := &inspection{fs: fsys, dir: dir, options: options}
	var err error
	if i.listing, err = list(fsys, dir); err != nil {
		return nil, err
	}
	i.begin()
	for n := range i.segments {
		if err := i.segment(n); err != nil {
			return nil, err
		}
	}
	if known := options.Known; known >= i.next {
		i.report.damaged(Damage{From: i.next, To: known,
			Reason: fmt.Sprintf("the log ends before sequence %d, which is known to be in it", known)})
		i.next = known + 1
	}
	i.report.Next = i.next
	return i, nil
}

// begin decides where the log must begin.
func (i *inspection) begin() {
	i.report.Unknown = i.unknown
	i.next = max(1, i.floor)
	if i.floor == 0 && len(i.segments) > 0 {
		i.next = i.segments[0].first
		i.report.damaged(Damage{From: 1, To: i.next - 1,
			Reason: "the file that says where the log begins is missing"})
	}
	i.report.First = i.next
}

// segment inspects the n-th segment and adds it to those that can be read.
func (i *inspection) segment(n int) error {
	at := i.segments[n]
	w, size, h, bad, err := openSegment(i.fs, i.dir, at)
	if w.file != nil {
		defer w.file.Close()
	}
	if err != nil {
		return err
	}
	if errors.Is(bad, ErrVersion) {
		return fmt.Errorf("log segment %s: %w", at.name, bad)
	}
	i.report.Segments++
	i.report.Bytes += size
	torn := size <= headerSize && (bad == nil || errors.Is(bad, errHeader))
	if torn && i.until(n) == 0 {
		// The header is synced before the first record is written, so there was none.
		i.epoch = max(i.epoch, at.epoch)
		i.cut(Cut{Segment: at.name, Bytes: size, From: at.first})
		return nil
	}
	if at.epoch < i.epoch && bad == nil {
		bad = fmt.Errorf("the epoch goes back from %d to %d", i.epoch, at.epoch)
	}
	i.epoch = max(i.epoch, at.epoch)
	i.join(at)
	if bad != nil {
		i.lose(n, size, bad)
		return nil
	}
	s := &segment{name: at.name, header: h, end: size}
	i.readable = append(i.readable, s)
	before := i.next
	if err := i.scan(s, newCursor(w, h, size), i.until(n)); err != nil {
		return err
	}
	i.next = max(before, s.next)
	if s.end == headerSize || s.next <= before {
		i.readable = i.readable[:len(i.readable)-1] // nothing in it is to be read
	}
	return nil
}

func (i *inspection) scan(s *segment, c *cursor, until uint64) error {
	if until > 0 && until <= i.options.VerifyFrom {
		s.next = until
		return nil
	}
	found, err := scan(c)
	if err != nil {
		return err
	}
	s.marks = found.marks
	i.received = max(i.received, found.received)
	if until == 0 {
		i.last(s, found)
	} else {
		i.inner(s, found, until)
	}
	return nil
}

// until is the first sequence of the segment after the n-th, or 0.
func (i *inspection) until(n int) uint64 {
	if n+1 < len(i.segments) {
		return i.segments[n+1].first
	}
	return 0
}

// join compares where a segment begins with where the one before it ended.
func (i *inspection) join(at named) {
	switch {
	case at.first > i.next:
		i.report.damaged(Damage{From: i.next, To: at.first - 1, Reason: "a segment is missing"})
		i.next = at.first
	case at.first < i.next && at.first >= i.report.First:
		i.report.damaged(Damage{Segment: at.name, Offset: headerSize, From: i.next, To: i.next - 1,
			Reason: fmt.Sprintf("it begins at sequence %d, although an earlier segment goes on to %d",
				at.first, i.next-1)})
	}
}

// lose gives a whole segment up. Of the last one it is not known how many records it held: its
// length tells how many there can be.
func (i *inspection) lose(n int, size int64, bad error) {
	at := i.segments[n]
	until := i.until(n)
	if until == 0 {
		until = at.first + uint64(max(0, size-headerSize))/frameSize
	}
	i.report.damaged(Damage{Segment: at.name, Bytes: size, From: i.next, To: until - 1,
		Reason: bad.Error()})
	i.next = max(i.next, until)
}

// inner judges a segment that another one follows: all its records were durable before that.
func (i *inspection) inner(s *segment, found scanned, until uint64) {
	s.next = found.next
	for _, lost := range found.holes {
		if !lost.tail {
			i.lost(s, lost.hole)
			continue
		}
		if lost.from >= until && !found.sealed {
			i.cut(Cut{Segment: s.name, Offset: lost.offset, Bytes: lost.end - lost.offset, From: lost.from})
			s.end = lost.offset
			continue
		}
		lost.to = max(until, lost.from) - 1
		i.lost(s, lost.hole)
		s.next = lost.to + 1
	}
	if s.next < until {
		i.lost(s, hole{offset: s.end, end: s.end, from: s.next, to: until - 1,
			reason: errors.New("the records up to the next segment are missing")})
		s.next = until
	}
}

func (i *inspection) lost(s *segment, h hole) { i.report.damaged(h.damage(s.name)) }

func (h hole) damage(name string) Damage {
	return Damage{Segment: name, Offset: h.offset, Bytes: h.end - h.offset, From: h.from, To: h.to,
		Reason: h.reason.Error()}
}

// last judges the segment that the crash, if there was one, interrupted.
func (i *inspection) last(s *segment, found scanned) {
	tear := found.tear()
	for _, lost := range found.holes {
		if found.sealed && lost.tail {
			lost.to = lost.from - 1
		} else if lost.offset >= tear.offset {
			break
		}
		i.lost(s, lost.hole)
	}
	if !found.sealed && tear.offset < s.end {
		i.cut(Cut{Segment: s.name, Offset: tear.offset, Bytes: s.end - tear.offset, From: tear.next})
		s.end = tear.offset
	}
	i.unsealed = !found.sealed
	s.next = tear.next
}

// cut plans to cut a file. One of which no record is left goes altogether.
func (i *inspection) cut(c Cut) {
	i.report.Cuts = append(i.report.Cuts, c)
	size := c.Offset
	if size <= headerSize {
		size = 0
		i.report.Segments--
	}
	i.report.Bytes -= c.Bytes + c.Offset - size
	i.cuts = append(i.cuts, cutPlan{c.Segment, size})
}
