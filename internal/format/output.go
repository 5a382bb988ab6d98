package format

import (
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Output is a file that is being written.
type Output interface {
	// Write appends rows. The batch has the output's fields, in order, and may not be changed until
	// the output is closed.
	Write(b *batch.Batch) error
	// Close writes what is left and what ends the file. It does not close the writer below.
	Close() error
}

// Create begins a file of the given columns.
func Create(w io.Writer, kind Format, fields []schema.Field) (Output, error) {
	switch kind {
	case Parquet:
		return newParquetOutput(w, fields, nil)
	case CSV:
		o := &csvOutput{w: w, fields: fields}
		return o, o.header()
	case JSONL:
		return newJSONLOutput(w, fields, nil, nil)
	case ArrowFile, ArrowStream:
		return newArrowOutput(w, kind, fields, nil)
	default:
		return nil, unknownOutput(kind)
	}
}

func unknownOutput(kind Format) error {
	return fmt.Errorf("%w %q: write .parquet, .arrow, .csv or .jsonl", ErrFormat, kind)
}

func checkBatch(b *batch.Batch, fields []schema.Field) {
	if len(b.Columns) != len(fields) {
		panic(fmt.Sprintf("BUG: write %d columns, declared %d", len(b.Columns), len(fields)))
	}
	for i, c := range b.Columns {
		if !c.Type.Equal(fields[i].Type) {
			panic(fmt.Sprintf("BUG: write %s as column %s, declared %s",
				c.Type, fields[i].Name, fields[i].Type))
		}
	}
}

// parallel calls task for 0 to n-1 on all processors and returns the error of the lowest number.
func parallel(n int, task func(i int) error) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	failures := make([]error, n)
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				failures[i] = task(i)
			}
		})
	}
	wait.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}
