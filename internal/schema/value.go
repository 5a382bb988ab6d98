package schema

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// Value is one typed value: a literal, a default, one cell. The field that holds it depends on the
// kind: Int for bool (0 or 1), int64, timestamp, date and duration; Float for float64; Dec for
// decimal; Text for string, bytes and json; Items for list and vector, and for map in pairs of key
// and value. A null has its Type and nothing else.
type Value struct {
	Type  Type
	Null  bool
	Int   int64
	Float float64
	Dec   Int128
	Text  string
	Items []Value
}

// NullOf returns the null of a type.
func NullOf(t Type) Value { return Value{Type: t, Null: true} }

// BoolValue returns a bool.
func BoolValue(b bool) Value {
	v := Value{Type: Of(Bool)}
	if b {
		v.Int = 1
	}
	return v
}

// IntValue returns an int64.
func IntValue(x int64) Value { return Value{Type: Of(Int64), Int: x} }

// FloatValue returns a float64.
func FloatValue(x float64) Value { return Value{Type: Of(Float64), Float: x} }

// StringValue returns a string.
func StringValue(s string) Value { return Value{Type: Of(String), Text: s} }

// String writes the value for people: text bare, times in RFC 3339, null as null.
func (v Value) String() string {
	if v.Null {
		return "null"
	}
	switch v.Type.Kind {
	case Bool:
		return strconv.FormatBool(v.Int != 0)
	case Int64:
		return strconv.FormatInt(v.Int, 10)
	case Float64:
		return FormatFloat(v.Float)
	case Decimal:
		return FormatDecimal(v.Dec, v.Type.Size)
	case Timestamp:
		return FormatTime(v.Int)
	case Date:
		return FormatDate(v.Int)
	case Duration:
		return FormatDuration(v.Int)
	case Bytes:
		return base64.StdEncoding.EncodeToString([]byte(v.Text))
	case List, Vector:
		items := make([]string, len(v.Items))
		for i, item := range v.Items {
			items[i] = item.String()
		}
		return "[" + strings.Join(items, ", ") + "]"
	case Map:
		return v.mapString()
	default:
		return v.Text
	}
}

// mapString writes a map, whose items are keys and values in turn.
func (v Value) mapString() string {
	entries := make([]string, 0, len(v.Items)/2)
	for i := 0; i+1 < len(v.Items); i += 2 {
		entries = append(entries, v.Items[i].String()+": "+v.Items[i+1].String())
	}
	return "{" + strings.Join(entries, ", ") + "}"
}

// FormatFloat writes the shortest text that reads back as the same bits, always with a point or
// an exponent, so that it is not taken for an integer.
func FormatFloat(x float64) string {
	text := strconv.FormatFloat(x, 'g', -1, 64)
	if abs := max(x, -x); abs >= 1e-5 && abs < 1e16 {
		text = strconv.FormatFloat(x, 'f', -1, 64)
	}
	if strings.Trim(text, "-0123456789") == "" {
		text += ".0"
	}
	return text
}
