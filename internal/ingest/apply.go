package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/state"
)

// run applies what is durable, batch by batch, until there is nothing more to come or until that
// fails.
func (g *Ingester) run() {
	defer close(g.stopped)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-g.abort:
		case <-ctx.Done():
		}
		cancel()
	}()
	for {
		decisions := g.next()
		if decisions == nil {
			return
		}
		if err := g.applyAll(ctx, decisions); err != nil {
			g.fail(err)
			return
		}
	}
}

// next waits for decisions that are durable and takes as many as make a batch. It returns nothing
// after Close, when all are applied.
func (g *Ingester) next() []*decision {
	for {
		g.mu.Lock()
		closing := g.refusal() != nil
		var first *decision
		if len(g.queue) > 0 {
			first = g.queue[0]
		}
		g.mu.Unlock()
		switch {
		case first == nil && closing:
			return nil
		case first == nil:
			select {
			case <-g.wake:
			case <-g.closing:
			}
			continue
		}
		select {
		case <-first.pending.Done():
		case <-g.abort:
			return nil
		}
		if !g.awaitResume() {
			return nil
		}
		if taken := g.take(); len(taken) > 0 {
			return taken
		}
	}
}

// take takes the durable decisions off the queue, and those that failed, which are let go.
func (g *Ingester) take() (taken []*decision) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var failed []*decision
	bytes, n := 0, 0
	for ; n < len(g.queue) && bytes < g.options.BatchBytes; n++ {
		d := g.queue[n]
		_, settled, err := d.pending.Settled()
		if !settled {
			break
		}
		if err != nil {
			failed = append(failed, d)
			continue
		}
		taken = append(taken, d)
		bytes += d.bytes
	}
	clear(g.queue[:n])
	g.queue = g.queue[n:]
	if len(failed) > 0 {
		g.release(failed)
	}
	return taken
}

// release gives up what decisions hold: they are applied, or they failed. The mutex is held.
func (g *Ingester) release(decisions []*decision) {
	g.flights.land(decisions)
	for _, d := range decisions {
		g.unapplied -= d.bytes
	}
	close(g.applied)
	g.applied = make(chan struct{})
}

// applyAll applies a batch of decisions and makes it visible.
func (g *Ingester) applyAll(ctx context.Context, decisions []*decision) error {
	started := g.options.Clock.Now()
	var records []*Record
	rows := 0
	for _, d := range decisions {
		g.note(d)
		list, err := d.records()
		if err != nil {
			return err
		}
		for _, r := range list {
			rows += r.Rows()
		}
		records = append(records, list...)
	}
	at, err := g.options.Timeline.Begin()
	if err != nil {
		return err
	}
	if err := g.apply(ctx, records, at); err != nil {
		return err
	}
	g.mu.Lock()
	g.release(decisions)
	g.mu.Unlock()
	last := records[len(records)-1].Position
	if err := g.mark(Mark{Through: last.Sequence, VisibleAt: at}); err != nil {
		return err // reads stay below the batch: its time is not durable
	}
	g.publish(last)
	took := g.options.Clock.Now() - started
	g.options.Observer.Applied(Applied{Requests: len(decisions), Rows: rows, Micros: took,
		Delay: at - decisions[0].receivedAt + took})
	return nil
}

// records decodes what the log has of a decision: what is applied is what a replay would apply.
func (d *decision) records() ([]*Record, error) {
	last, _, _ := d.pending.Settled()
	list := make([]*Record, len(d.payloads))
	for i, payload := range d.payloads {
		at := last
		at.Sequence -= uint64(len(d.payloads) - 1 - i)
		r, err := Decode(log.Entry{Position: at, Record: log.Record{Op: log.Insert, Target: d.source,
			ReceivedAt: d.receivedAt, Payload: payload}}, nil)
		if err != nil {
			return nil, fmt.Errorf("BUG: %w", err)
		}
		list[i] = r
	}
	return list, nil
}

// apply brings records into state, which is about to be visible. If it fails, and state did not
// change, reads go on.
func (g *Ingester) apply(ctx context.Context, records []*Record, at int64) error {
	last := records[len(records)-1].Position
	to := state.Position{Epoch: last.Epoch, Sequence: last.Sequence, VisibleAt: at}
	return g.applyTo(ctx, records, to)
}

// stepRows bounds what state changes in one step, and with it the memory of a large request.
const stepRows = maxRecordRows

// applyTo applies records in as many steps as they need, all of which become visible together. A
// crash between two steps leaves state ahead of the last mark, which recovery knows.
func (g *Ingester) applyTo(ctx context.Context, records []*Record, to state.Position) error {
	before := g.options.State.Position()
	for len(records) > 0 {
		n, rows := 1, records[0].Rows()
		for ; n < len(records) && rows+records[n].Rows() <= stepRows; n++ {
			rows += records[n].Rows()
		}
		step := state.Position{
			Epoch: records[n-1].Epoch, Sequence: records[n-1].Sequence, VisibleAt: to.VisibleAt,
		}
		if n == len(records) {
			step = to
		}
		list, err := g.forState(records[:n])
		if err == nil {
			err = g.options.State.Apply(ctx, list, step)
		}
		if err != nil {
			if g.options.State.Position() == before {
				g.options.Timeline.Publish()
			}
			return fmt.Errorf("apply sequences up to %d: %w", step.Sequence, err)
		}
		records = records[n:]
	}
	return nil
}

// forState gives records the columns that the sources in force have. A source that is no longer
// there gets its counts, and no columns.
func (g *Ingester) forState(records []*Record) ([]state.Record, error) {
	layout := g.options.Plans()
	sources := map[uint32]state.Source{}
	for _, s := range layout.Sources {
		sources[s.ID] = s
	}
	list := make([]state.Record, len(records))
	for i, r := range records {
		list[i] = state.Record{Source: r.Source, Sequence: r.Sequence, Rows: r.Rows(),
			EventTime: r.EventTime, ReceivedAt: r.ReceivedAt, Counts: state.Counts{
				In:       int64(r.Rows()) + r.Duplicates + r.Quarantined,
				Accepted: int64(r.Rows()), Duplicates: r.Duplicates, Quarantined: r.Quarantined}}
		source, known := sources[r.Source]
		if !known || r.Rows() == 0 {
			continue
		}
		if !fits(r.Columns, storedFields(source.Plan)) {
			return nil, fmt.Errorf("record %s does not have the columns of source %s",
				r.Position, source.Plan.Name)
		}
		list[i].Columns = r.Columns
	}
	return list, nil
}

// mark writes a mark and waits until it is durable. A full disk is waited for: state has the events
// already, and they may not be seen before.
func (g *Ingester) mark(m Mark) error {
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := g.tryMark(m)
		if err == nil {
			return nil
		}
		if !errors.Is(err, log.ErrFull) {
			return fmt.Errorf("write mark through sequence %d: %w", m.Through, err)
		}
		g.options.Observer.Failed(err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-g.abort:
			timer.Stop()
			return err
		}
	}
}

// tryMark waits as long as the log does: only its answer tells whether the mark is there.
func (g *Ingester) tryMark(m Mark) error {
	ctx, cancel := context.WithTimeout(context.Background(), g.options.Timeout)
	defer cancel()
	pending, err := g.options.Log.Enqueue(ctx, []log.Record{m.record()})
	if err != nil {
		return err
	}
	select {
	case <-pending.Done():
	case <-g.abort:
	}
	_, err = pending.Wait(ctx)
	return err
}

// publish lets reads see what was applied.
func (g *Ingester) publish(last log.Position) {
	g.options.Timeline.Publish()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.published = last
	close(g.moved)
	g.moved = make(chan struct{})
}

// note enters what a durable decision says of the quarantine, once.
func (g *Ingester) note(d *decision) {
	last, settled, err := d.pending.Settled()
	if !settled || err != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if d.noted {
		return
	}
	d.noted = true
	g.quarantines.add(d.source, last.Sequence-uint64(len(d.payloads))+1, d.listed, d.resolved)
}
