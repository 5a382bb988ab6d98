package engine

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestViewsShareAFeed asks for several views of one source at once, each for two roles and as of
// boundaries of its own, and compares with the definition. Together they have more filters than
// fit into one word.
func TestViewsShareAFeed(t *testing.T) {
	t.Parallel()
	cells, words := 0, 0
	for seed := range uint64(14) {
		r := rand.New(rand.NewPCG(seed, 2))
		base := randomCase(r)
		cases := []*testCase{base}
		for i := range int64(14) {
			c := randomCase(r)
			c.events, c.keys, c.times, c.sorted = base.events, base.keys, base.times, nil
			c.view.Source, c.view.Entity = base.view.Source, base.view.Entity
			if r.IntN(3) > 0 {
				c.view.Freshness = plan.Freshness{Kind: plan.Grid, Period: 1 + r.Int64N(20), ReadyAfter: r.Int64N(10)}
			}
			if r.IntN(2) == 0 {
				// What naive filters by, and something true that makes it a filter of its own.
				boolType := schema.Of(schema.Bool)
				c.view.Where = plan.CallOf("and", boolType,
					plan.CallOf("gt", boolType, columnOf(colInt), plan.Constant(schema.IntValue(-3))),
					plan.CallOf("lt", boolType, plan.Constant(schema.IntValue(i)), plan.Constant(schema.IntValue(20))))
			}
			cases = append(cases, c)
		}
		words = max(words, compareShared(t, seed, cases, Options{Workers: 1 + r.IntN(3)}, &cells))
	}
	if t.Logf("%d cells, %d filters", cells, words); cells < 60_000 || words <= 64 {
		t.Errorf("too little was compared: %d cells, %d filters", cells, words)
	}
}

// compareShared returns how many filters the feed of the views has.
func compareShared(t *testing.T, seed uint64, cases []*testCase, options Options, cells *int) int {
	t.Helper()
	base := cases[0]
	reversed := slices.Clone(base.keys)
	slices.Reverse(reversed)
	rows := Rows{Count: len(base.times), Times: base.times, Roles: []Keys{
		{Entity: base.view.Entity, Columns: []*batch.Column{valuesColumn(textType, base.keys...)}},
		{Entity: base.view.Entity, Columns: []*batch.Column{valuesColumn(textType, reversed...)}},
	}}
	var wanted []Wanted
	for role := range 2 {
		for _, c := range cases {
			for i := range c.view.Features {
				wanted = append(wanted, Wanted{Role: role, View: c.view, Feature: i})
			}
		}
	}
	r := rand.New(rand.NewPCG(seed, 3))
	values, _, err := Evaluate(t.Context(), memoryEvents{split(r, base.events)}, rows, wanted, options)
	if err != nil {
		t.Fatal(err)
	}
	filters := map[string]bool{}
	next := 0
	for role := range 2 {
		for _, c := range cases {
			boundary, err := plan.NewBoundary(c.view.Freshness)
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range c.view.Aggregates {
				filters[c.view.Where.Key()+a.Where.Key()+plan.AggregateText(c.view, &plan.Aggregate{Args: a.Args})] = true
				v := values[next]
				next++
				for row, at := range base.times {
					key := [][]schema.Value{base.keys, reversed}[role][row]
					if !naiveKnows(a) {
						continue
					}
					want := c.naive(a, key, boundary.At(at))
					if got := v.Column.Value(row); !sameValue(got, want) {
						t.Fatalf("seed %d view %d role %d row %d: %s = %s, want %s", seed, i, role, row,
							plan.AggregateText(c.view, a), got, want)
					}
					*cells++
				}
			}
		}
	}
	return len(filters)
}

func valuesColumn(t schema.Type, values ...schema.Value) *batch.Column {
	b := batch.NewBuilder(t)
	for _, v := range values {
		b.Append(v)
	}
	return b.Column()
}
