package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/state"
	parts "github.com/fettle-ml/fettle/internal/store/history"
)

// tail goes through the records of the log that were visible, with the time from which on they
// were. Marks stand behind the records they cover, so a second reader runs ahead to find them;
// memory does not depend on how far that is.
type tail struct {
	records, marks *log.Reader
	until          *state.Position
	damaged        func(*log.Damage) error
	mark           ingest.Mark // the last one that was read
	last           uint64      // sequence of the last record that was returned
	stopped        bool
}

// tailEntry is a record with events, valid until the next one.
type tailEntry struct {
	log.Entry
	visibleAt int64
}

func (p *pushed) newTail(from uint64, until *state.Position) *tail {
	return &tail{
		records: p.options.Log.Reader(from), marks: p.options.Log.Reader(from), until: until,
		damaged: p.options.Damaged,
	}
}

func (t *tail) close() {
	t.records.Close()
	t.marks.Close()
}

// next returns the next record that was visible as of the position, or io.EOF.
func (t *tail) next(ctx context.Context) (*tailEntry, error) {
	for !t.stopped {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		entry, err := t.read(t.records)
		switch {
		case err != nil:
			return nil, err
		case t.until != nil && entry.Sequence > t.until.Sequence:
			t.stopped = true
		case entry.Op == log.Mark:
		case entry.Op != log.Insert:
			return nil, fmt.Errorf("log record %s: this release does not know operation %d; use a later one",
				entry.Position, entry.Op)
		default:
			at, seen, err := t.visible(entry.Sequence)
			if err != nil {
				return nil, err
			}
			if !seen {
				t.stopped = true
				continue
			}
			t.last = entry.Sequence
			return &tailEntry{Entry: entry, visibleAt: at}, nil
		}
	}
	return nil, io.EOF
}

// read returns the next record of a reader, going on behind damage if that is allowed.
func (t *tail) read(reader *log.Reader) (log.Entry, error) {
	for {
		entry, err := reader.Next()
		var damage *log.Damage
		if !errors.As(err, &damage) {
			return entry, err
		}
		if err := t.damaged(damage); err != nil {
			return log.Entry{}, err
		}
	}
}

// visible returns from when on a record was visible. Sequences are asked about in rising order. A
// record that no mark covers is visible by the position, if that one reaches so far: then its time
// is durable with the state, although its mark is not.
func (t *tail) visible(sequence uint64) (at int64, seen bool, err error) {
	for t.mark.Through < sequence {
		entry, err := t.read(t.marks)
		switch {
		case errors.Is(err, io.EOF):
			if t.until != nil && sequence <= t.until.Sequence {
				return t.until.VisibleAt, true, nil
			}
			return 0, false, nil
		case err != nil:
			return 0, false, err
		case entry.Op != log.Mark:
			continue
		}
		mark, err := ingest.DecodeMark(entry)
		if err != nil {
			return 0, false, err
		}
		if mark.Through > t.mark.Through {
			t.mark = mark
		}
	}
	return t.mark.VisibleAt, true, nil
}

// through returns, after io.EOF, the last sequence that was looked at: that of the position, or else
// the last one that a mark covers.
func (t *tail) through() uint64 {
	if t.until != nil {
		return t.until.Sequence
	}
	return max(t.mark.Through, t.last)
}

// pendingRows collects the rows of records. Requests are often small, and a column by itself takes
// as much memory as a hundred numbers, so pieces are joined before there are many.
type pendingRows struct {
	orders                   []uint64
	event, received, visible []int64
	pieces, joined           [][]*batch.Column // by piece, then column
	bytes                    int               // about, of all of it
}

// joinPieces is how many pieces are joined at a time.
const joinPieces = 128

// add decodes a record and takes its rows, with the columns of fields.
func (p *pendingRows) add(entry *tailEntry, stored, fields []schema.Field) error {
	record, err := ingest.Decode(entry.Entry, stored)
	if err != nil {
		return err
	}
	n := record.Rows()
	if n == 0 {
		return nil
	}
	columns, err := columnsFor(fields, stored, record.Columns, n)
	if err != nil {
		return fmt.Errorf("log record %s: %w", entry.Position, err)
	}
	for row := range n {
		p.orders = append(p.orders, parts.Order(entry.Sequence, row))
		p.received = append(p.received, record.ReceivedAt)
		p.visible = append(p.visible, entry.visibleAt)
	}
	p.event = append(p.event, record.EventTime...)
	p.pieces = append(p.pieces, columns)
	p.bytes += 32 * n
	for _, c := range columns {
		p.bytes += columnMemory(c)
	}
	if len(p.pieces) == joinPieces {
		p.joined = append(p.joined, joinColumns(p.pieces))
		p.pieces = p.pieces[:0]
	}
	return nil
}

// take returns the rows and begins anew. Available is not set.
func (p *pendingRows) take() *parts.Rows {
	rows := &parts.Rows{
		Orders: p.orders, EventTime: p.event, ReceivedAt: p.received, VisibleAt: p.visible,
		Columns: joinColumns(append(p.joined, p.pieces...)),
	}
	*p = pendingRows{}
	return rows
}

// joinColumns puts pieces one behind the other. There is at least one.
func joinColumns(pieces [][]*batch.Column) []*batch.Column {
	out := make([]*batch.Column, len(pieces[0]))
	column := make([]*batch.Column, len(pieces))
	for i := range out {
		for k, piece := range pieces {
			column[k] = piece[i]
		}
		out[i] = batch.Concat(column)
	}
	return out
}

// columnMemory is about how many bytes a column holds.
func columnMemory(c *batch.Column) int {
	n := len(c.Valid) + len(c.Bools) + 8*len(c.Ints) + 8*len(c.Floats) + 16*len(c.Decimals) +
		4*len(c.Offsets) + len(c.Data) + 4*len(c.Codes)
	if c.Dict != nil {
		n += columnMemory(c.Dict)
	}
	return n
}
