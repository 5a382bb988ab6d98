package ingest

import (
	"time"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/state"
)

// Options are the parts that an ingester joins, and its bounds. Log, State, Timeline and Plans must
// be set.
type Options struct {
	Log      *log.Log
	State    State
	Timeline *clock.Timeline
	// Plans returns the sources in force. It is called for each request and each batch.
	Plans func() *state.Layout
	// Clock measures how long things take.
	Clock    clock.Clock
	Observer Observer

	// MaxRows is how many rows one request may have.
	MaxRows int
	// RecordBytes is how long a record's payload may become before a request is split into several.
	RecordBytes int
	// MaxUnapplied is how many bytes of payloads may wait to be applied; requests wait beyond it.
	// BatchBytes is how many are applied in one step.
	MaxUnapplied, BatchBytes int
	// Timeout bounds each wait of a request that has no earlier deadline.
	Timeout time.Duration
	// Keys is how many requests with an Idempotency-Key are remembered, for KeyAge microseconds, and
	// Quarantines how many requests with quarantined rows. After a start, both are found in the last
	// RecallBytes of the log.
	Keys, Quarantines int
	KeyAge            int64
	RecallBytes       int64
}

func (o Options) withDefaults() Options {
	set(&o.MaxRows, 1<<23)
	set(&o.RecordBytes, log.MaxPayload)
	o.RecordBytes = min(o.RecordBytes, log.MaxPayload)
	set(&o.MaxUnapplied, 64<<20)
	set(&o.BatchBytes, 16<<20)
	set(&o.Timeout, 30*time.Second)
	set(&o.Keys, 100_000)
	set(&o.Quarantines, 10_000)
	set(&o.KeyAge, 24*3600*1_000_000)
	set(&o.RecallBytes, 1<<30)
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Observer.Pushed == nil {
		o.Observer.Pushed = func(Pushed) {}
	}
	if o.Observer.Applied == nil {
		o.Observer.Applied = func(Applied) {}
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

// Observer is told what happens, by the goroutines to which it happens: it must be fast and safe for
// concurrent use. Functions may be nil.
type Observer struct {
	// Pushed is called for each request that is durable, before it is answered.
	Pushed func(Pushed)
	// Applied is called for each batch that reads can see.
	Applied func(Applied)
	// Failed is called when no more events are taken, and for each mark that a full disk refused.
	Failed func(error)
}

// Pushed is one request.
type Pushed struct {
	Source                            string
	Accepted, Duplicates, Quarantined int64
	// Codes counts the quarantined rows by what was first wrong with them.
	Codes map[string]int64
	// Late counts accepted rows by how long after the event they were received: Late[i] those
	// within LateBound(i) and over the bounds before it, the last one those over all bounds.
	Late [lateBounds + 1]int64
	// BodyBytes and LogBytes are the lengths of the body and of what the log has of it.
	BodyBytes, LogBytes int64
	// Micros is how long it took.
	Micros int64
}

// Applied is one batch.
type Applied struct {
	Requests, Rows int
	// Delay is how long before its end the oldest request of the batch was received, in
	// microseconds: from the event's arrival to the first read that can see it.
	Delay int64
	// Micros is how long applying and marking took.
	Micros int64
}

const lateBounds = 8

// LateBound returns the upper bounds of the histogram of late events, in microseconds, for i below 8.
func LateBound(i int) int64 {
	const second = 1_000_000
	return [lateBounds]int64{second, 10 * second, 60 * second, 600 * second, 3600 * second,
		6 * 3600 * second, 24 * 3600 * second, 7 * 24 * 3600 * second}[i]
}

func lateBucket(late int64) int {
	for i := range lateBounds {
		if late <= LateBound(i) {
			return i
		}
	}
	return lateBounds
}
