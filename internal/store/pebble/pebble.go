package pebble

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/store"
)

// checkEvery is how many rows a scan visits between two looks at its context.
const checkEvery = 64

// Store is an ordered map on disk; see store.Online. It is made by Open.
type Store struct {
	db      *pebble.DB
	options Options
	valve   *valve
	events  *events

	gate   sync.RWMutex // orders the start of a call and Close
	closed atomic.Bool
	calls  sync.WaitGroup

	writer  chan struct{} // takes a token while a batch is applied, which guards the next three
	applied uint64        // batches
	current int64         // bytes applied since the last rotate
	waiting []generation  // those that may not be on disk yet, oldest first
	durable atomic.Uint64 // batches that Flush has made durable
	runs    atomic.Int64  // sorted runs of new tables, as of the last job
	watched chan struct{} // closed when watch has ended
}

var _ store.Online = (*Store)(nil)

type opened struct {
	db  *pebble.DB
	err error
}

// Open opens the store in a directory and creates it if it is not there. When the context ends
// first, no further call reaches the disk. One that is under way cannot be called back, so the
// directory must not be opened again before the disk has answered. Errors that mean damage are a
// store.ErrDamaged.
func Open(ctx context.Context, fsys disk.FS, dir string, options Options) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	options = options.withDefaults()
	v := newValve(options.Observer.Background)
	s := &Store{
		options: options, valve: v, events: newEvents(v, options.Observer),
		writer: make(chan struct{}, 1), watched: make(chan struct{}),
	}
	result := make(chan opened, 1)
	go func() {
		var r opened
		defer func() { result <- r }() // also if the logger ends this goroutine
		if r.err = settle(fsys, dir); r.err == nil {
			r.db, r.err = open(dir, options.engine(&files{fsys, v}, s.events))
		}
		v.open()
	}()
	r, err := await(ctx, result, v)
	if err != nil {
		return nil, fmt.Errorf("open the store in %s: %w", dir, errors.Join(err, s.events.cause()))
	}
	if err := errors.Join(r.err, v.err()); err != nil {
		if errors.Is(err, fs.ErrNotExist) { // Pebble knows of a file that is gone
			err = &damage{err}
		}
		return nil, fmt.Errorf("open the store in %s: %w", dir, damaged(err))
	}
	s.db = r.db
	go s.watch()
	return s, nil
}

// await waits for what opens Pebble. If the context ends first, it ends the work by letting each
// call to the disk fail.
func await(ctx context.Context, result <-chan opened, v *valve) (opened, error) {
	select {
	case r := <-result:
		return r, nil
	case <-v.failed:
		return opened{}, v.err()
	case <-ctx.Done():
		v.abandon()
		go func() {
			if r := <-result; r.db != nil {
				_ = r.db.Close() // nobody has seen this store
			}
		}()
		return opened{}, ctx.Err()
	}
}

// settle makes durable what an earlier process left: one that was killed may have written to a
// manifest without syncing it. Pebble would read it all the same and remove the tables that it no
// longer needs, so that a loss of power would leave a manifest whose tables are gone.
func settle(fsys disk.FS, dir string) error {
	entries, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), "MANIFEST-") {
			continue
		}
		file, err := fsys.Open(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return err
		}
	}
	return fsys.SyncDir(dir)
}

// open turns a panic over what is on the disk into an error.
func open(dir string, options *pebble.Options) (db *pebble.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, fmt.Errorf("%w: %v", store.ErrDamaged, r)
		}
	}()
	return pebble.Open(dir, options)
}

// enter begins a call, unless the context is done or the store is closed. Every enter without error
// is followed by calls.Done.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.closed.Load() {
		return store.ErrClosed
	}
	s.calls.Add(1)
	return nil
}

// Get returns a copy of the value of a key, or store.ErrNotFound.
func (s *Store) Get(ctx context.Context, key []byte) ([]byte, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.calls.Done()
	value, closer, err := s.db.Get(key)
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		return nil, store.ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("get a key: %w", damaged(err))
	}
	value = append(make([]byte, 0, len(value)), value...)
	if err := closer.Close(); err != nil {
		return nil, fmt.Errorf("get a key: %w", damaged(err))
	}
	return value, nil
}

// GetDurable is Get as it would be after a crash now: it sees only what is on the disk. After a
// failure nobody knows that, and it is the failure.
func (s *Store) GetDurable(ctx context.Context, key []byte) ([]byte, error) {
	options := &pebble.IterOptions{
		UpperBound: append(bytes.Clone(key), 0), OnlyReadGuaranteedDurable: true,
	}
	if len(key) > 0 {
		options.LowerBound = key
	}
	var found []byte
	err := s.scan(ctx, options, func(_, value []byte) error {
		found = append(make([]byte, 0, len(value)), value...)
		return nil
	})
	if err == nil && found == nil {
		err = store.ErrNotFound
	}
	if failure := s.valve.err(); failure != nil {
		return nil, failure
	}
	return found, err
}

// Scan visits the keys from <= key < to in their order, as of the time it began.
func (s *Store) Scan(
	ctx context.Context, from, to []byte, visit func(key, value []byte) error,
) error {
	options := &pebble.IterOptions{}
	if len(from) > 0 {
		options.LowerBound = from
	}
	if len(to) > 0 {
		options.UpperBound = to
		if bytes.Compare(from, to) >= 0 {
			options.UpperBound = from
		}
	}
	return s.scan(ctx, options, visit)
}

func (s *Store) scan(
	ctx context.Context, options *pebble.IterOptions, visit func(key, value []byte) error,
) (err error) {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.calls.Done()
	rows, err := s.db.NewIterWithContext(ctx, options)
	if err != nil {
		return fmt.Errorf("scan: %w", damaged(err))
	}
	defer func() {
		if closing := rows.Close(); closing != nil && err == nil {
			err = fmt.Errorf("scan: %w", damaged(closing))
		}
	}()
	n := 0
	for valid := rows.First(); valid; valid = rows.Next() {
		if n++; n%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if s.closed.Load() {
				return store.ErrClosed
			}
		}
		value, err := rows.ValueAndErr()
		if err != nil {
			return fmt.Errorf("scan: %w", damaged(err))
		}
		if err := visit(rows.Key(), value); errors.Is(err, store.ErrStop) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// Close ends the store and waits for the calls under way. A store that failed leaves some memory
// and open files behind.
func (s *Store) Close() error {
	s.gate.Lock()
	first := !s.closed.Swap(true)
	s.gate.Unlock()
	s.valve.close()
	s.calls.Wait()
	if !first {
		return nil
	}
	closed := make(chan error, 1)
	if s.valve.err() == nil {
		go func() {
			<-s.watched
			closed <- s.db.Close()
		}()
	}
	select {
	case err := <-closed:
		if err != nil {
			return fmt.Errorf("close the store: %w", err)
		}
	case <-s.valve.failed:
		s.valve.park()
		// Pebble would wait for jobs that never end. What is left of it, its cache, goroutines and
		// open files, stays until the process ends.
	}
	return nil
}
