package state

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// past makes events of two files and of earlier records.
func past(rng *rand.Rand, n *naive, count int) []*event {
	var events []*event
	for i := range count {
		e := randomEvent(rng, 900_000, 3000)
		e.received, e.order = engine.NoTime, FileOrder(i%2, i)
		events = append(events, e)
	}
	n.events = append(n.events, events...)
	return events
}

// apply applies one record of events to the state and to the reference.
func apply(t *testing.T, s *State, n *naive, rng *rand.Rand) {
	t.Helper()
	at := s.Position()
	to := Position{Epoch: 1, Sequence: at.Sequence + 1, VisibleAt: max(at.VisibleAt, 1_000_000) + 100}
	var events []*event
	for row := range 8 {
		e := randomEvent(rng, to.VisibleAt-50, 3000)
		e.visible, e.order = to.VisibleAt, RowOrder(to.Sequence, row)
		events = append(events, e)
	}
	n.events = append(n.events, events...)
	if err := s.Apply(t.Context(), []Record{record(events, to.Sequence, rng)}, to); err != nil {
		t.Fatal(err)
	}
}

// TestFill fills feeds from history while records are applied, fails half way, begins again.
func TestFill(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	f, n := newFixture(rules{}), &naive{}
	db := newMemory(t)
	s, err := Open(t.Context(), db, Options{CacheBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), nil, Position{Sequence: 1}); !errors.Is(err, ErrNoLayout) {
		t.Errorf("apply without a layout: %v", err)
	}
	files := past(rng, n, 500)
	missing, err := s.Use(t.Context(), f.layout())
	if err != nil || len(missing) != 3 {
		t.Fatalf("missing %v, %v", missing, err)
	}
	if len(missing[0].Mapping.Views) != 2 {
		t.Errorf("views of one mapping: %v", missing[0].Mapping.Views)
	}
	apply(t, s, n, rng)
	w := world{at: maxTime, rng: rng, seen: minima{}}
	if _, err := scan(t.Context(), s.At(w.at), w.request(f, 900_000)); !errors.Is(err, ErrNotReady) {
		t.Errorf("a read of a feed that is not filled: %v", err)
	}
	broken := errors.New("the disk is on fire")
	for i, feed := range missing {
		for attempt := range 2 {
			err := s.Fill(t.Context(), feed, func(add func(*engine.Chunk, []uint64) error) error {
				if err := s.Fill(t.Context(), feed, fillNothing); !errors.Is(err, errBusy) {
					t.Errorf("two fills at once: %v", err)
				}
				history := n.events
				if attempt == 0 {
					history = files[:100] // what is begun again must not stay
					shift := func(by uint64) {
						for _, e := range files[:100] {
							e.order += by
						}
					}
					shift(1 << 50)
					defer shift(^uint64(1<<50) + 1)
				}
				for len(history) > 0 {
					part := history[:min(len(history), 77)]
					history = history[len(part):]
					c, orders := chunk(part, rng)
					if err := add(c, orders); err != nil {
						return err
					}
					apply(t, s, n, rng)
				}
				if attempt == 0 {
					return broken
				}
				return nil
			})
			if attempt == 0 != errors.Is(err, broken) {
				t.Fatalf("feed %d, attempt %d: %v", i, attempt, err)
			}
		}
		if err := s.Fill(t.Context(), feed, fillNothing); !errors.Is(err, errFilled) {
			t.Errorf("a filled feed: %v", err)
		}
	}
	for range 2 {
		for range 60 {
			at := 900_000 + rng.Int64N(2)*100_000
			n.compare(t, s, f, w, at+rng.Int64N(5000))
		}
		s = open(t, db, f, Options{})
	}
	w.seen.check(t, map[string]int{"rows": 2000, "newest rows": 100})
}

// TestUse goes from one layout to the next: feeds that both have go on, those of the old one too
// until Sweep, and what was not kept up is not trusted again.
func TestUse(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 2))
	older, newer, n := newFixture(rules{}), newFixture(rules{}), &naive{}
	newer.plan.Views = newer.plan.Views[1:2] // both only
	db := newMemory(t)
	s := open(t, db, newer, Options{})
	apply(t, s, n, rng)
	missing, err := s.Use(t.Context(), older.layout())
	if err != nil || len(missing) != 2 {
		t.Fatalf("missing %d, %v", len(missing), err)
	}
	for _, feed := range missing {
		err := s.Fill(t.Context(), feed, func(add func(*engine.Chunk, []uint64) error) error {
			return add(chunk(n.events, rng))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if missing, err := s.Use(t.Context(), newer.layout()); err != nil || len(missing) > 0 {
		t.Fatalf("missing %d, %v", len(missing), err)
	}
	apply(t, s, n, rng)
	for range 30 { // both layouts are kept up
		w := world{at: maxTime, rng: rng, seen: minima{}}
		n.compare(t, s, older, w, 1_000_000+rng.Int64N(2000))
	}
	if got := len(s.ViewCounts()); got != 1 {
		t.Errorf("%d views are counted, want 1", got)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	read := func(view *plan.View, source *plan.Source) error {
		key := []schema.Value{schema.IntValue(1), textOf("a")}[2-len(view.Key):]
		r := &engine.ScanRequest{Source: source, Feeds: []engine.FeedRequest{
			{View: view, Keys: keyColumns(view.Entity.Key, key), From: engine.NoTime, To: engine.NoTime}}}
		_, err := scan(t.Context(), s.At(maxTime), r)
		return err
	}
	if err := read(older.card, older.source); !errors.Is(err, ErrNotKept) {
		t.Errorf("a view that was swept: %v", err)
	}
	if err := read(newer.both, newer.source); err != nil {
		t.Error(err)
	}
	if err := read(newer.both, older.source); err == nil || !strings.Contains(err.Error(), "BUG:") {
		t.Errorf("a view of another source: %v", err)
	}
	if rows := countRows(t, s); rows == 0 || rows > len(n.events) {
		t.Errorf("%d rows after a sweep of %d events", rows, len(n.events))
	}
	// A restart with the newer layout only, then the older one again: its feeds missed rows.
	missing, err = s.Use(t.Context(), older.layout())
	if err != nil || len(missing) != 2 {
		t.Fatalf("missing %d, %v", len(missing), err)
	}
	for _, feed := range missing {
		if err := s.Fill(t.Context(), feed, fillNothing); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, db, newer, Options{})
	if missing, err = s.Use(t.Context(), older.layout()); err != nil || len(missing) != 2 {
		t.Errorf("missing %d after a restart without them, %v", len(missing), err)
	}
}

func countRows(t *testing.T, s *State) (count int) {
	t.Helper()
	err := s.db.Scan(t.Context(), []byte{prefixRow}, []byte{prefixRow + 1}, func(_, _ []byte) error {
		count++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// TestMappingText checks that feeds are told apart by what computed columns mean.
func TestMappingText(t *testing.T) {
	t.Parallel()
	one, two := newFixture(rules{}), newFixture(rules{})
	if mappingText(one.card) != mappingText(one.again) || mappingText(one.upper) != mappingText(two.upper) {
		t.Error("equal mappings have different texts")
	}
	two.source.Columns[colUpper].Expr.Func = "lower"
	if mappingText(one.upper) == mappingText(two.upper) || mappingText(one.card) == mappingText(one.upper) {
		t.Error("different mappings have one text")
	}
}

// TestRefusals names what is wrong with what is handed in.
func TestRefusals(t *testing.T) {
	t.Parallel()
	f, n := newFixture(rules{}), &naive{}
	rng := rand.New(rand.NewPCG(3, 3))
	s := open(t, newMemory(t), f, Options{})
	apply(t, s, n, rng)
	good := func() Record { return record([]*event{randomEvent(rng, 1000, 10)}, 5, nil) }
	cases := []struct {
		name, want string
		change     func(r *Record, to *Position)
	}{
		{"order", "order of the log", func(r *Record, to *Position) { to.Sequence = 4 }},
		{"sequence 0", "order of the log", func(r *Record, _ *Position) { r.Sequence = 0 }},
		{"epoch", "go back", func(_ *Record, to *Position) { to.Epoch = 0 }},
		{"visible", "go back", func(_ *Record, to *Position) { to.VisibleAt = 5 }},
		{"far", "sequences end", func(_ *Record, to *Position) { to.Sequence = 1 << 50 }},
		{"rows", "event times", func(r *Record, _ *Position) { r.Rows = 2 }},
		{"counts", "add up", func(r *Record, _ *Position) { r.Counts.In++ }},
		{"columns", "it has 9", func(r *Record, _ *Position) { r.Columns = r.Columns[1:] }},
		{"column", "column note", func(r *Record, _ *Position) { r.Columns[colNote] = nil }},
		{"type", "column note", func(r *Record, _ *Position) { r.Columns[colNote] = r.Columns[colShop] }},
	}
	for _, c := range cases {
		r, to := good(), Position{Epoch: 1, Sequence: 5, VisibleAt: 2_000_000}
		c.change(&r, &to)
		if err := s.Apply(t.Context(), []Record{r}, to); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if at := s.Position(); at.Sequence != 1 {
		t.Errorf("position %v after refusals", at)
	}
	checkCounts(t, s, n, 1)
	other := good()
	other.Source, other.Columns = 99, nil
	if err := s.Apply(t.Context(), []Record{other}, Position{Epoch: 1, Sequence: 5, VisibleAt: 2_000_000}); err != nil {
		t.Error(err)
	}
	if s.Counts()[99].Accepted != 1 {
		t.Errorf("counts of a source that is not in use: %+v", s.Counts())
	}
	if err := s.At(1).Scan(t.Context(), &engine.ScanRequest{Source: f.source}, nil); err == nil {
		t.Error("a source was scanned as a whole")
	}
	r := &engine.ScanRequest{Source: f.source, Columns: []int{colUpper}}
	shop := keyColumns(f.both.Entity.Key[:1], []schema.Value{schema.IntValue(1)})
	r.Feeds = []engine.FeedRequest{{View: f.card, Keys: shop}}
	if _, err := scan(t.Context(), s.At(1), r); err == nil || !strings.Contains(err.Error(), "column number 9") {
		t.Errorf("a computed column was read: %v", err)
	}
	r.Columns = nil
	if _, err := scan(t.Context(), s.At(1), r); err == nil || !strings.Contains(err.Error(), "entity card") {
		t.Errorf("a key of another entity was taken: %v", err)
	}
}
