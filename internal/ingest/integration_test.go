package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/state"
	"github.com/fettle-ml/fettle/internal/store/memory"
)

// The real state takes what the ingester gives it, and knows the ids again.
func TestWithState(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	online, err := state.Open(t.Context(), memory.New(), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	source := f.layout.Sources[0].Plan
	source.Columns[2].Expr = nil // expressions are the engine's
	if _, err := online.Use(t.Context(), *f.layout); err != nil {
		t.Fatal(err)
	}
	f.state = online
	f.open()
	rng := rand.New(rand.NewPCG(4, 0))
	m := &naive{now: noon, ids: map[string]naiveEvent{}}
	for n := range 60 {
		naivePush(f, m, rng)
		m.now = f.wall.Advance(3600 * second)
		if n%10 == 0 {
			f.reopen()
		}
	}
	f.close()
	want := state.Counts{In: m.in, Accepted: m.accepted, Duplicates: m.duplicates, Quarantined: m.quarantined}
	if got := online.Counts()[7]; got != want || got.Duplicates < 20 {
		t.Errorf("state has %+v, want %+v", got, want)
	}
}

// Observers are told of every request and every batch.
func TestObserver(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var mu sync.Mutex
	var pushed []ingest.Pushed
	rows := 0
	f.tune = func(o *ingest.Options) {
		o.Observer.Pushed = func(p ingest.Pushed) { pushed = append(pushed, p) }
		o.Observer.Applied = func(a ingest.Applied) {
			mu.Lock()
			defer mu.Unlock()
			rows += a.Rows
		}
	}
	f.open()
	f.push(event("a", noon) + event("a", noon) + event("b", noon-5*second) + event("c", noon-8*day) + "{}\n[]\n" +
		event("d", noon+day))
	f.close()
	if len(pushed) != 1 || rows != 3 {
		t.Fatalf("%d requests, %d rows", len(pushed), rows)
	}
	p := pushed[0]
	late := fmt.Sprint(p.Late)
	codes := fmt.Sprint(p.Codes)
	if p.Source != "payments" || p.Accepted != 3 || p.Duplicates != 1 || p.Quarantined != 3 ||
		late != "[1 1 0 0 0 0 0 0 1]" || codes != "map[bad_record:1 null_time:1 too_far_in_future:1]" ||
		p.BodyBytes < 300 || p.LogBytes < 100 {
		t.Errorf("%+v", p)
	}
}
