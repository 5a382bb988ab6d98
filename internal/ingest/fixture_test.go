package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/state"
)

const (
	second = int64(1_000_000)
	minute = 60 * second
	day    = 24 * 3600 * second
	noon   = 20_000*day + 12*3600*second
)

// payments is a source that is pushed to: an id, a time, a card, an amount, a computed column and a
// flag.
func payments() *plan.Source {
	column := func(name string, kind schema.Kind) plan.Column {
		return plan.Column{Name: name, Type: schema.Of(kind)}
	}
	twice := column("twice", schema.Float64)
	twice.Expr = &plan.Expr{}
	return &plan.Source{Name: "payments", Push: true, ID: 0, Sequence: -1,
		Columns: []plan.Column{column("id", schema.String), column("ts", schema.Timestamp), twice,
			column("card", schema.String), column("amount", schema.Float64), column("n", schema.Int64),
			column("ok", schema.Bool)},
		EventTime: plan.TimeRule{Column: 1, ZoneColumn: -1}, MaxFuture: 5 * minute, Dedup: day}
}

// fake is a state in memory: lists and maps, nothing else. It can lose what was not flushed.
type fake struct {
	mu      sync.Mutex
	batches []fakeBatch
	ids     map[string]fakeID
	flushed int // batches that no crash takes back
	failing error
	slow    chan struct{} // Apply waits for it
}

type fakeID struct{ eventTime, received int64 }

type fakeBatch struct {
	records []state.Record
	to      state.Position
}

func (f *fake) Apply(_ context.Context, records []state.Record, to state.Position) error {
	if f.slow != nil {
		<-f.slow
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failing != nil {
		return f.failing
	}
	if n := len(f.batches); n > 0 {
		at := f.batches[n-1].to
		if to.Sequence <= at.Sequence || to.VisibleAt <= at.VisibleAt || to.Epoch < at.Epoch {
			return fmt.Errorf("state at %v is taken to %v", at, to)
		}
	}
	f.batches = append(f.batches, fakeBatch{records, to})
	f.learn(records)
	return nil
}

// learn enters the ids of records.
func (f *fake) learn(records []state.Record) {
	if f.ids == nil {
		f.ids = map[string]fakeID{}
	}
	for _, r := range records {
		if r.Rows == 0 {
			continue
		}
		for row, id := range state.IDs(r.Columns[0]) {
			f.ids[id] = fakeID{r.EventTime[row], r.ReceivedAt}
		}
	}
}

// forget makes the ids anew from the batches that are left.
func (f *fake) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ids = nil
	for _, b := range f.batches {
		f.learn(b.records)
	}
}

func (f *fake) Position() state.Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.batches) == 0 {
		return state.Position{}
	}
	return f.batches[len(f.batches)-1].to
}

func (f *fake) Known(_ context.Context, _ uint32, ids []string, since int64) ([]state.Identity, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]state.Identity, len(ids))
	for i, id := range ids {
		if known, found := f.ids[id]; found && known.received >= since {
			out[i] = state.Identity{Known: true, EventTime: known.eventTime}
		}
	}
	return out, nil
}

// rows returns the ids of all rows, with their event times, and the counts.
func (f *fake) rows() (ids map[string]int64, nulls int, counts state.Counts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ids = map[string]int64{}
	for _, b := range f.batches {
		for _, r := range b.records {
			counts.In += r.Counts.In
			counts.Accepted += r.Counts.Accepted
			counts.Duplicates += r.Counts.Duplicates
			counts.Quarantined += r.Counts.Quarantined
			for i := range r.Rows {
				if r.Columns[0].IsNull(i) {
					nulls++
					continue
				}
				ids[r.Columns[0].Value(i).Text] = r.EventTime[i]
			}
		}
	}
	return ids, nulls, counts
}

// fixture is an ingester with all that it stands on.
type fixture struct {
	t      testing.TB
	fs     disk.Cutter
	wall   *clock.Fake
	line   *clock.Timeline
	log    *log.Log
	state  ingest.State
	layout *state.Layout
	in     *ingest.Ingester
	tune   func(*ingest.Options)
	logs   log.Options
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, fs: disk.NewMemory(), wall: clock.NewFake(noon), state: &fake{}}
	source := payments()
	f.layout = &state.Layout{Plan: &plan.Plan{Sources: []*plan.Source{source}},
		Sources: []state.Source{{ID: 7, Plan: source}}}
	f.line = clock.NewTimeline(f.wall, 0, nil)
	return f
}

// open opens the log and an ingester over it.
func (f *fixture) open() *fixture {
	f.t.Helper()
	var err error
	if f.logs.Clock == nil {
		f.logs.Clock = f.wall
	}
	if f.log, _, err = log.Open(f.fs, "log", f.logs); err != nil {
		f.t.Fatal(err)
	}
	if f.in, err = ingest.Open(f.t.Context(), f.options()); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(f.close)
	return f
}

func (f *fixture) options() ingest.Options {
	o := ingest.Options{Log: f.log, State: f.state, Timeline: f.line, Clock: f.wall,
		Plans: func() *state.Layout { return f.layout }, Timeout: 10 * time.Second}
	if f.tune != nil {
		f.tune(&o)
	}
	return o
}

func (f *fixture) close() {
	if f.in == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = f.in.Close(ctx)
	_ = f.log.Close()
	f.in = nil
}

func (f *fixture) reopen() *fixture {
	f.t.Helper()
	f.close()
	return f.open()
}

func jsonl(text string) ingest.PushRequest {
	return ingest.PushRequest{Source: "payments", Format: format.JSONL, Body: []byte(text), MaxBad: -1}
}

// push pushes JSON lines and expects them to be taken.
func (f *fixture) push(text string) *ingest.PushResult {
	f.t.Helper()
	return f.send(jsonl(text))
}

func (f *fixture) send(request ingest.PushRequest) *ingest.PushResult {
	f.t.Helper()
	result, err := f.in.Push(f.t.Context(), request)
	if err != nil {
		f.t.Fatal(err)
	}
	return result
}

// fails pushes and expects an error.
func (f *fixture) fails(want error, request ingest.PushRequest) {
	f.t.Helper()
	if _, err := f.in.Push(f.t.Context(), request); !errors.Is(err, want) {
		f.t.Errorf("error %v, want %v", err, want)
	}
}

// counts expects numbers of accepted, duplicate and quarantined rows.
func (f *fixture) counts(r *ingest.PushResult, accepted, duplicates, quarantined int64) {
	f.t.Helper()
	if r.Accepted != accepted || r.Duplicates != duplicates || r.QuarantinedRows != quarantined {
		f.t.Errorf("accepted %d, duplicates %d, quarantined %d (%v); want %d, %d, %d", r.Accepted,
			r.Duplicates, r.QuarantinedRows, r.Quarantined, accepted, duplicates, quarantined)
	}
}

// event writes an event.
func event(id string, ts int64) string {
	return fmt.Sprintf("{\"id\":%q,\"ts\":%q,\"card\":\"c%d\",\"amount\":%d.5,\"n\":%d}\n",
		id, schema.FormatTime(ts), ts%7, ts%100, ts%1000)
}
