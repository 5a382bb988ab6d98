package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/store"
)

// Run tests a backend. Open gives an empty store of its own at each call; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) store.Online) {
	t.Helper()
	tests := []struct {
		name string
		test func(t *testing.T, db store.Online)
	}{
		{"batches", testBatches},
		{"bounds", testBounds},
		{"bytes", testBytes},
		{"get", testGet},
		{"visitor", testVisitor},
		{"reuse", testReuse},
		{"snapshot", testSnapshot},
		{"context", testContext},
		{"close", testClose},
		{"close meanwhile", testCloseMeanwhile},
		{"large", testLarge},
		{"random", testRandom},
		{"concurrent", testConcurrent},
		{"writers", testWriters},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			defer func() {
				if err := db.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}()
			test.test(t, db)
		})
	}
}

func apply(t *testing.T, db store.Online, c *store.Changes) {
	t.Helper()
	if err := db.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func testBatches(t *testing.T, db store.Online) {
	f := func(want string, words ...string) {
		t.Helper()
		apply(t, db, changes(words...))
		if err := db.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows, err := Rows(t.Context(), db, "", "")
		got := strings.ReplaceAll(strings.Join(rows, " "), `"`, "")
		if err != nil || got != want {
			t.Fatalf("after %v: got %q, %v; want %q", words, got, err, want)
		}
	}
	f("")
	f("b=1", "b=1")
	f("a=3 b=2", "b=2", "a=3")
	f("a=4 b=2", "a=0", "-a", "a=4") // the last change of a key wins
	f("a=4", "-b", "b=5", "-b")
	f("a=4", "-nothing")
	f("a=4 c=2 d=3", "b=1", "c=1", "-b..d", "c=2", "d=3") // a range deletes what is before it
	f("a=4 d=3", "-b..d")
	f("a=4 d=3", "-d..a") // an empty range
	f("a=4 d=3", "-d..d")
	f("d=3 e=", "e=", "-..b")
	f("", "-a..z")
	f("a=1", "a=1")
}

func testBounds(t *testing.T, db store.Online) {
	apply(t, db, changes("b=1", "bb=2", "c=3", "d=4"))
	f := func(from, to, want string) {
		t.Helper()
		rows, err := Rows(t.Context(), db, from, to)
		if got := strings.ReplaceAll(strings.Join(rows, " "), `"`, ""); err != nil || got != want {
			t.Errorf("scan from %q to %q: got %q, %v; want %q", from, to, got, err, want)
		}
	}
	for range 2 {
		f("", "", "b=1 bb=2 c=3 d=4")
		f("b", "c", "b=1 bb=2")
		f("ba", "d", "bb=2 c=3")
		f("b\x00", "bc", "bb=2")
		f("c", "", "c=3 d=4")
		f("", "b", "")
		f("e", "", "")
		f("c", "c", "")
		f("d", "b", "")
		if err := db.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// testBytes uses keys of all bytes, whose order is that of bytes.Compare and not that of any text.
func testBytes(t *testing.T, db store.Online) {
	c, want := &store.Changes{}, Model{}
	for i := range 256 {
		c.Set([]byte{byte(255 - i)}, []byte{0})
		c.Set([]byte{byte(i), 0}, []byte{byte(i)})
		c.Set([]byte{0x7f, byte(i), 0xff}, bytes.Repeat([]byte{byte(i)}, i))
	}
	apply(t, db, c)
	want.Apply(c)
	Compare(t.Context(), t, db, want)
	c.Reset()
	c.DeleteRange([]byte{0x7f, 0x80}, []byte{0xff, 0})
	apply(t, db, c)
	want.Apply(c)
	Compare(t.Context(), t, db, want)
}

func testGet(t *testing.T, db store.Online) {
	apply(t, db, changes("a=1", "b=", "c=3"))
	for range 2 {
		for key, want := range map[string]string{"a": "1", "b": "", "c": "3"} {
			value, err := db.Get(t.Context(), []byte(key))
			if err != nil || value == nil || string(value) != want {
				t.Errorf("%s: got %q, %v; want %q", key, value, err, want)
			}
			for i := range value {
				value[i] = 'X' // it is the caller's
			}
		}
		for _, key := range []string{"", "aa", "d"} {
			if value, err := db.Get(t.Context(), []byte(key)); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%q: got %q, %v; want ErrNotFound", key, value, err)
			}
		}
		if err := db.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	apply(t, db, changes("-a", "-c..d"))
	for _, key := range []string{"a", "c"} {
		if _, err := db.Get(t.Context(), []byte(key)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s was deleted: got %v, want ErrNotFound", key, err)
		}
	}
}

func testVisitor(t *testing.T, db store.Online) {
	apply(t, db, changes("a=1", "b=2", "c=3"))
	own := errors.New("a reason of its own")
	f := func(stop error, want error) {
		t.Helper()
		visits := 0
		err := db.Scan(t.Context(), nil, nil, func(_, _ []byte) error {
			if visits++; visits == 2 {
				return stop
			}
			return nil
		})
		if !errors.Is(err, want) || (want == nil) != (err == nil) || visits != 2 {
			t.Errorf("the visitor returned %v: got %v after %d visits, want %v", stop, err, visits, want)
		}
	}
	f(store.ErrStop, nil)
	f(fmt.Errorf("seen enough: %w", store.ErrStop), nil)
	f(own, own)
	// A visitor may use the store.
	err := db.Scan(t.Context(), []byte("b"), []byte("c"), func(key, _ []byte) error {
		if _, err := db.Get(t.Context(), key); err != nil {
			return err
		}
		return db.Apply(t.Context(), changes("bb=1"))
	})
	if err != nil {
		t.Error(err)
	}
}

// testReuse checks that a batch, a key and a value can be overwritten once a call returned.
func testReuse(t *testing.T, db store.Online) {
	c, want := &store.Changes{}, Model{}
	key, value := make([]byte, 4), make([]byte, 9)
	for i := range 200 {
		copy(key, fmt.Sprintf("%04d", i*7%200))
		copy(value, fmt.Sprintf("%09d", i))
		c.Set(key, value)
		want[string(key)] = string(value)
		if i%3 == 0 {
			apply(t, db, c)
			c.Reset()
		}
	}
	apply(t, db, c)
	Compare(t.Context(), t, db, want)
}

// testSnapshot changes everything under a scan that has begun.
func testSnapshot(t *testing.T, db store.Online) {
	c, want := &store.Changes{}, Model{}
	for i := range 3000 {
		c.Set(fmt.Appendf(nil, "%05d", i), fmt.Appendf(nil, "old %d", i))
	}
	apply(t, db, c)
	want.Apply(c)
	var got []string
	err := db.Scan(t.Context(), nil, nil, func(key, value []byte) error {
		got = append(got, fmt.Sprintf("%q=%q", key, value))
		switch len(got) {
		case 1:
			c.Reset()
			for i := range 3000 {
				c.Set(fmt.Appendf(nil, "%05d", i), []byte("new"))
				c.Set(fmt.Appendf(nil, "%05d+", i), []byte("new"))
			}
			return db.Apply(t.Context(), c)
		case 2:
			if err := db.Apply(t.Context(), changes("-0..9")); err != nil {
				return err
			}
			return db.Flush(t.Context())
		}
		return nil
	})
	if rows := want.Rows("", ""); err != nil || !slices.Equal(got, rows) {
		t.Fatalf("the scan saw %d rows, %v; want the %d that were there when it began",
			len(got), err, len(rows))
	}
	Compare(t.Context(), t, db, Model{})
}

func testContext(t *testing.T, db store.Online) {
	apply(t, db, changes("a=1"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	none := func(_, _ []byte) error { t.Error("a scan visited a row"); return nil }
	_, get := db.Get(ctx, []byte("a"))
	for name, err := range map[string]error{
		"get":   get,
		"scan":  db.Scan(ctx, nil, nil, none),
		"apply": db.Apply(ctx, changes("a=2")),
		"flush": db.Flush(ctx),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a context that is done: got %v, want context.Canceled", name, err)
		}
	}
	Compare(t.Context(), t, db, Model{"a": "1"})
	// A scan notices soon.
	c := &store.Changes{}
	for i := range 5000 {
		c.Set(fmt.Appendf(nil, "%05d", i), nil)
	}
	apply(t, db, c)
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	rows := 0
	err := db.Scan(ctx, nil, nil, func(_, _ []byte) error { rows++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || rows > 1000 {
		t.Errorf("cancelled at the first row: %d rows and %v", rows, err)
	}
}

// testLarge applies a batch that is larger than the buffers of most stores, and large values.
func testLarge(t *testing.T, db store.Online) {
	c, want := &store.Changes{}, Model{}
	rng := rand.New(rand.NewPCG(1, 2))
	value := make([]byte, 100_000)
	for i := range value {
		value[i] = byte(rng.Uint32())
	}
	for i := range 80 {
		c.Set(fmt.Appendf(nil, "%d", i), value[i*10:])
	}
	c.DeleteRange([]byte("3"), []byte("4"))
	c.Set([]byte("30"), []byte("again"))
	apply(t, db, c)
	want.Apply(c)
	for range 2 {
		Compare(t.Context(), t, db, want)
		if err := db.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// testRandom compares the store with the model after each of many random batches.
func testRandom(t *testing.T, db store.Online) {
	const seed = 7
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, seed))
	want, c := Model{}, &store.Changes{}
	for range 150 {
		c.Reset()
		Fill(rng, c)
		apply(t, db, c)
		want.Apply(c)
		if rng.IntN(10) == 0 {
			if err := db.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		from, to := randomKey(rng), randomKey(rng)
		got, err := Rows(t.Context(), db, from, to)
		if rows := want.Rows(from, to); err != nil || !slices.Equal(got, rows) {
			t.Fatalf("scan from %q to %q: got %v, %v; want %v", from, to, got, err, rows)
		}
	}
	Compare(t.Context(), t, db, want)
}

// Fill adds random changes to a batch; ranges are rarer than keys.
func Fill(rng *rand.Rand, c *store.Changes) {
	for range rng.IntN(12) {
		key := randomKey(rng)
		switch rng.IntN(12) {
		case 0:
			c.DeleteRange([]byte(key), []byte(key[:2]+"5"))
		case 1, 2:
			c.Delete([]byte(key))
		default:
			c.Set([]byte(key), fmt.Appendf(nil, "%d", rng.Uint32()))
		}
	}
}

func randomKey(rng *rand.Rand) string { return fmt.Sprintf("k%03d", rng.IntN(600)) }
