package clock

import (
	"sync/atomic"
	"time"
)

// Clock tells the time.
type Clock interface {
	// Now returns the current instant. It may go back when the machine's clock does; who needs a
	// clock that never does keeps the last instant and takes the greater one.
	Now() int64
}

// System is the machine's clock.
type System struct{}

// Now returns the machine's time.
func (System) Now() int64 { return time.Now().UnixMicro() }

// Fake is a clock that stands still until it is moved. It may be used from many goroutines.
type Fake struct{ micros atomic.Int64 }

// NewFake returns a clock that stands at an instant.
func NewFake(micros int64) *Fake {
	f := &Fake{}
	f.micros.Store(micros)
	return f
}

// Now returns the instant the clock stands at.
func (f *Fake) Now() int64 { return f.micros.Load() }

// Set moves the clock to an instant, back or forth.
func (f *Fake) Set(micros int64) { f.micros.Store(micros) }

// Advance moves the clock by a number of microseconds and returns where it now stands.
func (f *Fake) Advance(micros int64) int64 { return f.micros.Add(micros) }
