package wire

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"math/bits"
	"strconv"
	"time"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// AppendCell appends row i of a column as JSON: int64 as a number, float64 as the shortest number
// that reads back with the same bits, decimal as a string, timestamp as RFC 3339 in UTC with six
// digits, date as YYYY-MM-DD, duration as whole microseconds, bytes as base64. It allocates nothing
// but room in dst.
func AppendCell(dst []byte, c *batch.Column, row int) []byte {
	if c.IsNull(row) {
		return append(dst, "null"...)
	}
	switch c.Type.Kind {
	case schema.Bool:
		return strconv.AppendBool(dst, c.Bools[row])
	case schema.Int64, schema.Timestamp, schema.Date, schema.Duration:
		return appendWhole(dst, c.Type.Kind, c.Ints[row])
	case schema.Float64:
		return appendFloat(dst, c.Floats[row])
	case schema.Decimal:
		return appendDecimal(dst, c.Decimals[row], c.Type.Size)
	case schema.String, schema.Bytes, schema.JSON:
		return appendText(dst, c.Type.Kind, c.Text(row))
	case schema.List, schema.Vector:
		dst = append(dst, '[')
		for i := int(c.Offsets[row]); i < int(c.Offsets[row+1]); i++ {
			if i > int(c.Offsets[row]) {
				dst = append(dst, ',')
			}
			dst = AppendCell(dst, c.Child, i)
		}
		return append(dst, ']')
	case schema.Map:
		dst = append(dst, '{')
		for i := int(c.Offsets[row]); i < int(c.Offsets[row+1]); i++ {
			if i > int(c.Offsets[row]) {
				dst = append(dst, ',')
			}
			dst = append(AppendString(dst, c.Keys.Text(i)), ':')
			dst = AppendCell(dst, c.Child, i)
		}
		return append(dst, '}')
	default:
		return append(dst, "null"...)
	}
}

// AppendCells appends all rows of a column as an array.
func AppendCells(dst []byte, c *batch.Column) []byte {
	dst = append(dst, '[')
	for i := range c.Length {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendCell(dst, c, i)
	}
	return append(dst, ']')
}

// AppendValue appends a value as AppendCell does.
func AppendValue(dst []byte, v schema.Value) []byte {
	if v.Null {
		return append(dst, "null"...)
	}
	switch v.Type.Kind {
	case schema.Bool:
		return strconv.AppendBool(dst, v.Int != 0)
	case schema.Int64, schema.Timestamp, schema.Date, schema.Duration:
		return appendWhole(dst, v.Type.Kind, v.Int)
	case schema.Float64:
		return appendFloat(dst, v.Float)
	case schema.Decimal:
		return appendDecimal(dst, v.Dec, v.Type.Size)
	case schema.String, schema.Bytes, schema.JSON:
		return appendText(dst, v.Type.Kind, v.Text)
	case schema.List, schema.Vector:
		return appendItems(dst, v.Items)
	case schema.Map:
		return appendPairs(dst, v.Items)
	default:
		return append(dst, "null"...)
	}
}

func appendItems(dst []byte, items []schema.Value) []byte {
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendValue(dst, item)
	}
	return append(dst, ']')
}

// appendPairs appends keys and values, which alternate, as an object.
func appendPairs(dst []byte, items []schema.Value) []byte {
	dst = append(dst, '{')
	for i := 0; i+1 < len(items); i += 2 {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendValue(append(AppendString(dst, items[i].Text), ':'), items[i+1])
	}
	return append(dst, '}')
}

// appendWhole appends what is stored as an int64.
func appendWhole(dst []byte, kind schema.Kind, x int64) []byte {
	switch kind {
	case schema.Timestamp:
		return AppendTime(dst, x)
	case schema.Date:
		dst = append(dst, '"')
		return append(time.Unix(x*86400, 0).UTC().AppendFormat(dst, time.DateOnly), '"')
	default:
		return strconv.AppendInt(dst, x, 10)
	}
}

// AppendTime appends an instant as a string of RFC 3339, in UTC with six digits.
func AppendTime(dst []byte, micros int64) []byte {
	dst = append(dst, '"')
	return append(time.UnixMicro(micros).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000Z"), '"')
}

// appendFloat writes a number as Go, JavaScript and others do: plain, and with an exponent where it
// would be long. What JSON has no number for is null; no value of the engine is.
func appendFloat(dst []byte, x float64) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(dst, "null"...)
	}
	const least, most = 1e-6, 1e21 // beyond them there is an exponent
	if abs := math.Abs(x); abs == 0 || abs >= least && abs < most {
		return strconv.AppendFloat(dst, x, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, x, 'e', -1, 64)
	// e-09 is written e-9.
	if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// appendDecimal writes an unscaled value with all digits of its scale, in quotes: a reader that took
// it for a float64 would round it.
func appendDecimal(dst []byte, v schema.Int128, scale int) []byte {
	dst = append(dst, '"')
	if v.Sign() < 0 {
		dst = append(dst, '-')
		v = v.Neg() // as unsigned, which the least value is the negation of
	}
	var digits [40]byte // 2^127 has 39
	at := len(digits)
	high, low := uint64(v.Hi), v.Lo
	for high > 0 || low > 0 || len(digits)-at <= scale {
		var rest uint64
		high, rest = high/10, high%10
		low, rest = bits.Div64(rest, low, 10)
		at--
		digits[at] = byte('0' + rest)
	}
	point := len(digits) - scale
	dst = append(dst, digits[at:point]...)
	if scale > 0 {
		dst = append(append(dst, '.'), digits[point:]...)
	}
	return append(dst, '"')
}

// appendText appends what is stored as text. JSON stands as it is; should a source have let something
// else pass for it, that becomes a string, so that the message stays JSON.
func appendText(dst []byte, kind schema.Kind, text string) []byte {
	switch kind {
	case schema.Bytes:
		dst = append(dst, '"')
		for len(text) > 0 {
			// Through a buffer of whole groups of three bytes, as the encoder takes no string.
			var group [48]byte
			n := copy(group[:], text)
			dst = base64.StdEncoding.AppendEncode(dst, group[:n])
			text = text[n:]
		}
		return append(dst, '"')
	case schema.JSON:
		before := len(dst)
		if dst = append(dst, text...); json.Valid(dst[before:]) {
			return dst
		}
		return AppendString(dst[:before], text)
	default:
		return AppendString(dst, text)
	}
}
