package engine

import (
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/plan/builtin"
)

// TestAggregatesAreThoseOfTheTable fails if an aggregate is offered and not computed, or computed
// and not offered.
func TestAggregatesAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	var offered []string
	for _, f := range builtin.All() {
		if f.Aggregate && f.Ready {
			offered = append(offered, f.Name)
		}
	}
	computed := Aggregates()
	slices.Sort(offered)
	slices.Sort(computed)
	if !slices.Equal(offered, computed) {
		t.Errorf("the table offers %v, the engine computes %v", offered, computed)
	}
}
