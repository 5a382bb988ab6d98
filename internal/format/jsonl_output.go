package format

import (
	"encoding/base64"
	"fmt"
	"io"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// jsonlOutput writes an object per row, its keys in the order of the fields, nulls as null.
type jsonlOutput struct {
	w      io.Writer
	fields []schema.Field
	local  []bool       // which fields are times without a zone
	keys   [][]byte     // of the fields, with what stands in front of them and the colon
	beside *jsonlLabels // objects that the rows are appended to, or nil
}

func newJSONLOutput(
	w io.Writer, fields []schema.Field, local []bool, beside *jsonlLabels,
) (*jsonlOutput, error) {
	o := &jsonlOutput{w: w, fields: fields, local: local, beside: beside}
	for i, field := range fields {
		for _, other := range fields[:i] {
			if other.Name == field.Name {
				return nil, fmt.Errorf("two columns are named %s, and an object has a key but once; "+
					"rename one", field.Name)
			}
		}
		key := []byte{','}
		if i == 0 && beside == nil {
			key = key[:0]
		}
		o.keys = append(o.keys, append(appendJSONString(key, field.Name), ':'))
	}
	return o, nil
}

// Write appends rows, which are turned to text on all processors.
func (o *jsonlOutput) Write(b *batch.Batch) error {
	checkBatch(b, o.fields)
	var labels [][]byte
	if o.beside != nil {
		var err error
		if labels, err = o.beside.next(b.Rows); err != nil {
			return err
		}
	}
	return writeTexts(o.w, b.Rows, func(from, to int) []byte { return o.format(b, labels, from, to) })
}

// format turns some rows of a batch to text.
func (o *jsonlOutput) format(b *batch.Batch, labels [][]byte, from, to int) []byte {
	text := make([]byte, 0, (to-from)*len(b.Columns)*24)
	for row := from; row < to; row++ {
		bare := true
		if labels == nil {
			text = append(text, '{')
		} else {
			text = append(text, labels[row]...)
			bare = text[len(text)-1] == '{'
		}
		for i, c := range b.Columns {
			key := o.keys[i]
			if i == 0 && labels != nil && bare {
				key = key[1:] // the label is an object without fields
			}
			text = append(text, key...)
			if c.IsNull(row) {
				text = append(text, "null"...)
			} else {
				text = appendJSON(text, c, row, o.local != nil && o.local[i])
			}
		}
		text = append(text, '}', '\n')
	}
	return text
}

// Close checks that every label has its row.
func (o *jsonlOutput) Close() error {
	if o.beside == nil {
		return nil
	}
	return o.beside.end()
}

// appendJSON appends a value that is not null.
func appendJSON(dst []byte, c *batch.Column, row int, local bool) []byte {
	switch c.Type.Kind {
	case schema.Bool, schema.Int64, schema.Duration, schema.Float64:
		return appendCell(dst, c, row, local)
	case schema.Decimal, schema.Timestamp, schema.Date:
		return append(appendCell(append(dst, '"'), c, row, local), '"')
	case schema.Bytes:
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), []byte(c.Text(row)))
		return append(dst, '"')
	case schema.JSON:
		return appendOneLine(dst, c.Text(row))
	case schema.List, schema.Vector, schema.Map:
		return appendNested(dst, c, row)
	default:
		return appendJSONString(dst, c.Text(row))
	}
}

// appendOneLine appends a text of JSON with spaces for line ends. They are white space there:
// inside strings they are escapes.
func appendOneLine(dst []byte, text string) []byte {
	start := len(dst)
	dst = append(dst, text...)
	for i, c := range dst[start:] {
		if c == '\n' || c == '\r' {
			dst[start+i] = ' '
		}
	}
	return dst
}

// appendNested appends a list or a vector as an array, a map as an object, without white space.
func appendNested(dst []byte, c *batch.Column, row int) []byte {
	first, end := int(c.Offsets[row]), int(c.Offsets[row+1])
	open, shut := byte('['), byte(']')
	if c.Keys != nil {
		open, shut = '{', '}'
	}
	dst = append(dst, open)
	for i := first; i < end; i++ {
		if i > first {
			dst = append(dst, ',')
		}
		if c.Keys != nil {
			dst = append(appendJSONString(dst, c.Keys.Text(i)), ':')
		}
		if c.Child.IsNull(i) {
			dst = append(dst, "null"...)
		} else {
			dst = appendJSON(dst, c.Child, i, false)
		}
	}
	return append(dst, shut)
}
