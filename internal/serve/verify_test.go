package serve_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
)

// traffic pays and asks for a while, with events that come late.
func traffic(t testing.TB, w *world, rounds int) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	list, err := w.Resolve("", []string{"spend.total", "spend.status"})
	if err != nil {
		t.Fatal(err)
	}
	for range rounds {
		var events []event
		for range r.IntN(8) {
			events = append(events, event{
				card: fmt.Sprint("c", r.IntN(4)), shop: 6 + r.Int64N(3), amount: r.NormFloat64(),
				status: fmt.Sprint("s", r.IntN(4)), at: w.wall.Now() - r.Int64N(9*schema.Day) + schema.Hour,
			})
		}
		w.pay(t, events...)
		w.wall.Advance(schema.Hour * r.Int64N(4))
		rows := cardRows("c0", "c1", "", "c2", "c9")
		if r.IntN(3) == 0 {
			rows.MaxAge = schema.Day
		}
		ask(t, w, "fraud", rows)
		if _, err := w.Ask(t.Context(), list, serve.Rows{Count: 1, Keys: [][]*batch.Column{{texts("c3")}}}); err != nil {
			t.Fatal(err)
		}
	}
}

func verify(t testing.TB, w *world, o serve.VerifyOptions) *serve.Verified {
	t.Helper()
	v, err := w.Verify(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVerify(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	traffic(t, w, 50)
	v := verify(t, w, serve.VerifyOptions{})
	if v.Answers != 100 || v.Rows != 300 || v.Compared != 50*(5*11+2) || v.Mismatched != 0 || len(v.Skipped) > 0 {
		t.Errorf("%+v", v)
	}
	// The late events would change answers given before they came: the proof has teeth.
	w.events.mutex.Lock()
	for i := range w.events.events {
		w.events.events[i].visible = engine.NoTime
	}
	w.events.mutex.Unlock()
	if v = verify(t, w, serve.VerifyOptions{Differences: 3}); v.Mismatched < 50 || len(v.Differences) != 3 {
		t.Errorf("%d mismatches, %d described", v.Mismatched, len(v.Differences))
	}
}

// TestVerifyFindsABit plants one wrong bit in a value as it is served.
func TestVerifyFindsABit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.pay(t, event{card: "c1", shop: 7, amount: 0.1, status: "ok", at: start - schema.Hour})
	w.wall.Advance(schema.Hour)
	a := ask(t, w, "fraud", cardRows("c1"))
	if v := verify(t, w, serve.VerifyOptions{}); v.Compared != 11 || v.Mismatched != 0 {
		t.Fatalf("%+v", v)
	}
	// The lie is told by the state, so the whole road of serving is under test.
	w.samples.kept = nil
	w.events.mutex.Lock()
	w.events.events[0].amount = math.Nextafter(0.1, 1)
	w.events.mutex.Unlock()
	lied := ask(t, w, "fraud", cardRows("c2", "c1"))
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.events.mutex.Lock()
	w.events.events[0].amount = 0.1
	w.events.mutex.Unlock()
	v := verify(t, w, serve.VerifyOptions{Model: "fraud"})
	// total (again), mean, least, most, latest and ratio rest on the amount.
	if v.Compared != 22 || v.Mismatched != 6 || len(v.Differences) != 6 {
		t.Fatalf("%+v", v)
	}
	d := v.Differences[0]
	if d.RequestID != lied.RequestID || d.RequestID == a.RequestID || d.Model != "fraud@3" || d.Row != 2 ||
		d.Feature != "again" || len(d.Keys) != 1 || d.Keys[0].Name != "card_id" || d.Keys[0].Value.Text != "c1" ||
		d.At != lied.AsOf || d.Served.Value.Float != math.Nextafter(0.1, 1) || d.Recomputed.Value.Float != 0.1 ||
		d.Served.Status != "fresh" || d.Recomputed.Time != start-schema.Hour {
		t.Errorf("%+v", d)
	}
}

func TestVerifySkips(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.pay(t, event{card: "c1", shop: 7, amount: 0.1, status: "ok", at: start - schema.Hour})
	past := start - schema.Minute
	rows := cardRows("c1", "c2")
	ask(t, w, "fraud", rows)
	rows.AsOf = &past
	ask(t, w, "fraud", rows) // ideal
	if err := w.Drain(t.Context()); err != nil || len(w.samples.kept) != 2 || w.samples.kept[1].At <= past {
		t.Fatalf("%v %+v", err, w.samples.kept)
	}
	v := verify(t, w, serve.VerifyOptions{})
	if v.Compared != 22 || v.Mismatched != 0 || v.Skipped[serve.SkippedIdeal] != 22 {
		t.Errorf("%+v", v)
	}
	// One feature gets another version, another one goes, and an entity's key changes its type.
	changed := compile(t, definitions)
	for i, f := range changed.Views[0].Features {
		switch f.Name {
		case "total":
			f.Version = "other"
		case "count":
			changed.Views[0].Features[i] = &plan.Feature{Name: "renamed", Expr: f.Expr, Type: f.Type}
		}
	}
	changed.Entities[1].Key[0].Type = schema.Of(schema.String)
	w.current = &serve.Current{Plan: changed}
	v = verify(t, w, serve.VerifyOptions{})
	if v.Compared != 16 || v.Mismatched != 0 || v.Skipped[serve.SkippedChanged] != 6 {
		t.Errorf("%+v", v)
	}
}

func TestVerifyChooses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	traffic(t, w, 10)
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	middle := w.samples.kept[9].At
	w.samples.kept[19].Body = append([]byte{9}, w.samples.kept[19].Body...)
	w.samples.kept[18].Body[40] ^= 1
	cases := []struct {
		name    string
		options serve.VerifyOptions
		answers int
		passed  int
	}{
		{"all", serve.VerifyOptions{}, 18, 0},
		{"the newest", serve.VerifyOptions{Limit: 3}, 3, 15},
		{"of a model", serve.VerifyOptions{Model: "fraud"}, 9, 0},
		{"of a version", serve.VerifyOptions{Model: "fraud@3"}, 9, 0},
		{"of another version", serve.VerifyOptions{Model: "fraud@2"}, 0, 0},
		{"since", serve.VerifyOptions{Since: middle}, 10, 0},
	}
	for _, c := range cases {
		v := verify(t, w, c.options)
		if v.Answers != c.answers || v.Passed != c.passed || v.Damaged != 2 || v.Mismatched != 0 {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

// TestVerifyFailure reports what cannot be read, and gives no result then.
func TestVerifyFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	traffic(t, w, 2)
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := w.Verify(stopped, serve.VerifyOptions{}); err == nil {
		t.Errorf("a cancelled verification: %+v", v)
	}
	none := newWorld(t, func(o *serve.Options) { o.Samples = nil })
	var invalid *serve.InvalidError
	if _, err := none.Verify(t.Context(), serve.VerifyOptions{}); !errors.As(err, &invalid) {
		t.Errorf("without samples: %v", err)
	}
}

func TestSampling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *serve.Options) { o.SampleRate = 0.2 })
	cards := make([]string, 5000)
	for i := range cards {
		cards[i] = fmt.Sprint("card", i)
	}
	// A cell of a row is dear; this asks for few features.
	q, err := w.Resolve("", []string{"spend.count"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		rows := serve.Rows{Count: len(cards), Keys: [][]*batch.Column{{texts(cards...)}}}
		if _, err := w.Ask(t.Context(), q, rows); err != nil {
			t.Fatal(err)
		}
	}
	v := verify(t, w, serve.VerifyOptions{})
	if v.Answers != 2 || v.Rows%2 != 0 || v.Rows < 2*800 || v.Rows > 2*1200 || v.Mismatched != 0 {
		t.Errorf("%+v", v)
	}
	off := newWorld(t, func(o *serve.Options) { o.SampleRate = -1 })
	ask(t, off, "fraud", cardRows("c1", "c2"))
	if v := verify(t, off, serve.VerifyOptions{}); v.Answers != 0 {
		t.Errorf("%+v", v)
	}
	off.plan.Models[0].Log.Sample = 1
	off.current = &serve.Current{Plan: compile(t, definitions)}
	off.current.Plan.Models[0].Log.Sample = 1
	ask(t, off, "fraud", cardRows("c1", "c2"))
	if v := verify(t, off, serve.VerifyOptions{}); v.Answers != 1 {
		t.Errorf("a model's own share: %+v", v)
	}
}

// TestSamplesNeverWait fills the queue behind a store that stands still.
func TestSamplesNeverWait(t *testing.T) {
	t.Parallel()
	dropped := 0
	w := newWorld(t, func(o *serve.Options) {
		o.SampleBytes = 4000
		o.Observer.SampleDropped = func() { dropped++ }
	})
	w.samples.gate = make(chan struct{})
	for range 20 {
		ask(t, w, "fraud", cardRows("c1"))
	}
	if dropped == 0 || dropped == 20 || w.Dropped() != int64(dropped) {
		t.Errorf("%d samples dropped, %d counted", dropped, w.Dropped())
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := w.Drain(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("drained: %v", err)
	}
	close(w.samples.gate)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.samples.kept) != 20-dropped {
		t.Errorf("%d samples stored, %d dropped", len(w.samples.kept), dropped)
	}
	before := len(w.samples.kept)
	ask(t, w, "fraud", cardRows("c1"))
	if err := w.Close(t.Context()); err != nil || len(w.samples.kept) != before {
		t.Errorf("a closed server samples: %d, %v", len(w.samples.kept), err)
	}
}

func TestSampleFailure(t *testing.T) {
	t.Parallel()
	failed := 0
	w := newWorld(t, func(o *serve.Options) { o.Observer.SampleFailed = func(error) { failed++ } })
	w.samples.fail = errors.New("the disk is full")
	ask(t, w, "fraud", cardRows("c1"))
	if err := w.Drain(t.Context()); err != nil || failed != 1 {
		t.Errorf("%v, %d failures", err, failed)
	}
}
