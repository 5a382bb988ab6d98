package state

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// whole gives all events of the reference at once, in the order of arrival, as history does.
type whole struct {
	n   *naive
	rng *rand.Rand
}

func (w whole) Scan(_ context.Context, r *engine.ScanRequest, emit func(int, *engine.Chunk) error) error {
	events := slices.Clone(w.n.events)
	slices.SortFunc(events, func(a, b *event) int {
		if a.order < b.order {
			return -1
		}
		return 1
	})
	c, _ := chunk(events, w.rng)
	all := c.Columns
	c.Columns = nil
	for _, i := range r.Columns {
		c.Columns = append(c.Columns, all[i])
	}
	return emit(0, c)
}

// withFeatures gives a view a window, a sum and two columns of the newest row.
func withFeatures(v *plan.View) {
	number := schema.Of(schema.Int64)
	window := plan.Window{Kind: plan.Sliding, Length: 2500}
	v.Aggregates = []*plan.Aggregate{
		{Func: "count", Type: number, Window: window},
		{Func: "sum", Type: columnType(colAmount), Args: []*plan.Expr{columnOf(colAmount)}, Window: window},
	}
	for i, e := range []*plan.Expr{
		{Op: plan.AggregateOf, Type: number}, {Op: plan.AggregateOf, Type: columnType(colAmount), Index: 1},
		columnOf(colNote), columnOf(colPrice),
	} {
		v.Features = append(v.Features, &plan.Feature{Name: fmt.Sprint("f", i), Expr: e, Type: e.Type})
	}
}

// TestEvaluate lets the engine compute from the state and from a list of all events: the values,
// their statuses and times must be the same.
func TestEvaluate(t *testing.T) {
	t.Parallel()
	values := 0
	for i, r := range []rules{{}, {available: true}, {where: true, deleteWhen: true}} {
		rng := rand.New(rand.NewPCG(uint64(i), 17))
		f, n := newFixture(r), &naive{rules: r}
		withFeatures(f.card)
		withFeatures(f.both)
		withFeatures(f.again)
		s := open(t, newMemory(t), f, Options{})
		for range 60 {
			apply(t, s, n, rng)
			values += evaluate(t, s, f, whole{n, rng})
		}
	}
	minima{"values": values}.check(t, map[string]int{"values": 5000})
}

func evaluate(t *testing.T, s *State, f *fixture, events whole) int {
	t.Helper()
	rng, count := events.rng, 1+events.rng.IntN(6)
	var cards, both [][]schema.Value
	rows := engine.Rows{Count: count}
	if rng.IntN(2) == 0 {
		rows.Served = &engine.Served{Since: func(*plan.View) int64 { return 0 }}
	}
	for range count {
		card := textOf([]string{"a", "b", "B", "", "nobody"}[rng.IntN(5)])
		cards = append(cards, []schema.Value{card})
		both = append(both, []schema.Value{schema.IntValue(rng.Int64N(3) - 1), card})
		rows.Times = append(rows.Times, s.Position().VisibleAt-rng.Int64N(2)*rng.Int64N(4000))
	}
	rows.Roles = []engine.Keys{
		{Entity: f.card.Entity, Columns: keyColumns(f.card.Entity.Key, cards...)},
		{Entity: f.both.Entity, Columns: keyColumns(f.both.Entity.Key, both...)},
	}
	var wanted []engine.Wanted
	for i := range f.card.Features {
		wanted = append(wanted, engine.Wanted{View: f.card, Feature: i},
			engine.Wanted{View: f.again, Feature: i}, engine.Wanted{Role: 1, View: f.both, Feature: i})
	}
	want, _, err := engine.Evaluate(t.Context(), events, rows, wanted, engine.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := engine.Evaluate(t.Context(), s.At(s.Position().VisibleAt), rows, wanted, engine.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		for row := range count {
			x, y := got[i].Column.Value(row), want[i].Column.Value(row)
			if fmt.Sprint(x) != fmt.Sprint(y) || got[i].Status[row] != want[i].Status[row] ||
				got[i].Time[row] != want[i].Time[row] {
				t.Fatalf("view %s, feature %d at %d: %v %v, want %v %v", wanted[i].View.Name, wanted[i].Feature,
					rows.Times[row], x, got[i].Status[row], y, want[i].Status[row])
			}
		}
	}
	return len(want) * count
}
