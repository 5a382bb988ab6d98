package format

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/schema"
)

// jsonCells fills one column from values of JSON. What a value may be is decided here, and what its
// text means by the cells that CSV uses too.
type jsonCells struct {
	cells
	t      schema.Type
	buffer []byte
}

func newJSONCells(t schema.Type, from Column, rows int) *jsonCells {
	c := &jsonCells{cells: newCells(t, from, rows), t: t}
	if text, ok := c.cells.(*textCells); ok {
		text.checked = true // the whole line was
	}
	return c
}

// value takes a value that is not null, or says why it does not fit.
func (c *jsonCells) value(v jsonValue) (problem string) {
	isText := v.kind == '"'
	switch c.t.Kind {
	case schema.JSON:
		return c.add(v.raw)
	case schema.Bool:
		if v.kind == 't' || v.kind == 'f' {
			return c.add(v.raw)
		}
		return jsonMisfit(v, "true or false")
	case schema.Int64, schema.Duration:
		return c.whole(v)
	case schema.Float64:
		if v.kind != 0 {
			return jsonMisfit(v, "a number")
		}
		if problem := c.add(v.raw); problem != "" {
			return jsonMisfit(v, "a float64")
		}
		return ""
	case schema.Decimal:
		return c.decimal(v)
	case schema.List, schema.Vector, schema.Map:
		return c.base().nested.value(v)
	case schema.String:
		if !isText {
			return jsonMisfit(v, "a string")
		}
	case schema.Bytes:
		if !isText {
			return jsonMisfit(v, "a string of base64")
		}
	case schema.Date:
		if !isText {
			return jsonMisfit(v, "a date; write \"YYYY-MM-DD\"")
		}
	default:
		if !isText {
			return jsonMisfit(v, "a time; write \"2024-05-01T12:30:00Z\"")
		}
	}
	return c.add(c.text(v))
}

func jsonMisfit(v jsonValue, wanted string) string {
	return fmt.Sprintf("%s is not %s", v.describe(), wanted)
}

// text returns the content of a string, for as long as the next one is not asked for.
func (c *jsonCells) text(v jsonValue) (text []byte) {
	text, c.buffer = v.text(c.buffer)
	return text
}

// whole takes a whole number, or the digits of one in quotes.
func (c *jsonCells) whole(v jsonValue) string {
	text, wanted := v.raw, "an int64"
	if c.t.Kind == schema.Duration {
		wanted = "a duration; write a whole number of microseconds"
	}
	switch {
	case v.kind == '"':
		if text = c.text(v); len(text) == 0 || text[0] == '+' {
			return jsonMisfit(v, wanted)
		}
	case v.kind != 0:
		return jsonMisfit(v, wanted)
	case !v.integer:
		const longest = 19
		whole, ok := parseExact(v.raw).appendWhole(c.buffer[:0], 0, longest)
		if !ok {
			return jsonMisfit(v, wanted)
		}
		c.buffer, text = whole, whole
	}
	if problem := c.add(text); problem != "" {
		return jsonMisfit(v, wanted)
	}
	return ""
}

// decimal takes a decimal in quotes, or a number that is one exactly.
func (c *jsonCells) decimal(v jsonValue) string {
	switch v.kind {
	case '"':
		text := c.text(v)
		const longest = 1000 // what has more is not a decimal, and costs nothing to refuse
		if len(text) > longest {
			return jsonMisfit(v, "a "+c.t.String())
		}
		return c.add(text)
	case 0:
		digits, ok := parseExact(v.raw).appendWhole(c.buffer[:0], c.t.Size, schema.MaxDecimalDigits)
		if !ok {
			return jsonMisfit(v, "exactly a "+c.t.String())
		}
		c.buffer = digits
		return c.add(pointed(digits, c.t.Size))
	default:
		return jsonMisfit(v, "a "+c.t.String()+"; write it in quotes")
	}
}

// pointed sets the point of a decimal into its digits.
func pointed(digits []byte, scale int) []byte {
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	text := append([]byte(sign), make([]byte, max(0, scale+1-len(digits)))...)
	for i := len(sign); i < len(text); i++ {
		text[i] = '0'
	}
	text = append(text, digits...)
	at := len(text) - scale
	return append(text[:at:at], append([]byte{'.'}, text[at:]...)...)
}
