package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestTraceAgreesWithWindows compares the events that a trace says contribute with those that the
// definition of each window takes.
func TestTraceAgreesWithWindows(t *testing.T) {
	t.Parallel()
	reads, taken, skipped, tooOld, unavailable := 0, 0, 0, 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 15))
		c := randomCase(r)
		trace := &Trace{}
		evaluateAll(t, memoryEvents{[][]testEvent{c.events}}, c.view, rowsOf(c.view, c.keys, c.times), Options{Trace: trace})
		for _, read := range trace.Reads {
			if read.Aggregate < 0 {
				continue
			}
			a := c.view.Aggregates[read.Aggregate]
			var got, want []*schema.Value // the values of events, which no two share
			for _, e := range read.Events {
				switch e.Reason {
				case Contributes, NullArgument, NotTrue:
					got = append(got, &c.events[e.ChunkRow].values[0])
				case Skipped:
					skipped++
				case TooOld:
					tooOld++
				case Unavailable:
					unavailable++
				}
			}
			for _, e := range c.naiveWindow(a, c.keys[read.Row], c.times[read.Row]) {
				want = append(want, &e.values[0])
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d row %d: %s takes %d events, want %d", seed, read.Row,
					plan.AggregateText(c.view, a), len(got), len(want))
			}
			reads, taken = reads+1, taken+len(got)
		}
	}
	t.Logf("%d reads, %d events taken, %d skipped, %d too old, %d unavailable", reads, taken, skipped, tooOld, unavailable)
	if reads < 12_000 || min(taken, skipped, tooOld, unavailable) < 3_000 {
		t.Errorf("too little was compared: %d reads, %d events taken, %d skipped, %d too old, %d unavailable",
			reads, taken, skipped, tooOld, unavailable)
	}
}

// TestTraceOfRows shows what a trace says of each kind of window that is chosen among events.
func TestTraceOfRows(t *testing.T) {
	t.Parallel()
	yes, no := schema.BoolValue(true), schema.BoolValue(false)
	var rows []testEvent
	for i, at := range []int64{10, 11, 12, 30, 31, 32, 33} {
		values := map[int]schema.Value{colFlag: yes, colTags: {Type: testColumns[colTags].Type, Items: []schema.Value{
			schema.StringValue(fmt.Sprint("t", i)),
		}}}
		if at == 31 {
			values[colFlag] = no
		}
		if at == 32 {
			delete(values, colTags)
		}
		rows = append(rows, eventAt(at, "a", values))
	}
	events := memoryEvents{[][]testEvent{rows}}
	for _, c := range []struct {
		window     plan.Window
		start, end int64
		want       []string
	}{
		{plan.Window{Kind: plan.Last, Count: 2}, 32, 35, []string{
			"before the rows or session of the window", "before the rows or session of the window",
			"before the rows or session of the window", "before the rows or session of the window",
			"where is not true", "argument is null", "contributes [t6]",
		}},
		{plan.Window{Kind: plan.Last, Count: 2, Offset: 2}, 12, 35, []string{
			"before the rows or session of the window", "before the rows or session of the window", "contributes [t2]",
			"contributes [t3]", "where is not true", "skipped by the window's offset",
			"skipped by the window's offset",
		}},
		{plan.Window{Kind: plan.Session, Length: 5}, 30, 35, []string{
			"before the rows or session of the window", "before the rows or session of the window",
			"before the rows or session of the window", "contributes [t3]", "where is not true", "argument is null",
			"contributes [t6]",
		}},
		{plan.Window{Kind: plan.Session, Length: 5, Max: 1, Offset: 1}, 11, 35, []string{
			"before the rows or session of the window", "contributes [t1]", "contributes [t2]",
			"skipped by the window's offset", "skipped by the window's offset", "skipped by the window's offset",
			"skipped by the window's offset",
		}},
	} {
		view := testView("v", testSource())
		view.Features = []*plan.Feature{featureOf("f", aggregateOf(view, plan.Aggregate{
			Func: "last", Type: testColumns[colTags].Type, Args: []*plan.Expr{columnOf(colTags)}, Where: columnOf(colFlag),
			Window: c.window,
		}))}
		trace := &Trace{}
		evaluateAll(t, events, view, rowsAt([]string{"a"}, 35), Options{Trace: trace})
		var got []string
		for _, e := range trace.Reads[0].Events {
			text := e.Reason.String()
			if e.Reason == Contributes {
				text += " " + e.Argument.String()
			}
			got = append(got, text)
		}
		if read := trace.Reads[0]; read.Start != c.start || read.End != c.end || !slices.Equal(got, c.want) {
			t.Errorf("%+v: from %d to %d %q\nwant from %d to %d %q", c.window, read.Start, read.End, got, c.start, c.end, c.want)
		}
	}
}
