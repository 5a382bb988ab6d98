package state

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/store"
)

// paused is a store that calls a function around the next scan of rows.
type paused struct {
	store.Online
	before, behind atomic.Pointer[func()]
}

func (p *paused) Scan(ctx context.Context, from, to []byte, visit func(key, value []byte) error) error {
	if len(from) > 0 && from[0] == prefixRow {
		if f := p.before.Swap(nil); f != nil {
			(*f)()
		}
		if f := p.behind.Swap(nil); f != nil {
			defer (*f)()
		}
	}
	return p.Online.Scan(ctx, from, to, visit)
}

// checkCache looks whether what a cache counts is what it has.
func checkCache(t *testing.T, c *cache) {
	t.Helper()
	if c == nil {
		return
	}
	for i := range c.shards {
		s := &c.shards[i]
		used, entries := 0, 0
		for e := s.root.next; e != &s.root; e = e.next {
			if s.entries[e.key] != e || e.loading != nil {
				t.Fatalf("an entity is in the ring that is not kept")
			}
			used, entries = used+e.bytes, entries+1
		}
		if used != s.used || used > s.budget || entries != len(s.entries) {
			t.Fatalf("%d bytes of %d entities are used, %d of %d counted, %d allowed",
				used, entries, s.used, len(s.entries), s.budget)
		}
	}
}

// TestLoading applies records, drops the feed, or lets another reader come, while an entity is being
// loaded: before the store is read and after. What is kept must be what the store has.
func TestLoading(t *testing.T) {
	t.Parallel()
	seen := minima{}
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 21))
		f, n := newFixture(rules{}), &naive{}
		db := &paused{Online: newMemory(t)}
		observer := Observer{Loaded: func(int) { seen["loaded"]++ }}
		s := open(t, db, f, Options{Observer: observer})
		for range 4 + rng.IntN(2)*int(seed) {
			apply(t, s, n, rng)
		}
		drop := func() {
			for _, feed := range s.feeds {
				s.cache.drop(feed.id)
			}
		}
		full := world{at: maxTime, rng: rng, seen: seen}
		for range 12 {
			drop()
			meanwhile := func() {
				seen["meanwhile"]++
				for range rng.IntN(3) {
					apply(t, s, n, rng)
				}
				if rng.IntN(4) == 0 {
					drop()
					apply(t, s, n, rng)
				}
				if rng.IntN(4) == 0 { // what is being loaded now belongs to nobody
					drop()
					n.compare(t, s, f, full, s.Position().VisibleAt)
					apply(t, s, n, rng)
				}
			}
			if rng.IntN(2) == 0 {
				db.before.Store(&meanwhile)
			} else {
				db.behind.Store(&meanwhile)
			}
			// The reference grows meanwhile, so this read is for the cache only.
			w := world{at: s.Position().VisibleAt, rng: rng, seen: seen}
			if _, err := scan(t.Context(), s.At(w.at), w.request(f, w.at)); err != nil {
				t.Fatal(err)
			}
			db.before.Store(nil)
			db.behind.Store(nil)
			for range 3 {
				n.compare(t, s, f, full, s.Position().VisibleAt)
			}
		}
		checkCache(t, s.cache)
	}
	seen.check(t, map[string]int{"loaded": 500, "meanwhile": 300, "rows": 10_000})
}

// TestRules reads by two layouts whose sources tell otherwise when a row is known: what is kept of
// an entity holds for one of them only.
func TestRules(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 9))
	n := &naive{}
	variants := []rules{{}, {available: true}, {where: true}}
	var layouts []*fixture
	s := open(t, newMemory(t), newFixture(rules{}), Options{})
	for _, r := range variants {
		f := newFixture(r)
		layouts = append(layouts, f)
		if missing, err := s.Use(t.Context(), f.layout()); err != nil || len(missing) > 0 {
			t.Fatal(missing, err)
		}
	}
	w := world{at: maxTime, rng: rng, seen: minima{}}
	for range 150 {
		apply(t, s, n, rng)
		at := rng.IntN(len(layouts))
		for range 3 {
			n.rules = variants[at]
			n.compare(t, s, layouts[at], w, s.Position().VisibleAt)
			if rng.IntN(3) == 0 {
				apply(t, s, n, rng)
			}
		}
	}
	w.seen.check(t, map[string]int{"walks that ended early": 100, "newest rows": 500})
}

// TestFloor lets a row arrive before the rows that are kept of a large entity. It must not be taken
// for the newest one: rows between are missing in the cache.
func TestFloor(t *testing.T) {
	t.Parallel()
	const count = 400
	rng := rand.New(rand.NewPCG(6, 6))
	f, n := newFixture(rules{where: true}), &naive{rules: rules{where: true}}
	loaded := 0
	options := Options{Observer: Observer{Loaded: func(rows int) { loaded = rows }}}
	s := open(t, newMemory(t), f, options)
	give := func(events []*event) {
		t.Helper()
		to := Position{Epoch: 1, Sequence: s.Position().Sequence + 1, VisibleAt: 1_000_000}
		for row, e := range events {
			e.cells[colCard], e.received = textOf("a"), 900_000
			e.visible, e.order = to.VisibleAt, RowOrder(to.Sequence, row)
		}
		n.events = append(n.events, events...)
		if err := s.Apply(t.Context(), []Record{record(events, to.Sequence, rng)}, to); err != nil {
			t.Fatal(err)
		}
	}
	read := func(q engine.FeedRequest) {
		t.Helper()
		q.View, q.Keys = f.card, keyColumns(f.card.Entity.Key, []schema.Value{textOf("a")})
		w := world{at: maxTime, rng: rng, seen: minima{}}
		w.columns = []int{colCard, colShop, colFlag, colReady, colAmount}
		r := &engine.ScanRequest{Source: f.source, Columns: w.columns, Feeds: []engine.FeedRequest{q}}
		chunks, err := scan(t.Context(), s.At(w.at), r)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.checkFeed(f, &q, eventsOf(chunks, w.columns, 1), w); err != nil {
			t.Fatal(err)
		}
	}
	var events []*event
	for i := range count {
		e := randomEvent(rng, 0, 1)
		e.time, e.cells[colFlag] = int64(1000*i), schema.BoolValue(i <= 300) // then all are filtered
		events = append(events, e)
	}
	give(events)
	read(engine.FeedRequest{From: 310_000, To: 500_000, Least: 500_000})
	if loaded != count-310 {
		t.Fatalf("%d rows are kept, want those of the window", loaded)
	}
	for range 2 { // into its place, and at the end
		late := randomEvent(rng, 0, 1)
		late.time, late.cells[colFlag] = 200_500, schema.BoolValue(true)
		give([]*event{late})
		read(engine.FeedRequest{From: 310_000, To: 500_000, Least: 500_000})
		read(engine.FeedRequest{From: 310_000, To: 1_100_000, Least: 1_000_001, Newest: true})
		read(engine.FeedRequest{From: 310_000, To: 500_000, Least: 500_000})
	}
}
