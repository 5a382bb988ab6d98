package app

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
)

// crashNames are the features of every view, in the order of check.
var crashNames = []string{"sum_1h", "max_1h", "count_1h", "sum_1d", "max_1d", "count_1d", "count_all", "newest"}

// crashEntities are keys of n entities, one of which nobody ever heard of.
func crashEntities(prefix string, n int) *batch.Column {
	b := batch.NewBuilder(schema.Of(schema.String))
	for i := range n + 1 {
		b.Append(schema.Value{Type: schema.Of(schema.String), Text: fmt.Sprint(prefix, i)})
	}
	return b.Column()
}

// query asks for the features of all cards, or of all shops.
func (w *crashWorld) query(shops bool) (*serve.Query, serve.Rows) {
	w.t.Helper()
	var names []string
	views, rows := []string{"sold", "clicked"}, serve.Rows{Count: crashCards + 1, Timeout: time.Minute}
	rows.Keys = [][]*batch.Column{{crashEntities("c", crashCards)}}
	if shops {
		views, rows.Count = []string{"shops"}, crashShops+1
		rows.Keys = [][]*batch.Column{{crashEntities("s", crashShops)}}
	}
	for _, view := range views {
		for _, name := range crashNames {
			names = append(names, view+"."+name)
		}
	}
	if !shops {
		names = append(names, "hourly.sum_1d", "hourly.newest")
	}
	q, err := w.server.Resolve("", names)
	if err != nil {
		w.t.Fatal(err)
	}
	return q, rows
}

// ask asks for all values now. Those of a client that is alone are compared with its journal.
func (w *crashWorld) ask(ctx context.Context, compare bool) bool {
	q, rows := w.query(false)
	if compare {
		rows.MinPosition = w.last
	}
	a, err := w.server.Ask(ctx, q, rows)
	if w.gone("ask", err) {
		return false
	}
	w.mutex.Lock()
	w.answers = append(w.answers, a)
	w.mutex.Unlock()
	if compare {
		w.compare(a, false)
	}
	return true
}

// check compares what is there after an opening with the journal: rows, counters, values, and
// answers of earlier lives. It returns false if the power went.
func (w *crashWorld) check(ctx context.Context) bool {
	history := w.history()
	for source, name := range crashSources {
		found, err := w.found(ctx, history, source)
		if w.gone("read history", err) {
			return false
		}
		if err := w.journal.settle(source, found); err != nil {
			w.errorf("%s: %v", name, err)
			return false
		}
		c := w.live.state.Counts()[uint32(source+1)]
		err = w.journal.account(source, crashTotals{c.In, c.Accepted, c.Duplicates, c.Quarantined})
		if err != nil {
			w.errorf("%v", err)
			return false
		}
	}
	for _, p := range w.flying {
		what := map[pushState]string{pushIn: "there afterwards", pushOut: "gone", pushVague: "without a trace"}
		w.seen.add("in flight, "+what[p.state], 1)
	}
	w.flying = nil
	return w.checkValues(ctx) && w.again(ctx, history)
}

// checkValues compares the values of now with naive ones.
func (w *crashWorld) checkValues(ctx context.Context) bool {
	for _, shops := range []bool{false, true} {
		if shops && w.layout == w.layouts[0] {
			continue
		}
		q, rows := w.query(shops)
		a, err := w.server.Ask(ctx, q, rows)
		if w.gone("ask", err) {
			return false
		}
		w.compare(a, shops)
	}
	return true
}

// found reads all rows of a source from history.
func (w *crashWorld) found(ctx context.Context, history *liveHistory, source int) ([]crashFound, error) {
	definition := w.layout.Sources[source].Plan
	request := &engine.ScanRequest{Source: definition, Workers: 1}
	place := map[string]int{}
	for i, c := range definition.Columns {
		request.Columns = append(request.Columns, i)
		place[c.Name] = i
	}
	var mutex sync.Mutex
	var found []crashFound
	err := history.Scan(ctx, request, func(_ int, c *engine.Chunk) error {
		mutex.Lock()
		defer mutex.Unlock()
		for i, at := range c.EventTime {
			value := func(name string) schema.Value { return c.Columns[place[name]].Value(i) }
			f := crashFound{tag: value("tag").Int, at: at, card: value("card").Text, shop: value("shop").Text,
				amount: value("amount").Float, null: value("amount").Null}
			if source == 0 {
				f.id = value("id").Text
			}
			found = append(found, f)
		}
		return nil
	})
	return found, err
}

// compare compares an answer to the naive values of its time.
func (w *crashWorld) compare(a *serve.Answer, shops bool) {
	w.t.Helper()
	sources := []int{0, 1}
	if shops {
		sources = []int{0}
	}
	compared, filled := 0, 0
	for view, source := range sources {
		for row := range a.Rows {
			of := func(r *crashRow) bool { return r.card == fmt.Sprint("c", row) }
			if shops {
				of = func(r *crashRow) bool { return r.shop == fmt.Sprint("s", row) }
			}
			v := w.journal.values(source, of, a.AsOf)
			whole := func(n int64) *float64 { f := float64(n); return &f }
			for k, want := range []*float64{v.sumHour, v.maxHour, whole(v.countHour), v.sumDay, v.maxDay,
				whole(v.countDay), whole(v.countAll), v.newest} {
				place := view*len(crashNames) + k
				got := a.Values[place].Column.Value(row)
				compared++
				if want != nil {
					filled++
				}
				if got.Type == schema.Of(schema.Int64) && !got.Null {
					got.Float = float64(got.Int)
				}
				if got.Null != (want == nil) || want != nil && math.Float64bits(got.Float) != math.Float64bits(*want) {
					text := "null"
					if want != nil {
						text = fmt.Sprint(*want)
					}
					w.errorf("%s of entity %d at %d: %v, want %s", a.Query.Names[place], row, a.AsOf, got, text)
				}
			}
		}
	}
	w.seen.add("values compared", compared)
	w.seen.add("of them not null", filled)
}

// again computes answers of earlier lives from history, as they were served then, and asks for some
// of them again.
func (w *crashWorld) again(ctx context.Context, history *liveHistory) bool {
	all := append(slices.Clone(w.answers), w.old...)
	if len(all) == 0 {
		return true
	}
	q, one := w.query(false)
	rows := engine.Rows{Roles: []engine.Keys{{Entity: q.Roles[0].Entity}}}
	rows.Served = &engine.Served{Since: func(*plan.View) int64 { return engine.NoTime }}
	var keys []*batch.Column
	for _, a := range all {
		for range one.Count {
			rows.Times = append(rows.Times, a.AsOf)
		}
		keys = append(keys, one.Keys[0][0])
	}
	rows.Count, rows.Roles[0].Columns = len(rows.Times), []*batch.Column{batch.Concat(keys)}
	var wanted []engine.Wanted
	for _, f := range q.Features {
		wanted = append(wanted, engine.Wanted{Role: f.Role, View: f.View, Feature: f.Feature})
	}
	values, _, err := engine.Evaluate(ctx, history, rows, wanted, engine.Options{Workers: 1})
	if w.gone("compute answers again", err) {
		return false
	}
	for i, a := range all {
		w.same("history", a, values, i*one.Count)
	}
	one.AsOf, one.Served = &all[w.rng.IntN(len(all))].AsOf, true
	a, err := w.server.Ask(ctx, q, one)
	if w.gone("ask as of an earlier time", err) {
		return false
	}
	for _, before := range all {
		if before.AsOf == a.AsOf {
			w.same("state", before, a.Values, 0)
		}
	}
	if n := len(w.answers); n > 0 {
		w.old = append(w.old, w.answers[w.rng.IntN(n)])
		w.old = w.old[max(0, len(w.old)-10):]
	}
	w.answers = nil
	return true
}

// same compares what was served with what is computed again, bit for bit.
func (w *crashWorld) same(from string, a *serve.Answer, values []*engine.Value, offset int) {
	w.t.Helper()
	for k, served := range a.Values {
		for row := range a.Rows {
			x, y := served.Column.Value(row), values[k].Column.Value(offset+row)
			if x.Null != y.Null || x.Int != y.Int || math.Float64bits(x.Float) != math.Float64bits(y.Float) ||
				served.Status[row] != values[k].Status[offset+row] || served.Time[row] != values[k].Time[offset+row] {
				w.errorf("%s of entity %d was served at %d as %v %s, %s gives %v %s", a.Query.Names[k], row, a.AsOf, x,
					served.Status[row], from, y, values[k].Status[offset+row])
			}
		}
	}
	w.seen.add("served answers computed again", 1)
}
