package format

import (
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/format"

	"github.com/fettle-ml/fettle/internal/schema"
)

// CreateLocal begins a Parquet file in which the named timestamp columns are wall clocks without a
// zone: their values are the microseconds of the same clock in UTC.
func CreateLocal(w io.Writer, fields []schema.Field, local ...string) (Output, error) {
	for _, field := range fields {
		if err := writable(field); err != nil {
			return nil, err
		}
	}
	output, err := newParquetOutput(w, fields, nil)
	if err != nil {
		return nil, err
	}
	for _, name := range local {
		i := slices.IndexFunc(output.elements, func(e format.SchemaElement) bool { return e.Name == name })
		if i < 0 || output.fields[i-1].Type.Kind != schema.Timestamp {
			return nil, fmt.Errorf("column %s is not a timestamp of the file", name)
		}
		// The old annotation always means UTC, so there is none.
		output.elements[i].ConvertedType.Valid = false
		output.elements[i].LogicalType.Value = &format.TimestampType{
			Unit: format.TimeUnit{Value: &format.MicroSeconds{}},
		}
	}
	return output, nil
}
