package log

import (
	"context"
	"fmt"
)

// Pending is an append on its way to the disk. It may be used from many goroutines.
type Pending struct {
	log     *Log
	request *request
}

// Enqueue is the first half of Append, for those who need their appends in an order of their own:
// what is enqueued by one call stands before what a later call enqueues. It waits only while
// Options.BatchAppends others wait. The records may be reused as soon as it returns; after an error
// nothing of them is in the log.
func (l *Log) Enqueue(ctx context.Context, records []Record) (*Pending, error) {
	ctx, cancel := context.WithTimeout(ctx, l.options.Timeout)
	defer cancel()
	r, err := l.send(ctx, records)
	if err != nil {
		return nil, err
	}
	return &Pending{log: l, request: r}, nil
}

// Wait is the second half: it returns what Append returns, to everyone who asks. If the context ends
// first the error is ErrUncertain: the append goes on, and Wait may be called again.
func (p *Pending) Wait(ctx context.Context) (Position, error) {
	select {
	case <-p.request.done:
		return p.request.last, p.request.err
	case <-ctx.Done():
		return Position{}, fmt.Errorf("append to the log: %w: %w", ErrUncertain, ctx.Err())
	case <-p.log.stopped:
	}
	select {
	case <-p.request.done:
		return p.request.last, p.request.err
	default:
		return Position{}, ErrClosed // it came just after the writer had looked for the last time
	}
}

// Done is closed when the append is decided. A log that was closed may leave it open for ever.
func (p *Pending) Done() <-chan struct{} { return p.request.done }

// Settled returns what Wait would return, and whether it would return at once.
func (p *Pending) Settled() (position Position, settled bool, err error) {
	select {
	case <-p.request.done:
		return p.request.last, true, p.request.err
	default:
		return Position{}, false, nil
	}
}
