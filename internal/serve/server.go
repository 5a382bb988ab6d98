package serve

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/state"
)

// Current is the definitions that are served.
type Current struct {
	Plan *plan.Plan
	// Since is when a view was first applied; nil: all views always were.
	Since func(view *plan.View) int64
}

// Timeline gives requests their times. It is what serving knows of a clock.
type Timeline interface {
	// Read returns the T of a request: it sees exactly what was published at or before T.
	Read() (int64, error)
}

// Samples keeps samples of answers; *state.State does. Both methods may be called from many
// goroutines.
type Samples interface {
	// PutSample keeps a sample under the time it was answered and its request id.
	PutSample(ctx context.Context, sample state.Sample) error
	// Samples visits the samples with from <= At < to, in that order. The body is valid during the
	// call only.
	Samples(ctx context.Context, from, to int64, visit func(state.Sample) error) error
}

// Observer is told what happens. Functions that are not set are not called; those that are must be
// quick, and safe to be called from many goroutines.
type Observer struct {
	Answered      func(model string, rows, features int)
	SampleStored  func()
	SampleDropped func()          // the queue was full, or the server is closed
	SampleFailed  func(err error) // storing failed
}

// Options says what a server answers from.
type Options struct {
	// Current returns what is served; nil, or a nil result: nothing is yet.
	Current func() *Current
	// State returns the events that were visible at t, by entity.
	State func(t int64) engine.Events
	// History returns all events ever accepted, with the times they became visible. Only Verify
	// reads it.
	History  engine.Events
	Timeline Timeline
	// Position, if set, returns the position up to which events are visible; it is told with answers.
	Position func() log.Position
	// Wait, if set, returns when a position is visible. Without it min_position is refused.
	Wait func(ctx context.Context, position log.Position) error

	Samples Samples // nil: no answer is sampled
	// SampleRate is the share of entities whose answers are sampled, for models that say nothing of
	// their own and for lists of features. Default 0.01; 1 samples everything, below 0 nothing.
	SampleRate float64
	// SampleBytes bounds the samples that wait to be stored. Default 16 MiB.
	SampleBytes int

	// Timeout is for requests that give none and ask for no view or model that does. Default 1 s.
	Timeout time.Duration
	// MaxRows is how many rows one request may ask for. Default 100,000.
	MaxRows int
	// Queries is how many resolved queries are kept. Default 1,000.
	Queries int
	// Random is where request ids come from; it must be safe for concurrent use. Default: the
	// machine's source of randomness.
	Random   io.Reader
	Observer Observer
}

func (o Options) withDefaults() Options {
	if o.Current == nil {
		o.Current = func() *Current { return nil }
	}
	if o.SampleRate == 0 {
		o.SampleRate = 0.01
	}
	if o.SampleBytes <= 0 {
		o.SampleBytes = 16 << 20
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Second
	}
	if o.MaxRows <= 0 {
		o.MaxRows = 100_000
	}
	if o.Queries <= 0 {
		o.Queries = 1000
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return o
}

// Server answers requests. All methods may be called from many goroutines.
type Server struct {
	options Options
	queue   *sampleQueue

	mutex   sync.Mutex
	plan    *plan.Plan        // what queries were resolved against
	queries map[string]*Query // by what was asked
}

// New returns a server. It has a goroutine only while samples are being stored, and Close waits for
// them; there is nothing else to release.
func New(options Options) *Server {
	o := options.withDefaults()
	return &Server{options: o, queue: newSampleQueue(o), queries: map[string]*Query{}}
}

// Drain waits until the samples taken so far are stored.
func (s *Server) Drain(ctx context.Context) error { return s.queue.drain(ctx) }

// Close waits until the samples taken so far are stored. Requests are still answered after it, but
// no longer sampled. It may be called again.
func (s *Server) Close(ctx context.Context) error {
	s.queue.close()
	return s.queue.drain(ctx)
}

// current returns what is served.
func (s *Server) current() (*Current, error) {
	c := s.options.Current()
	switch {
	case c == nil || c.Plan == nil:
		return nil, ErrNotReady
	case s.options.State == nil || s.options.Timeline == nil:
		return nil, errors.New("BUG: a server without state or timeline is asked")
	}
	return c, nil
}
