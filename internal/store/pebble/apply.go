package pebble

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/fettle-ml/fettle/internal/store"
)

// rowBytes is what Pebble needs in memory for a row besides its bytes, about.
const rowBytes = 128

// patient gives a context without a deadline one.
func (s *Store) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.options.Patience)
}

// Apply makes all changes in their order, or none. When the disk cannot keep up it waits until
// there is memory for them.
func (s *Store) Apply(ctx context.Context, changes *store.Changes) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.calls.Done()
	if changes.Len() == 0 {
		return nil
	}
	size := int64(changes.Bytes()) + rowBytes*int64(changes.Len())
	if size > batchBytes {
		return fmt.Errorf("apply %d changes of %d bytes: more than %d at a time; apply them in parts",
			changes.Len(), changes.Bytes(), batchBytes)
	}
	ctx, cancel := s.patient(ctx)
	defer cancel()
	select {
	case s.writer <- struct{}{}:
		defer func() { <-s.writer }()
	case <-s.valve.closing:
		return store.ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("apply: other batches wait: %w", errors.Join(ctx.Err(), s.events.cause()))
	}
	if err := s.room(ctx); err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	if err := s.commit(changes, size); err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	return nil
}

// generation is a part of what was applied that Pebble writes as a whole.
type generation struct {
	bytes   int64
	flushed <-chan struct{} // closed when it is on disk
}

// commit gives a batch to Pebble. Nothing in it waits for the disk. The writer's token is held.
func (s *Store) commit(changes *store.Changes, size int64) error {
	batch := s.db.NewBatchWithSize(int(size))
	var err error
	for change := range changes.All() {
		switch change.Kind {
		case store.Set:
			err = batch.Set(change.Key, change.Value, nil)
		case store.Delete:
			err = batch.Delete(change.Key, nil)
		case store.DeleteRange:
			err = batch.DeleteRange(change.Key, change.Value, nil)
		}
		if err != nil {
			return errors.Join(err, batch.Close())
		}
	}
	if err := errors.Join(s.db.Apply(batch, pebble.NoSync), batch.Close()); err != nil {
		return err
	}
	s.applied++
	s.current += size
	if s.current >= s.options.MemtableBytes {
		if _, err := s.rotate(); err != nil {
			// The batch is applied all the same; the next Flush tells.
			s.events.background(err)
		}
	}
	return nil
}

// rotate lets Pebble begin to write what was applied, and gives the channel that is closed when all
// of it is on disk. The writer's token is held.
func (s *Store) rotate() (<-chan struct{}, error) {
	flushed, err := s.db.AsyncFlush()
	if err != nil {
		return nil, err
	}
	s.waiting = append(s.waiting, generation{s.current, flushed})
	s.current = 0
	return flushed, nil
}

// room waits until the memory that is not yet on disk, and the number of tables that no compaction
// has sorted, are within their bounds. The writer's token is held. Pebble's own metrics are of no
// use here: to ask for them waits for the disk.
func (s *Store) room(ctx context.Context) error {
	for {
		if err := s.valve.err(); err != nil {
			return err
		}
		progress, _ := s.events.waits()
		bytes, oldest := s.pending()
		full, unsorted := bytes >= (memtables-1)*s.options.MemtableBytes, s.runs.Load() >= sublevels
		if !full && !unsorted {
			return nil
		}
		if !full {
			oldest = nil // nothing to wait for
		}
		select {
		case <-oldest:
		case <-progress:
		case <-s.valve.failed:
		case <-s.valve.closing:
			return store.ErrClosed
		case <-ctx.Done():
			reason := "compactions do not keep up"
			if full {
				reason = "flushes do not keep up"
			}
			return fmt.Errorf("no room: %s: %w", reason, errors.Join(ctx.Err(), s.events.cause()))
		}
	}
}

// pending is how much waits to be written, and the channel of its oldest part.
func (s *Store) pending() (bytes int64, oldest <-chan struct{}) {
	for len(s.waiting) > 0 {
		select {
		case <-s.waiting[0].flushed:
			s.waiting = s.waiting[1:]
			continue
		default:
		}
		break
	}
	for _, g := range s.waiting {
		bytes += g.bytes
	}
	if len(s.waiting) > 0 {
		oldest = s.waiting[0].flushed
	}
	return bytes, oldest
}

// watch keeps the number of sorted runs that compactions have left over, until Close. It may wait
// for the disk, which is why it has a goroutine of its own.
func (s *Store) watch() {
	defer close(s.watched)
	for {
		changed := s.events.jobs()
		s.runs.Store(int64(s.db.Metrics().Levels[0].Sublevels))
		s.events.advance()
		select {
		case <-changed:
		case <-s.valve.failed:
			return
		case <-s.valve.closing:
			return
		}
	}
}

// Flush makes everything durable that was applied before it. If a flush fails, everything stays in
// memory, and a later call may succeed.
func (s *Store) Flush(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.calls.Done()
	ctx, cancel := s.patient(ctx)
	defer cancel()
	_, fails := s.events.waits()
	flushed, batches, err := s.startFlush(ctx, fails)
	if err != nil || flushed == nil {
		return err
	}
	select {
	case <-flushed:
		// The flush may have ended well, but who knows what the store's next Open will find.
		if err := s.valve.err(); err != nil {
			return fmt.Errorf("flush: %w", err)
		}
		s.made(batches)
		return nil
	case <-fails:
		return fmt.Errorf("flush: %w", errors.Join(s.valve.err(), s.events.flushFailure()))
	case <-s.valve.failed:
		return fmt.Errorf("flush: %w", s.valve.err())
	case <-s.valve.closing:
		return store.ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("flush: %w", errors.Join(ctx.Err(), s.events.cause()))
	}
}

// startFlush begins a flush of all batches applied so far, whose number it gives; the channel is
// nil if all of them are durable.
func (s *Store) startFlush(
	ctx context.Context, fails <-chan struct{},
) (flushed <-chan struct{}, batches uint64, err error) {
	select {
	case s.writer <- struct{}{}:
		defer func() { <-s.writer }()
	case <-fails:
		return nil, 0, fmt.Errorf("flush: %w", errors.Join(s.valve.err(), s.events.flushFailure()))
	case <-s.valve.closing:
		return nil, 0, store.ErrClosed
	case <-ctx.Done():
		return nil, 0, fmt.Errorf("flush: %w", errors.Join(ctx.Err(), s.events.cause()))
	}
	if err := s.valve.err(); err != nil {
		return nil, 0, fmt.Errorf("flush: %w", err)
	}
	if s.durable.Load() >= s.applied {
		return nil, 0, nil
	}
	if flushed, err = s.rotate(); err != nil {
		return nil, 0, fmt.Errorf("flush: %w", err)
	}
	return flushed, s.applied, nil
}

// made notes how many batches are durable, at least.
func (s *Store) made(batches uint64) {
	for {
		durable := s.durable.Load()
		if durable >= batches || s.durable.CompareAndSwap(durable, batches) {
			return
		}
	}
}
