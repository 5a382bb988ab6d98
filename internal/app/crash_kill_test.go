package app

import (
	"context"
	"math/rand/v2"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
)

// manifestKiller is a disk on which the process is killed when it is about to sync a manifest of the
// online store for the n-th time.
type manifestKiller struct {
	*disk.Fragile
	left atomic.Int64
}

func (k *manifestKiller) Create(name string) (disk.File, error) {
	file, err := k.Fragile.Create(name)
	if err != nil || !strings.HasPrefix(path.Base(name), "MANIFEST-") {
		return file, err
	}
	return &manifestFile{file, k}, nil
}

type manifestFile struct {
	disk.File
	killer *manifestKiller
}

func (f *manifestFile) Sync() error {
	if f.killer.left.Add(-1) == 0 {
		f.killer.Stop()
	}
	return f.File.Sync()
}

// TestPowerAfterKill kills the process before it syncs a manifest, opens again, and then lets the
// power go: what the second life read, and removed files because of, must have become durable,
// although the first life could not sync it. Found by TestCrashes with seed 20261155: a manifest that
// was read from the memory of the machine let older tables be removed, and was then lost.
func TestPowerAfterKill(t *testing.T) {
	t.Parallel()
	layouts, killed := crashLayouts(t), 0
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 10))
		w := &crashWorld{t: t, seed: seed, rng: rng, fs: disk.NewFragile(), wall: clock.NewFake(crashStart),
			seen: &crashSeen{counts: map[string]int{}}, layouts: layouts, layout: layouts[0],
			journal: &crashJournal{rng: rng, wall: crashStart, rows: map[int64]*crashRow{}}}
		if w.powerAfterKill(1 + int64(seed%10)) {
			killed++
		}
		if t.Failed() {
			return
		}
	}
	if t.Logf("%d processes killed before a manifest was synced", killed); killed < 20 {
		t.Error("too little was exercised")
	}
}

// powerAfterKill returns whether the process was killed while it changed the online store.
func (w *crashWorld) powerAfterKill(syncs int64) bool {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	live := func(work func()) {
		if w.open(ctx) && w.check(ctx) {
			work()
		}
		w.fs.Stop()
		if w.live != nil {
			_ = w.live.close(ctx) // on a disk that is gone everything fails
		}
	}
	background := func() { time.Sleep(3 * time.Millisecond) } // tables are joined and removed in it
	killer := &manifestKiller{Fragile: w.fs}
	killer.left.Store(syncs)
	w.cutter = killer
	killed := false
	live(func() {
		for !w.fs.Stopped() && killer.left.Load() > 0 {
			w.push(ctx, w.rng, true)
			w.ask(ctx, true) // waits until it is applied
			w.gone("flush state", w.live.state.Flush(ctx))
			background()
		}
		killed = w.fs.Stopped()
	})
	w.cutter = nil
	w.fs.Kill()
	live(background)
	w.fs.Crash(w.rng)
	live(background)
	return killed
}
