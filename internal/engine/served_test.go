package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// liveEvents give, feed by feed, only the events that a request asks for, each with a time of
// receipt and of visibility, as a store of entities does.
type liveEvents struct {
	events            []testEvent // in the order of position
	received, visible []int64
	emitted           *int
}

func (l liveEvents) Scan(_ context.Context, request *ScanRequest, emit func(int, *Chunk) error) error {
	for i, feed := range request.Feeds {
		asked := map[string]bool{}
		for row := range feed.Keys[0].Length {
			if !feed.Keys[0].IsNull(row) {
				asked[feed.Keys[0].Text(row)] = true
			}
		}
		var rows []int
		for position, e := range l.events {
			if asked[e.values[colKey].Text] && (feed.Newest || e.time >= feed.From) && e.time < feed.To {
				rows = append(rows, position)
			}
		}
		// Any order of entities will do, but their events must keep the order of position.
		sort.SliceStable(rows, func(a, b int) bool {
			return l.events[rows[a]].values[colKey].Text > l.events[rows[b]].values[colKey].Text
		})
		*l.emitted += len(rows)
		if err := emit(0, l.chunk(i+1, rows, request)); err != nil {
			return err
		}
	}
	return nil
}

func (l liveEvents) chunk(feed int, rows []int, request *ScanRequest) *Chunk {
	c := &Chunk{Feed: feed}
	builders := make([]*batch.Builder, len(request.Columns))
	for k, column := range request.Columns {
		builders[k] = batch.NewBuilder(request.Source.Columns[column].Type)
	}
	for _, row := range rows {
		c.EventTime = append(c.EventTime, l.events[row].time)
		c.ReceivedAt = append(c.ReceivedAt, l.received[row])
		c.Visible = append(c.Visible, l.visible[row])
		for k, column := range request.Columns {
			builders[k].Append(l.events[row].values[column])
		}
	}
	for _, b := range builders {
		c.Columns = append(c.Columns, b.Column())
	}
	return c
}

// newLiveEvents receives the events of a case some time after they happened.
func newLiveEvents(r *rand.Rand, c *testCase, emitted *int) liveEvents {
	l := liveEvents{events: c.events, emitted: emitted}
	at := int64(0)
	for _, e := range c.events {
		at += r.Int64N(8)
		received := max(at, e.time+r.Int64N(9)-2)
		if r.IntN(5) == 0 {
			received = NoTime // a row of a file
		}
		l.received = append(l.received, received)
		l.visible = append(l.visible, max(received, at)+r.Int64N(3))
		if received == NoTime && r.IntN(2) == 0 {
			l.visible[len(l.visible)-1] = NoTime
		}
	}
	return l
}

// seen returns what was visible as of cut, as events that are always visible.
func (l liveEvents) seen(cut int64) liveEvents {
	out := liveEvents{emitted: l.emitted}
	for i, e := range l.events {
		if l.visible[i] <= cut {
			out.events, out.received = append(out.events, e), append(out.received, l.received[i])
			out.visible = append(out.visible, NoTime)
		}
	}
	return out
}

// TestServed compares mode as_served, for all rows at once, with the formula row by row: mode ideal
// over the events that were visible when the view's value was published.
func TestServed(t *testing.T) {
	t.Parallel()
	compared, differ, emitted := 0, 0, 0
	for seed := range uint64(130) {
		r := rand.New(rand.NewPCG(seed, 9))
		c := randomCase(r)
		addNewest(r, c.view)
		served := &Served{Since: func(*plan.View) int64 { return int64(seed % 90) }}
		if c.view.Freshness = (plan.Freshness{}); r.IntN(2) == 0 {
			c.view.Freshness = plan.Freshness{Kind: plan.Grid, Period: 1 + r.Int64N(40), ReadyAfter: r.Int64N(6)}
		}
		live := newLiveEvents(r, c, &emitted)
		rows := rowsOf(c.view, c.keys, c.times)
		ideal, _ := evaluateAll(t, live, c.view, rows, Options{Workers: 2})
		rows.Served = served
		values, _ := evaluateAll(t, live, c.view, rows, Options{Workers: 2})
		for i, at := range c.times {
			b, cut := at, at
			if f := c.view.Freshness; f.Kind == plan.Grid {
				b = schema.FloorDiv(at-f.ReadyAfter, f.Period) * f.Period
				cut = max(b+f.ReadyAfter, served.Since(c.view))
			}
			want, _ := evaluateAll(t, live.seen(cut), c.view, rowsOf(c.view, c.keys[i:i+1], []int64{at}), Options{})
			for f, v := range values {
				got, wanted := cells(v)[i], cells(want[f])[0]
				if got != wanted {
					t.Fatalf("seed %d row %d feature %d at %d (boundary %d): %s, want %s", seed, i, f, at, b, got, wanted)
				}
				compared++
				if cells(ideal[f])[i] != got {
					differ++
				}
			}
		}
	}
	t.Logf("%d cells, %d differ from mode ideal, %d events read", compared, differ, emitted)
	if compared < 30_000 || differ < compared/20 {
		t.Errorf("too little was exercised: %d cells, %d differ from mode ideal", compared, differ)
	}
}

// TestEventsOfEntities compares what is computed from only the events that were asked for with what
// is computed from all.
func TestEventsOfEntities(t *testing.T) {
	t.Parallel()
	compared, emitted, all := 0, 0, 0
	for seed := range uint64(130) {
		r := rand.New(rand.NewPCG(seed, 10))
		c := randomCase(r)
		addNewest(r, c.view)
		live := newLiveEvents(r, c, &emitted)
		whole := wholeEvents{live}
		for i := range c.times {
			rows := rowsOf(c.view, c.keys[i:i+1], c.times[i:i+1])
			got, _ := evaluateAll(t, live, c.view, rows, Options{})
			want, _ := evaluateAll(t, whole, c.view, rows, Options{Workers: 2})
			for f := range got {
				if !slices.Equal(cells(got[f]), cells(want[f])) {
					t.Fatalf("seed %d row %d feature %d: %v, want %v", seed, i, f, cells(got[f]), cells(want[f]))
				}
				compared++
			}
			all += len(c.events)
		}
	}
	t.Logf("%d cells, %d of %d events read", compared, emitted, all)
	if compared < 30_000 || emitted > all*3/4 {
		t.Errorf("too little was exercised: %d cells, %d of %d events read", compared, emitted, all)
	}
}

// wholeEvents give every event to every feed.
type wholeEvents struct{ liveEvents }

func (w wholeEvents) Scan(_ context.Context, request *ScanRequest, emit func(int, *Chunk) error) error {
	rows := make([]int, len(w.events))
	for i := range rows {
		rows[i] = i
	}
	return emit(0, w.chunk(0, rows, request))
}

// addNewest adds features of the newest row: a column and when it was received.
func addNewest(r *rand.Rand, view *plan.View) {
	if r.IntN(2) == 0 {
		return
	}
	received := &plan.Expr{Op: plan.ReceivedAt, Type: schema.Of(schema.Timestamp)}
	for i, e := range []*plan.Expr{columnOf(colText), received} {
		view.Features = append(view.Features, featureOf(fmt.Sprint("newest", i), e))
	}
}

func rowsOf(view *plan.View, keys []schema.Value, times []int64) Rows {
	b := batch.NewBuilder(schema.Of(schema.String))
	for _, key := range keys {
		b.Append(key)
	}
	role := Keys{Entity: view.Entity, Columns: []*batch.Column{b.Column()}}
	return Rows{Count: len(times), Times: times, Roles: []Keys{role}}
}

// TestReach has views of one window each, so that no other window asks for the events that it needs.
func TestReach(t *testing.T) {
	t.Parallel()
	compared, emitted, bounded := 0, 0, 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 17))
		c := randomCase(r)
		windows := append(rowWindows(r), plan.Window{Kind: plan.Sliding, Length: 40, Hop: 7},
			plan.Window{Kind: plan.Sliding, Length: 20, Offset: r.Int64N(20)})
		collect := generalCall{"collect", []int{colInt}, []schema.Value{schema.IntValue(50)}, schema.ListOf(intType)}
		a := collect.aggregate()
		a.Window = windows[r.IntN(len(windows))]
		c.view.Aggregates = nil
		c.view.Features = []*plan.Feature{featureOf("f", aggregateOf(c.view, *a))}
		live := newLiveEvents(r, c, &emitted)
		for i := range c.times {
			rows := rowsOf(c.view, c.keys[i:i+1], c.times[i:i+1])
			before := emitted
			got, _ := evaluateAll(t, live, c.view, rows, Options{})
			bounded += boolInt(emitted-before < len(c.events)/4)
			want, _ := evaluateAll(t, wholeEvents{live}, c.view, rows, Options{})
			if !slices.Equal(cells(got[0]), cells(want[0])) {
				t.Fatalf("seed %d row %d: %s = %v, want %v", seed, i, plan.AggregateText(c.view, a), cells(got[0]), cells(want[0]))
			}
			compared += boolInt(cells(got[0])[0][:2] != "[]")
		}
	}
	t.Logf("%d lists, %d of few events", compared, bounded)
	if compared < 1_000 || bounded < 500 {
		t.Errorf("too little was exercised: %d lists, %d of few events", compared, bounded)
	}
}
