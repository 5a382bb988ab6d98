package pebble_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/store"
	"github.com/fettle-ml/fettle/internal/store/pebble"
	"github.com/fettle-ml/fettle/internal/store/storetest"
)

// history is what was applied to a store: each batch also sets a counter, as the position of the
// log would be.
type history struct {
	base    storetest.Model // the rows as of from
	from    uint64
	batches []*store.Changes // those after from
	flushed uint64           // the counter that a Flush without error has covered
}

func newHistory() *history { return &history{base: storetest.Model{}} }

var counterKey = []byte("counter")

// next makes the next batch. Now and then one is large, so that memtables fill without a Flush.
func (h *history) next(rng *rand.Rand) *store.Changes {
	c := &store.Changes{}
	storetest.Fill(rng, c)
	if rng.IntN(3) == 0 {
		value := make([]byte, rng.IntN(20_000))
		for i := range value {
			value[i] = byte(rng.Uint32())
		}
		c.Set(fmt.Appendf(nil, "large%d", rng.IntN(20)), value)
	}
	c.Set(counterKey, binary.BigEndian.AppendUint64(nil, h.applied()+1))
	return c
}

func (h *history) applied() uint64 { return h.from + uint64(len(h.batches)) }

// check compares a store that was opened again with the batches its counter tells of, and goes on
// from there. It returns how many were lost.
func (h *history) check(t *testing.T, db *pebble.Store, atLeast uint64) (lost uint64) {
	t.Helper()
	var counter uint64
	value, err := db.Get(t.Context(), counterKey)
	switch {
	case err == nil:
		counter = binary.BigEndian.Uint64(value)
	case !errors.Is(err, store.ErrNotFound):
		t.Fatal(err)
	}
	if counter < atLeast || counter > h.applied() {
		t.Fatalf("%d batches are left; %d were applied and %d flushed", counter, h.applied(), atLeast)
	}
	model := maps.Clone(h.base)
	for _, batch := range h.batches[:counter-h.from] {
		model.Apply(batch)
	}
	storetest.Compare(t.Context(), t, db, model)
	lost = h.applied() - counter
	h.base, h.from, h.batches, h.flushed = model, counter, nil, counter
	return lost
}

// run applies batches and flushes now and then, until a call fails or the count is reached.
func (h *history) run(
	ctx context.Context, db *pebble.Store, rng *rand.Rand, count int,
) error {
	for range count {
		c := h.next(rng)
		if err := db.Apply(ctx, c); err != nil {
			return err
		}
		h.batches = append(h.batches, c)
		if rng.IntN(12) == 0 {
			covered := h.applied()
			if err := db.Flush(ctx); err != nil {
				return err
			}
			h.flushed = covered
		}
	}
	return nil
}

// TestCrash lets the power go at any call, while batches are applied, while a store is opened or
// after it was closed, and drops what was not synced.
func TestCrash(t *testing.T) {
	t.Parallel()
	const seeds, cycles = 13, 24
	var total struct{ cycles, stopped, opening, batches, flushed, lost, partial int }
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 5))
		fsys, h := disk.NewFragile(), newHistory()
		for cycle := range cycles {
			where := fmt.Sprintf("seed %d, cycle %d", seed, cycle)
			total.cycles++
			if rng.IntN(5) > 0 {
				fsys.StopAfter(1 + rng.IntN(90))
			}
			ctx, cancel := context.WithCancel(t.Context())
			options := small()
			options.Observer.Background = func(error) { cancel() } // nothing to wait for any more
			db, err := pebble.Open(t.Context(), fsys, "db", options)
			if err != nil {
				cancel()
				if !errors.Is(err, disk.ErrStopped) {
					t.Fatalf("%s: %v", where, err)
				}
				total.opening++
				fsys.Crash(rng)
				continue
			}
			before := h.applied()
			err = h.run(ctx, db, rng, rng.IntN(60))
			cancel()
			if err != nil && !fsys.Stopped() {
				t.Fatalf("%s: %v", where, err)
			}
			if fsys.Stopped() {
				total.stopped++
			} else if rng.IntN(2) == 0 {
				fsys.Stop()
			}
			total.batches += int(h.applied() - before)
			total.flushed += int(h.flushed - min(before, h.flushed))
			if err := db.Close(); err != nil && !fsys.Stopped() {
				t.Fatalf("%s: close: %v", where, err)
			}
			fsys.Crash(rng)
			db = open(t, fsys, "db", small())
			flushed := h.flushed
			lost := h.check(t, db, flushed)
			total.lost += int(lost)
			if lost > 0 && h.from > flushed {
				total.partial++
			}
			if err := db.Close(); err != nil {
				t.Fatalf("%s: close: %v", where, err)
			}
			fsys.Crash(rng)
		}
	}
	t.Logf("%d seeds, %+v", seeds, total)
	if total.cycles < 300 || total.stopped < 60 || total.opening < 8 || total.lost < 500 ||
		total.flushed < 500 || total.partial < 5 {
		t.Error("too little happened to say anything")
	}
}
