package storetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fettle-ml/fettle/internal/store"
)

func testClose(t *testing.T, db store.Online) {
	apply(t, db, changes("a=1"))
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, get := db.Get(t.Context(), []byte("a"))
	visit := func(_, _ []byte) error { return nil }
	for name, err := range map[string]error{
		"get":   get,
		"scan":  db.Scan(t.Context(), nil, nil, visit),
		"apply": db.Apply(t.Context(), changes("a=2")),
		"flush": db.Flush(t.Context()),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s after close: got %v, want ErrClosed", name, err)
		}
	}
}

// testCloseMeanwhile closes under calls of every kind: each ends well or with ErrClosed.
func testCloseMeanwhile(t *testing.T, db store.Online) {
	var calls sync.WaitGroup
	var begun, refused atomic.Int64
	work := []func(i int) error{
		func(i int) error { return db.Apply(t.Context(), changes(fmt.Sprintf("%d=1", i%500))) },
		func(int) error { return db.Scan(t.Context(), nil, nil, func(_, _ []byte) error { return nil }) },
		func(int) error { return db.Flush(t.Context()) },
		func(i int) error {
			_, err := db.Get(t.Context(), fmt.Append(nil, i%500))
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			return err
		},
	}
	ready := make(chan struct{}, len(work))
	for _, call := range work {
		calls.Go(func() {
			for i := 0; ; i++ {
				if i == 5 {
					ready <- struct{}{}
				}
				err := call(i)
				begun.Add(1)
				switch {
				case errors.Is(err, store.ErrClosed):
					refused.Add(1)
					return
				case err != nil:
					t.Errorf("got %v, want ErrClosed or no error", err)
					return
				}
			}
		})
	}
	for range work {
		<-ready
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	calls.Wait()
	t.Logf("%d calls, then %d refused", begun.Load(), refused.Load())
	if refused.Load() != int64(len(work)) {
		t.Errorf("%d of %d ended with ErrClosed", refused.Load(), len(work))
	}
}

// width is how many keys the writer of testConcurrent gives the same value, in one batch.
const width = 200

// testConcurrent scans and reads while batches are applied: whoever sees a part of a batch sees
// all.
func testConcurrent(t *testing.T, db store.Online) {
	const batches = 150
	write(t, db, 0)
	var done atomic.Bool
	var scans, distinct atomic.Int64
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			last := uint64(0)
			for !done.Load() || scans.Load() == 0 {
				value, err := uniform(t.Context(), db)
				if err != nil || value < last {
					t.Errorf("after %d a scan saw %d: %v", last, value, err)
					return
				}
				scans.Add(1)
				if value != last {
					distinct.Add(1)
				}
				last = value
			}
		})
	}
	for i := uint64(1); i <= batches; i++ {
		write(t, db, i)
		if value, err := db.Get(t.Context(), []byte("k00000")); err != nil ||
			binary.BigEndian.Uint64(value) != i {
			t.Errorf("batch %d is not visible at once: %v, %v", i, value, err)
		}
		if i%50 == 0 {
			if err := db.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	done.Store(true)
	readers.Wait()
	t.Logf("%d batches, %d scans, %d states", batches, scans.Load(), distinct.Load())
	if scans.Load() < 3 {
		t.Error("too few scans to say anything")
	}
}

// write replaces all rows; the counter is in the value and in the number of rows.
func write(t *testing.T, db store.Online, counter uint64) {
	t.Helper()
	c := &store.Changes{}
	c.DeleteRange([]byte("k"), []byte("l"))
	for i := range width + int(counter%7) {
		c.Set(fmt.Appendf(nil, "k%05d", i), binary.BigEndian.AppendUint64(nil, counter))
	}
	apply(t, db, c)
}

// uniform is the counter that all rows carry, or an error if they disagree.
func uniform(ctx context.Context, db store.Online) (counter uint64, err error) {
	rows := 0
	err = db.Scan(ctx, []byte("k"), []byte("l"), func(_, value []byte) error {
		next := binary.BigEndian.Uint64(value)
		if rows > 0 && next != counter {
			return fmt.Errorf("row %d is of batch %d, those before it of %d", rows, next, counter)
		}
		rows, counter = rows+1, next
		return nil
	})
	if want := width + int(counter%7); err == nil && rows != want {
		err = fmt.Errorf("batch %d has %d rows, want %d", counter, rows, want)
	}
	return counter, err
}

// testWriters applies from several goroutines: no batch is lost, and each is whole.
func testWriters(t *testing.T, db store.Online) {
	const writers, batches = 4, 60
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range batches {
				c := changes(fmt.Sprintf("last=%d", w), fmt.Sprintf("twin=%d", w))
				c.Set(fmt.Appendf(nil, "w%d-%d", w, i), nil)
				if err := db.Apply(t.Context(), c); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	rows, err := Rows(t.Context(), db, "w", "x")
	if err != nil || len(rows) != writers*batches {
		t.Errorf("%d rows, %v; want %d", len(rows), err, writers*batches)
	}
	last, _ := db.Get(t.Context(), []byte("last"))
	twin, err := db.Get(t.Context(), []byte("twin"))
	if err != nil || string(last) != string(twin) {
		t.Errorf("the last batch is not whole: %q and %q, %v", last, twin, err)
	}
}
