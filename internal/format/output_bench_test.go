package format_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// countWriter counts what is written.
type countWriter struct{ n int64 }

func (w *countWriter) Write(p []byte) (int, error) {
	w.n += int64(len(p))
	return len(p), nil
}

// featureTable is like a training set: counts, sums of money and averages with nulls.
func featureTable(columns, rows int) *batch.Batch {
	r := rand.New(rand.NewPCG(1, 1))
	b := &batch.Batch{Rows: rows}
	for i := range columns {
		c := &batch.Column{Type: schema.Of(schema.Float64), Length: rows, Floats: make([]float64, rows)}
		if i%5 == 0 {
			c = &batch.Column{Type: schema.Of(schema.Int64), Length: rows, Ints: make([]int64, rows)}
		} else if i%5 > 1 {
			c.Valid = make([]bool, rows)
		}
		for row := range rows {
			switch {
			case i%5 == 0:
				c.Ints[row] = int64(r.ExpFloat64() * 20)
				continue
			case i%5 == 1:
				c.Floats[row] = float64(int64(r.ExpFloat64()*50000)) / 100
			default:
				c.Floats[row] = r.ExpFloat64() * 50
			}
			if c.Valid != nil {
				c.Valid[row] = r.IntN(10) > 0
			}
		}
		b.Fields = append(b.Fields, schema.Field{Name: fmt.Sprint("f", i), Type: c.Type})
		b.Columns = append(b.Columns, c)
	}
	return b
}

// BenchmarkWrite writes a table of features.
func BenchmarkWrite(b *testing.B) {
	table := featureTable(50, 100_000)
	for _, kind := range []format.Format{format.Parquet, format.CSV, format.JSONL} {
		b.Run(string(kind), func(b *testing.B) {
			var size int64
			before := cpuTime()
			for b.Loop() {
				w := &countWriter{}
				output, err := format.Create(io.Writer(w), kind, table.Fields)
				if err != nil {
					b.Fatal(err)
				}
				if err := output.Write(table); err != nil {
					b.Fatal(err)
				}
				if err := output.Close(); err != nil {
					b.Fatal(err)
				}
				size = w.n
			}
			cells := float64(b.N) * float64(table.Rows*len(table.Columns))
			b.ReportMetric(float64(cpuTime()-before)/cells, "cpu-ns/cell")
			b.ReportMetric(cells/b.Elapsed().Seconds()/1e6, "Mcells/s")
			b.ReportMetric(float64(size)/float64(table.Rows*len(table.Columns)), "bytes/cell")
		})
	}
}
