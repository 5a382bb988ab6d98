package serve_test

import (
	"fmt"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
)

// BenchmarkAsk asks for 11 features of a model with two entities, over a state of few events in
// memory: what serving and the engine cost without a store.
func BenchmarkAsk(b *testing.B) {
	for _, rows := range []int{1, 100} {
		for _, rate := range []float64{-1, 1} {
			b.Run(fmt.Sprintf("rows=%d/sampled=%t", rows, rate > 0), func(b *testing.B) {
				w := newWorld(b, func(o *serve.Options) { o.SampleRate = rate })
				w.samples.discard = true
				cards := make([]string, rows)
				for i := range cards {
					cards[i] = fmt.Sprint("c", i)
					w.pay(b, event{card: cards[i], shop: 7, amount: 2.5, status: "ok", at: start - schema.Hour})
				}
				q, err := w.Resolve("fraud", nil)
				if err != nil {
					b.Fatal(err)
				}
				asked := cardRows(cards...)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := w.Ask(b.Context(), q, asked); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
