package state

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/store"
	"github.com/fettle-ml/fettle/internal/store/memory"
	"github.com/fettle-ml/fettle/internal/store/pebble"
)

func benchStore(b *testing.B, backend string) store.Online {
	if backend == "memory" {
		return memory.New()
	}
	db, err := pebble.Open(b.Context(), disk.OS{}, b.TempDir(), pebble.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

// benchState holds one card with so many rows.
func benchState(b *testing.B, backend string, rows int, options Options) (*State, *fixture) {
	rng := rand.New(rand.NewPCG(1, 1))
	f := newFixture(rules{})
	s := open(b, benchStore(b, backend), f, options)
	b.Cleanup(func() { _ = s.Close() })
	var events []*event
	for i := range rows {
		e := randomEvent(rng, int64(1_000_000+i*1000), 1000)
		e.cells[colCard] = textOf("a")
		events = append(events, e)
	}
	err := s.Apply(b.Context(), []Record{record(events, 1, nil)}, Position{1, 1, int64(1_000_000 + rows*1000)})
	if err == nil {
		err = s.Flush(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	return s, f
}

// BenchmarkScan reads the newer half of one entity, and looks for the newest row.
func BenchmarkScan(b *testing.B) {
	for _, rows := range []int{100, 5000} {
		for _, name := range []string{"cached", "loaded", "stored"} {
			options := Options{}
			if name == "stored" {
				options.CacheBytes = -1
			}
			b.Run(fmt.Sprintf("%s/%d", name, rows), func(b *testing.B) {
				s, f := benchState(b, "pebble", rows, options)
				end := int64(1_000_000 + rows*1000)
				r := &engine.ScanRequest{Source: f.source, Columns: []int{colAmount, colFlag, colNote}}
				r.Feeds = []engine.FeedRequest{{View: f.card, From: end - int64(rows)*500, To: end, Least: end,
					Newest: true, Keys: keyColumns(f.card.Entity.Key, []schema.Value{textOf("a")})}}
				b.ReportAllocs()
				got := 0
				for b.Loop() {
					if name == "loaded" {
						at, _ := s.find(f.card)
						s.cache.drop(at.feed.id)
					}
					err := s.At(end).Scan(b.Context(), r, func(_ int, c *engine.Chunk) error {
						got = len(c.EventTime)
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(got), "rows")
			})
		}
	}
}

// BenchmarkApply applies records of rows of many cards, under three key mappings.
func BenchmarkApply(b *testing.B) {
	for _, backend := range []string{"memory", "pebble"} {
		for _, rows := range []int{1, 1000} {
			b.Run(fmt.Sprintf("%s/%d", backend, rows), func(b *testing.B) {
				rng := rand.New(rand.NewPCG(1, 1))
				s, _ := benchState(b, backend, 1, Options{})
				var records []Record
				for range 64 {
					var events []*event
					for range rows {
						e := randomEvent(rng, 1_000_000, 1_000_000)
						e.cells[colCard] = textOf(fmt.Sprint(rng.IntN(100_000)))
						events = append(events, e)
					}
					records = append(records, record(events, 1, nil))
				}
				b.ReportAllocs()
				sequence := uint64(1)
				for b.Loop() {
					sequence++
					r := records[sequence%64 : sequence%64+1]
					r[0].Sequence = sequence
					err := s.Apply(b.Context(), r, Position{1, sequence, int64(10_000_000 + sequence)})
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
			})
		}
	}
}
