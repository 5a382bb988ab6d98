package log

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fettle-ml/fettle/internal/disk"
)

// Log is an open log. All methods may be called from many goroutines.
type Log struct {
	fs      disk.Cutter
	dir     string
	options Options

	requests chan *request
	closing  chan struct{} // closed by Close
	stopped  chan struct{} // closed when the writer has ended
	closed   sync.Once
	writer   *writer
	closeErr error // written by the writer before stopped is closed

	removing  sync.Mutex // held by RemoveBefore
	floorFile uint64     // the sequence in the name of the file; guarded by removing

	mu       sync.Mutex
	segments []*segment
	damages  []*Damage
	floor    uint64
	last     Position      // of the last acknowledged record
	failure  error         // why appends are refused
	advanced chan struct{} // closed, and replaced, when last moves
}

// Open opens the log in a directory, which it makes if need be, after cutting off what an
// interrupted write left. The report says what was cut and what is damaged; damage is no error.
func Open(fsys disk.Cutter, dir string, options Options) (*Log, *Report, error) {
	options = options.withDefaults()
	if err := prepare(fsys, dir); err != nil {
		return nil, nil, err
	}
	found, err := inspect(fsys, dir, options)
	if err != nil {
		return nil, nil, err
	}
	if err := found.recover(fsys); err != nil {
		return nil, nil, err
	}
	l := &Log{
		fs: fsys, dir: dir, options: options,
		requests: make(chan *request, options.BatchAppends),
		closing:  make(chan struct{}), stopped: make(chan struct{}), advanced: make(chan struct{}),
		segments: found.readable, damages: found.report.Damages, floor: found.report.First,
		floorFile: found.report.First,
		last:      Position{Epoch: found.epoch, Sequence: found.next - 1},
	}
	l.writer = &writer{log: l, received: found.received,
		next: Position{Epoch: found.epoch + 1, Sequence: found.next}}
	go l.run()
	return l, &found.report, nil
}

// prepare makes the directory and, in a new one, the file that says where the log begins.
func prepare(fsys disk.Cutter, dir string) error {
	if err := fsys.MkdirAll(dir); err != nil {
		return fmt.Errorf("make log directory: %w", err)
	}
	if err := fsys.SyncDir(filepath.Dir(dir)); err != nil {
		return fmt.Errorf("sync the directory above the log: %w", err)
	}
	l, err := list(fsys, dir)
	if err != nil || l.floor > 0 || len(l.segments) > 0 {
		return err
	}
	return createFloor(fsys, dir, 1)
}

func createFloor(fsys disk.Cutter, dir string, floor uint64) error {
	file, err := fsys.Create(filepath.Join(dir, floorName(floor)))
	if err != nil {
		return fmt.Errorf("create the file that says where the log begins: %w", err)
	}
	if err := errors.Join(file.Close(), fsys.SyncDir(dir)); err != nil {
		return fmt.Errorf("create the file that says where the log begins: %w", err)
	}
	return nil
}

// recover does what the inspection planned. Records that were found whole are made durable, for
// they may have been written just before the process ended.
func (i *inspection) recover(fsys disk.Cutter) error {
	path := func(name string) string { return filepath.Join(i.dir, name) }
	for _, name := range i.finished {
		if err := fsys.Remove(path(name)); err != nil {
			return fmt.Errorf("remove log segment %s: %w", name, err)
		}
	}
	cuts := i.cuts
	if n := len(i.readable); i.unsealed && n > 0 {
		// A cut to the length it has syncs the segment.
		whole := cutPlan{i.readable[n-1].name, i.readable[n-1].end}
		if !slices.Contains(cuts, whole) {
			cuts = append(cuts, whole)
		}
	}
	for _, c := range cuts {
		var err error
		if c.size == 0 {
			err = fsys.Remove(path(c.name))
		} else {
			err = fsys.Truncate(path(c.name), c.size)
		}
		if err != nil {
			return fmt.Errorf("cut log segment %s to %d bytes: %w", c.name, c.size, err)
		}
	}
	if i.floor == 0 {
		return createFloor(fsys, i.dir, i.report.First)
	}
	if err := fsys.SyncDir(i.dir); err != nil {
		return fmt.Errorf("sync log directory: %w", err)
	}
	return nil
}

// Close waits for the appends that were accepted, and ends the log. Readers can go on until they
// are closed. It may be called again.
func (l *Log) Close() error {
	l.closed.Do(func() { close(l.closing) })
	timeout := time.NewTimer(l.options.Timeout)
	defer timeout.Stop()
	select {
	case <-l.stopped:
		return l.closeErr
	case <-timeout.C:
		return fmt.Errorf("close the log: the disk did not answer within %v", l.options.Timeout)
	}
}

// Last returns the position of the last acknowledged record. Its sequence is 0 if there is none.
func (l *Log) Last() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// First returns the lowest sequence that was not removed.
func (l *Log) First() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.floor
}

// Bytes returns how long the segments are together.
func (l *Log) Bytes() (total int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		total += s.end
	}
	return total
}

// Err returns why appends are refused, or nil.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failure
}

// Wait waits until a record after a sequence is acknowledged. It returns ErrClosed if that can no
// longer happen.
func (l *Log) Wait(ctx context.Context, after uint64) error {
	for {
		l.mu.Lock()
		last, advanced := l.last.Sequence, l.advanced
		l.mu.Unlock()
		if last > after {
			return nil
		}
		select {
		case <-advanced:
		case <-ctx.Done():
			return fmt.Errorf("wait for sequence %d of the log: %w", after+1, ctx.Err())
		case <-l.stopped:
			if l.Last().Sequence > after {
				return nil
			}
			return ErrClosed
		}
	}
}
