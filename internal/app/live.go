package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/state"
	"github.com/fettle-ml/fettle/internal/store"
	parts "github.com/fettle-ml/fettle/internal/store/history"
	"github.com/fettle-ml/fettle/internal/store/memory"
	"github.com/fettle-ml/fettle/internal/store/pebble"
)

// live is the parts that events go through: log, state and history of one directory.
type live struct {
	timeline *clock.Timeline
	log      *log.Log
	store    store.Online
	state    *state.State
	ingest   *ingest.Ingester
	history  *parts.History
	layout   atomic.Pointer[state.Layout]
	missing  []state.Feed // of the layout it was opened with; fill takes them
	report   *log.Report
}

// liveOptions says where events are kept and by which clock.
type liveOptions struct {
	Disk disk.Cutter
	Path string
	Wall clock.Clock
	// Last is the last time that may have been handed out, Reserve makes a later one durable.
	Last    int64
	Reserve func(until int64) error
	// Memory keeps the state in memory: it is gone with the process.
	Memory bool
	// SegmentBytes is when a new segment of the log is begun; 0: as the log does by itself.
	SegmentBytes int64
	Layout       *state.Layout
	// Whole applies whatever is waiting as one batch, however large.
	Whole    bool
	Observer ingest.Observer
	Failed   func(error)
}

// openLive opens the parts in the order in which they know each other, and replays what state has
// not seen of the log. What was opened is closed again if one of them fails.
func openLive(ctx context.Context, o liveOptions) (_ *live, err error) {
	l := &live{}
	l.layout.Store(o.Layout)
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close(ctx))
		}
	}()
	if l.store, err = o.openStore(ctx); err != nil {
		return nil, fmt.Errorf("open the online state: %w", err)
	}
	if l.state, err = state.Open(ctx, l.store, state.Options{}); err != nil {
		return nil, fmt.Errorf("open the online state: %w", err)
	}
	if l.missing, err = l.state.Use(ctx, *o.Layout); err != nil {
		return nil, fmt.Errorf("use the definitions: %w", err)
	}
	known := l.state.Position()
	l.log, l.report, err = log.Open(o.Disk, filepath.Join(o.Path, logDir), log.Options{
		Known: known.Sequence, VerifyFrom: known.Sequence, Clock: o.Wall, SegmentBytes: o.SegmentBytes,
		Observer: log.Observer{Failed: o.Failed},
	})
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	// A damaged manifest can make the store an older one, which the log can only mend from its
	// beginning on.
	if first := l.log.First(); known.Sequence+1 < first {
		return nil, &Error{
			Code:    ExitInvalid,
			Message: fmt.Sprintf("the online state ends at record %d, and the log begins at %d", known.Sequence, first),
			Hint:    "the state is damaged; restore the data directory from a backup",
		}
	}
	if l.history, err = parts.Open(o.Disk, filepath.Join(o.Path, historyDir)); err != nil {
		return nil, fmt.Errorf("open the history: %w", err)
	}
	last := o.Last
	if known.Sequence > 0 { // an empty state has no time, and a replay may begin before 1970
		last = max(last, known.VisibleAt)
	}
	l.timeline = clock.NewTimeline(o.Wall, last, o.Reserve)
	options := ingest.Options{
		Log: l.log, State: l.state, Timeline: l.timeline, Plans: l.layout.Load, Observer: o.Observer,
	}
	if o.Whole {
		options.BatchBytes, options.MaxUnapplied = math.MaxInt, math.MaxInt
	}
	l.ingest, err = ingest.Open(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("replay the log: %w", err)
	}
	return l, nil
}

func (o liveOptions) openStore(ctx context.Context) (store.Online, error) {
	if o.Memory {
		return memory.New(), nil
	}
	db, err := pebble.Open(ctx, o.Disk, filepath.Join(o.Path, stateDir), pebble.Options{})
	if err != nil {
		return nil, err // not db: a nil pointer in an interface would be closed
	}
	return db, nil
}

// use changes the layout that events are taken in by. What is missing of it is filled from history
// while events go on arriving. It returns when everything can be asked for.
func (l *live) use(ctx context.Context, layout *state.Layout, fill filler) error {
	missing, err := l.state.Use(ctx, *layout)
	if err != nil {
		return fmt.Errorf("use the definitions: %w", err)
	}
	l.layout.Store(layout)
	l.missing = missing
	return l.fill(ctx, fill)
}

// fill fills what the layout in use lacks. A second layout of the same definitions would make every
// event be read twice.
func (l *live) fill(ctx context.Context, fill filler) error {
	missing := l.missing
	l.missing = nil
	for _, feed := range missing {
		if err := fill(ctx, feed); err != nil {
			return fmt.Errorf("fill %s: %w", feed.Source.Plan.Name, err)
		}
	}
	return nil
}

// filler fills a feed of the state with what happened before it was there.
type filler func(ctx context.Context, feed state.Feed) error

// closePatience bounds how long the parts may take to stop.
const closePatience = 30 * time.Second

// close stops the parts in reverse order. The state is made durable, so that the next start has
// little to replay; if that fails the log still has everything.
func (l *live) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience)
	defer cancel()
	var all []error
	if l.ingest != nil {
		all = append(all, l.ingest.Close(ctx))
	}
	if l.state != nil {
		all = append(all, l.state.Flush(ctx))
	}
	if l.log != nil {
		all = append(all, l.log.Close())
	}
	if l.store != nil {
		all = append(all, l.store.Close())
	}
	return errors.Join(all...)
}
