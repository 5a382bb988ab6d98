package state

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestConcurrent reads while records are applied: a read at T sees exactly what was published by
// then, although later batches are half way in. Entities are small enough to be loaded, dropped and
// appended to all the time.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	for _, budget := range []int64{-1, 400_000, 4 << 20} {
		t.Run(fmt.Sprint(budget), func(t *testing.T) {
			t.Parallel()
			testConcurrent(t, budget)
		})
	}
}

func testConcurrent(t *testing.T, budget int64) {
	const batches, readers = 200, 4
	rng := rand.New(rand.NewPCG(9, uint64(budget)))
	f := newFixture(rules{})
	s := open(t, newMemory(t), f, Options{CacheBytes: budget})
	// What each entity has after each batch, published before readers may ask for it.
	counts := make([]map[string]int, batches+1)
	counts[0] = map[string]int{}
	var published atomic.Int64
	var reads, rows atomic.Int64
	var group sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for reader := range readers {
		group.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(reader), 3))
			for ctx.Err() == nil {
				at := published.Load() - rng.Int64N(2)*rng.Int64N(3)
				n, err := readPrefix(ctx, s, f, counts, max(0, at), rng)
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
					return
				}
				reads.Add(1)
				rows.Add(int64(n))
			}
		})
	}
	for b := 1; b <= batches; b++ {
		next := map[string]int{}
		for key, n := range counts[b-1] {
			next[key] = n
		}
		var events []*event
		for row := range 1 + rng.IntN(20) {
			e := randomEvent(rng, 1_000_000, 5000)
			e.cells[colCard] = textOf(string(rune('a' + rng.IntN(6))))
			e.order = RowOrder(uint64(b), row)
			next[e.cells[colCard].Text]++
			events = append(events, e)
		}
		counts[b] = next
		err := s.Apply(t.Context(), []Record{record(events, uint64(b), rng)},
			Position{Epoch: 1, Sequence: uint64(b), VisibleAt: int64(b)})
		if err != nil {
			t.Fatal(err)
		}
		published.Store(int64(b))
		for b%4 == 0 && reads.Load() < int64(b)/2 && !t.Failed() {
			runtime.Gosched() // readers are not outrun
		}
	}
	stop()
	group.Wait()
	checkCache(t, s.cache)
	minima{"reads": int(reads.Load()), "rows": int(rows.Load())}.
		check(t, map[string]int{"reads": 50, "rows": 1000})
}

// readPrefix reads some entities at a time and counts their rows.
func readPrefix(ctx context.Context, s *State, f *fixture, counts []map[string]int, at int64,
	rng *rand.Rand) (int, error) {
	want := 0
	var keys [][]schema.Value
	for i := range 6 {
		if key := string(rune('a' + i)); rng.IntN(3) == 0 || i == 5 && keys == nil {
			keys = append(keys, []schema.Value{textOf(key)})
			want += counts[at][key]
		}
	}
	r := &engine.ScanRequest{Source: f.source, Columns: []int{colCard, colNote, colAmount}}
	r.Feeds = []engine.FeedRequest{{View: f.card, Keys: keyColumns(f.card.Entity.Key, keys...),
		From: engine.NoTime, To: engine.NoTime}}
	chunks, err := scan(ctx, s.At(at), r)
	if err != nil {
		return 0, err
	}
	got := eventsOf(chunks, r.Columns, 1)
	if len(got) != want {
		return 0, fmt.Errorf("at %d: %d rows, want %d", at, len(got), want)
	}
	for i := 1; i < len(got); i++ {
		if got[i].cells[colCard].Text == got[i-1].cells[colCard].Text && got[i].time < got[i-1].time {
			return 0, fmt.Errorf("at %d: row %d is out of order", at, i)
		}
	}
	return len(got), nil
}

// TestLargeEntity reads an entity of more rows than are decoded at a time, kept and not.
func TestLargeEntity(t *testing.T) {
	t.Parallel()
	for _, budget := range []int64{-1, 1 << 20, 1 << 30} {
		rng := rand.New(rand.NewPCG(4, 4))
		f, n := newFixture(rules{}), &naive{}
		s := open(t, newMemory(t), f, Options{CacheBytes: budget})
		for b := range uint64(3) {
			var events []*event
			for row := range 2900 {
				e := randomEvent(rng, 50_000_000+int64(b), 40_000_000)
				e.cells[colCard] = textOf("large")
				e.visible, e.order = int64(b+1), RowOrder(b+1, row)
				if events = append(events, e); row%10 < 3 {
					e.time = 48_000_000 // so many rows of one time that a run of decoded rows ends in them
				}
			}
			n.events = append(n.events, events...)
			to := Position{Epoch: 1, Sequence: b + 1, VisibleAt: int64(b + 1)}
			if err := s.Apply(t.Context(), []Record{record(events, b+1, rng)}, to); err != nil {
				t.Fatal(err)
			}
		}
		key := keyColumns(f.card.Entity.Key, []schema.Value{textOf("large")})
		for at := range int64(4) {
			for _, q := range []engine.FeedRequest{
				{From: engine.NoTime, To: engine.NoTime, Least: 50_000_000, Newest: true},
				{From: 20_000_000, To: 48_500_000, Least: 48_000_001, Newest: true},
				{From: 47_900_000, To: 48_000_001, Least: 48_000_000},
			} {
				q.View, q.Keys = f.card, key
				w := world{at: at, rng: rng, seen: minima{}}
				w.columns = []int{colCard, colShop, colNote, colFlag, colReady, colAmount}
				r := &engine.ScanRequest{Source: f.source, Columns: w.columns, Feeds: []engine.FeedRequest{q}}
				chunks, err := scan(t.Context(), s.At(w.at), r)
				if err != nil {
					t.Fatal(err)
				}
				if err := n.checkFeed(f, &q, eventsOf(chunks, w.columns, 1), w); err != nil {
					t.Fatalf("budget %d, [%d, %d): %v", budget, q.From, q.To, err)
				}
			}
		}
	}
}

// TestAlias checks that a kept entity is handed out without copies, and that what a reader was given
// never changes.
func TestAlias(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	f := newFixture(rules{})
	s := open(t, newMemory(t), f, Options{})
	key := keyColumns(f.card.Entity.Key, []schema.Value{textOf("a")})
	read := func() *engine.Chunk {
		r := &engine.ScanRequest{Source: f.source, Columns: []int{colNote, colAmount, colFlag}}
		r.Feeds = []engine.FeedRequest{{View: f.card, Keys: key, From: engine.NoTime, To: engine.NoTime}}
		chunks, err := scan(t.Context(), s.At(maxTime), r)
		if err != nil || len(chunks) > 1 {
			t.Fatal(len(chunks), err)
		}
		if len(chunks) == 0 {
			return nil
		}
		return chunks[0]
	}
	var held []*engine.Chunk
	var copies [][]*event
	for b := range uint64(150) {
		e := randomEvent(rng, 1000+int64(b)*10, 40)
		e.cells[colCard] = textOf("a")
		err := s.Apply(t.Context(), []Record{record([]*event{e}, b+1, rng)},
			Position{Epoch: 1, Sequence: b + 1, VisibleAt: int64(b)})
		if err != nil {
			t.Fatal(err)
		}
		c, again := read(), read()
		if len(c.EventTime) != int(b)+1 {
			t.Fatalf("%d rows after %d records", len(c.EventTime), b+1)
		}
		if &c.EventTime[0] != &again.EventTime[0] || &c.Columns[1].Floats[0] != &again.Columns[1].Floats[0] {
			t.Fatal("a kept entity was copied")
		}
		held = append(held, c)
		copies = append(copies, eventsOf([]*engine.Chunk{{EventTime: c.EventTime, ReceivedAt: c.ReceivedAt,
			Visible: c.Visible, Columns: c.Columns}}, []int{colNote, colAmount, colFlag}, 0))
	}
	for i, c := range held {
		now := *c
		now.Feed = 0
		for k, e := range eventsOf([]*engine.Chunk{&now}, []int{colNote, colAmount, colFlag}, 0) {
			if !sameRow(e, copies[i][k], []int{colNote, colAmount, colFlag}) {
				t.Fatalf("chunk %d changed at row %d", i, k)
			}
		}
	}
}
