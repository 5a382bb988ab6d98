package state

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// naive is the reference: all events in a list, and no index of any kind.
type naive struct {
	rules  rules
	events []*event
}

// keyOf returns the entity of an event as text; false: none.
func keyOf(f *fixture, view *plan.View, e *event) (string, bool) {
	switch view {
	case f.both:
		return e.cells[colShop].String() + "|" + e.cells[colCard].Text,
			!e.cells[colShop].Null && !e.cells[colCard].Null
	case f.upper:
		return strings.ToUpper(e.cells[colCard].Text), !e.cells[colCard].Null
	default:
		return e.cells[colCard].Text, !e.cells[colCard].Null
	}
}

// available says when an event is known, and whether its source keeps it at all.
func (n *naive) available(e *event) (at int64, kept bool) {
	if n.rules.where {
		flag := e.cells[colFlag]
		dead := n.rules.deleteWhen && e.cells[colAmount].Null
		if (flag.Null || flag.Int == 0) && !dead {
			return 0, false
		}
	}
	if !n.rules.available {
		return max(e.time, e.received), true
	}
	if e.cells[colReady].Null {
		return 0, false
	}
	return max(e.time, e.cells[colReady].Int), true
}

// newest is the last event before b that is available at b and visible at cut, in total order.
func (n *naive) newest(events []*event, b, cut int64) (best *event, found bool) {
	for _, e := range events {
		at, kept := n.available(e)
		if !kept || at > b || e.time >= b || e.visible > cut {
			continue
		}
		if !found || e.time > best.time || e.time == best.time && after2(e, best) {
			best, found = e, true
		}
	}
	return best, found
}

// after2 orders events of one time as a source with a sequence column (the shop) would, and then by
// arrival: so the store must hand out all rows of the newest time.
func after2(a, b *event) bool {
	x, y := a.cells[colShop], b.cells[colShop]
	switch {
	case x.Null != y.Null:
		return y.Null
	case !x.Null && x.Int != y.Int:
		return x.Int > y.Int
	default:
		return a.order > b.order
	}
}

// minima is what a test exercised.
type minima map[string]int

func (m minima) check(t *testing.T, least map[string]int) {
	t.Helper()
	for name, want := range least {
		if m[name] < want {
			t.Errorf("only %d of %s, want %d", m[name], name, want)
		}
	}
	t.Logf("exercised %v", m)
}

// met reports whether everything was exercised as often as it is wanted.
func (m minima) met(least map[string]int) bool {
	for name, want := range least {
		if m[name] < want {
			return false
		}
	}
	return true
}

// eventsOf turns chunks of one feed back into events.
func eventsOf(chunks []*engine.Chunk, columns []int, feed int) (out []*event) {
	for _, c := range chunks {
		if c.Feed != feed {
			continue
		}
		for row := range c.EventTime {
			e := &event{time: c.EventTime[row], received: engine.NoTime, visible: engine.NoTime}
			if c.ReceivedAt != nil {
				e.received = c.ReceivedAt[row]
			}
			if c.Visible != nil {
				e.visible = c.Visible[row]
			}
			for i, column := range columns {
				e.cells[column] = c.Columns[i].Value(row)
			}
			out = append(out, e)
		}
	}
	return out
}

// sameRow ignores the order, which chunks do not hold.
func sameRow(a, b *event, columns []int) bool {
	if a.time != b.time || a.received != b.received || a.visible != b.visible {
		return false
	}
	for _, i := range columns {
		x, y := a.cells[i], b.cells[i]
		if x.Null != y.Null || !x.Type.Equal(y.Type) {
			return false
		}
		if !x.Null && (x.Int != y.Int || x.Dec != y.Dec || x.Text != y.Text ||
			math.Float64bits(x.Float) != math.Float64bits(y.Float)) {
			return false
		}
	}
	return true
}

// checkFeed compares what came for one feed of a request at time t with the reference.
func (n *naive) checkFeed(f *fixture, q *engine.FeedRequest, got []*event, w world) error {
	wanted := map[string]bool{}
	for row := range q.Keys[0].Length {
		e := &event{}
		if q.View == f.both {
			e.cells[colShop], e.cells[colCard] = q.Keys[0].Value(row), q.Keys[1].Value(row)
		} else {
			e.cells[colCard] = q.Keys[0].Value(row)
		}
		text, named := e.cells[colCard].Text, !e.cells[colCard].Null
		if q.View == f.both {
			text, named = keyOf(f, q.View, e)
		}
		if named {
			wanted[text] = true
		}
	}
	byEntity := map[string][]*event{}
	for _, e := range n.events {
		if key, named := keyOf(f, q.View, e); named && wanted[key] && e.visible <= w.at {
			byEntity[key] = append(byEntity[key], e)
		}
	}
	used := 0
	for _, key := range slices.Sorted(maps.Keys(byEntity)) {
		all := byEntity[key]
		slices.SortFunc(all, func(a, b *event) int {
			if a.time != b.time {
				return int(a.time - b.time)
			}
			if a.order < b.order {
				return -1
			}
			return 1
		})
		mine := ofEntity(f, q.View, got, key)
		used += len(mine)
		if err := n.checkEntity(q, all, mine, w); err != nil {
			return fmt.Errorf("entity %q: %w", key, err)
		}
	}
	if used != len(got) {
		return fmt.Errorf("%d rows came, %d of the entities", len(got), used)
	}
	return nil
}

func ofEntity(f *fixture, view *plan.View, events []*event, key string) (out []*event) {
	for _, e := range events {
		if k, named := keyOf(f, view, e); named && k == key {
			out = append(out, e)
		}
	}
	return out
}

// world is the circumstances of one comparison.
type world struct {
	at      int64
	columns []int
	rng     *rand.Rand
	seen    minima
}

// checkEntity checks that got is a run of all that ends where it should, has the whole window, and
// gives the same newest rows.
func (n *naive) checkEntity(q *engine.FeedRequest, all, got []*event, w world) error {
	end := len(all)
	if q.To != engine.NoTime {
		end, _ = slices.BinarySearchFunc(all, q.To, func(e *event, t int64) int { return int(e.time - t) })
	}
	begin := end - len(got)
	if begin < 0 {
		return fmt.Errorf("%d rows, want at most %d", len(got), end)
	}
	for i := range got {
		if !sameRow(got[i], all[begin+i], w.columns) {
			return fmt.Errorf("row %d: got %v, want %v", i, got[i], all[begin+i])
		}
	}
	need, _ := slices.BinarySearchFunc(all, q.From, func(e *event, t int64) int {
		if e.time < t {
			return -1
		}
		return 1
	})
	if need = min(need, end); begin > need {
		return fmt.Errorf("%d rows, but the window has %d", len(got), end-need)
	}
	w.seen["rows"] += len(got)
	if !q.Newest {
		if begin != need {
			return fmt.Errorf("%d rows, the window has %d and no more is wanted", len(got), end-need)
		}
		return nil
	}
	if begin > 0 {
		w.seen["walks that ended early"]++
	}
	limit := q.To
	if limit == engine.NoTime {
		limit = q.Least + 10_000
	}
	for range 4 {
		b := q.Least + w.rng.Int64N(max(1, limit-q.Least+1))
		cut := b + w.rng.Int64N(3)*w.rng.Int64N(1000)
		want, exists := n.newest(all, b, cut)
		have, found := n.newest(all[begin:end], b, cut)
		if exists != found || exists && !sameRow(want, have, w.columns) {
			return fmt.Errorf("newest at %d: got %v %v, want %v %v", b, found, have, exists, want)
		}
		w.seen["newest rows"]++
	}
	return nil
}

// request draws a request about the times near now.
func (w *world) request(f *fixture, now int64) *engine.ScanRequest {
	rng := w.rng
	r := &engine.ScanRequest{Source: f.source, Workers: 2}
	w.columns = []int{colCard, colShop, colFlag, colReady, colAmount} // what the reference reads
	for _, i := range []int{colNote, colPrice, colID, colNothing} {
		if rng.IntN(2) == 0 {
			w.columns = append(w.columns, i)
		}
	}
	rng.Shuffle(len(w.columns), func(i, j int) { w.columns[i], w.columns[j] = w.columns[j], w.columns[i] })
	r.Columns = w.columns
	views := []*plan.View{f.card, f.both, f.again, f.upper}
	for range 1 + rng.IntN(3) {
		q := engine.FeedRequest{View: views[rng.IntN(4)], Newest: rng.IntN(2) == 0}
		q.Least = now - rng.Int64N(3)*rng.Int64N(8000)
		q.From = q.Least - rng.Int64N(4000)
		q.To = q.Least + 1 + rng.Int64N(2)*rng.Int64N(3000)
		switch rng.IntN(8) {
		case 0:
			q.From = engine.NoTime
		case 1:
			q.To = engine.NoTime
		case 2:
			q.From = q.To
		}
		var keys [][]schema.Value
		for range 1 + rng.IntN(2)*rng.IntN(6) {
			card := textOf([]string{"a", "b", "B", "c\x00", "", "nobody", "A"}[rng.IntN(7)])
			if rng.IntN(10) == 0 {
				card = schema.NullOf(card.Type)
			}
			if q.View == f.both {
				keys = append(keys, []schema.Value{schema.IntValue(rng.Int64N(3) - 1), card})
			} else {
				keys = append(keys, []schema.Value{card})
			}
		}
		q.Keys = keyColumns(q.View.Entity.Key, keys...)
		r.Feeds = append(r.Feeds, q)
	}
	return r
}

// compare draws a request and compares it at a time.
func (n *naive) compare(t *testing.T, s *State, f *fixture, w world, now int64) {
	t.Helper()
	r := w.request(f, now)
	chunks, err := scan(t.Context(), s.At(w.at), r)
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Feeds {
		if err := n.checkFeed(f, &r.Feeds[i], eventsOf(chunks, r.Columns, i+1), w); err != nil {
			q := r.Feeds[i]
			t.Fatalf("view %s [%d, %d) least %d newest %v at %d: %v",
				q.View.Name, q.From, q.To, q.Least, q.Newest, w.at, err)
		}
		w.seen["feeds"]++
	}
}
