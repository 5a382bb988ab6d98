package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/fettle-ml/fettle/internal/log"
)

// Ingester takes events in and applies them. All methods may be called from many goroutines.
type Ingester struct {
	options Options
	report  Recovery

	wake     chan struct{} // has one element if there may be something to apply
	closing  chan struct{} // closed by Close
	abort    chan struct{} // closed when Close waits no longer
	stopped  chan struct{} // closed when the applier has ended
	closed   sync.Once
	retrying sync.Mutex // held by Retry

	mu          sync.Mutex
	flights     *flights
	keys        *keys
	quarantines *quarantines
	queue       []*decision // in the order of the log, not applied yet
	unapplied   int         // bytes of queue, and of what is being applied
	applied     chan struct{}
	published   log.Position // reads see everything up to here
	moved       chan struct{}
	failure     error
	paused      chan struct{} // closed when the applier may go on; nil: it may
}

// Open joins the parts, brings state up to the log, and starts the applier. Report says what was
// found on the way.
func Open(ctx context.Context, options Options) (*Ingester, error) {
	options = options.withDefaults()
	g := &Ingester{
		options: options,
		wake:    make(chan struct{}, 1), closing: make(chan struct{}), abort: make(chan struct{}),
		stopped: make(chan struct{}), applied: make(chan struct{}), moved: make(chan struct{}),
		flights: newFlights(), keys: newKeys(options.Keys, options.KeyAge),
		quarantines: newQuarantines(options.Quarantines),
	}
	if err := g.recover(ctx); err != nil {
		return nil, fmt.Errorf("bring state up to the log: %w", err)
	}
	go g.run()
	return g, nil
}

// Report says what Open found and did.
func (g *Ingester) Report() Recovery { return g.report }

// Close refuses requests from now on, applies what is durable, and stops the applier. If the context
// ends first, what is not applied is left to the next Open. The log and state stay open.
func (g *Ingester) Close(ctx context.Context) error {
	g.closed.Do(func() {
		g.mu.Lock()
		close(g.closing)
		g.mu.Unlock()
	})
	select {
	case <-g.stopped:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.abort:
	default:
		close(g.abort)
	}
	return fmt.Errorf("apply what is in the log: %w", ctx.Err())
}

// Err returns why no events are taken any more, or nil.
func (g *Ingester) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refusal()
}

// refusal is Err for those who hold the mutex.
func (g *Ingester) refusal() error {
	select {
	case <-g.closing:
		return ErrClosed
	default:
		return g.failure
	}
}

// fail refuses requests from now on.
func (g *Ingester) fail(err error) {
	err = fmt.Errorf("%w: %w", ErrStopped, err)
	g.mu.Lock()
	g.failure = err
	g.mu.Unlock()
	g.options.Observer.Failed(err)
}

// Wait waits until reads see everything up to a position that Push returned.
func (g *Ingester) Wait(ctx context.Context, position log.Position) error {
	if position.Compare(g.options.Log.Last()) > 0 {
		return fmt.Errorf("position %s: %w", position, ErrPosition)
	}
	for {
		g.mu.Lock()
		done, moved := position.Sequence <= g.published.Sequence, g.moved
		g.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("wait until position %s is visible: %w", position, ctx.Err())
		case <-g.stopped:
			if g.Visible().Sequence >= position.Sequence {
				return nil
			}
			return errors.Join(fmt.Errorf("wait until position %s is visible", position), g.Err())
		}
	}
}

// Visible returns the position up to which reads see everything.
func (g *Ingester) Visible() log.Position {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.published
}

// Unapplied returns how many requests, and bytes of them, are durable or about to be, and not
// applied.
func (g *Ingester) Unapplied() (requests, bytes int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queue), g.unapplied
}
