package format

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/jsontext"
)

// cells fills one column from cells of text.
type cells interface {
	// add takes the text of a cell that is not null, or says why it does not fit.
	add(text []byte) (problem string)
	// null takes a null.
	null()
	finish() *batch.Column
	base() *cellBase
}

// cellBase is what all cells share.
type cellBase struct {
	column    batch.Column
	nulls     bool
	nonFinite int64
	nested    *nestedCells // the cells of a nested type: what holds the elements
}

func (b *cellBase) base() *cellBase { return b }

// valid says whether the next row has a value.
func (b *cellBase) valid(valid bool) {
	b.nulls = b.nulls || !valid
	b.column.Valid = append(b.column.Valid, valid)
}

func (b *cellBase) finish() *batch.Column {
	b.column.Length = len(b.column.Valid)
	if !b.nulls {
		b.column.Valid = nil
	}
	return &b.column
}

// newCells returns what reads a column of the file as a type, with room for a number of rows.
func newCells(t schema.Type, from Column, rows int) cells {
	base := cellBase{column: batch.Column{Type: t, Valid: make([]bool, 0, rows)}}
	switch t.Kind {
	case schema.Bool:
		base.column.Bools = make([]bool, 0, rows)
		return &boolCells{base}
	case schema.Float64:
		base.column.Floats = make([]float64, 0, rows)
		return &floatCells{base}
	case schema.Decimal:
		base.column.Decimals = make([]schema.Int128, 0, rows)
		return &decimalCells{base}
	case schema.Int64, schema.Duration, schema.Timestamp, schema.Date:
		base.column.Ints = make([]int64, 0, rows)
		return &intCells{cellBase: base, parse: intParser(t.Kind, from.Local)}
	case schema.List, schema.Vector, schema.Map:
		c := newNestedCells(base, rows)
		c.nested = c
		return c
	default:
		base.column.Offsets = append(make([]uint32, 0, rows+1), 0)
		return &textCells{cellBase: base}
	}
}

// view views bytes as a string: only for parsing, which keeps nothing.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

type intCells struct {
	cellBase
	parse func(text []byte) (int64, string)
}

func (c *intCells) add(text []byte) string {
	x, problem := c.parse(text)
	if problem == "" {
		c.column.Ints = append(c.column.Ints, x)
		c.valid(true)
	}
	return problem
}

func (c *intCells) null() {
	c.column.Ints = append(c.column.Ints, 0)
	c.valid(false)
}

// intParser returns what reads the text of whole numbers and times. local says which of the two
// kinds of times the column has; the other one does not fit.
func intParser(kind schema.Kind, local bool) func([]byte) (int64, string) {
	switch kind {
	case schema.Timestamp:
		return func(text []byte) (int64, string) { return parseTimestamp(text, local) }
	case schema.Date:
		return func(text []byte) (int64, string) {
			if days, ok := parseDate(text); ok {
				return days, ""
			}
			return 0, misfit(text, "a date; write YYYY-MM-DD")
		}
	default:
		return func(text []byte) (int64, string) {
			if x, ok := parseInt(text); ok {
				return x, ""
			}
			return 0, misfit(text, "an int64")
		}
	}
}

func misfit(text []byte, wanted string) string {
	return fmt.Sprintf("%q is not %s", clip(text), wanted)
}

func parseTimestamp(text []byte, local bool) (int64, string) {
	micros, zoned, ok := parseTime(text)
	switch {
	case !ok:
		return 0, misfit(text, "a time; write it as 2024-05-01T12:30:00Z")
	case zoned && local:
		return 0, fmt.Sprintf("%q has a zone, but the first times of the column have none", clip(text))
	case !zoned && !local:
		return 0, fmt.Sprintf("%q has no zone, and the column is read as times with one", clip(text))
	default:
		return micros, ""
	}
}

type floatCells struct{ cellBase }

func (c *floatCells) add(text []byte) string {
	x, ok := parseFloat(text)
	switch {
	case !ok:
		return misfit(text, "a float64")
	case math.IsNaN(x) || math.IsInf(x, 0):
		c.nonFinite++
		c.null()
	default:
		if x == 0 {
			x = 0 // not the negative zero
		}
		c.column.Floats = append(c.column.Floats, x)
		c.valid(true)
	}
	return ""
}

func (c *floatCells) null() {
	c.column.Floats = append(c.column.Floats, 0)
	c.valid(false)
}

type decimalCells struct{ cellBase }

func (c *decimalCells) add(text []byte) string {
	x, err := schema.ParseDecimal(string(text), c.column.Type.Size)
	if err != nil {
		return err.Error()
	}
	c.column.Decimals = append(c.column.Decimals, x)
	c.valid(true)
	return ""
}

func (c *decimalCells) null() {
	c.column.Decimals = append(c.column.Decimals, schema.Int128{})
	c.valid(false)
}

type boolCells struct{ cellBase }

func (c *boolCells) add(text []byte) string {
	x, ok := parseBool(text)
	if !ok {
		return misfit(text, "true or false")
	}
	c.column.Bools = append(c.column.Bools, x)
	c.valid(true)
	return ""
}

func (c *boolCells) null() {
	c.column.Bools = append(c.column.Bools, false)
	c.valid(false)
}

// textCells reads strings, JSON and, as base64, bytes. A block is far smaller than 4 GiB, so that
// offsets cannot overflow.
type textCells struct {
	cellBase
	checked bool // the text is known to be valid UTF-8, and valid JSON if that is the type
}

func (c *textCells) add(text []byte) string {
	if !c.checked && !utf8.Valid(text) {
		return misfit(text, "valid UTF-8")
	}
	switch c.column.Type.Kind {
	case schema.JSON:
		return c.json(text)
	case schema.Bytes:
		data, err := base64.StdEncoding.AppendDecode(c.column.Data, text)
		if err != nil {
			return misfit(text, "base64")
		}
		c.column.Data = data
		text = nil
	}
	c.value(text)
	return ""
}

// json takes a value of JSON, without the white space around it.
func (c *textCells) json(text []byte) string {
	if !c.checked {
		text = bytes.Trim(text, jsonSpace)
		if err := jsontext.Check(view(text)); err != nil {
			return misfit(text, "valid JSON: "+err.Error())
		}
	}
	if isNullJSON(text) {
		c.null()
	} else {
		c.value(text)
	}
	return ""
}

// value appends what is known to fit.
func (c *textCells) value(text []byte) {
	c.column.Data = append(c.column.Data, text...)
	c.column.Offsets = append(c.column.Offsets, uint32(len(c.column.Data)))
	c.valid(true)
}

func (c *textCells) null() {
	c.column.Offsets = append(c.column.Offsets, uint32(len(c.column.Data)))
	c.valid(false)
}

// jsonSpace is the white space of JSON.
const jsonSpace = " \t\n\r"

// isNullJSON reports whether a text of JSON is the value null, which is a null of Fettle: in JSON
// lines there would be no other way to write either.
func isNullJSON(text []byte) bool {
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	return len(text) >= 4 && text[0] == 'n' // of valid JSON, nothing else begins so
}

func parseBool(text []byte) (value, ok bool) {
	switch view(text) {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	default:
		return false, false
	}
}

// parseInt reads decimal digits with an optional sign.
func parseInt(text []byte) (int64, bool) {
	digits := text
	if len(digits) > 0 && (digits[0] == '-' || digits[0] == '+') {
		digits = digits[1:]
	}
	if len(digits) == 0 {
		return 0, false
	}
	if len(digits) > 18 {
		x, err := strconv.ParseInt(view(text), 10, 64)
		return x, err == nil
	}
	x := int64(0)
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		x = x*10 + int64(c-'0')
	}
	if text[0] == '-' {
		x = -x
	}
	return x, true
}

// parseFloat reads decimal numbers, and nan and inf as people write them. A number that no float64
// is near to is not one.
func parseFloat(text []byte) (float64, bool) {
	for _, c := range text {
		if c == 'x' || c == 'X' || c == '_' || c == 'p' || c == 'P' {
			return 0, false // hexadecimal
		}
	}
	x, err := strconv.ParseFloat(view(text), 64)
	return x, err == nil
}
