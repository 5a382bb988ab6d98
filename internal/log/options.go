package log

import (
	"crypto/rand"
	"io"
	"time"

	"github.com/fettle-ml/fettle/internal/clock"
)

// Options are what a log can be told. The zero value is ready.
type Options struct {
	// SegmentBytes is when a new segment is begun. A segment may exceed it by one batch.
	SegmentBytes int64
	// BatchBytes and BatchAppends are when no more waiting appends join a batch.
	BatchBytes   int
	BatchAppends int
	// AppendBytes is how large one append may be, with frameSize bytes for each record.
	AppendBytes int
	// Timeout bounds the wait of Append and of Close.
	Timeout time.Duration
	// Known is a sequence that is known to have been acknowledged, from the views that were made
	// of the log. If the log ends before it, that is damage, and no sequence is given twice.
	Known uint64
	// VerifyFrom spares Open the reading of segments that hold only records before a sequence:
	// damage there is found by who reads them.
	VerifyFrom uint64
	// Clock stamps records that have no time.
	Clock clock.Clock
	// Random gives the salt of each segment. Whoever can predict it can make payloads that pass for
	// records where the disk damaged the real ones.
	Random   io.Reader
	Observer Observer
}

// Observer is told what happens. It is called by the goroutine that writes, which waits for it.
// Functions may be nil.
type Observer struct {
	// Committed is called after a batch became durable.
	Committed func(Commit)
	// Failed is called when the log begins to refuse appends, and for each batch that a full disk
	// refused.
	Failed func(error)
}

// Commit is one batch.
type Commit struct {
	Appends, Records int
	Bytes            int64
	// Micros is how long writing and syncing took.
	Micros int64
}

func (o Options) withDefaults() Options {
	set(&o.SegmentBytes, 64<<20)
	set(&o.BatchBytes, 4<<20)
	set(&o.BatchAppends, 1024)
	set(&o.AppendBytes, 256<<20)
	set(&o.Timeout, 30*time.Second)
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Observer.Committed == nil {
		o.Observer.Committed = func(Commit) {}
	}
	if o.Observer.Failed == nil {
		o.Observer.Failed = func(error) {}
	}
	return o
}

func set[T ~int | ~int64](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
