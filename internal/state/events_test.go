package state

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/store"
	"github.com/fettle-ml/fettle/internal/store/pebble"
)

// budgets of the cache that tests go through: none, a few entities, plenty.
var budgets = []int64{-1, 200_000, 1_000_000, 64 << 20}

// TestHistories compares random histories with the reference: late rows, replays, several feeds,
// entities too large to be kept, reopening in between.
func TestHistories(t *testing.T) {
	t.Parallel()
	variants := []rules{{}, {available: true}, {where: true}, {where: true, deleteWhen: true, available: true}}
	for i, r := range variants {
		for _, backend := range []string{"memory", "pebble"} {
			t.Run(fmt.Sprintf("%s %+v", backend, r), func(t *testing.T) {
				t.Parallel()
				seen := minima{}
				for j, budget := range budgets {
					if backend == "pebble" && (i+j)%2 == 0 {
						continue // what the backend changes shows at any budget
					}
					runHistory(t, history{
						rules: r, budget: budget, seed: uint64(100*i + j), pebble: backend == "pebble",
					}, seen)
				}
				seen.check(t, map[string]int{"feeds": 300, "rows": 8000, "newest rows": 600,
					"walks that ended early": 30, "reopened": 8, "replays": 5, "loaded": 50,
					"streamed": 100, "evicted": 10})
			})
		}
	}
}

type history struct {
	rules  rules
	budget int64
	seed   uint64
	pebble bool
}

func runHistory(t *testing.T, h history, seen minima) {
	t.Helper()
	rng := rand.New(rand.NewPCG(h.seed, 1))
	f, n := newFixture(h.rules), &naive{rules: h.rules}
	db, reopen := newMemory(t), func(db store.Online) store.Online { return db }
	if h.pebble {
		fsys := disk.NewMemory()
		openPebble := func() store.Online {
			db, err := pebble.Open(t.Context(), fsys, "state", pebble.Options{MemtableBytes: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			return db
		}
		db, reopen = openPebble(), func(store.Online) store.Online { return openPebble() }
	}
	options := Options{CacheBytes: h.budget, Observer: Observer{
		Loaded:   func(int) { seen["loaded"]++ },
		Streamed: func(int) { seen["streamed"]++ },
		Evicted:  func(int) { seen["evicted"]++ },
	}}
	s := open(t, db, f, options)
	now, sequence := int64(1_000_000), uint64(0)
	var before []Record
	for step := range 36 {
		var records []Record
		if rng.IntN(4) == 0 {
			records = append(records, before...) // applied already
		}
		for range 1 + rng.IntN(3) {
			sequence++
			now += 1 + rng.Int64N(200)
			var events []*event
			for row := range rng.IntN(12) * (1 + rng.IntN(2)*8) {
				e := randomEvent(rng, now, 3000)
				e.order = RowOrder(sequence, row)
				events = append(events, e)
			}
			records = append(records, record(events, sequence, rng))
			n.events = append(n.events, events...)
		}
		now += 1 + rng.Int64N(50)
		to := Position{Epoch: 1, Sequence: sequence, VisibleAt: now}
		publish(n, now)
		if err := s.Apply(t.Context(), records, to); err != nil {
			t.Fatal(err)
		}
		before = records
		if rng.IntN(6) == 0 {
			seen["replays"]++
			if err := s.Apply(t.Context(), records, to); err != nil {
				t.Fatal(err)
			}
		}
		if step%9 == 7 {
			seen["reopened"]++
			if err := s.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			db = reopen(db)
			s = open(t, db, f, options)
			if s.Position() != to {
				t.Fatalf("seed %d: position %v, want %v", h.seed, s.Position(), to)
			}
		}
		for range 3 {
			w := world{at: now - rng.Int64N(3)*rng.Int64N(500), rng: rng, seen: seen}
			n.compare(t, s, f, w, w.at+rng.Int64N(2)*rng.Int64N(500))
		}
	}
	checkCounts(t, s, n, int64(sequence))
	checkCache(t, s.cache)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// publish gives events that were not visible yet a time.
func publish(n *naive, at int64) {
	for i := len(n.events) - 1; i >= 0 && n.events[i].visible == engine.NoTime; i-- {
		n.events[i].visible = at
	}
}

// checkCounts compares the counters with a count of the list.
func checkCounts(t *testing.T, s *State, n *naive, records int64) {
	t.Helper()
	rows := int64(len(n.events))
	want := Counts{In: rows + 3*records, Accepted: rows, Duplicates: records, Quarantined: 2 * records}
	if got := s.Counts()[sourceID]; got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	var noCard, filtered int64
	for _, e := range n.events {
		_, kept := (&naive{rules: rules{where: n.rules.where, deleteWhen: n.rules.deleteWhen}}).available(e)
		if !kept {
			filtered++
		} else if e.cells[colCard].Null {
			noCard++
		}
	}
	got := s.ViewCounts()["card"]
	if got != (ViewCounts{Accepted: rows, Applied: rows - noCard - filtered, NoKey: noCard, Filtered: filtered}) {
		t.Errorf("counts of a view: %+v; %d filtered, %d without a card", got, filtered, noCard)
	}
	for name, c := range s.ViewCounts() {
		if c.Accepted != rows || c.Accepted != c.Applied+c.Filtered+c.NoKey+c.OutOfReach {
			t.Errorf("counts of view %s do not close: %+v", name, c)
		}
	}
}
