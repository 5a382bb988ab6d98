package clock

import (
	"fmt"
	"math"
	"sync"
)

// lease is how far ahead of the time it hands out a Timeline reserves, in microseconds. After a
// crash time goes on from the end of the lease, so it is short; each reservation costs a durable
// write, so it is not shorter.
const lease = 2_000_000

// Timeline hands out the times of one data directory: when events were received, when batches of
// them became visible, and the time T of each request. They obey one rule, over restarts too: a
// request at T sees exactly what was published with a time of at most T. So what was served can be
// computed again from the times alone. It is safe for concurrent use.
type Timeline struct {
	wall    Clock
	reserve func(until int64) error

	mutex    sync.Mutex
	written  int64 // greatest time of a Stamp or Begin
	read     int64 // greatest time of a Read
	reserved int64 // no time beyond it is handed out before it is durable
	begun    int64 // time of the last Begin
	held     int64 // reads stay below it; math.MaxInt64 if nothing is about to be published
}

// NewTimeline continues after last, which must be at least every time that was handed out before.
// reserve makes it durable that times up to its argument may have been handed out; it is called
// while the timeline is locked, about once in a lease. nil: nothing needs to outlive the process.
func NewTimeline(wall Clock, last int64, reserve func(until int64) error) *Timeline {
	return &Timeline{
		wall: wall, reserve: reserve, written: last, read: last, reserved: last,
		begun: math.MinInt64, held: math.MaxInt64,
	}
}

// Stamp returns the time of receipt of something. It never goes back.
func (t *Timeline) Stamp() (int64, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	at := max(t.wall.Now(), t.written)
	if err := t.cover(at); err != nil {
		return 0, err
	}
	t.written = at
	return at, nil
}

// Begin returns the time from which on a batch will be visible: later than every Read and every
// Begin so far. Until Publish is called, reads stay below it. One batch is under way at a time.
func (t *Timeline) Begin() (int64, error) { return t.begin(math.MinInt64) }

// Resume is Begin for a batch whose time was fixed before a restart. It must not be followed by a
// batch of an earlier time.
func (t *Timeline) Resume(at int64) (int64, error) { return t.begin(at) }

func (t *Timeline) begin(fixed int64) (int64, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.held != math.MaxInt64 {
		panic("BUG: a batch is published while another is under way")
	}
	at := fixed
	if fixed == math.MinInt64 {
		at = max(t.wall.Now(), t.written, t.read+1, t.begun+1)
	}
	if err := t.cover(at); err != nil {
		return 0, err
	}
	t.written, t.begun, t.held = max(t.written, at), at, at
	return at, nil
}

// Publish lets reads see the batch of the last Begin.
func (t *Timeline) Publish() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.held = math.MaxInt64
}

// Read returns the time T of a request. It never goes back. It may be a moment behind the clock
// while a batch is about to become visible.
func (t *Timeline) Read() (int64, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	at := max(t.wall.Now(), t.written, t.read)
	if t.held != math.MaxInt64 {
		at = t.held - 1
	}
	if err := t.cover(at); err != nil {
		return 0, err
	}
	t.read = max(t.read, at)
	return at, nil
}

// Last returns the greatest time handed out so far.
func (t *Timeline) Last() int64 {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return max(t.written, t.read)
}

// cover makes sure that a time may be handed out.
func (t *Timeline) cover(at int64) error {
	if at <= t.reserved || t.reserve == nil {
		return nil
	}
	if err := t.reserve(at + lease); err != nil {
		return fmt.Errorf("reserve time: %w", err)
	}
	t.reserved = at + lease
	return nil
}
