package serve_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
	"github.com/fettle-ml/fettle/internal/state"
)

const definitions = `
entity: card
key: {card_id: string}
---
entity: shop
key: {shop_id: int64}
---
source: payments
path: payments.jsonl
event_time: ts
available: event_time
fields: {card: string, shop: int64, amount: float64, status: string, ts: timestamp}
---
view: spend
entity: card
source: payments
key: {card_id: card}
expires: 30d
request: {amount: float64}
features:
  total: sum(amount) over 7d
  count: count() over 7d
  mean: avg(amount) over 7d
  least: min(amount) over 7d
  most: max(amount) over 7d
  spread: stddev(amount) over 7d
  status: status
  statuses: count(distinct status) over 7d
  latest: {expr: last(amount) over 1d, default: -1.0}
  ratio: request.amount / total
---
view: shops
entity: shop
source: payments
key: {shop_id: shop}
freshness: 1h
features:
  sales: {expr: count() over 1d}
---
model: fraud
version: 3
entities: {card: card, shop: {entity: shop, key: {shop_id: at_shop}}}
features: [card.spend.*, shop.shops.sales, {card.spend.total: again}]
`

func compile(t testing.TB, text string) *plan.Plan {
	t.Helper()
	result := lang.Compile(lang.Input{
		Project: lang.File{Path: "fettle.yaml", Text: []byte("project: test\n")},
		Files:   []lang.File{{Path: "features/all.yaml", Text: []byte(text)}},
	})
	if result.Plan == nil {
		t.Fatal(result.Diagnostics)
	}
	return result.Plan
}

// event is one payment, and when serving could see it.
type event struct {
	card    string
	shop    int64
	amount  float64
	status  string
	at      int64
	visible int64
}

// memory is the events of the test's source. It stands for state, which leaves out what is not
// visible, and for history, which does not.
type memory struct {
	mutex  sync.Mutex
	events []event
	before int64 // only events visible then; 0: all
	scans  *atomic.Int64
}

func (m *memory) Scan(ctx context.Context, request *engine.ScanRequest, emit func(int, *engine.Chunk) error) error {
	m.mutex.Lock()
	events := slices.Clone(m.events)
	m.mutex.Unlock()
	m.scans.Add(1)
	chunk := &engine.Chunk{}
	builders := make([]*batch.Builder, len(request.Columns))
	for i, column := range request.Columns {
		builders[i] = batch.NewBuilder(request.Source.Columns[column].Type)
	}
	for _, e := range events {
		if m.before != 0 && e.visible > m.before {
			continue
		}
		chunk.EventTime = append(chunk.EventTime, e.at)
		chunk.Visible = append(chunk.Visible, e.visible)
		values := []schema.Value{
			schema.StringValue(e.card), schema.IntValue(e.shop), schema.FloatValue(e.amount),
			schema.StringValue(e.status), timeOf(e.at),
		}
		for i, column := range request.Columns {
			builders[i].Append(values[column])
		}
	}
	for _, b := range builders {
		chunk.Columns = append(chunk.Columns, b.Column())
	}
	if err := emit(0, chunk); err != nil {
		return err
	}
	return ctx.Err()
}

func timeOf(at int64) schema.Value { return schema.Value{Type: schema.Of(schema.Timestamp), Int: at} }

// sampleStore keeps samples in memory.
type sampleStore struct {
	mutex sync.Mutex
	kept  []state.Sample
	gate  chan struct{} // if set, storing waits for it
	fail  error
	// discard keeps nothing, for benchmarks.
	discard bool
}

func (s *sampleStore) PutSample(ctx context.Context, sample state.Sample) error {
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.fail == nil && !s.discard {
		s.kept = append(s.kept, sample)
	}
	return s.fail
}

func (s *sampleStore) Samples(_ context.Context, from, to int64, visit func(state.Sample) error) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, k := range s.kept {
		if k.At < from || k.At >= to {
			continue
		}
		if err := visit(k); err != nil {
			return err
		}
	}
	return nil
}

// start is the first day of the test's events.
const start = 1_767_225_600 * schema.Second // 2026-01-01

// world is a server with everything around it.
type world struct {
	*serve.Server
	plan     *plan.Plan
	current  *serve.Current
	events   *memory
	samples  *sampleStore
	wall     *clock.Fake
	timeline *clock.Timeline
	scans    atomic.Int64
}

func newWorld(t testing.TB, change func(o *serve.Options)) *world {
	t.Helper()
	w := &world{plan: compile(t, definitions), samples: &sampleStore{}, wall: clock.NewFake(start)}
	w.events = &memory{scans: &w.scans}
	w.current = &serve.Current{Plan: w.plan}
	w.timeline = clock.NewTimeline(w.wall, start, nil)
	o := serve.Options{
		Current: func() *serve.Current { return w.current },
		State: func(at int64) engine.Events {
			return &memory{events: w.all(), before: at, scans: &w.scans}
		},
		History: w.events, Timeline: w.timeline, Samples: w.samples, SampleRate: 1,
		Random: &counter{},
		// The machine may be busy.
		Timeout: 60e9,
	}
	if change != nil {
		change(&o)
	}
	for _, v := range w.plan.Views {
		v.Timeout = 60 * schema.Second
	}
	for _, m := range w.plan.Models {
		m.Timeout = 60 * schema.Second
	}
	w.Server = serve.New(o)
	return w
}

func (w *world) all() []event {
	w.events.mutex.Lock()
	defer w.events.mutex.Unlock()
	return slices.Clone(w.events.events)
}

// pay makes an event visible now.
func (w *world) pay(t testing.TB, events ...event) {
	t.Helper()
	visible, err := w.timeline.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		events[i].visible = visible
	}
	w.events.mutex.Lock()
	w.events.events = append(w.events.events, events...)
	w.events.mutex.Unlock()
	w.timeline.Publish()
}

// counter gives different request ids, the same in every run.
type counter struct{ n atomic.Uint64 }

func (c *counter) Read(p []byte) (int, error) {
	copy(p, fmt.Sprintf("%012d", c.n.Add(1)))
	return len(p), nil
}

func texts(values ...string) *batch.Column {
	b := batch.NewBuilder(schema.Of(schema.String))
	for _, v := range values {
		b.Append(schema.Value{Type: schema.Of(schema.String), Text: v, Null: v == ""})
	}
	return b.Column()
}

func ints(values ...int64) *batch.Column {
	return &batch.Column{Type: schema.Of(schema.Int64), Length: len(values), Ints: values}
}

func floats(values ...float64) *batch.Column {
	return &batch.Column{Type: schema.Of(schema.Float64), Length: len(values), Floats: values}
}

// cardRows asks for cards at shop 7, with a request amount of 10.
func cardRows(cards ...string) serve.Rows {
	rows := serve.Rows{Count: len(cards), Request: map[string]*batch.Column{
		"amount": batch.Repeat(schema.FloatValue(10), len(cards)),
	}}
	rows.Keys = [][]*batch.Column{{texts(cards...)}, {batch.Repeat(schema.IntValue(7), len(cards))}}
	return rows
}
