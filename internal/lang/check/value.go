package check

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Value reads a value from text as its type demands; nothing is guessed from the text. Lists, maps
// and vectors are JSON. The error says what to write and leaves the place to the caller, who must
// not use the value then. Times are in microseconds and dates in days.
func Value(text string, t schema.Type) (schema.Value, error) {
	v := schema.Value{Type: t}
	var err error
	switch t.Kind {
	case schema.Bool:
		if text != "true" && text != "false" {
			return v, fmt.Errorf("%q is not a bool; write true or false", text)
		}
		return schema.BoolValue(text == "true"), nil
	case schema.Int64:
		if v.Int, err = strconv.ParseInt(text, 10, 64); err != nil {
			return v, fmt.Errorf("%q is not an int64; write digits", text)
		}
	case schema.Float64:
		v.Float, err = parseFloat(text)
	case schema.Decimal:
		v.Dec, err = schema.ParseDecimal(text, t.Size)
	case schema.String:
		v.Text = text
	case schema.Bytes:
		raw, bad := base64.StdEncoding.DecodeString(text)
		if bad != nil {
			return v, fmt.Errorf("%q is not base64, as bytes are written", text)
		}
		v.Text = string(raw)
	case schema.Timestamp:
		v.Int, err = parseInstant(text)
	case schema.Date:
		v.Int, err = schema.ParseDate(text)
	case schema.Duration:
		v.Int, err = parseSigned(text)
	default:
		return nestedValue(text, t)
	}
	return v, err
}

// parseFloat reads a finite number. Hexadecimal and grouped digits, which Go would read, are
// refused: they mean other things elsewhere.
func parseFloat(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) || strings.ContainsAny(text, "xX_") {
		return 0, fmt.Errorf("%q is not a float64; write a finite number such as 12.5", text)
	}
	return x + 0, nil // -0.0 becomes 0.0
}

// parseInstant reads a time that says its zone. Without one it would depend on the machine.
func parseInstant(text string) (int64, error) {
	micros, zoned, err := schema.ParseTime(text)
	switch {
	case err != nil:
		return 0, err
	case !zoned:
		return 0, fmt.Errorf("the time %q has no zone; end it with Z for UTC, or +02:00", text)
	case !schema.ValidTime(micros):
		return 0, fmt.Errorf("the time %q lies outside the years 1900 to 2200", text)
	}
	return micros, nil
}

// parseSigned reads a duration with an optional minus.
func parseSigned(text string) (int64, error) {
	positive, negative := strings.CutPrefix(text, "-")
	micros, err := schema.ParseDuration(positive)
	if negative {
		micros = -micros
	}
	return micros, err
}
