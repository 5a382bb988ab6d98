package pebble

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// The kinds of background jobs, as Pebble names them when it creates their files.
const (
	flushJob      vfs.DiskWriteCategory = "pebble-memtable-flush"
	compactionJob vfs.DiskWriteCategory = "pebble-compaction"
)

// events keeps what Pebble reports, for those who wait. Pebble holds its own locks meanwhile, so
// nothing here calls it.
type events struct {
	valve    *valve
	observer Observer

	mu         sync.Mutex
	ended      error         // of the last flush; not a failure unless Pebble reports it as one
	last       error         // of the background, until a flush succeeds
	lastFlush  error         // the last failure of a flush
	job        chan struct{} // closed and replaced when a job ends well
	progress   chan struct{} // closed and replaced when those who wait for room should look again
	flushFails chan struct{} // closed and replaced when a flush fails
}

func newEvents(v *valve, observer Observer) *events {
	return &events{
		valve: v, observer: observer,
		job: make(chan struct{}), progress: make(chan struct{}), flushFails: make(chan struct{}),
	}
}

func (e *events) listener() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: e.background,
		DataCorruption:  func(i pebble.DataCorruptionInfo) { e.observer.Background(damaged(i.Details)) },
		FlushEnd:        e.flushEnded,
		CompactionEnd: func(i pebble.CompactionInfo) {
			e.valve.ended(compactionJob, i.Err != nil)
			if i.Err == nil {
				e.worked()
			}
		},
	}
}

// flushEnded is called for each flush. Pebble also gives an error for one that had nothing to
// write; it reports only real ones to background, right afterwards.
func (e *events) flushEnded(i pebble.FlushInfo) {
	e.mu.Lock()
	e.ended = i.Err
	e.mu.Unlock()
	if i.Err != nil {
		return
	}
	e.valve.ended(flushJob, false)
	e.mu.Lock()
	e.last = nil
	e.mu.Unlock()
	e.worked()
	if e.valve.err() == nil {
		e.observer.Flushed()
	}
}

// worked tells watch that a job has ended.
func (e *events) worked() {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.job)
	e.job = make(chan struct{})
}

// jobs is closed when the next job ends.
func (e *events) jobs() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.job
}

// advance wakes those who wait for room.
func (e *events) advance() {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.progress)
	e.progress = make(chan struct{})
}

func (e *events) background(err error) {
	e.mu.Lock()
	e.last = damaged(err)
	if flush := e.ended; flush != nil && errors.Is(err, flush) {
		e.ended, e.lastFlush = nil, e.last
		e.valve.ended(flushJob, true)
		close(e.flushFails)
		e.flushFails = make(chan struct{})
	}
	e.mu.Unlock()
	e.observer.Background(damaged(err))
}

// waits are the channels to wait on, taken before one looks at what they are about.
func (e *events) waits() (progress, flushFails <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.progress, e.flushFails
}

// cause is the last error of the background that no successful flush has followed.
func (e *events) cause() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}

// flushFailure is the error of the last flush that failed, also if another one has succeeded since.
func (e *events) flushFailure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lastFlush
}

// logger takes Pebble's messages. They are dropped, but for those after which Pebble expects the
// process to end.
type logger struct{ events *events }

func (logger) Infof(string, ...any) {}

func (logger) Errorf(string, ...any) {}

// Fatalf is called when the manifest cannot be written, with the error as an argument; the store has
// then failed. During Open it returns, and so does Open. Failures of the disk are settled elsewhere;
// for what is left the goroutine of the job ends, which releases the locks that readers need. All
// other calls, that for a batch included, are broken invariants, after which nothing may go on.
func (l logger) Fatalf(format string, args ...any) {
	for _, arg := range args {
		cause, ok := arg.(error)
		if !ok || strings.Contains(format, "commit") {
			continue
		}
		l.events.valve.fail(cause)
		if l.events.valve.running() {
			runtime.Goexit()
		}
		return
	}
	panic("BUG: pebble: " + fmt.Sprintf(format, args...))
}
