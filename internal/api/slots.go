package api

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/fettle-ml/fettle/internal/wire"
)

// slots bounds how many requests of one kind are worked on at once. A request waits for a slot for a
// short time, and only so many may wait: beyond that, refusing is what keeps those that are let in
// fast.
type slots struct {
	free    chan struct{}
	wait    time.Duration
	waiting atomic.Int64
	queue   int64
}

// newSlots returns n slots, all free.
func newSlots(n int, o Options) *slots {
	queue := o.SlotQueue
	if queue <= 0 {
		queue = 8 * n
	}
	return &slots{free: make(chan struct{}, n), wait: o.SlotWait, queue: int64(queue)}
}

// take waits for a slot; the function gives it back.
func (s *slots) take(ctx context.Context) (func(), error) {
	give := func() { <-s.free }
	select {
	case s.free <- struct{}{}:
		return give, nil
	default:
	}
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > s.queue {
		return nil, overloaded()
	}
	timer := time.NewTimer(s.wait)
	defer timer.Stop()
	select {
	case s.free <- struct{}{}:
		return give, nil
	case <-timer.C:
		return nil, overloaded()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// overloaded refuses a request before anything of it was done, so that it may always be sent again.
func overloaded() error {
	return &wire.Error{Code: wire.Overloaded, Message: "there are more requests than can be answered",
		Hint: "wait for as many seconds as Retry-After says, and send it again"}
}

// budget bounds the memory of all bodies.
type budget struct {
	left atomic.Int64
}

// take takes n bytes, or none if there are not as many.
func (b *budget) take(n int64) bool {
	if b.left.Add(-n) >= 0 {
		return true
	}
	b.left.Add(n)
	return false
}

// give gives back what was taken.
func (b *budget) give(n int64) { b.left.Add(n) }

// answer asks the node in a slot of a kind, and writes what it says.
func answer[Request, Answer any](a *API, w http.ResponseWriter, r *http.Request, kind *slots, request *Request,
	ask func(context.Context, *Request) (*Answer, error)) error {
	give, err := kind.take(r.Context())
	if err != nil {
		return err
	}
	defer give()
	said, err := ask(r.Context(), request)
	if err != nil {
		return err
	}
	a.write(w, http.StatusOK, said)
	return nil
}
