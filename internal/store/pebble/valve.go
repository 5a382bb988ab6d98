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

// valve stands before the disk. It slows down jobs that fail, and lets no change through after the
// store failed: Pebble's jobs then stand still until Close, instead of trying without end.
type valve struct {
	mu        sync.Mutex
	failure   error
	abandoned bool
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

// change is asked before a call that changes something.
func (v *valve) change() error {
	v.mu.Lock()
	failure, abandoned := v.failure, v.abandoned
	v.mu.Unlock()
	switch {
	case abandoned:
		return errAbandoned
	case failure != nil:
		<-v.closing
		return failure
	}
	return nil
}

// begin is asked before a background job writes a table. It pauses if the last such job failed.
func (v *valve) begin(job vfs.DiskWriteCategory) {
	v.mu.Lock()
	pause := v.pauses[job]
	v.mu.Unlock()
	if pause == 0 {
		return
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-v.closing:
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
