package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/store"
)

// fillBytes is how much a batch of a fill takes before it goes to the store: little enough for live
// rows to wait for it.
const fillBytes = 1 << 20

// Fill brings the past of a source into a feed that Use named, and makes it readable. What an
// earlier, interrupted fill left is removed first. Then fill is called; through add it must hand
// over every row of the source up to the position that State has at that moment, in any order and
// from one goroutine: chunks with an entry for each column of the source, as Intake reads them,
// and the order of each row. Rows that are applied meanwhile arrive by themselves, and may be added
// too: such a row is written twice, with the same key and bytes. If fill fails, or the process
// ends, the feed stays missing.
func (s *State) Fill(ctx context.Context, feed Feed,
	fill func(add func(c *engine.Chunk, orders []uint64) error) error) error {
	name := feed.Source.Plan.Name
	f, err := s.beginFill(ctx, feed)
	if err != nil {
		return fmt.Errorf("fill a feed of source %s: %w", name, err)
	}
	defer f.feed.busy.Store(false)
	err = fill(func(c *engine.Chunk, orders []uint64) error { return f.add(ctx, c, orders) })
	if err == nil {
		err = f.end(ctx)
	}
	if err != nil {
		return fmt.Errorf("fill a feed of source %s: %w", name, err)
	}
	return nil
}

// filler is one Fill.
type filler struct {
	state   *State
	use     *sourceUse
	feed    *feed
	mapping int
	changes store.Changes
	key     []byte
	value   []byte
}

var (
	errUnknownFeed = errors.New("it is not in use; call Use with its layout first")
	errFilled      = errors.New("it is filled already")
	errBusy        = errors.New("it is being filled by somebody else")
	errOrders      = errors.New("a chunk has not as many orders as rows")
)

func (s *State) beginFill(ctx context.Context, wanted Feed) (*filler, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	f := &filler{state: s}
	for _, l := range *s.layouts.Load() {
		if len(wanted.Mapping.Views) == 0 {
			break
		}
		if at, known := l.served[wanted.Mapping.Views[0]]; known {
			f.use, f.feed = at.source, at.feed
			break
		}
	}
	switch {
	case f.feed == nil:
		return nil, errUnknownFeed
	case f.feed.ready():
		return nil, errFilled
	case !f.feed.busy.CompareAndSwap(false, true):
		return nil, errBusy
	}
	for m, feed := range f.use.feeds {
		if feed == f.feed {
			f.mapping = m
			break
		}
	}
	prefix := appendFeed(nil, f.feed.id)
	f.changes.DeleteRange(prefix, after(prefix))
	if err := s.db.Apply(ctx, &f.changes); err != nil {
		f.feed.busy.Store(false)
		return nil, err
	}
	f.changes.Reset()
	s.cache.drop(f.feed.id)
	return f, nil
}

// add writes the rows of a chunk in batches, together with their ids.
func (f *filler) add(ctx context.Context, c *engine.Chunk, orders []uint64) error {
	if len(orders) != len(c.EventTime) {
		return errOrders
	}
	columns, err := f.use.columns(c)
	if err != nil {
		return err
	}
	keys := f.use.intake.Read(c).Keys[f.mapping]
	for row := range orders {
		f.put(row, keys, columns, c, orders)
		if f.changes.Bytes() < fillBytes {
			continue
		}
		if err := f.flush(ctx, nil, filling); err != nil {
			return err
		}
	}
	return f.flush(ctx, c, filling)
}

// put stages a row, if it is about an entity.
func (f *filler) put(row int, keys, columns []*batch.Column, c *engine.Chunk, orders []uint64) {
	key, named := appendEntity(appendFeed(f.key[:0], f.feed.id), keys, row)
	f.key = key
	if !named {
		return
	}
	t := timesOf(c, row)
	f.key = appendPlace(key, t.event, orders[row])
	f.value = appendValue(f.value[:0], t, columns, row)
	f.changes.Set(f.key, f.value)
}

// timesOf reads the times of a row of a chunk.
func timesOf(c *engine.Chunk, row int) times {
	t := times{event: c.EventTime[row], received: engine.NoTime, visible: engine.NoTime}
	if c.ReceivedAt != nil {
		t.received = c.ReceivedAt[row]
	}
	if c.Visible != nil {
		t.visible = c.Visible[row]
	}
	return t
}

// end makes the feed readable, in the batch that brings its last rows.
func (f *filler) end(ctx context.Context) error { return f.flush(ctx, nil, ready) }

// flush writes what is staged. With a chunk the ids of its rows go along; with the status ready the
// feed becomes readable.
func (f *filler) flush(ctx context.Context, ids *engine.Chunk, status uint32) error {
	s := f.state
	s.writing.Lock()
	defer s.writing.Unlock()
	if f.feed.status.Load() != filling {
		return errors.New("the layout of the feed is no longer in use")
	}
	var source *sourceState
	if ids != nil {
		source = s.source(f.use.ID)
		source.ids.put(&f.changes, f.use, ids)
		f.changes.Set(metaOf(metaSource, f.use.ID, ""), source.append(nil))
	}
	if status == ready {
		f.changes.Set(f.feed.key.meta(), appendFeedMeta(nil, f.feed.id, ready))
	}
	if err := s.db.Apply(ctx, &f.changes); err != nil {
		return err
	}
	f.changes.Reset()
	if source != nil {
		s.mutex.Lock()
		s.sources[f.use.ID] = source
		s.mutex.Unlock()
	}
	if status == ready {
		f.feed.status.Store(ready)
	}
	return nil
}

// source returns a copy of what is kept of a source, to be changed and put back. The caller holds
// writing.
func (s *State) source(id uint32) *sourceState {
	if old := s.sources[id]; old != nil {
		return &sourceState{counts: old.counts, ids: old.ids.clone()}
	}
	return newSourceState()
}
