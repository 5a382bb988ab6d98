package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/plan"
)

// TestPrepared asks one prepared evaluation again and again, of feeds that keep different things, and
// compares with evaluations that share nothing.
func TestPrepared(t *testing.T) {
	t.Parallel()
	compared := 0
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 12))
		var wanted []Wanted
		var first *testCase
		for i := range 3 { // as many feeds: the sources differ
			c := randomCase(r)
			for len(c.view.Features) == 0 || len(c.events) == 0 {
				c = randomCase(r)
			}
			if first == nil {
				first = c
			}
			c.view.Name, c.view.Entity = fmt.Sprint("v", i), first.view.Entity
			c.view.Source.Name = fmt.Sprint("s", i)
			addNewest(r, c.view)
			for k := range c.view.Features {
				wanted = append(wanted, Wanted{View: c.view, Feature: k})
			}
		}
		prepared := Prepare(wanted)
		for range 6 {
			c := randomCase(r)
			events := memoryEvents{split(r, c.events)}
			rows := rowsOf(&plan.View{Entity: first.view.Entity}, c.keys, c.times)
			got, _, err := prepared.Evaluate(t.Context(), events, rows, Options{Workers: 1 + r.IntN(2)})
			if err != nil {
				t.Fatal(err)
			}
			want, _, err := Evaluate(t.Context(), events, rows, wanted, Options{Workers: 1})
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if !slices.Equal(cells(got[i]), cells(want[i])) {
					t.Fatalf("seed %d feature %d: %v, want %v", seed, i, cells(got[i]), cells(want[i]))
				}
				compared += len(cells(want[i]))
			}
		}
	}
	if compared < 50_000 {
		t.Errorf("only %d cells were compared", compared)
	}
}
