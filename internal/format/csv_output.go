package format

import (
	"encoding/base64"
	"io"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// csvOutput writes CSV: line feeds, an empty field for null, a quoted empty one for the empty text.
type csvOutput struct {
	w      io.Writer
	fields []schema.Field
	local  []bool     // which fields are times without a zone
	beside *csvLabels // records that the rows are appended to, or nil
}

// header writes the names of the columns, behind those of the labels.
func (o *csvOutput) header() error {
	var line []byte
	if o.beside != nil {
		line = append(line, o.beside.header...)
	}
	for i, field := range o.fields {
		if i > 0 || o.beside != nil {
			line = append(line, ',')
		}
		line = appendQuoted(line, field.Name)
	}
	_, err := o.w.Write(append(line, '\n'))
	return err
}

// Write appends rows, which are turned to text on all processors.
func (o *csvOutput) Write(b *batch.Batch) error {
	checkBatch(b, o.fields)
	labels, err := o.labels(b.Rows)
	if err != nil {
		return err
	}
	return writeTexts(o.w, b.Rows, func(from, to int) []byte { return o.format(b, labels, from, to) })
}

// labels returns the records that the next rows are appended to, if there are any.
func (o *csvOutput) labels(rows int) ([][]byte, error) {
	if o.beside == nil {
		return nil, nil
	}
	return o.beside.next(rows)
}

// format turns some rows of a batch to text.
func (o *csvOutput) format(b *batch.Batch, labels [][]byte, from, to int) []byte {
	text := make([]byte, 0, (to-from)*len(b.Columns)*12)
	for row := from; row < to; row++ {
		if labels != nil {
			text = append(text, labels[row]...)
		}
		for i, c := range b.Columns {
			if i > 0 || labels != nil {
				text = append(text, ',')
			}
			if !c.IsNull(row) {
				text = appendCell(text, c, row, o.local != nil && o.local[i])
			}
		}
		text = append(text, '\n')
	}
	return text
}

// Close checks that every label has its row.
func (o *csvOutput) Close() error {
	if o.beside == nil {
		return nil
	}
	return o.beside.end()
}

// appendCell appends a value that is not null.
func appendCell(dst []byte, c *batch.Column, row int, local bool) []byte {
	switch c.Type.Kind {
	case schema.Bool:
		return strconv.AppendBool(dst, c.Bools[row])
	case schema.Int64, schema.Duration:
		return strconv.AppendInt(dst, c.Ints[row], 10)
	case schema.Float64:
		return appendFloat(dst, c.Floats[row])
	case schema.Decimal:
		return append(dst, schema.FormatDecimal(c.Decimals[row], c.Type.Size)...)
	case schema.Timestamp:
		text := schema.FormatTime(c.Ints[row])
		if local {
			text = strings.TrimSuffix(text, "Z")
		}
		return append(dst, text...)
	case schema.Date:
		return append(dst, schema.FormatDate(c.Ints[row])...)
	case schema.Bytes:
		if text := c.Text(row); text != "" {
			return base64.StdEncoding.AppendEncode(dst, []byte(text))
		}
		return append(dst, `""`...)
	case schema.List, schema.Vector, schema.Map:
		return appendQuoted(dst, string(appendNested(nil, c, row)))
	default:
		return appendQuoted(dst, c.Text(row))
	}
}

// appendFloat appends what schema.FormatFloat gives, without making a string of it.
func appendFloat(dst []byte, x float64) []byte {
	start, layout := len(dst), byte('g')
	if abs := max(x, -x); abs >= 1e-5 && abs < 1e16 {
		layout = 'f'
	}
	dst = strconv.AppendFloat(dst, x, layout, -1, 64)
	for _, c := range dst[start:] {
		if c == '.' || c == 'e' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

func needsQuotes(text string) bool {
	for i := range len(text) {
		if c := text[i]; c == ',' || c == '"' || c == '\n' || c == '\r' {
			return true
		}
	}
	return false
}

// appendQuoted appends a text, in quotes if it is empty or has a comma, a quote or a line end.
func appendQuoted(dst []byte, text string) []byte {
	if text != "" && !needsQuotes(text) {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for {
		before, after, found := strings.Cut(text, `"`)
		dst = append(dst, before...)
		if !found {
			return append(dst, '"')
		}
		dst = append(dst, `""`...)
		text = after
	}
}
