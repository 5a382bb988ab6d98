package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/state"
)

// Recovery is what Open found and did to bring state up to the log.
type Recovery struct {
	// Records and Rows are how many were applied again, or for the first time.
	Records, Rows int
	// Marks is how many marks were missing and were written.
	Marks int
	// Recalled is how many records were looked at for keys and quarantined rows.
	Recalled int
	// Damages are what of the log could not be read. Its events are not in state.
	Damages []*log.Damage
}

// recover applies what the log holds behind the position of state. Records that a mark covers get
// the time of that mark again, the others a new time and a new mark.
func (g *Ingester) recover(ctx context.Context) error {
	p := &replay{g: g, from: g.options.State.Position()}
	last := g.options.Log.Last()
	if p.from.Sequence > last.Sequence {
		return fmt.Errorf("state reflects sequence %d, but the log ends at %d: "+
			"restore the log, or the whole directory, from a backup", p.from.Sequence, last.Sequence)
	}
	if err := p.readLog(ctx); err != nil {
		return err
	}
	if !p.covered && p.from.Sequence > 0 {
		if err := p.markState(); err != nil {
			return err
		}
	}
	if err := p.applyRest(ctx); err != nil {
		return err
	}
	g.published = log.Position{Epoch: last.Epoch, Sequence: max(last.Sequence, g.published.Sequence)}
	return g.recall(ctx)
}

// replay reads the log behind the position of state.
type replay struct {
	g       *Ingester
	from    state.Position
	covered bool        // a mark for the position of state, or a later one, was read
	waiting []log.Entry // records that no mark covers yet, oldest first
}

// readLog goes through the log to its end. Damage is reported and stepped over: the events are lost,
// and refusing to start would lose the others too.
func (p *replay) readLog(ctx context.Context) error {
	reader := p.g.options.Log.Reader(p.from.Sequence + 1)
	defer reader.Close()
	for {
		entry, err := reader.Next()
		var damage *log.Damage
		switch {
		case errors.Is(err, io.EOF):
			return ctx.Err()
		case errors.Is(err, log.ErrRemoved):
			return fmt.Errorf("state reflects sequence %d only: %w; restore from a backup",
				p.from.Sequence, err)
		case errors.As(err, &damage):
			p.g.report.Damages = append(p.g.report.Damages, damage)
			continue
		case err != nil:
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.entry(ctx, entry); err != nil {
			return err
		}
	}
}

// entry takes one record. Those that a mark covers were one batch, with one time, and are so again:
// reads before the restart have seen them at that time.
func (p *replay) entry(ctx context.Context, entry log.Entry) error {
	switch entry.Op {
	case log.Insert:
		entry.Payload = slices.Clone(entry.Payload)
		p.waiting = append(p.waiting, entry)
		return nil
	case log.Mark:
	default:
		return fmt.Errorf("record %s: this release does not know operation %d; use a later one",
			entry.Position, entry.Op)
	}
	m, err := DecodeMark(entry)
	if err != nil {
		return err
	}
	p.covered = p.covered || m.Through >= p.from.Sequence
	n := sort.Search(len(p.waiting), func(i int) bool { return p.waiting[i].Sequence > m.Through })
	if n == 0 {
		return nil
	}
	if _, err := p.g.options.Timeline.Resume(m.VisibleAt); err != nil {
		return err
	}
	if err := p.apply(ctx, n, m.VisibleAt); err != nil {
		return err
	}
	p.g.options.Timeline.Publish()
	return nil
}

// apply applies the first waiting records in one step, as it was done before.
func (p *replay) apply(ctx context.Context, n int, at int64) error {
	records := make([]*Record, n)
	for i, entry := range p.waiting[:n] {
		r, err := Decode(entry, nil)
		if err != nil {
			return err
		}
		records[i] = r
		p.g.report.Rows += r.Rows()
	}
	p.g.report.Records += n
	clear(p.waiting[:n])
	p.waiting = p.waiting[n:]
	return p.g.apply(ctx, records, at)
}

// markState writes the mark for what state reflects: it was flushed, but the mark was lost, and so
// no read has seen it.
func (p *replay) markState() error {
	if _, err := p.g.options.Timeline.Resume(p.from.VisibleAt); err != nil {
		return err
	}
	if err := p.g.mark(Mark{Through: p.from.Sequence, VisibleAt: p.from.VisibleAt}); err != nil {
		return err
	}
	p.g.options.Timeline.Publish()
	p.g.report.Marks++
	return nil
}

// applyRest applies what no mark covers, in batches that end with a request.
func (p *replay) applyRest(ctx context.Context) error {
	for len(p.waiting) > 0 {
		n, bytes := 0, 0
		for n < len(p.waiting) && (bytes < p.g.options.BatchBytes || goesOn(p.waiting[n])) {
			bytes += len(p.waiting[n].Payload)
			n++
		}
		last := p.waiting[n-1].Position
		at, err := p.g.options.Timeline.Begin()
		if err != nil {
			return err
		}
		if err := p.apply(ctx, n, at); err != nil {
			return err
		}
		if err := p.g.mark(Mark{Through: last.Sequence, VisibleAt: at}); err != nil {
			return err
		}
		p.g.report.Marks++
		p.g.publish(last)
	}
	return nil
}

// goesOn reports whether a record belongs to the request of the one before it.
func goesOn(entry log.Entry) bool {
	return len(entry.Payload) > 1 && entry.Payload[1]&flagRest != 0
}

// recall finds the keys and the quarantined rows of the youngest part of the log.
func (g *Ingester) recall(ctx context.Context) error {
	l := g.options.Log
	first, last := max(l.First(), 1), l.Last().Sequence
	if bytes := l.Bytes(); bytes > g.options.RecallBytes && last > first {
		// Records are about as long on average in one part of the log as in another.
		part := float64(g.options.RecallBytes) / float64(bytes)
		first = last - uint64(part*float64(last-first))
	}
	reader := l.Reader(first)
	defer reader.Close()
	for ctx.Err() == nil {
		entry, err := reader.Next()
		var damage *log.Damage
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &damage):
			continue
		case err != nil:
			return err
		case entry.Op != log.Insert:
			continue
		}
		r, d, err := decodeHead(entry)
		if err != nil {
			return err
		}
		g.report.Recalled++
		g.keys.recall(r, d.rows)
		g.quarantines.add(r.Source, r.Sequence, len(r.Bad), r.Resolved)
	}
	return ctx.Err()
}
