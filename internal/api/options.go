package api

import (
	"io"
	"runtime"
	"time"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/wire"
)

// Options says how a node is served. The zero value of a field is its default.
type Options struct {
	// Token is what every request but health must carry. Without one nobody is let in.
	Token string
	// Hosts are names, without a port, under which the server may be called besides those of the
	// loopback. "*" allows all, for a server behind a proxy that checks them.
	Hosts []string

	BodyBytes   int64         // of one body, packed or unpacked; default 64 MiB
	MemoryBytes int64         // of all bodies that are being read or worked on; default 512 MiB
	BodyTimeout time.Duration // for a body to arrive; default 60 s
	// LingerTimeout is how long a client whose body was refused is heard out, so that it gets to see the
	// answer. Default 5 s.
	LingerTimeout time.Duration
	WriteTimeout  time.Duration // for a client to take a piece of an answer; default 60 s

	Readers   int           // requests for values answered at once; default 4 for each processor
	Writers   int           // pushes, which mostly wait for the disk; default 64
	Heavy     int           // plans, applies, verifications and waits for training sets; default 4
	SlotWait  time.Duration // for a slot; default 100 ms
	SlotQueue int           // requests that wait for slots of one kind; default 8 for each slot
	Limit     time.Duration // for a request that has no limit of its own; default 1 h

	// JobWait is how long ?wait=true waits for a training set before it answers that the job is still
	// running. Default 60 s.
	JobWait time.Duration

	// Unpack opens a body of another Content-Encoding than gzip, such as zstd. nil: there is none.
	Unpack func(encoding string, packed io.Reader) (io.ReadCloser, error)
	// Classify turns errors of parts that this package does not know into answers. It returns nil for
	// those it does not know either: they are internal.
	Classify func(err error) *wire.Error
	Clock    clock.Clock // default: the system's
	Metrics  *Metrics    // default: new ones
	Observer Observer
}

// Observer is told what happens. Functions may be nil.
type Observer struct {
	// Panicked is called for a panic in a handler: a bug of ours.
	Panicked func(requestID string, value any, stack []byte)
	// Failed is called for an error that is answered as internal or unavailable, whose text the
	// client does not get to see in full.
	Failed func(requestID string, err error)
}

// withDefaults returns the options with every field set but Token, Hosts and Unpack, of which nothing is
// the safe default.
func (o Options) withDefaults() Options {
	processors := runtime.GOMAXPROCS(0)
	set(&o.BodyBytes, 64<<20)
	set(&o.MemoryBytes, 512<<20)
	set(&o.BodyTimeout, time.Minute)
	set(&o.LingerTimeout, 5*time.Second)
	set(&o.WriteTimeout, time.Minute)
	set(&o.Readers, 4*processors)
	set(&o.Writers, 64)
	set(&o.Heavy, 4)
	set(&o.SlotWait, 100*time.Millisecond)
	set(&o.Limit, time.Hour)
	set(&o.JobWait, time.Minute)
	if o.Classify == nil {
		o.Classify = func(error) *wire.Error { return nil }
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics()
	}
	if o.Observer.Panicked == nil {
		o.Observer.Panicked = func(string, any, []byte) {}
	}
	if o.Observer.Failed == nil {
		o.Observer.Failed = func(string, error) {}
	}
	return o
}

// set gives a field its default.
func set[T ~int | ~int64](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
