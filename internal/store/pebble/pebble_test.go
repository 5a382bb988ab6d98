package pebble_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/store"
	"github.com/fettle-ml/fettle/internal/store/pebble"
	"github.com/fettle-ml/fettle/internal/store/storetest"
)

// small makes flushes and compactions frequent.
func small() pebble.Options {
	return pebble.Options{CacheBytes: 1 << 20, MemtableBytes: 64 << 10}
}

func open(t testing.TB, fsys disk.FS, dir string, options pebble.Options) *pebble.Store {
	t.Helper()
	db, err := pebble.Open(t.Context(), fsys, dir, options)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestStoreInMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Online { return open(t, disk.NewMemory(), "db", small()) })
}

func TestStoreOnDisk(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Online { return open(t, disk.OS{}, t.TempDir(), small()) })
}

// TestGetDurable sees what is on disk and nothing else, and hears of it.
func TestGetDurable(t *testing.T) {
	t.Parallel()
	var flushed atomic.Int64
	options := small()
	options.Observer.Flushed = func() { flushed.Add(1) }
	db := open(t, disk.NewMemory(), "db", options)
	key := []byte("position")
	f := func(flush bool, words ...string) {
		t.Helper()
		c := &store.Changes{}
		c.Set(key, []byte(words[0]))
		if err := db.Apply(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if flush {
			if err := db.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		value, err := db.GetDurable(t.Context(), key)
		if string(value) != words[1] || (words[1] == "") != errors.Is(err, store.ErrNotFound) {
			t.Errorf("after %s: got %q, %v; want %q", words[0], value, err, words[1])
		}
	}
	f(false, "1", "")
	f(true, "2", "2")
	f(false, "3", "2")
	f(true, "4", "4")
	before := flushed.Load()
	if err := db.Flush(t.Context()); err != nil || flushed.Load() != before || before < 2 {
		t.Errorf("%d flushes and then %d, %v; want two, and none for nothing", before, flushed.Load(), err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestBatchOfTooManyBytes is refused before it costs anything.
func TestBatchOfTooManyBytes(t *testing.T) {
	t.Parallel()
	db := open(t, disk.NewMemory(), "db", small())
	c := &store.Changes{}
	for range 2<<20 + 1 { // each row counts, not only its bytes
		c.Set([]byte("a"), nil)
	}
	if err := db.Apply(t.Context(), c); err == nil {
		t.Error("a batch of more than 256 MiB passed")
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
