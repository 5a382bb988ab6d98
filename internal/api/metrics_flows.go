package api

import (
	"math"
	"time"

	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
)

// Ingest returns an observer that counts what an ingester does.
func (m *Metrics) Ingest() ingest.Observer {
	return ingest.Observer{
		Pushed: func(p ingest.Pushed) {
			m.Events(p.Source, p.Accepted, p.Duplicates, p.Quarantined)
			for i, n := range p.Late {
				within := math.Inf(1)
				if i < len(p.Late)-1 {
					within = float64(ingest.LateBound(i)) / float64(schema.Second)
				}
				if n > 0 {
					m.Late(p.Source, within, n)
				}
			}
		},
		Applied: func(a ingest.Applied) { m.Visible(time.Duration(a.Delay) * time.Microsecond) },
		Failed:  func(error) { m.Failure("ingest") },
	}
}

// Serve returns an observer that counts what a server answers.
func (m *Metrics) Serve() serve.Observer {
	return serve.Observer{
		Answered:      func(model string, rows, _ int) { m.Answered(model, rows) },
		SampleStored:  func() { m.Sampled("stored") },
		SampleDropped: func() { m.Sampled("dropped") },
		SampleFailed:  func(error) { m.Sampled("failed") },
	}
}
