package format

import (
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// arrowRows rows make a record batch: as many as a reader takes at a time.
const arrowRows = 1 << 16

// arrowOutput writes record batches, not compressed, so that readers can map them into memory.
type arrowOutput struct {
	fields  []schema.Field
	schema  *arrow.Schema
	write   func(arrow.RecordBatch) error
	close   func() error
	pending [][]*batch.Column // by field
	rows    int               // pending
}

// newArrowOutput begins a file or, without an index at its end, a stream. local says which fields are
// times without a zone; nil: none.
func newArrowOutput(w io.Writer, kind Format, fields []schema.Field, local []bool) (*arrowOutput, error) {
	o := &arrowOutput{fields: fields, schema: arrowSchema(fields, local)}
	o.pending = make([][]*batch.Column, len(fields))
	if kind == ArrowStream {
		writer := ipc.NewWriter(w, ipc.WithSchema(o.schema))
		o.write, o.close = writer.Write, writer.Close
		return o, nil
	}
	writer, err := ipc.NewFileWriter(w, ipc.WithSchema(o.schema))
	if err != nil {
		return nil, err
	}
	o.write, o.close = writer.Write, writer.Close
	return o, nil
}

// Write appends rows.
func (o *arrowOutput) Write(b *batch.Batch) error {
	checkBatch(b, o.fields)
	for from := 0; from < b.Rows; {
		to := min(b.Rows, from+arrowRows-o.rows)
		for i, c := range b.Columns {
			o.pending[i] = append(o.pending[i], c.Slice(from, to))
		}
		o.rows += to - from
		from = to
		if o.rows == arrowRows {
			if err := o.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close writes the last rows, and what ends the file.
func (o *arrowOutput) Close() error {
	if err := o.flush(); err != nil {
		return err
	}
	return o.close()
}

// flush writes the pending rows.
func (o *arrowOutput) flush() error {
	if o.rows == 0 {
		return nil
	}
	columns := make([]*batch.Column, len(o.fields))
	for i, pieces := range o.pending {
		columns[i] = batch.Concat(pieces)
		o.pending[i] = pieces[:0]
	}
	rows := o.rows
	o.rows = 0
	return o.record(columns, rows)
}

// record writes rows as one record batch, or as two if something has more elements than the offsets
// of Arrow count.
func (o *arrowOutput) record(columns []*batch.Column, rows int) error {
	arrays := make([]arrow.Array, len(columns))
	for i, c := range columns {
		if long := longest(c); long <= math.MaxInt32 {
			continue
		} else if rows == 1 {
			return fmt.Errorf("column %s: a value of %d bytes or elements; Arrow takes up to %d",
				o.fields[i].Name, long, math.MaxInt32)
		}
		first, second := make([]*batch.Column, len(columns)), make([]*batch.Column, len(columns))
		for k, c := range columns {
			first[k], second[k] = c.Slice(0, rows/2), c.Slice(rows/2, rows)
		}
		if err := o.record(first, rows/2); err != nil {
			return err
		}
		return o.record(second, rows-rows/2)
	}
	err := parallel(len(columns), func(i int) error {
		data := arrowData(columns[i], o.schema.Field(i).Type)
		arrays[i] = array.MakeFromData(data)
		return nil
	})
	if err != nil {
		return err
	}
	return o.write(array.NewRecordBatch(o.schema, arrays, int64(rows)))
}

// longest returns the greatest offset that a column would need.
func longest(c *batch.Column) int64 {
	n := int64(0)
	switch {
	case c.Dict != nil:
		for i := range c.Length {
			if !c.IsNull(i) {
				n += int64(len(c.Text(i)))
			}
		}
	case c.Offsets != nil:
		from, to := int(c.Offsets[0]), int(c.Offsets[c.Length])
		n = int64(to - from)
		if c.Type.Kind == schema.Vector {
			n = int64(c.Length) * int64(c.Type.Size)
		}
		if c.Child != nil && n <= math.MaxInt32 {
			n = max(n, longest(c.Child.Slice(from, to)))
		}
		if c.Keys != nil && n <= math.MaxInt32 {
			n = max(n, longest(c.Keys.Slice(from, to)))
		}
	}
	return n
}
