package state

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/store"
)

func storedTypes() []schema.Type {
	u, err := newSourceUse(Source{ID: 1, Plan: newFixture(rules{}).source}, nil)
	if err != nil {
		panic(err)
	}
	return u.types
}

func storedColumns(events []*event) []*batch.Column { return columns(events, nil)[:colUpper] }

// readRow decodes a value as a read does.
func readRow(value []byte, wanted []bool) (times, []batch.Column, error) {
	out := emptyColumns(storedTypes())
	d := decoder{data: value}
	t := d.header(1000, len(out))
	d.columns(out, wanted)
	return t, out, d.err
}

// TestValue writes rows and reads them back, all columns and some.
func TestValue(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		e := randomEvent(rng, 1000, 1)
		e.time = 1000
		if e.cells[colPrice].Dec.Hi = int64(rng.Uint64() >> rng.IntN(64)); rng.IntN(2) == 0 {
			e.cells[colPrice].Dec.Hi = -e.cells[colPrice].Dec.Hi
		}
		if rng.IntN(4) == 0 {
			e.received = engine.NoTime
		}
		if rng.IntN(4) > 0 {
			e.visible = rng.Int64()
		}
		value := appendValue(nil, times{e.time, e.received, e.visible}, storedColumns([]*event{e}), 0)
		wanted := make([]bool, colUpper)
		for i := range wanted {
			wanted[i] = rng.IntN(2) == 0
		}
		for _, choice := range [][]bool{nil, wanted} {
			at, cells, err := readRow(value, choice)
			if err != nil || at != (times{e.time, e.received, e.visible}) {
				t.Fatalf("%v, %v; want %v", at, err, e)
			}
			for i := range cells {
				want := 1
				if choice != nil && !choice[i] {
					want = 0
				}
				if cells[i].Length != want {
					t.Fatalf("column %d has %d rows, want %d", i, cells[i].Length, want)
				}
				if want == 1 && fmt.Sprint(cells[i].Value(0)) != fmt.Sprint(e.cells[i]) {
					t.Fatalf("column %d: %v, want %v", i, cells[i].Value(0), e.cells[i])
				}
			}
		}
		for cut := range value {
			if _, _, err := readRow(value[:cut], nil); err == nil {
				t.Fatalf("a value of %d bytes was read from %d", len(value), cut)
			}
		}
	}
}

func TestInt128(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 5000 {
		v := schema.Int128{Hi: int64(rng.Uint64()), Lo: rng.Uint64()}
		switch i % 4 {
		case 0:
			v = schema.Int128From(int64(rng.Uint64() >> rng.IntN(64)))
		case 1:
			v.Hi >>= rng.IntN(64)
		case 2:
			v, _ = schema.Int128From(rng.Int64()).Neg(), 0
		}
		for _, v := range []schema.Int128{v, {Hi: -1 << 63}, {Hi: 1<<63 - 1, Lo: 1<<64 - 1}} {
			d := decoder{data: appendInt128(nil, v)}
			if got := d.int128(); got != v || d.end() != nil {
				t.Fatalf("%v, %v; want %v", got, d.err, v)
			}
		}
	}
	for _, long := range [][]byte{bytes.Repeat([]byte{0xFF}, 19), append(bytes.Repeat([]byte{0x80}, 18), 4)} {
		if d := (decoder{data: long}); d.int128() != (schema.Int128{}) || !errors.Is(d.err, errNumber) {
			t.Errorf("%x was read: %v", long, d.err)
		}
	}
}

// FuzzValue decodes anything: it never panics, and what it accepts it can write and read again.
func FuzzValue(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		e := randomEvent(rng, 1000, 1)
		f.Add(appendValue(nil, times{1000, e.received, engine.NoTime}, storedColumns([]*event{e}), 0))
	}
	f.Add([]byte{1, 3, 2, 2, 9})
	f.Fuzz(func(t *testing.T, value []byte) {
		_, skipped, skipErr := readRow(value, make([]bool, colUpper))
		at, cells, err := readRow(value, nil)
		if err != nil {
			return
		}
		if skipErr != nil || skipped[0].Length != 0 {
			t.Fatalf("columns that are not wanted: %v", skipErr)
		}
		read := make([]*batch.Column, len(cells))
		for i := range cells {
			if read[i] = &cells[i]; cells[i].Length != 1 {
				t.Fatalf("column %d has %d rows", i, cells[i].Length)
			}
		}
		value = appendValue(nil, at, read, 0)
		again, repeated, err := readRow(value, nil)
		if err != nil || again != at {
			t.Fatalf("%v, %v; want %v", again, err, at)
		}
		for i := range cells {
			if fmt.Sprint(cells[i].Value(0)) != fmt.Sprint(repeated[i].Value(0)) {
				t.Fatalf("column %d: %v, want %v", i, repeated[i].Value(0), cells[i].Value(0))
			}
		}
	})
}

// FuzzMeta opens a store with any entry: an error or a state, never a panic.
func FuzzMeta(f *testing.F) {
	f.Add([]byte(metaPosition), Position{1, 2, 3}.append(nil))
	f.Add([]byte(metaNext), []byte{1, 0, 0, 0, 9})
	f.Add(feedKey{7, "x"}.meta()[1:], appendFeedMeta(nil, 3, ready))
	f.Add(metaOf(metaSource, 7, "")[1:], newSourceState().append(nil))
	state := newSourceState()
	state.ids.use(schema.Hour).floor = 5
	f.Add(metaOf(metaSource, 7, "")[1:], state.append(nil))
	f.Add(viewKey{7, "v"}.meta()[1:], ViewCounts{Accepted: 1, Applied: 1}.append(nil))
	f.Fuzz(func(t *testing.T, name, value []byte) {
		db := newMemory(nil)
		var changes store.Changes
		changes.Set(metaKey(metaFormat), []byte{formatVersion})
		changes.Set(metaKey(string(name)), value)
		if err := db.Apply(t.Context(), &changes); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), db, Options{})
		if err != nil {
			return
		}
		if _, err := s.Known(t.Context(), 7, []string{"=x"}, 0); err != nil {
			t.Fatal(err)
		}
	})
}

// TestDamage changes stored bytes: every read names the key and none gives a null instead.
func TestDamage(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 8))
	for _, budget := range []int64{-1, 1 << 20} {
		f, n := newFixture(rules{}), &naive{}
		db := newMemory(t)
		s := open(t, db, f, Options{CacheBytes: budget})
		for range 10 {
			apply(t, s, n, rng)
		}
		prefix, _ := appendEntity(appendFeed(nil, 0), keyColumns(f.card.Entity.Key, []schema.Value{textOf("a")}), 0)
		f.card.Source = f.source
		at, err := s.find(f.card)
		if err != nil {
			t.Fatal(err)
		}
		copy(prefix, appendFeed(nil, at.feed.id))
		var changes store.Changes
		damaged := ""
		err = db.Scan(t.Context(), prefix, after(prefix), func(key, value []byte) error {
			damaged = fmt.Sprintf("%x", key)
			changes.Set(key, value[:len(value)-1])
			return store.ErrStop
		})
		if err != nil || damaged == "" {
			t.Fatal(damaged, err)
		}
		if err := db.Apply(t.Context(), &changes); err != nil {
			t.Fatal(err)
		}
		r := &engine.ScanRequest{Source: f.source, Columns: []int{colFlag}}
		r.Feeds = []engine.FeedRequest{{View: f.card, From: engine.NoTime, To: engine.NoTime,
			Keys: keyColumns(f.card.Entity.Key, []schema.Value{textOf("a")})}}
		for range 3 {
			_, err = scan(t.Context(), s.At(maxTime), r)
			if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), damaged) {
				t.Errorf("damage at %s was reported as %v", damaged, err)
			}
		}
	}
}

// TestFormat refuses what it does not know.
func TestFormat(t *testing.T) {
	t.Parallel()
	cases := []struct{ key, value, want string }{
		{"\x01format", "\x02", "version 02"},
		{"\x01position", "\x01", "no format version"},
	}
	for _, c := range cases {
		db := newMemory(t)
		var changes store.Changes
		changes.Set([]byte(c.key), []byte(c.value))
		if err := db.Apply(t.Context(), &changes); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), db, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.key, err)
		}
	}
	db := newMemory(t)
	open(t, db, newFixture(rules{}), Options{})
	for _, c := range []struct{ key, value string }{
		{"\x01position", "\x02\x01\x01\x01"}, {"\x01nonsense", "\x01"}, {"\x01feed\x00\x01", "\x01"},
	} {
		var changes store.Changes
		changes.Set([]byte(c.key), []byte(c.value))
		if err := db.Apply(t.Context(), &changes); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), db, Options{})
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), fmt.Sprintf("%x", c.key)) {
			t.Errorf("%q: %v", c.key, err)
		}
		changes.Reset()
		changes.Delete([]byte(c.key))
		if err := db.Apply(t.Context(), &changes); err != nil {
			t.Fatal(err)
		}
	}
}
