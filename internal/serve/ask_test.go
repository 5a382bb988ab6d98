package serve_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
)

func ask(t testing.TB, w *world, model string, rows serve.Rows) *serve.Answer {
	t.Helper()
	q, err := w.Resolve(model, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.Ask(t.Context(), q, rows)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// line writes row i of an answer as text: value, status if not fresh, reason, for each feature.
func line(a *serve.Answer, i int) string {
	var parts []string
	for k, v := range a.Values {
		text := a.Query.Names[k] + "=" + v.Column.Value(i).String()
		if v.Status[i] != engine.Fresh {
			text += " " + v.Status[i].String()
		}
		if reason := a.Reason(k, i); reason != "" {
			text += " (" + reason + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "\n")
}

func TestAsk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.wall.Set(start + 10*schema.Day)
	w.pay(t,
		event{card: "c1", shop: 7, amount: 12.5, status: "ok", at: start + 9*schema.Day},
		event{card: "c1", shop: 7, amount: 7.5, status: "bad", at: start + 9*schema.Day + schema.Hour},
		event{card: "c1", shop: 8, amount: 100, status: "old", at: start},
		event{card: "c2", shop: 8, amount: 3, status: "ok", at: start + schema.Day},
	)
	a := ask(t, w, "fraud", cardRows("c1", "c2", "nobody", ""))
	want := []string{`again=20.0
card.spend.count=2
card.spend.mean=10.0
card.spend.least=7.5
card.spend.most=12.5
card.spend.spread=3.5355339059327378
card.spend.status=bad
card.spend.statuses=2
card.spend.latest=7.5
card.spend.ratio=0.5
shop.shops.sales=2`, `again=null missing (no_events)
card.spend.count=0
card.spend.mean=null missing (no_events)
card.spend.least=null missing (no_events)
card.spend.most=null missing (no_events)
card.spend.spread=null missing (no_events)
card.spend.status=ok
card.spend.statuses=0
card.spend.latest=-1.0 default (no_events)
card.spend.ratio=null missing (no_events)
shop.shops.sales=2`}
	for i, w := range want {
		if got := line(a, i); got != w {
			t.Errorf("row %d: got\n%s\nwant\n%s", i, got, w)
		}
	}
	if got := line(a, 3); !strings.Contains(got, "card.spend.count=null missing (null_key)") ||
		!strings.Contains(got, "card.spend.latest=null missing (null_key)") || !strings.Contains(got, "shop.shops.sales=2") {
		t.Errorf("a null key: %s", got)
	}
	if a.Query.Model != "fraud@3" || !a.Served || a.Rows != 4 || len(a.RequestID) != 24 {
		t.Errorf("model %s, served %t, %d rows, id %s", a.Query.Model, a.Served, a.Rows, a.RequestID)
	}
	if age, known := a.Age(0, 0); !known || age != a.AsOf-start-9*schema.Day-schema.Hour {
		t.Errorf("age %d, %t", age, known)
	}
	if _, known := a.Age(0, 1); known {
		t.Error("a missing value has an age")
	}
	if version := w.plan.Views[0].Features[0].Version; a.Query.Versions[0] != version || version == "" {
		t.Errorf("version %q", a.Query.Versions[0])
	}
}

// TestAskIsEvaluate compares answers with what the engine computes over all events up to T, in mode
// ideal: every event here is visible before its time comes, so that the modes agree.
func TestAskIsEvaluate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	r := rand.New(rand.NewPCG(1, 2))
	cells := 0
	for range 60 {
		var events []event
		now := w.wall.Now()
		for range r.IntN(20) {
			events = append(events, event{
				card: fmt.Sprint("c", r.IntN(5)), shop: r.Int64N(9), amount: float64(r.IntN(1000)) / 8,
				status: fmt.Sprint("s", r.IntN(4)), at: now + schema.Second + r.Int64N(schema.Hour),
			})
		}
		w.pay(t, events...)
		w.wall.Advance(schema.Hour * r.Int64N(3))
		rows := cardRows("c0", "c1", "c2", "c3", "c4", "c5")
		a := ask(t, w, "fraud@3", rows)
		var wanted []engine.Wanted
		for _, f := range a.Query.Features {
			wanted = append(wanted, engine.Wanted{Role: f.Role, View: f.View, Feature: f.Feature})
		}
		m := w.plan.Models[0]
		full := engine.Rows{Count: rows.Count, Request: rows.Request, Roles: []engine.Keys{
			{Entity: m.Roles[0].Entity, Columns: rows.Keys[0]}, {Entity: m.Roles[1].Entity, Columns: rows.Keys[1]},
		}}
		for range rows.Count {
			full.Times = append(full.Times, a.AsOf)
		}
		values, _, err := engine.Evaluate(t.Context(), w.events, full, wanted, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range values {
			for i := range rows.Count {
				cells++
				got, want := a.Values[k].Column.Value(i), v.Column.Value(i)
				if got.String() != want.String() || a.Values[k].Status[i] != v.Status[i] || a.EventTime(k, i) != v.Time[i] {
					t.Fatalf("%s row %d at %s: %s, want %s", a.Query.Names[k], i, schema.FormatTime(a.AsOf), got, want)
				}
			}
		}
	}
	if t.Logf("%d cells", cells); cells < 3900 {
		t.Error("too little was compared")
	}
}

func TestAskAsOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.wall.Set(start + schema.Day)
	early := start + schema.Hour
	w.pay(t, event{card: "c1", shop: 7, amount: 1, at: start})
	between := w.timeline.Last()
	w.wall.Advance(schema.Day)
	w.pay(t, event{card: "c1", shop: 7, amount: 2, at: start + schema.Minute}) // late
	future := w.timeline.Last() + schema.Day
	q, err := w.Resolve("", []string{"spend.total"})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		asOf   *int64
		served bool
		want   string
	}{
		{"now", nil, false, "3.0"},
		{"ideal knows what came late", &early, false, "3.0"},
		{"served had seen nothing yet", &early, true, "null"},
		{"served had seen the first", &between, true, "1.0"},
		{"ideal in the future", &future, false, "3.0"},
		{"served in the future", &future, true, "error"},
	}
	for _, c := range cases {
		a, err := w.Ask(t.Context(), q, serve.Rows{
			Count: 1, Keys: [][]*batch.Column{{texts("c1")}}, AsOf: c.asOf, Served: c.served,
		})
		var invalid *serve.InvalidError
		switch {
		case c.want == "error":
			if !errors.As(err, &invalid) || invalid.Field != "as_of" {
				t.Errorf("%s: %v", c.name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case a.Values[0].Column.Value(0).String() != c.want || a.Served != (c.asOf == nil || c.served):
			t.Errorf("%s: %s, served %t", c.name, a.Values[0].Column.Value(0), a.Served)
		}
	}
}

func TestAskMaxAge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.wall.Set(start + 6*schema.Day)
	w.pay(t, event{card: "c1", shop: 7, amount: 1, at: start},
		event{card: "c2", shop: 7, amount: 1, at: start - 40*schema.Day})
	rows := cardRows("c1", "c2")
	rows.MaxAge = schema.Hour
	got := line(ask(t, w, "fraud", rows), 0)
	if !strings.Contains(got, "card.spend.count=null expired (max_age)") ||
		!strings.Contains(got, "status=null expired (max_age)") {
		t.Error(got)
	}
	if got := line(ask(t, w, "fraud", rows), 1); !strings.Contains(got, "status=null expired (expires)") {
		t.Error(got)
	}
}

func TestAskRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *serve.Options) { o.MaxRows = 3 })
	old := schema.MinTime - 1
	cases := []struct {
		name   string
		change func(r *serve.Rows)
		field  string
		want   string
	}{
		{"too many rows", func(r *serve.Rows) { r.Count = 4 }, "", "at most 3"},
		{"no keys", func(r *serve.Rows) { r.Keys = nil }, "", "keys of 0 entities are given, 2 are needed"},
		{"a role without columns", func(r *serve.Rows) { r.Keys[1] = nil }, "", "entity shop has 1 key columns, 0"},
		{"a key that is missing", func(r *serve.Rows) { r.Keys[1][0] = nil }, "at_shop", "send a int64"},
		{"a key of another type", func(r *serve.Rows) { r.Keys[0][0] = ints(1, 2) }, "card_id", "is a string, not a int64"},
		{"a short key", func(r *serve.Rows) { r.Keys[0][0] = texts("a") }, "card_id", "has 1 rows, the request has 2"},
		{"no request", func(r *serve.Rows) { r.Request = nil }, "amount", "card.spend.ratio reads it"},
		{"a misspelt field", func(r *serve.Rows) { r.Request["amont"] = floats(1, 2) }, "amont", "did you mean amount?"},
		{"a field of another type", func(r *serve.Rows) { r.Request["amount"] = ints(1, 2) }, "amount", "is a float64"},
		{"a time long ago", func(r *serve.Rows) { r.AsOf = &old }, "as_of", "years 1900 to 2200"},
		{"a negative age", func(r *serve.Rows) { r.MaxAge = -1 }, "max_age", "negative"},
		{"a position", func(r *serve.Rows) { r.MinPosition = log.Position{Epoch: 1, Sequence: 1} }, "min_position", "wait"},
	}
	q, err := w.Resolve("fraud", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		rows := cardRows("c1", "c2")
		c.change(&rows)
		_, err := w.Ask(t.Context(), q, rows)
		var invalid *serve.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != c.field || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if a := ask(t, w, "fraud", cardRows()); a.Rows != 0 || a.Values[0].Column.Length != 0 {
		t.Errorf("no rows: %v", a)
	}
}

func TestAskWaits(t *testing.T) {
	t.Parallel()
	waited := 0
	w := newWorld(t, func(o *serve.Options) {
		o.Wait = func(ctx context.Context, p log.Position) error {
			if waited++; p.Sequence < 5 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		o.Position = func() log.Position { return log.Position{Epoch: 1, Sequence: 4} }
	})
	rows := cardRows("c1")
	rows.MinPosition = log.Position{Epoch: 1, Sequence: 4}
	if a := ask(t, w, "fraud", rows); a.Position != rows.MinPosition {
		t.Errorf("position %s", a.Position)
	}
	q, err := w.Resolve("fraud", nil)
	if err != nil {
		t.Fatal(err)
	}
	rows.MinPosition.Sequence = 9
	rows.Timeout = time.Millisecond
	if _, err := w.Ask(t.Context(), q, rows); !errors.Is(err, serve.ErrDeadline) || !strings.Contains(err.Error(), "1-9") {
		t.Errorf("a position that does not come: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	rows.Timeout = time.Minute
	if _, err := w.Ask(gone, q, rows); !errors.Is(err, context.Canceled) || errors.Is(err, serve.ErrDeadline) {
		t.Errorf("a caller that went away: %v", err)
	}
	if waited != 3 {
		t.Errorf("waited %d times", waited)
	}
}
