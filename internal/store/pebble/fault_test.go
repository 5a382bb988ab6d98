package pebble_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/store"
	"github.com/fettle-ml/fettle/internal/store/pebble"
	"github.com/fettle-ml/fettle/internal/store/storetest"
)

// TestEachCallFails lets one call to the disk fail at a time, in another place each time: an error
// names it, nothing that was flushed is lost, and the directory opens again.
func TestEachCallFails(t *testing.T) {
	t.Parallel()
	var total struct{ runs, opening, flushing, failed, silent int }
	for n := 1; n < 260; n += 1 + n/40 {
		fsys, h := disk.NewFragile(), newHistory()
		rng := rand.New(rand.NewPCG(uint64(n), 9))
		fsys.FailCall(n, syscall.EIO)
		total.runs++
		db, err := pebble.Open(t.Context(), fsys, "db", small())
		if err == nil {
			err = h.run(t.Context(), db, rng, 120)
			last := h.next(rng)
			refused := db.Apply(t.Context(), last)
			if refused == nil {
				h.batches = append(h.batches, last)
			}
			switch {
			case refused != nil && !errors.Is(refused, store.ErrFailed):
				t.Fatalf("call %d: %v, then %v", n, err, refused)
			case errors.Is(err, store.ErrFailed) && refused == nil:
				t.Fatalf("call %d: a batch was taken after %v", n, err)
			case errors.Is(err, store.ErrFailed):
				total.failed++
			case err != nil:
				total.flushing++
			default:
				total.silent++ // the call was of no importance, or was tried again
			}
			if closing := db.Close(); closing != nil {
				t.Fatalf("call %d: %v, then close: %v", n, err, closing)
			}
		} else {
			total.opening++
		}
		if err != nil && !errors.Is(err, syscall.EIO) {
			t.Fatalf("call %d: got %v, want EIO in it", n, err)
		}
		fsys.Crash(rng)
		again := open(t, fsys, "db", small())
		h.check(t, again, h.flushed)
		if err := again.Close(); err != nil {
			t.Fatalf("call %d: %v", n, err)
		}
	}
	t.Logf("%+v", total)
	if total.runs < 80 || total.opening < 10 || total.flushing < 5 || total.failed < 5 {
		t.Error("too little happened to say anything")
	}
}

// fill applies batches of random bytes until one is refused, and returns the model of the others.
func fill(t *testing.T, db *pebble.Store) (storetest.Model, error) {
	t.Helper()
	model, c := storetest.Model{}, &store.Changes{}
	rng := rand.New(rand.NewPCG(3, 3))
	value := make([]byte, 10_000)
	for i := range 1000 {
		for j := range value {
			value[j] = byte(rng.Uint32())
		}
		c.Reset()
		c.Set(fmt.Appendf(nil, "%04d", i), value)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err := db.Apply(ctx, c)
		cancel()
		if err != nil {
			return model, err
		}
		model.Apply(c)
	}
	return model, nil
}

// TestFullDisk fills the disk: changes are refused when their context ends, nothing of them is
// there, reads go on, and all goes well once there is space again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	fsys, options := disk.NewFragile(), small()
	var mu sync.Mutex
	background := 0
	options.Observer.Background = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		background++
		if !disk.IsFull(err) {
			t.Errorf("in the background: %v", err)
		}
	}
	db := open(t, fsys, "db", options)
	fsys.SetSpace(60_000)
	start := time.Now()
	model, err := fill(t, db)
	if !errors.Is(err, context.DeadlineExceeded) || !disk.IsFull(err) ||
		!strings.Contains(err.Error(), "no room") {
		t.Fatalf("the disk is full: got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := db.Flush(ctx); !disk.IsFull(err) || ctx.Err() != nil {
		t.Fatalf("the disk is full: flush gave %v", err)
	}
	storetest.Compare(t.Context(), t, db, model)
	fsys.SetSpace(-1)
	for err = db.Flush(ctx); err != nil && ctx.Err() == nil; err = db.Flush(ctx) {
		if !disk.IsFull(err) {
			t.Fatal(err)
		}
	}
	if err != nil {
		t.Fatalf("after %v there is space again: %v", time.Since(start), err)
	}
	more := &store.Changes{}
	more.Set([]byte("more"), []byte("1"))
	model.Apply(more)
	if err := db.Apply(ctx, more); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Flush(ctx), db.Close()); err != nil {
		t.Fatal(err)
	}
	fsys.Crash(rand.New(rand.NewPCG(1, 1)))
	db = open(t, fsys, "db", small())
	storetest.Compare(t.Context(), t, db, model)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	t.Logf("%d rows, %d background errors", len(model), background)
	if background < 2 || background > 200 {
		t.Errorf("%d background errors, want several and not one after the other", background)
	}
}

// TestOpenOnFullDisk opens a new and an old store without any space.
func TestOpenOnFullDisk(t *testing.T) {
	t.Parallel()
	fsys := disk.NewFragile()
	for range 2 {
		for _, space := range []int64{0, 40, 400} {
			fsys.SetSpace(space)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			db, err := pebble.Open(ctx, fsys, "db", small())
			cancel()
			if err == nil {
				err = db.Close()
			}
			if err != nil && !disk.IsFull(err) {
				t.Errorf("%d bytes left: got %v", space, err)
			}
			t.Logf("%d bytes left: %v", space, err)
		}
		fsys.SetSpace(-1)
		db := open(t, fsys, "db", small())
		c := &store.Changes{}
		c.Set([]byte("a"), []byte("1"))
		if err := errors.Join(db.Apply(t.Context(), c), db.Flush(t.Context()), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// stuck is a disk whose changes wait until it is released.
type stuck struct {
	disk.FS
	wait chan struct{}
}

func (s stuck) Create(name string) (disk.File, error) {
	<-s.wait
	return s.FS.Create(name)
}

// TestStuckDisk opens, fills and flushes on a disk that does not answer.
func TestStuckDisk(t *testing.T) {
	t.Parallel()
	never := stuck{disk.NewMemory(), make(chan struct{})}
	defer close(never.wait)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := pebble.Open(ctx, never, "db", small()); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("open: got %v", err)
	}
	fsys := stuck{disk.NewMemory(), make(chan struct{})}
	opening := make(chan struct{})
	go func() { // lets Open through and nothing after it
		for {
			select {
			case fsys.wait <- struct{}{}:
			case <-opening:
				return
			}
		}
	}()
	options := small()
	options.Patience = 50 * time.Millisecond
	db := open(t, fsys, "db", options)
	close(opening)
	model, err := fill(t, db)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("apply: got %v", err)
	}
	if err := db.Flush(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("flush: got %v", err)
	}
	storetest.Compare(t.Context(), t, db, model)
	close(fsys.wait)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestDamage turns bits over in every table and manifest: it is found, as damage, or what is
// read was true once.
func TestDamage(t *testing.T) {
	t.Parallel()
	fsys, h := disk.NewFragile(), newHistory()
	rng := rand.New(rand.NewPCG(4, 4))
	db := open(t, fsys, "db", small())
	if err := errors.Join(h.run(t.Context(), db, rng, 200), db.Flush(t.Context()), db.Close()); err != nil {
		t.Fatal(err)
	}
	fsys.Crash(rng)
	files := map[string][]byte{}
	entries, err := fsys.ReadDir("db")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		files["db/"+entry.Name()] = read(t, fsys, "db/"+entry.Name())
	}
	var found, older int
	for _, name := range slices.Sorted(maps.Keys(files)) {
		size := int64(len(files[name])) * 8
		for range 12 {
			if size == 0 || strings.HasPrefix(name, "db/OPTIONS") {
				break
			}
			bit := rng.Int64N(size)
			files[name][bit/8] ^= 1 << (bit % 8)
			switch rows, err := readAll(t, files); {
			case err == nil && !isPrefix(t, h, rows):
				t.Errorf("%s, bit %d: %d rows that never were together", name, bit, len(rows))
			case err == nil:
				older++ // or the same
			case errors.Is(err, store.ErrDamaged):
				found++
			default:
				t.Errorf("%s, bit %d: got %v, want ErrDamaged", name, bit, err)
			}
			files[name][bit/8] ^= 1 << (bit % 8)
		}
	}
	t.Logf("%d found, %d harmless or an older state", found, older)
	if found < 20 {
		t.Error("too little happened to say anything")
	}
}

func read(t *testing.T, fsys disk.FS, name string) []byte {
	t.Helper()
	file, err := fsys.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func readAll(t *testing.T, files map[string][]byte) ([]string, error) {
	t.Helper()
	fsys := disk.NewMemory()
	for name, data := range files {
		fsys.Add(name, data)
	}
	db, err := pebble.Open(t.Context(), fsys, "db", small())
	if err != nil {
		return nil, err
	}
	rows, err := storetest.Rows(t.Context(), db, "", "")
	return rows, errors.Join(err, db.Close())
}

// isPrefix reports whether the rows are those after as many batches as the counter among them says.
func isPrefix(t *testing.T, h *history, rows []string) bool {
	t.Helper()
	model := storetest.Model{}
	for i, batch := range h.batches {
		if len(rows) == 0 {
			break
		}
		model.Apply(batch)
		counter := fmt.Sprintf("%q=%q", counterKey, binary.BigEndian.AppendUint64(nil, uint64(i+1)))
		if slices.Contains(rows, counter) {
			break
		}
	}
	return slices.Equal(rows, model.Rows("", ""))
}
