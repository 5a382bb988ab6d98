package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// countedEvents counts how often its source is scanned.
type countedEvents struct {
	memoryEvents
	scans *int
}

func (c countedEvents) Scan(ctx context.Context, request *ScanRequest, emit func(int, *Chunk) error) error {
	*c.scans++
	return c.memoryEvents.Scan(ctx, request, emit)
}

// TestGroups compares rows that are evaluated in groups with the same rows at a time.
func TestGroups(t *testing.T) {
	t.Parallel()
	cells, spilled := 0, 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 8))
		c := randomCase(r)
		rows, wanted := randomRows(r, c)
		events := memoryEvents{split(r, c.events)}
		want, _, err := Evaluate(t.Context(), events, rows, wanted, Options{Workers: 1})
		if err != nil || len(wanted) == 0 {
			continue
		}
		groups := make([]Rows, 1+r.IntN(4))
		places := make([][]int, len(groups))
		for row, at := range c.times {
			g := r.IntN(len(groups))
			places[g] = append(places[g], row)
			groups[g].Count++
			groups[g].Times = append(groups[g].Times, at)
		}
		for g := range groups {
			var keys []schema.Value
			for _, row := range places[g] {
				keys = append(keys, c.keys[row])
			}
			groups[g].Roles = []Keys{{Entity: c.view.Entity, Columns: []*batch.Column{valuesColumn(textType, keys...)}}}
		}
		scans, disk := 0, &memorySpill{}
		options := Options{Workers: 1 + r.IntN(2), Memory: 2 << 20, Spill: disk}
		if r.IntN(2) == 0 {
			options.Memory = 20_000
		}
		_, err = EvaluateGroups(t.Context(), countedEvents{events, &scans}, groups, wanted, options,
			func(g int, got []*Value) error {
				for f, v := range want {
					for i, row := range places[g] {
						a, b := got[f].Column.Value(i), v.Column.Value(row)
						if !sameValue(a, b) || got[f].Status[i] != v.Status[row] || got[f].Time[i] != v.Time[row] {
							t.Fatalf("seed %d group %d feature %d: %s, want %s", seed, g, f, a, b)
						}
						cells++
					}
				}
				return nil
			})
		if errors.Is(err, ErrMemory) {
			continue
		}
		if err != nil || scans != 1 || disk.open != 0 {
			t.Fatalf("seed %d: %v, %d scans, %d runs left", seed, err, scans, disk.open)
		}
		spilled += disk.created
	}
	if t.Logf("%d cells, %d spilled", cells, spilled); cells < 20_000 || spilled < 5 {
		t.Error("too little was compared")
	}
}
