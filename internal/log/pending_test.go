package log_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/log"
)

// Appends stand in the order in which they were enqueued, whoever waits for them and when.
func TestEnqueueKeepsTheOrder(t *testing.T) {
	t.Parallel()
	commits := 0
	l, _ := open(t, disk.NewMemory(), log.Options{
		Observer: log.Observer{Committed: func(log.Commit) { commits++ }}})
	ctx := context.Background()
	var waiting sync.WaitGroup
	for n := range 500 {
		pending, err := l.Enqueue(ctx, records(fmt.Sprint(n)))
		if err != nil {
			t.Fatal(err)
		}
		waiting.Go(func() {
			position, err := pending.Wait(ctx)
			if err != nil || position.Sequence != uint64(n)+1 {
				t.Errorf("append %d: %v, %v", n, position, err)
			}
			<-pending.Done()
			if again, settled, err := pending.Settled(); again != position || !settled || err != nil {
				t.Errorf("append %d: settled as %v, %v, %v", n, again, settled, err)
			}
		})
	}
	waiting.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if commits >= 500 {
		t.Errorf("%d syncs for 500 appends", commits)
	}
}

// A wait that ends early leaves the append to go on.
func TestPendingGoesOn(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	fsys := &stuck{disk.NewMemory(), release}
	l, _ := open(t, fsys, log.Options{})
	pending, err := l.Enqueue(context.Background(), records("x"))
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := pending.Wait(short); !errors.Is(err, log.ErrUncertain) {
		t.Errorf("waited too short: %v", err)
	}
	if _, settled, _ := pending.Settled(); settled {
		t.Error("settled before the disk answered")
	}
	close(release)
	if p, err := pending.Wait(context.Background()); err != nil || p.Sequence != 1 {
		t.Errorf("%v, %v", p, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Enqueue(context.Background(), records("y")); !errors.Is(err, log.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
