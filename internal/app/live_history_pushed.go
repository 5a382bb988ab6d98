package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/registry"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/state"
	parts "github.com/fettle-ml/fettle/internal/store/history"
)

// pushed is the rows that came live: those in the parts of the history, and behind them those in the
// log. It moves rows from there to here while both are read and the log is appended to. There is one
// for a data directory, safe for concurrent use.
type pushed struct {
	options  pushedOptions
	flushing sync.Mutex // held by the one who flushes

	mutex sync.Mutex
	pins  map[uint64]int // sequences from which on scans that are under way may read the log
}

// pushedOptions are what is read, and how it is understood. All but Damaged must be set.
type pushedOptions struct {
	Log   *log.Log
	Parts *parts.History
	// Targets returns what the numbers in the log stand for, of all sources there ever were.
	Targets func() map[uint32]pushedTarget
	// Source returns a source as it is defined now, nil if it is no more.
	Source func(name string) *plan.Source
	// Damaged decides what becomes of a scan or a flush that comes upon a part of the log that
	// cannot be read: it goes on behind it, without these events, if nil is returned. Not set: it
	// fails.
	Damaged func(*log.Damage) error
}

// pushedTarget is a source with one set of stored columns.
type pushedTarget struct {
	Source string
	Fields []schema.Field
}

func newPushed(options pushedOptions) *pushed {
	if options.Damaged == nil {
		options.Damaged = func(d *log.Damage) error { return d }
	}
	return &pushed{options: options, pins: map[uint64]int{}}
}

// targetsOf returns what the numbers of a revision stand for; nil: nothing was applied.
func targetsOf(revision *registry.Revision) (map[uint32]pushedTarget, error) {
	targets := map[uint32]pushedTarget{}
	if revision == nil {
		return targets, nil
	}
	for _, source := range revision.Sources {
		target := pushedTarget{Source: source.Name}
		for _, c := range source.Columns {
			t, err := schema.ParseType(c.Type)
			if err != nil {
				return nil, fmt.Errorf("source %s, column %s: %w", source.Name, c.Name, err)
			}
			target.Fields = append(target.Fields, schema.Field{Name: c.Name, Type: t})
		}
		targets[source.ID] = target
	}
	return targets, nil
}

// pin fixes where the rows of a source lie now. Until release is called, the log keeps what is not
// in the view.
func (p *pushed) pin(source string) (view *parts.View, from uint64, release func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	view = p.options.Parts.View(source)
	from = view.Position() + 1
	if !view.Known() {
		// The history begins with the log; what was cut off before had nothing of the source.
		from = p.options.Log.First()
	}
	p.pins[from]++
	return view, from, func() {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		if p.pins[from]--; p.pins[from] == 0 {
			delete(p.pins, from)
		}
	}
}

// movedThrough returns the last sequence that the log is not needed for any more: the history of
// every source has it, and no scan reads it. log.RemoveBefore may be asked to remove up to it.
func (p *pushed) movedThrough() uint64 {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	through := p.options.Log.Last().Sequence
	for _, name := range pushedSources(p.options.Targets()) {
		view := p.options.Parts.View(name)
		if !view.Known() {
			return p.options.Log.First() - 1
		}
		through = min(through, view.Position())
	}
	for from := range p.pins {
		through = min(through, from-1)
	}
	return through
}

// pushedRequest says which pushed rows are wanted.
type pushedRequest struct {
	Source string
	// Fields are the columns wanted, by name; one that a row was stored without is null in it.
	Fields []schema.Field
	// Until is the last record whose rows are wanted, and when they became visible if no mark in the
	// log says so. nil: all that marks cover.
	Until   *state.Position
	Workers int
}

// The sizes of chunks that are made of records of the log.
const (
	tailRows  = 1 << 14
	tailBytes = 8 << 20
)

// scan emits the rows of a source in runs, in any order, from up to Workers goroutines at a time:
// first those of parts, then those of the log. It returns the last sequence it looked at.
func (p *pushed) scan(ctx context.Context, request pushedRequest,
	emit func(worker int, rows *parts.Rows) error) (through uint64, err error) {
	to := uint64(0)
	if request.Until != nil {
		if to = request.Until.Sequence; to == 0 {
			return 0, nil // nothing was visible yet
		}
	}
	view, from, release := p.pin(request.Source)
	defer release()
	stored := parts.Request{Fields: request.Fields, To: to, Workers: request.Workers}
	if err := view.Scan(ctx, stored, emit); err != nil {
		return 0, err
	}
	if to != 0 && from > to {
		return to, nil
	}
	tail := p.newTail(from, request.Until)
	defer tail.close()
	targets, rows := p.options.Targets(), &pendingRows{}
	flush := func(least, bytes int) error {
		if len(rows.orders) == 0 || len(rows.orders) < least && rows.bytes < bytes {
			return nil
		}
		return emit(0, rows.take())
	}
	for {
		entry, err := tail.next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		target, err := targetOf(targets, entry)
		if err != nil {
			return 0, err
		}
		if target.Source != request.Source {
			continue
		}
		if err := rows.add(entry, target.Fields, request.Fields); err != nil {
			return 0, err
		}
		if err := flush(tailRows, tailBytes); err != nil {
			return 0, err
		}
	}
	return max(tail.through(), view.Position()), flush(0, 0)
}

func targetOf(targets map[uint32]pushedTarget, entry *tailEntry) (pushedTarget, error) {
	target, known := targets[entry.Target]
	if !known {
		return target, fmt.Errorf("log record %s is of source number %d, which the registry does not know; "+
			"restore the whole directory from one backup", entry.Position, entry.Target)
	}
	return target, nil
}

// columnsFor finds the columns of rows by name. One that is not there is null; one of another type
// is an error.
func columnsFor(fields, stored []schema.Field, columns []*batch.Column, rows int) ([]*batch.Column, error) {
	out := make([]*batch.Column, len(fields))
	for i, field := range fields {
		for k, s := range stored {
			if s.Name != field.Name {
				continue
			}
			if !s.Type.Equal(field.Type) {
				return nil, fmt.Errorf("column %s: %w: it is %s, wanted as %s",
					field.Name, parts.ErrColumns, s.Type, field.Type)
			}
			out[i] = columns[k]
		}
		if out[i] == nil {
			out[i] = batch.Repeat(schema.NullOf(field.Type), rows)
		}
	}
	return out, nil
}
