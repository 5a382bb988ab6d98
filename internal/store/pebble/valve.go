package pebble

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/fettle-ml/fettle/internal/store"
)

// errAbandoned is what every call of Pebble gets once its Open was given up.
var errAbandoned = errors.New("opening was given up")

// firstPause and longestPause bound the time between two tries of a background job that fails.
const firstPause, longestPause = 10 * time.Millisecond, time.Second

// valve stands before the disk. It slows down jobs that fail, and after the store failed it holds
// each of Pebble's goroutines that wants to change something, for ever. Pebble expects the end of
// the process then: it would go on with structures in memory that are only half changed, and ending
// its goroutines from within would unlock what is not locked.
type valve struct {
	mu        sync.Mutex
	failure   error
	abandoned bool
	opened    bool
	parked    bool
	pauses    map[vfs.DiskWriteCategory]time.Duration
	failed    chan struct{} // closed with the first failure
	closing   chan struct{}
	once      sync.Once
	observe   func(error)
}

func newValve(observe func(error)) *valve {
	return &valve{
		observe: observe,
		pauses:  map[vfs.DiskWriteCategory]time.Duration{},
		failed:  make(chan struct{}), closing: make(chan struct{}),
	}
}

// fail stops all changes for good. The first reason is kept.
func (v *valve) fail(cause error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.failure != nil {
		return
	}
	v.failure = fmt.Errorf("%w: %w", store.ErrFailed, cause)
	close(v.failed)
	v.observe(v.failure)
}

// err is the failure, if there is one.
func (v *valve) err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.failure
}

// close lets whoever waits go on, to its end.
func (v *valve) close() { v.once.Do(func() { close(v.closing) }) }

// abandon makes every call fail from now on.
func (v *valve) abandon() {
	v.mu.Lock()
	v.abandoned = true
	v.mu.Unlock()
	v.close()
}

// read is asked before a call that changes nothing.
func (v *valve) read() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.abandoned {
		return errAbandoned
	}
	return nil
}

// change is asked before a call that changes something. It does not return if the store has failed.
// Only goroutines of Pebble's jobs and that of Open come here: with the log disabled, no call of a
// user of the store writes anything.
func (v *valve) change() error {
	if err := v.read(); err != nil {
		return err
	}
	if v.err() != nil {
		select {}
	}
	return nil
}

// open is called when Open is done.
func (v *valve) open() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.opened = true
}

// running reports whether Open is done.
func (v *valve) running() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.opened
}

// park is called at the end of a store that failed, when only Pebble's own goroutines are left.
func (v *valve) park() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.parked = true
}

// stumbled is told of a read that failed. It pauses, for some jobs of Pebble would try again at
// once and without end, and holds them when nobody else is left.
func (v *valve) stumbled() {
	v.mu.Lock()
	parked := v.parked
	v.mu.Unlock()
	if parked {
		select {}
	}
	v.pause(firstPause)
}

// pause waits, but not after Close.
func (v *valve) pause(length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-v.closing:
	}
}

// begin is asked before a background job writes a table. It pauses if the last such job failed.
func (v *valve) begin(job vfs.DiskWriteCategory) {
	v.mu.Lock()
	pause := v.pauses[job]
	v.mu.Unlock()
	if pause > 0 {
		v.pause(pause)
	}
}

// ended says how a kind of jobs fares.
func (v *valve) ended(job vfs.DiskWriteCategory, failed bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !failed {
		delete(v.pauses, job)
		return
	}
	v.pauses[job] = min(max(firstPause, 2*v.pauses[job]), longestPause)
}
