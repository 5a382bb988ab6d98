package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	parts "github.com/fettle-ml/fettle/internal/store/history"
)

// flushOptions says how rows move from the log to the history. The zero value moves everything.
type flushOptions struct {
	// Least is how many rows a source must have in the log for them to be moved: small parts cost as
	// much to keep as large ones. A source with fewer keeps the log from being cut.
	Least int
	// PartRows and PartBytes are when a part is full; PartBytes also bounds what all sources
	// together have in memory.
	PartRows, PartBytes int
}

func (o flushOptions) withDefaults() flushOptions {
	if o.PartRows <= 0 {
		o.PartRows = format.PartRows
	}
	if o.PartBytes <= 0 {
		o.PartBytes = 64 << 20
	}
	return o
}

// flushReport is what a flush did.
type flushReport struct {
	Parts int
	Rows  int64
	// Through is the last sequence that the log is not needed for any more.
	Through uint64
}

// FlushHistory moves the rows that marks cover from the log to the history of their sources, part
// by part. Each part counts when it is durable, so what was done before an error or a crash stays
// done, and the next flush goes on from there. The log itself is not cut: that is up to whoever
// knows what else needs it. Events may arrive and scans may read meanwhile; a second flush waits.
func (p *pushed) FlushHistory(ctx context.Context, options flushOptions) (flushReport, error) {
	p.flushing.Lock()
	defer p.flushing.Unlock()
	f := &flush{pushed: p, options: options.withDefaults(), sources: map[string]*flushSource{}}
	err := f.run(ctx)
	f.report.Through = p.movedThrough()
	if err != nil {
		return f.report, fmt.Errorf("move events from the log to the history: %w", err)
	}
	return f.report, nil
}

// flush is one FlushHistory.
type flush struct {
	pushed  *pushed
	options flushOptions
	sources map[string]*flushSource
	report  flushReport
}

// flushSource is what a source has pending.
type flushSource struct {
	name   string
	next   uint64 // the first sequence that is not in a part
	fields []schema.Field
	rows   pendingRows
}

func (f *flush) run(ctx context.Context) error {
	targets := f.pushed.options.Targets()
	from := f.pushed.options.Log.Last().Sequence + 1
	for _, name := range pushedSources(targets) {
		view := f.pushed.options.Parts.View(name)
		s := &flushSource{name: name, next: view.Position() + 1}
		if !view.Known() {
			s.next = f.pushed.options.Log.First()
		}
		f.sources[name] = s
		from = min(from, s.next)
	}
	tail := f.pushed.newTail(from, nil)
	defer tail.close()
	for {
		entry, err := tail.next(ctx)
		if errors.Is(err, io.EOF) {
			return f.finish(ctx, tail.through())
		}
		if err != nil {
			return err
		}
		target, err := targetOf(targets, entry)
		if err != nil {
			return err
		}
		if err := f.add(ctx, entry, target); err != nil {
			return err
		}
	}
}

// add takes the rows of a record. When a part is full it is written; when all sources together have
// too much, the one that has most is.
func (f *flush) add(ctx context.Context, entry *tailEntry, target pushedTarget) error {
	s := f.sources[target.Source]
	if entry.Sequence < s.next {
		return nil
	}
	full := len(s.rows.orders) >= f.options.PartRows || !slices.Equal(s.fields, target.Fields)
	if full && len(s.rows.orders) > 0 {
		if err := f.write(ctx, s, entry.Sequence-1); err != nil {
			return err
		}
	}
	s.fields = target.Fields
	if err := s.rows.add(entry, target.Fields, target.Fields); err != nil {
		return err
	}
	bytes, most := 0, s
	for _, name := range sortedKeys(f.sources) {
		other := f.sources[name]
		bytes += other.rows.bytes
		if other.rows.bytes > most.rows.bytes {
			most = other
		}
	}
	if bytes < f.options.PartBytes {
		return nil
	}
	return f.write(ctx, most, entry.Sequence)
}

// finish writes what is pending, and moves the position of sources that have nothing, so that they
// do not keep the log.
func (f *flush) finish(ctx context.Context, through uint64) error {
	for _, name := range sortedKeys(f.sources) {
		s := f.sources[name]
		rows := len(s.rows.orders)
		if s.next > through || rows > 0 && rows < f.options.Least {
			continue
		}
		if err := f.write(ctx, s, through); err != nil {
			return err
		}
	}
	return nil
}

// write adds a part with what a source has pending, up to a sequence.
func (f *flush) write(ctx context.Context, s *flushSource, to uint64) error {
	part := parts.Part{From: s.next, To: to, Fields: s.fields}
	if len(s.rows.orders) > 0 {
		rows := s.rows.take()
		available, err := availableOf(f.pushed.options.Source(s.name), rows, s.fields)
		if err != nil {
			return err
		}
		rows.Available = available
		part.Rows = []*parts.Rows{rows}
		f.report.Rows += int64(len(rows.Orders))
		f.report.Parts++
	}
	if err := f.pushed.options.Parts.Append(ctx, s.name, part); err != nil {
		return err
	}
	s.next = to + 1
	return nil
}

// availableOf returns when each row can be known, by the source's rule of today; a source that is
// defined no more has the default rule.
func availableOf(source *plan.Source, rows *parts.Rows, stored []schema.Field) ([]int64, error) {
	if source == nil || source.Available == nil {
		available := make([]int64, len(rows.Orders))
		for i, t := range rows.EventTime {
			available[i] = max(t, rows.ReceivedAt[i])
		}
		return available, nil
	}
	intake, err := engine.NewIntake(source, nil)
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", source.Name, err)
	}
	chunk := pushedChunk(rows)
	chunk.Columns = make([]*batch.Column, len(source.Columns))
	for i, c := range source.Columns {
		if c.Expr != nil {
			continue
		}
		field := schema.Field{Name: c.Name, Type: c.Type}
		columns, err := columnsFor([]schema.Field{field}, stored, rows.Columns, len(rows.Orders))
		if errors.Is(err, parts.ErrColumns) {
			columns, err = columnsFor([]schema.Field{field}, nil, nil, len(rows.Orders))
		}
		if err != nil {
			return nil, err
		}
		chunk.Columns[i] = columns[0]
	}
	return intake.Read(chunk).Available, nil
}
