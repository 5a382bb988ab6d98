package format

import (
	"fmt"
	"io"
	"slices"

	"github.com/fettle-ml/fettle/internal/schema"
)

// CreateLocal begins a Parquet file in which the named timestamp columns are wall clocks without a
// zone: their values are the microseconds of the same clock in UTC.
func CreateLocal(w io.Writer, fields []schema.Field, local ...string) (Output, error) {
	output, err := newParquetOutput(w, fields, nil)
	if err != nil {
		return nil, err
	}
	marked := make([]bool, len(fields))
	for _, name := range local {
		i := slices.IndexFunc(fields, func(f schema.Field) bool { return f.Name == name })
		if i < 0 || fields[i].Type.Kind != schema.Timestamp {
			return nil, fmt.Errorf("column %s is not a timestamp of the file", name)
		}
		marked[i] = true
	}
	output.setLocal(marked)
	return output, nil
}
