package format

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// arrowColumn converts an array to a type, which readable has allowed. Flaws are by row; one without
// a problem is a number that was not finite. Everything is copied: the column does not keep the
// record batch.
func arrowColumn(s *stored, values arrow.Array, as schema.Type) (*batch.Column, []flaw, error) {
	switch values := values.(type) {
	case array.ExtensionArray:
		return arrowColumn(s, values.Storage(), as)
	case *array.Dictionary:
		return arrowDictionary(s, values, as)
	}
	if s.fettle.Kind == schema.Null {
		if values.Len() > PartRows*64 {
			return nil, nil, errManyItems
		}
		return batch.Repeat(schema.NullOf(as), values.Len()), nil, nil
	}
	if s.child != nil {
		return arrowItems(s, values, as)
	}
	c := &batch.Column{Type: as, Length: values.Len(), Valid: arrowValid(values)}
	var specials []special
	var err error
	switch as.Kind {
	case schema.Bool:
		c.Bools = make([]bool, c.Length)
		for i := range c.Bools {
			c.Bools[i] = values.(*array.Boolean).Value(i)
		}
	case schema.Float64:
		c.Floats, err = arrowFloats(values)
		specials = checkFloats(c.Floats)
	case schema.Decimal:
		c.Decimals, specials, err = arrowDecimals(s, values, as)
	case schema.String, schema.Bytes, schema.JSON:
		specials, err = arrowTexts(s, c, values)
	default:
		c.Ints, specials, err = arrowInts(s, values, as)
	}
	return c, arrowFlaws(c, specials), err
}

var errManyItems = errors.New("it has too many elements in one batch")

// arrowValid returns nil if there is no null.
func arrowValid(values arrow.Array) []bool {
	if values.NullN() == 0 {
		return nil
	}
	valid := make([]bool, values.Len())
	for i := range valid {
		valid[i] = values.IsValid(i)
	}
	return valid
}

// arrowFlaws makes the special values null that were not null before: only they are flaws.
func arrowFlaws(c *batch.Column, specials []special) (flaws []flaw) {
	was := slices.Clone(c.Valid)
	isNull := func(i int) bool { return was != nil && !was[i] }
	markNulls(c)
	for _, special := range specials {
		if isNull(special.at) {
			continue
		}
		setNull(c, special.at)
		if special.problem == "" {
			c.Floats[special.at] = math.NaN() // see settle
		}
		if special.problem != nullJSON {
			flaws = append(flaws, flaw(special))
		}
	}
	return flaws
}

func arrowFloats(values arrow.Array) ([]float64, error) {
	out := make([]float64, values.Len())
	switch values := values.(type) {
	case *array.Float64:
		copy(out, values.Float64Values())
	case *array.Float32:
		for i, x := range values.Float32Values() {
			out[i] = float64(x)
		}
	case *array.Float16:
		for i := range out {
			out[i] = halfFloat(values.Value(i).Uint16())
		}
	default:
		whole, err := arrowWhole(values)
		for i, x := range whole {
			out[i] = float64(x)
		}
		return out, err
	}
	return out, nil
}

// arrowInts converts whole numbers and times, of any unit, and decimals without digits after the
// point.
func arrowInts(s *stored, values arrow.Array, as schema.Type) ([]int64, []special, error) {
	if s.fettle.Kind == schema.Decimal {
		wide, err := arrowWide(values)
		out := make([]int64, len(wide))
		var specials []special
		for i, x := range wide {
			out[i] = int64(x.Lo)
			if x.Hi != int64(x.Lo)>>63 {
				specials = append(specials, special{i, schema.FormatDecimal(x, 0) + " does not fit an int64"})
			}
		}
		return out, specials, err
	}
	out, err := arrowWhole(values)
	raw := s.fettle.Kind == schema.Duration && as.Kind == schema.Int64
	if check := s.checkInts(); check != nil && err == nil && !raw {
		return out, check(out), nil
	}
	return out, nil, err
}

func arrowDecimals(s *stored, values arrow.Array, as schema.Type) ([]schema.Int128, []special, error) {
	if s.fettle.Kind == schema.Decimal {
		out, err := arrowWide(values)
		return out, rescale(s.fettle.Size, as.Size)(out), err
	}
	whole, err := arrowWhole(values)
	out := make([]schema.Int128, len(whole))
	for i, x := range whole {
		out[i] = schema.Int128From(x)
		if s.unsigned {
			out[i] = schema.Int128{Lo: uint64(x)}
		}
	}
	return out, rescale(0, as.Size)(out), err
}

// arrowWide reads the unscaled values of decimals of every width.
func arrowWide(values arrow.Array) ([]schema.Int128, error) {
	out := make([]schema.Int128, values.Len())
	switch values := values.(type) {
	case *array.Decimal32:
		for i := range out {
			out[i] = schema.Int128From(int64(values.Value(i)))
		}
	case *array.Decimal64:
		for i := range out {
			out[i] = schema.Int128From(int64(values.Value(i)))
		}
	case *array.Decimal128:
		for i := range out {
			x := values.Value(i)
			out[i] = schema.Int128{Hi: x.HighBits(), Lo: x.LowBits()}
		}
	case *array.Decimal256:
		for i := range out {
			words := values.Value(i).Array() // the lowest first
			out[i] = schema.Int128{Hi: int64(words[1]), Lo: words[0]}
			if sign := uint64(out[i].Hi >> 63); words[2] != sign || words[3] != sign {
				out[i] = outOfRange
			}
		}
	default:
		return nil, errArray(values)
	}
	return out, nil
}

func errArray(values arrow.Array) error { return fmt.Errorf("an array of %s", values.DataType()) }

// arrowWhole widens whole numbers of every kind to 64 bits. Unsigned ones beyond int64 come out
// negative, as in Parquet.
func arrowWhole(values arrow.Array) ([]int64, error) {
	switch values := values.(type) {
	case *array.Int64:
		return slices.Clone(values.Int64Values()), nil
	case *array.Timestamp:
		return widened(values.TimestampValues()), nil
	case *array.Duration:
		return widened(values.DurationValues()), nil
	case *array.Date32:
		return widened(values.Date32Values()), nil
	case *array.Date64:
		return widened(values.Date64Values()), nil
	case *array.Int32:
		return widened(values.Int32Values()), nil
	case *array.Int16:
		return widened(values.Int16Values()), nil
	case *array.Int8:
		return widened(values.Int8Values()), nil
	case *array.Uint64:
		return widened(values.Uint64Values()), nil
	case *array.Uint32:
		return widened(values.Uint32Values()), nil
	case *array.Uint16:
		return widened(values.Uint16Values()), nil
	case *array.Uint8:
		return widened(values.Uint8Values()), nil
	default:
		return nil, errArray(values)
	}
}

func widened[T ~int64 | ~int32 | ~int16 | ~int8 | ~uint64 | ~uint32 | ~uint16 | ~uint8](values []T) []int64 {
	out := make([]int64, len(values))
	for i, x := range values {
		out[i] = int64(x)
	}
	return out
}

// arrowTexts copies texts. Null slots may point anywhere.
func arrowTexts(s *stored, c *batch.Column, values arrow.Array) ([]special, error) {
	textOf, limit, err := arrowText(values)
	if err != nil {
		return nil, err
	}
	c.Offsets = make([]uint32, 1, c.Length+1)
	for i := range c.Length {
		if !c.IsNull(i) {
			value := textOf(i)
			if len(c.Data)+len(value) > limit {
				return nil, fmt.Errorf("its texts are longer than %d bytes together", limit)
			}
			if s.uuid && c.Type.Kind != schema.Bytes {
				c.Data = appendUUID(c.Data, value)
			} else {
				c.Data = append(c.Data, value...)
			}
		}
		c.Offsets = append(c.Offsets, uint32(len(c.Data)))
	}
	if len(c.Data) > math.MaxUint32 {
		return nil, errTooMuchText
	}
	check := &text{wanted: c.Type.Kind}
	c.Data = check.trim(c.Data, c.Offsets)
	return check.check(c.Data, c.Offsets), nil
}
