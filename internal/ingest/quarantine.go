package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/state"
)

// Entry is a quarantined row.
type Entry struct {
	// Position is that of the request the row came with, ReceivedAt when that was.
	Position   log.Position
	ReceivedAt int64
	Row, Line  int64
	Problems   []Problem
	// Text is the row as it came, in Format, or as much of it as was kept.
	Text      string
	Format    string
	Truncated bool
}

// quarantines tells which records of the log list quarantined rows. Its methods are called under
// the ingester's mutex.
type quarantines struct {
	limit int
	known map[uint64]*quarantined
	order []uint64 // sequences, rising
}

type quarantined struct {
	source  uint32
	rows    int // listed in the record
	settled map[int64]bool
}

func newQuarantines(limit int) *quarantines {
	return &quarantines{limit: limit, known: map[uint64]*quarantined{}}
}

// add takes note of what a durable record has: rows that it lists, and rows of others that it
// settles.
func (q *quarantines) add(source uint32, sequence uint64, rows int, resolved []RowID) {
	for _, id := range resolved {
		if found := q.known[id.Sequence]; found != nil {
			if found.settled == nil {
				found.settled = map[int64]bool{}
			}
			found.settled[id.Row] = true
			if len(found.settled) == found.rows {
				q.forget(id.Sequence)
			}
		}
	}
	if rows == 0 || q.known[sequence] != nil {
		return
	}
	q.known[sequence] = &quarantined{source: source, rows: rows}
	at, _ := slices.BinarySearch(q.order, sequence)
	q.order = slices.Insert(q.order, at, sequence)
	if len(q.order) > q.limit {
		q.forget(q.order[0])
	}
}

func (q *quarantines) forget(sequence uint64) {
	delete(q.known, sequence)
	if at, found := slices.BinarySearch(q.order, sequence); found {
		q.order = slices.Delete(q.order, at, at+1)
	}
}

// sequences returns the records that list rows of a source, newest first.
func (q *quarantines) sequences(source uint32) []uint64 {
	var found []uint64
	for _, sequence := range slices.Backward(q.order) {
		if q.known[sequence].source == source {
			found = append(found, sequence)
		}
	}
	return found
}

// Quarantine lists quarantined rows of a source that were not settled by a retry, those of the
// newest request first, at most limit of them.
func (g *Ingester) Quarantine(ctx context.Context, source string, limit int) ([]Entry, error) {
	found, err := g.find(source)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	sequences := g.quarantines.sequences(found.ID)
	g.mu.Unlock()
	var entries []Entry
	for _, sequence := range sequences {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(entries) >= limit {
			break
		}
		rows, err := g.entries(sequence)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			entries = append(entries, row.Entry)
		}
	}
	return entries[:min(len(entries), limit)], nil
}

// retried is a quarantined row that is tried again.
type retried struct {
	RowID
	Entry
	header []byte
}

// entries reads the rows of a record that are not settled.
func (g *Ingester) entries(sequence uint64) ([]retried, error) {
	record, err := g.readHead(sequence)
	if err != nil || record == nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	listed := g.quarantines.known[sequence]
	if listed == nil {
		return nil, nil
	}
	var rows []retried
	for _, b := range record.Bad {
		if listed.settled[b.Row] {
			continue
		}
		rows = append(rows, retried{RowID: RowID{sequence, b.Row}, header: record.Header, Entry: Entry{
			Position: record.Position, ReceivedAt: record.ReceivedAt, Row: b.Row, Line: b.Line,
			Problems: b.Problems, Text: string(b.Text), Format: record.Format, Truncated: b.Cut}})
	}
	return rows, nil
}

// readHead reads a record without its accepted rows; nil if the log no longer holds it.
func (g *Ingester) readHead(sequence uint64) (*Record, error) {
	reader := g.options.Log.Reader(sequence)
	defer reader.Close()
	entry, err := reader.Next()
	var damage *log.Damage
	gone := errors.Is(err, log.ErrRemoved) || errors.As(err, &damage)
	if gone || err == nil && entry.Sequence != sequence {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read record %d of the log: %w", sequence, err)
	}
	record, _, err := decodeHead(entry)
	return record, err
}

// maxRetried is how many rows a Retry takes up at most.
const maxRetried = 10_000

// Retry tries the quarantined rows of a source again, oldest first: definitions may have changed.
// Those that are accepted now, or are duplicates now, are no longer listed; the result counts them,
// and lists what is still wrong with the others. Rows that could not be cut into fields, or were too
// long to be kept, are not tried.
func (g *Ingester) Retry(ctx context.Context, source string) (*PushResult, error) {
	g.retrying.Lock()
	defer g.retrying.Unlock()
	found, err := g.find(source)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	sequences := g.quarantines.sequences(found.ID)
	g.mu.Unlock()
	slices.Reverse(sequences)
	total := &PushResult{Position: g.Visible()}
	rows := 0
	for _, sequence := range sequences {
		list, err := g.entries(sequence)
		if err != nil {
			return total, err
		}
		list = slices.DeleteFunc(list, func(r retried) bool { return !r.triable() })
		if rows += len(list); rows > maxRetried {
			break
		}
		if err := g.retry(ctx, found, list, total); err != nil {
			return total, err
		}
	}
	return total, nil
}

func (r *retried) triable() bool {
	broken := slices.ContainsFunc(r.Problems, func(p Problem) bool {
		return p.Code == format.BadRecord
	})
	headless := r.Format == string(format.CSV) && len(r.header) == 0
	return !broken && !headless && !r.Truncated && r.Text != ""
}

// retry pushes the rows of one request again.
func (g *Ingester) retry(
	ctx context.Context, source state.Source, list []retried, total *PushResult,
) error {
	if len(list) == 0 {
		return nil
	}
	var body bytes.Buffer
	body.Write(list[0].header)
	for _, row := range list {
		body.WriteString(row.Text)
		body.WriteByte('\n')
	}
	request := &PushRequest{Source: source.Plan.Name, Format: format.Format(list[0].Format),
		Body: body.Bytes(), MaxBad: -1}
	d, err := g.newDraft(request, source)
	if err != nil {
		return err
	}
	if d.body.Rows != len(list) {
		return fmt.Errorf("BUG: %d rows of the quarantine are %d rows of a body",
			len(list), d.body.Rows)
	}
	d.retried = list
	result, err := g.push(ctx, d, g.options.Clock.Now())
	if err != nil {
		return err
	}
	total.Accepted += result.Accepted
	total.Duplicates += result.Duplicates
	total.QuarantinedRows += result.QuarantinedRows
	total.Position = result.Position
	for _, q := range result.Quarantined {
		was := list[q.Row-1]
		q.Row, q.Line = was.RowID.Row, was.Line
		if len(total.Quarantined) < maxListed {
			total.Quarantined = append(total.Quarantined, q)
		}
	}
	return nil
}
