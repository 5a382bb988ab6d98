package log

import (
	"context"
	"fmt"
	"sync/atomic"
)

// request is one call of Append. Whoever moves its state first, the writer or the one who gave up
// waiting, decides whether it is written.
type request struct {
	data    []byte // encoded, but for places and checksums
	records int
	state   atomic.Int32
	done    chan struct{} // closed when last and err are set
	last    Position
	err     error
}

const (
	waiting int32 = iota
	taken
	withdrawn
)

func (r *request) finish(last Position, err error) {
	r.last, r.err = last, err
	close(r.done)
}

// Append adds records behind all others and returns the position of the last of them once they are
// durable: the sequences of the records before it are the ones just below. They are kept or lost
// together. The records may be reused as soon as it returns.
//
// After ErrUncertain or ErrFailed they may be in the log; after any other error nothing of them is.
func (l *Log) Append(ctx context.Context, records []Record) (Position, error) {
	ctx, cancel := context.WithTimeout(ctx, l.options.Timeout)
	defer cancel()
	r, err := l.send(ctx, records)
	if err != nil {
		return Position{}, err
	}
	return l.await(ctx, r)
}

// send hands records to the writer, which takes them in the order in which calls return.
func (l *Log) send(ctx context.Context, records []Record) (*request, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("append to the log: %w", err)
	}
	r, err := l.encode(records)
	if err != nil {
		return nil, fmt.Errorf("append to the log: %w", err)
	}
	select {
	case <-l.closing:
		return nil, ErrClosed
	default:
	}
	select {
	case l.requests <- r:
		return r, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("append to the log: waiting for its turn: %w", ctx.Err())
	case <-l.closing:
		return nil, ErrClosed
	}
}

func (l *Log) await(ctx context.Context, r *request) (Position, error) {
	select {
	case <-r.done:
		return r.last, r.err
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return Position{}, fmt.Errorf("append to the log: waiting for its turn: %w", ctx.Err())
		}
	case <-l.stopped:
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return Position{}, ErrClosed // it came just after the writer had looked for the last time
		}
	}
	select {
	case <-r.done:
		return r.last, r.err
	default:
		return Position{}, fmt.Errorf("append to the log: %w: %w", ErrUncertain, ctx.Err())
	}
}

// encode checks the records and copies them, in the goroutine of the one who appends.
func (l *Log) encode(records []Record) (*request, error) {
	if len(records) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrInvalid)
	}
	size := 0
	for n := range records {
		if err := records[n].check(); err != nil {
			return nil, fmt.Errorf("record %d of %d: %w", n+1, len(records), err)
		}
		size += frameSize + len(records[n].Payload)
	}
	if size > l.options.AppendBytes {
		return nil, fmt.Errorf("%d bytes in one append, at most %d; split it: %w",
			size, l.options.AppendBytes, ErrTooLarge)
	}
	r := &request{records: len(records), data: make([]byte, 0, size), done: make(chan struct{})}
	for n := range records {
		r.data = appendFrame(r.data, &records[n], n == len(records)-1)
	}
	return r, nil
}
