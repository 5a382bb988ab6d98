package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/store"
)

// Record is what one record of the log brought: accepted rows of one source.
type Record struct {
	Source     uint32
	Sequence   uint64
	Rows       int
	EventTime  []int64
	ReceivedAt int64
	Columns    []*batch.Column // of each column that is not computed, in their order
	Counts     Counts          // of the whole request, rows that were not accepted included
}

// Apply brings records into the state, all at once: rows of every feed, ids, counters and the
// position. Requests at to.VisibleAt and later see the rows, earlier ones do not. Records must
// come in the order of the log; those at or below the position were applied before and change
// nothing, so after a failure or a restart the same records may be given again. The columns may
// stay in use for a while and must not be changed afterwards.
func (s *State) Apply(ctx context.Context, records []Record, to Position) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.checkApply(records, to); err != nil {
		return fmt.Errorf("apply up to %d-%d: %w", to.Epoch, to.Sequence, err)
	}
	if to.Sequence <= s.position.Sequence {
		return nil
	}
	b := &s.scratch
	b.reset(s, to)
	for i := range records {
		if records[i].Sequence <= s.position.Sequence {
			continue
		}
		if err := b.record(&records[i]); err != nil {
			return fmt.Errorf("apply record %d: %w", records[i].Sequence, err)
		}
	}
	b.finish()
	if err := s.db.Apply(ctx, &b.changes); err != nil {
		return fmt.Errorf("apply up to %d-%d: %w", to.Epoch, to.Sequence, err)
	}
	// The store has the rows before the cache gets them: whoever loads an entity from now on finds
	// them there, and whoever is loading it is told of them here.
	for _, t := range b.touched {
		s.cache.append(b.keys[t.from:t.to], t.arrival, t.rules)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for id, source := range b.sources {
		s.sources[id] = source
	}
	for key, counts := range b.views {
		s.views[key] = counts
	}
	s.position = to
	return nil
}

var errNoOrder = errors.New("records are not in the order of the log")

// checkApply refuses what would break an invariant. The position is read without the mutex: only
// holders of writing change it.
func (s *State) checkApply(records []Record, to Position) error {
	if s.newest() == nil {
		return ErrNoLayout
	}
	last := uint64(0)
	for i := range records {
		if records[i].Sequence <= last || records[i].Sequence > to.Sequence {
			return errNoOrder
		}
		last = records[i].Sequence
	}
	switch at := s.position; {
	case to.Sequence <= at.Sequence:
	case to.Sequence > MaxSequence:
		return fmt.Errorf("sequences end at %d", uint64(MaxSequence))
	case to.Epoch < at.Epoch || to.VisibleAt < at.VisibleAt && at != Position{}:
		return fmt.Errorf("epoch and time of visibility go back, from %d and %d to %d and %d",
			at.Epoch, at.VisibleAt, to.Epoch, to.VisibleAt)
	}
	return nil
}

// keptScratch is how large a batch may be for its memory to be kept for the next one.
const keptScratch = 8 << 20

// staged is what one Apply is about to do. It is used again for the next one.
type staged struct {
	state   *State
	to      Position
	changes store.Changes
	sources map[uint32]*sourceState
	views   map[viewKey]ViewCounts
	keys    []byte // of the entities touched, one after the other
	touched []touch
	value   []byte
	key     []byte
}

// touch is a row that goes to the cache.
type touch struct {
	from, to int // its entity's key in staged.keys
	rules    string
	arrival  arrival
}

// reset begins a new batch. The memory of an unusually large one is given back.
func (b *staged) reset(s *State, to Position) {
	b.state, b.to = s, to
	if b.changes.Bytes() > keptScratch {
		*b = staged{state: s, to: to}
	}
	b.changes.Reset()
	b.sources, b.views = map[uint32]*sourceState{}, map[viewKey]ViewCounts{}
	clear(b.touched) // they hold on to columns
	b.keys, b.touched = b.keys[:0], b.touched[:0]
}

// record stages a record for every layout in use. A source that no layout has is only counted.
func (b *staged) record(r *Record) error {
	if err := r.check(); err != nil {
		return err
	}
	source := b.sources[r.Source]
	if source == nil {
		source = b.state.source(r.Source)
		b.sources[r.Source] = source
	}
	source.counts = source.counts.plus(r.Counts)
	chunk := r.chunk(b.to.VisibleAt)
	written, counted, noted := map[*feed]bool{}, map[string]bool{}, false
	for _, layout := range *b.state.layouts.Load() {
		use := layout.sources[r.Source]
		// Without columns the source has just gone out of force: its events are history's alone.
		if use == nil || r.Rows == 0 || r.Columns == nil {
			continue
		}
		chunk, err := use.widen(chunk, r.Columns)
		if err != nil {
			return err
		}
		columns, err := use.columns(chunk)
		if err != nil {
			return err
		}
		if !noted {
			source.ids.put(&b.changes, use, chunk)
			noted = true
		}
		arrivals := use.intake.Read(chunk)
		b.count(use, arrivals, int64(r.Rows), counted)
		known := b.knownOf(use, chunk)
		for m, f := range use.feeds {
			if !written[f] {
				written[f] = true
				b.rows(&feedRows{f, use, arrivals.Keys[m], columns, known, chunk, r.Sequence})
			}
		}
	}
	return nil
}

// knownOf computes what only the cache wants.
func (b *staged) knownOf(use *sourceUse, chunk *engine.Chunk) []int64 {
	if b.state.cache == nil {
		return nil
	}
	return use.known(chunk)
}

// check refuses what the order of rows has no room for.
func (r *Record) check() error {
	if r.Rows < 0 || r.Rows > MaxRows || len(r.EventTime) != r.Rows {
		return fmt.Errorf("it has %d rows and %d event times; at most %d are possible",
			r.Rows, len(r.EventTime), MaxRows)
	}
	return r.Counts.check()
}

// chunk returns the rows of the record in the form that the engine reads.
func (r *Record) chunk(visible int64) *engine.Chunk {
	c := &engine.Chunk{
		EventTime:  r.EventTime,
		ReceivedAt: make([]int64, r.Rows), Visible: make([]int64, r.Rows),
	}
	for i := range r.Rows {
		c.ReceivedAt[i], c.Visible[i] = r.ReceivedAt, visible
	}
	return c
}

// count adds what the views make of the rows. Of views of one name only the newest counts.
func (b *staged) count(use *sourceUse, a *engine.Arrivals, rows int64, counted map[string]bool) {
	for i, view := range use.views {
		if counted[view.Name] {
			continue
		}
		counted[view.Name] = true
		key := viewKey{use.ID, view.Name}
		counts, staged := b.views[key]
		if !staged {
			counts = b.state.views[key]
		}
		b.views[key] = counts.plus(ViewCounts{
			Accepted: rows, Applied: rows - a.Filtered[i] - a.NoKey[i],
			Filtered: a.Filtered[i], NoKey: a.NoKey[i],
		})
	}
}

// feedRows is a record as one feed sees it.
type feedRows struct {
	feed     *feed
	use      *sourceUse
	keys     []*batch.Column
	columns  []*batch.Column
	known    []int64
	chunk    *engine.Chunk
	sequence uint64
}

// rows stages the rows of a feed.
func (b *staged) rows(r *feedRows) {
	for row := range r.chunk.EventTime {
		key, named := appendEntity(appendFeed(b.key[:0], r.feed.id), r.keys, row)
		if b.key = key; !named {
			continue
		}
		entity := len(key)
		t, order := timesOf(r.chunk, row), RowOrder(r.sequence, row)
		b.key = appendPlace(key, t.event, order)
		b.value = appendValue(b.value[:0], t, r.columns, row)
		b.changes.Set(b.key, b.value)
		if b.state.cache == nil || !r.feed.ready() {
			continue
		}
		a := arrival{times: t, order: order, columns: r.columns, row: row}
		if r.known != nil {
			a.known = r.known[row]
		}
		from := len(b.keys)
		b.keys = append(b.keys, b.key[1:entity]...)
		b.touched = append(b.touched, touch{from, len(b.keys), r.use.ruleText, a})
	}
}

// finish stages the counters and the position.
func (b *staged) finish() {
	for id, source := range b.sources {
		b.changes.Set(metaOf(metaSource, id, ""), source.append(nil))
	}
	for key, counts := range b.views {
		b.changes.Set(key.meta(), counts.append(nil))
	}
	b.changes.Set(metaKey(metaPosition), b.to.append(nil))
}
