package engine

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// rowWindows are random windows whose events are chosen by their number or by the gaps between
// them. Counts, gaps and offsets are small, so that all of them are often reached.
func rowWindows(r *rand.Rand) []plan.Window {
	gap := 1 + r.Int64N(1+r.Int64N(40))
	return []plan.Window{
		{Kind: plan.Last, Count: 1 + r.IntN(6)},
		{Kind: plan.Last, Count: 1 + r.IntN(20), Offset: r.Int64N(6)},
		{Kind: plan.Session, Length: gap},
		{Kind: plan.Session, Length: gap, Offset: 1 + r.Int64N(3)},
		{Kind: plan.Session, Length: gap, Max: 1 + r.Int64N(20)},
		{Kind: plan.Session, Length: 1 + r.Int64N(20), Max: 1 + r.Int64N(20), Offset: r.Int64N(3)},
	}
}

// naive computes one aggregate from the definition: the events, their window, then plain loops with
// big rationals.
func (c *testCase) naive(a *plan.Aggregate, key schema.Value, t int64) schema.Value {
	return naiveAggregate(a, c.naiveWindow(a, key, t))
}

// naiveWindow lists the events that contribute to an aggregate, in total order.
func (c *testCase) naiveWindow(a *plan.Aggregate, key schema.Value, t int64) []testEvent {
	live := c.naiveLive(key, t)
	switch w := a.Window; w.Kind {
	case plan.Last:
		passing := c.passing(a, live)
		to := max(0, len(passing)-int(w.Offset))
		return passing[max(0, to-w.Count):to]
	case plan.Session:
		return c.passing(a, naiveSession(w, live, t))
	default:
		return c.passing(a, c.naiveBetween(w, live, t))
	}
}

// naiveLive lists the events of an entity that are known as of t and are no tombstones.
func (c *testCase) naiveLive(key schema.Value, t int64) []testEvent {
	var live []testEvent
	for _, e := range c.ordered() {
		known := e.time
		if c.view.Source.Available != nil {
			if e.values[colReady].Null {
				continue
			}
			known = max(known, e.values[colReady].Int)
		}
		switch n := e.values[colInt]; {
		case e.values[colKey].Text != key.Text, known > t, e.time >= t+int64(c.view.Edge):
		case c.view.Source.DeleteWhen != nil && !n.Null && n.Int == 3:
		default:
			live = append(live, e)
		}
	}
	return live
}

// passing keeps what both filters are true of.
func (c *testCase) passing(a *plan.Aggregate, events []testEvent) []testEvent {
	var out []testEvent
	for _, e := range events {
		n, flag := e.values[colInt], e.values[colFlag]
		if c.view.Where != nil && (n.Null || n.Int <= -3) || a.Where != nil && (flag.Null || flag.Int == 0) {
			continue
		}
		out = append(out, e)
	}
	return out
}

// naiveBetween keeps the events of a window of time.
func (c *testCase) naiveBetween(w plan.Window, events []testEvent, t int64) []testEvent {
	shift := int64(c.view.Edge)
	start, end := int64(math.MinInt64), t-w.Offset
	if w.Kind == plan.Sliding {
		start = end - w.Length
		if hop := w.Hop; hop > 0 {
			start = int64(math.Floor(float64(start)/float64(hop))) * hop
			end = int64(math.Floor(float64(end)/float64(hop))) * hop
		}
		start += shift
	} else if w.Since != nil {
		start = *w.Since
	}
	end += shift
	var out []testEvent
	for _, e := range events {
		if e.time >= start && e.time < end {
			out = append(out, e)
		}
	}
	return out
}

// naiveSession cuts the events where a gap lies between two, and picks one piece.
func naiveSession(w plan.Window, events []testEvent, t int64) []testEvent {
	var sessions [][]testEvent
	for i, e := range events {
		if i == 0 || e.time-events[i-1].time >= w.Length {
			sessions = append(sessions, nil)
		}
		newest := &sessions[len(sessions)-1]
		*newest = append(*newest, e)
	}
	if len(events) > 0 && t-events[len(events)-1].time >= w.Length {
		sessions = append(sessions, nil) // nothing is open
	}
	pick := len(sessions) - 1 - int(w.Offset)
	if pick < 0 {
		return nil
	}
	session := sessions[pick]
	for w.Max > 0 && len(session) > 0 && session[0].time < session[len(session)-1].time-w.Max {
		session = session[1:]
	}
	return session
}

// TestWindowsAreSelections compares each aggregate with the same one over all of a history that holds
// nothing but the events of its window.
func TestWindowsAreSelections(t *testing.T) {
	t.Parallel()
	compared, nonNull, byKind := 0, 0, map[plan.WindowKind]int{}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 14))
		c := randomCase(r)
		values, _ := evaluateAll(t, memoryEvents{split(r, c.events)}, c.view, rowsOf(c.view, c.keys, c.times),
			Options{Workers: 1 + r.IntN(2)})
		source := *c.view.Source
		source.DeleteWhen = nil
		for f, a := range c.view.Aggregates {
			alone := plan.Aggregate{Func: a.Func, Distinct: a.Distinct, Args: a.Args, Type: a.Type}
			alone.Window = plan.Window{Kind: plan.All}
			view := &plan.View{Name: "v", Source: &source, Key: c.view.Key, Entity: c.view.Entity, Edge: c.view.Edge}
			view.Features = []*plan.Feature{featureOf("f", aggregateOf(view, alone))}
			for i, at := range c.times {
				events := memoryEvents{[][]testEvent{c.naiveWindow(a, c.keys[i], at)}}
				want, _ := evaluateAll(t, events, view, rowsOf(view, c.keys[i:i+1], c.times[i:i+1]), Options{Workers: 1})
				if x, y := values[f].Column.Value(i), want[0].Column.Value(0); !sameValue(x, y) {
					t.Fatalf("seed %d row %d: %s = %s, want %s", seed, i, plan.AggregateText(c.view, a), x, y)
				}
				if x, y := values[f].Time[i], want[0].Time[0]; x != y {
					t.Fatalf("seed %d row %d: the newest event of %s is at %d, want %d", seed, i, plan.AggregateText(c.view, a), x, y)
				}
				compared++
				if !want[0].Column.IsNull(0) {
					nonNull++
					byKind[a.Window.Kind]++
				}
			}
		}
	}
	t.Logf("%d cells, %d not null, by kind of window %v", compared, nonNull, byKind)
	if compared < 12_000 || nonNull < compared/2 || len(byKind) < 4 {
		t.Errorf("too little was compared: %d cells, %d not null, by kind of window %v", compared, nonNull, byKind)
	}
}
