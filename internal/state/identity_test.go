package state

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestKnown compares ids with a list, over horizons that change, ids that come again after theirs
// ended, ids of files, and reopening.
func TestKnown(t *testing.T) {
	t.Parallel()
	type entry struct{ time, received int64 }
	seen := minima{}
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 7))
		f := newFixture(rules{})
		db := newMemory(t)
		s := open(t, db, f, Options{})
		listed, files, unclear := map[string]entry{}, map[string]bool{}, map[string]bool{}
		now, horizon := 1000*schema.Day, f.source.Dedup
		fillFiles(t, s, f, files, rng)
		for step := range 150 {
			now += rng.Int64N(horizon / 8)
			if rng.IntN(20) == 0 {
				now += 2 * horizon
			}
			var ids []string
			for range 8 {
				ids = append(ids, fmt.Sprint(rng.IntN(120)))
			}
			known, err := s.Known(t.Context(), sourceID, append(idsOf(ids), ""), now-horizon)
			if err != nil {
				t.Fatal(err)
			}
			if known[8].Known {
				t.Fatal("a null is known")
			}
			var fresh []*event
			taken := map[string]bool{}
			for i, id := range ids {
				if taken[id] {
					continue
				}
				e, was := listed[id]
				was = was && e.received >= now-horizon
				if want := was || files[id]; known[i].Known != want && !unclear[id] {
					t.Fatalf("seed %d, step %d, id %s: known %v, want %v", seed, step, id, known[i].Known, want)
				}
				if was && !files[id] && !unclear[id] && known[i].EventTime != e.time {
					t.Fatalf("seed %d: time %d of id %s, want %d", seed, known[i].EventTime, id, e.time)
				}
				if known[i].Known {
					seen["known"]++
					continue
				}
				taken[id], unclear[id] = true, false
				row := randomEvent(rng, now, schema.Hour)
				row.cells[colID] = textOf(id)
				fresh, listed[id] = append(fresh, row), entry{row.time, now}
				seen["new"]++
			}
			at := s.Position()
			to := Position{Epoch: 1, Sequence: at.Sequence + 1, VisibleAt: now}
			if err := s.Apply(t.Context(), []Record{record(fresh, to.Sequence, rng)}, to); err != nil {
				t.Fatal(err)
			}
			if step%25 == 24 {
				seen["horizons"]++
				f = newFixture(rules{})
				old := horizon
				horizon = schema.Minute * []int64{30, 60, 240}[rng.IntN(3)]
				f.source.Dedup = horizon
				// Ids beyond the old horizon may be gone or not, if the new one is longer.
				for id, e := range listed {
					unclear[id] = unclear[id] || e.received < now-old
				}
				s = open(t, db, f, Options{})
				advance(t, s, now, rng)
			}
		}
		for range 4 { // all but those of files grow too old
			now += 9 * schema.Hour
			advance(t, s, now, rng)
		}
		if n := countIDs(t, s); n != len(files)+1 {
			t.Errorf("seed %d: %d ids are kept, %d are of files", seed, n, len(files))
		}
	}
	seen.check(t, map[string]int{"known": 1000, "new": 1000, "horizons": 20})
}

// advance applies a record with an id of its own, so that a new horizon takes effect.
func advance(t *testing.T, s *State, now int64, rng *rand.Rand) {
	t.Helper()
	e := randomEvent(rng, now, 10)
	e.cells[colID] = textOf(fmt.Sprint("other ", now))
	at := s.Position()
	to := Position{Epoch: 1, Sequence: at.Sequence + 1, VisibleAt: now}
	if err := s.Apply(t.Context(), []Record{record([]*event{e}, to.Sequence, rng)}, to); err != nil {
		t.Fatal(err)
	}
}

func idsOf(texts []string) []string {
	values := make([]*event, len(texts))
	for i, text := range texts {
		values[i] = &event{}
		values[i].cells[colID] = textOf(text)
	}
	return IDs(column(values, colID, nil))
}

// fillFiles fills one feed more with rows of files, whose ids count for ever.
func fillFiles(t *testing.T, s *State, f *fixture, files map[string]bool, rng *rand.Rand) {
	t.Helper()
	next := newFixture(rules{})
	next.upper.Key = f.both.Key[1:]
	next.card.Key = []*plan.Expr{columnOf(colNote)}
	missing, err := s.Use(t.Context(), next.layout())
	if err != nil || len(missing) == 0 {
		t.Fatal(len(missing), err)
	}
	for _, feed := range missing {
		err := s.Fill(t.Context(), feed, func(add func(*engine.Chunk, []uint64) error) error {
			var events []*event
			for i := range 10 {
				e := randomEvent(rng, 1000, 100)
				e.received, e.order = engine.NoTime, FileOrder(0, i)
				id := fmt.Sprint(i * 7)
				e.cells[colID], files[id] = textOf(id), true
				events = append(events, e)
			}
			return add(chunk(events, rng))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func countIDs(t *testing.T, s *State) (count int) {
	t.Helper()
	err := s.db.Scan(t.Context(), []byte{prefixIdentity}, []byte{prefixIdentity + 1}, func(_, _ []byte) error {
		count++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// TestIDs checks that ids of every type are told apart, and from null.
func TestIDs(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for _, i := range []int{colCard, colShop, colAmount, colFlag, colPrice, colReady} {
		seen := map[string]string{}
		var events []*event
		for range 200 {
			events = append(events, randomEvent(rng, 1000, 100))
		}
		for row, id := range IDs(column(events, i, rng)) {
			value := events[row].cells[i]
			if value.Null != (id == "") {
				t.Fatalf("id %q of %v", id, value)
			}
			if old, known := seen[id]; known && old != value.String() && !value.Null {
				t.Errorf("%s and %s are one id", old, value)
			}
			seen[id] = value.String()
		}
	}
}
