package log

import (
	"encoding/binary"
	"errors"
)

// cursor goes through a segment record by record, and through what is damaged by looking for the
// next record that can be read.
type cursor struct {
	header
	window window
	limit  int64 // bytes from here on are not looked at
	offset int64
	next   uint64 // the sequence that must come
	sealed bool
}

// hole is a part of a segment that holds no readable record.
type hole struct {
	offset, end int64
	// from and to are the first and last sequence that are missing. If tail, nothing readable
	// follows and to is not known.
	from, to uint64
	tail     bool
	reason   error
}

var (
	errMissing  = errors.New("records are missing")
	errRepeated = errors.New("a record is repeated")
	errBehind   = errors.New("something follows the end of the segment")
)

func newCursor(w window, h header, limit int64) *cursor {
	return &cursor{header: h, window: w, limit: limit, offset: headerSize, next: h.first}
}

// step returns the next record, or a hole, or neither at the end. The payload is valid until the
// next step. The error is one of reading the file.
func (c *cursor) step() (*frame, *hole, error) {
	if c.offset >= c.limit {
		return nil, nil, nil
	}
	f, bad, err := c.decode(c.offset)
	if err != nil {
		return nil, nil, err
	}
	search := c.offset + 1
	switch {
	case c.sealed:
		bad, search = errBehind, c.limit
	case bad != nil:
	case f.Sequence == c.next:
		c.offset += f.size()
		if c.sealed = f.Op == opSeal; !c.sealed {
			c.next++
		}
		return &f, nil, nil
	case f.Sequence > c.next:
		bad, search = errMissing, c.offset
	default:
		bad = errRepeated
	}
	lost, err := c.skip(search)
	if lost != nil {
		lost.reason = bad
	}
	return nil, lost, err
}

// decode decodes the record at an offset. bad tells why there is none.
func (c *cursor) decode(offset int64) (f frame, bad, err error) {
	b, err := c.window.at(offset, frameSize, c.limit)
	if err != nil {
		return frame{}, nil, err
	}
	if len(b) < frameSize {
		return frame{}, errShort, nil
	}
	size, bad := frameLength(b)
	if bad != nil {
		return frame{}, bad, nil
	}
	if size > c.limit-offset {
		return frame{}, errShort, nil
	}
	if b, err = c.window.at(offset, int(size), c.limit); err != nil {
		return frame{}, nil, err
	}
	f, bad = decodeFrame(b, c.header)
	return f, bad, nil
}

// skip moves to the first readable record from an offset on that is not behind in sequence, or to
// the end.
func (c *cursor) skip(search int64) (*hole, error) {
	lost := &hole{offset: c.offset, from: c.next}
	for ; search <= c.limit-frameSize; search++ {
		b, err := c.window.at(search, frameSize, c.limit)
		if err != nil {
			return nil, err
		}
		if len(b) < frameSize {
			break
		}
		sequence := binary.LittleEndian.Uint64(b[8:])
		if sequence < c.next || binary.LittleEndian.Uint32(b[24:]) != c.epoch {
			continue
		}
		f, bad, err := c.decode(search)
		if err != nil {
			return nil, err
		}
		if bad == nil {
			c.offset, c.next = search, f.Sequence
			lost.end, lost.to = search, f.Sequence-1
			return lost, nil
		}
	}
	c.offset, lost.end, lost.tail = c.limit, c.limit, true
	return lost, nil
}
