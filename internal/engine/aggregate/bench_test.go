package aggregate

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/schema"
)

// BenchmarkRead reads windows of several lengths at every event of an entity of 20,000 events: the
// cost of a read should hardly grow with the length.
func BenchmarkRead(b *testing.B) {
	for _, s := range subjects {
		for _, length := range []int{10, 300, 8000} {
			b.Run(fmt.Sprintf("%s/%d", s.name, length), func(b *testing.B) {
				s.read(b, 20_000, length)
			})
		}
	}
}

// BenchmarkSmall reads all events of entities with 12 events three times: what most entities cost.
func BenchmarkSmall(b *testing.B) {
	for _, s := range subjects {
		b.Run(s.name, func(b *testing.B) { s.read(b, 12, 12) })
	}
}

// read reads windows of a length at every event of an entity, and resets at its end.
func (s *subject) read(b *testing.B, n, length int) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	families := []string{"money"}
	switch s.name {
	case "streak":
		families[0] = "bools"
	case "approx_distinct":
		families[0] = "hashes"
	case "decayed_count":
		families[0] = "none"
	case "mode", "top_k", "histogram", "collect_set", "entropy", "first_distinct", "last_distinct":
		families[0] = "ints"
	}
	if s.two {
		families = append(families, "money")
	}
	events := s.entity(r, families, n)
	spec := Specification{Func: s.name}
	for i := range events.Arguments {
		spec.Arguments = append(spec.Arguments, typeOf(&events.Arguments[i]))
	}
	switch {
	case s.literal == nil:
	case s.name == "decayed_sum" || s.name == "decayed_count":
		spec.Literals = []schema.Value{{Type: schema.Of(schema.Duration), Int: schema.Day}}
	case s.name == "percentile" || s.name == "approx_percentile" || s.name == "ewma":
		spec.Literals = []schema.Value{schema.FloatValue(0.95)}
	default:
		spec.Literals = []schema.Value{schema.IntValue(3)}
	}
	f, err := New(spec)
	if err != nil {
		b.Fatal(err)
	}
	to := n
	b.ReportAllocs()
	for b.Loop() {
		if to++; to > n {
			to = 1
			f.Reset(&events)
		}
		q := Question{Range: window.Range{From: max(0, to-length), To: to}, Boundary: events.Time[to-1] + 1}
		var out Result
		f.Read(&q, &out)
	}
}
