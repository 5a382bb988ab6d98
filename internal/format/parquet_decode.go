package format

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"

	"github.com/fettle-ml/fettle/internal/schema"
)

// decoder returns what reads the column as a type; readable has allowed it.
func (s *stored) decoder(as schema.Type) decoder {
	switch as.Kind {
	case schema.Bool:
		return &fixed[bool]{convert: convertBools, put: putBools}
	case schema.Float64:
		if s.fettle.Kind == schema.Int64 {
			return &fixed[float64]{convert: s.convertIntFloats, put: putFloats}
		}
		return &fixed[float64]{convert: s.convertFloats, check: checkFloats, put: putFloats}
	case schema.Decimal:
		if s.fettle.Kind == schema.Int64 {
			return &fixed[schema.Int128]{convert: s.convertIntDecimals,
				check: rescale(0, as.Size), put: putDecimals}
		}
		return &fixed[schema.Int128]{convert: s.convertDecimals,
			check: rescale(s.fettle.Size, as.Size), put: putDecimals}
	case schema.String, schema.Bytes, schema.JSON:
		return &text{stored: s, wanted: as.Kind}
	default:
		if s.fettle.Kind == schema.Decimal {
			return &fixed[int64]{convert: s.convertDecimalInts, check: nil, put: putInts}
		}
		if s.fettle.Kind == schema.Duration && as.Kind == schema.Int64 {
			return &fixed[int64]{convert: s.convertInts, put: putInts}
		}
		return &fixed[int64]{convert: s.convertInts, check: s.checkInts(), put: putInts}
	}
}

// convertBools unpacks bits, the lowest of a byte first.
func convertBools(dst []bool, values *encoding.Values, from int) error {
	bits := values.Boolean()
	if len(bits)*8 < from+len(dst) {
		return errShortPage
	}
	for i := range dst {
		at := from + i
		dst[i] = bits[at>>3]>>(at&7)&1 != 0
	}
	return nil
}

// take returns n values from a place on, or an error if a damaged page has fewer.
func take[T any](values []T, from, n int) ([]T, error) {
	if len(values) < from+n {
		return nil, errShortPage
	}
	return values[from : from+n], nil
}

// convertInts widens whole numbers of every physical kind to 64 bits.
func (s *stored) convertInts(dst []int64, values *encoding.Values, from int) error {
	switch {
	case s.kind == parquet.Int64:
		src, err := take(values.Int64(), from, len(dst))
		copy(dst, src)
		return err
	case s.kind == parquet.Int96:
		return convertInt96(dst, values, from)
	case s.unsigned:
		src, err := take(values.Uint32(), from, len(dst))
		for i, x := range src {
			dst[i] = int64(x)
		}
		return err
	default:
		src, err := take(values.Int32(), from, len(dst))
		for i, x := range src {
			dst[i] = int64(x)
		}
		return err
	}
}

// convertInt96 reads the old timestamps: nanoseconds of the day and the Julian day.
func convertInt96(dst []int64, values *encoding.Values, from int) error {
	const epoch = 2440588 // the Julian day of 1970-01-01
	src, err := take(values.Int96(), from, len(dst))
	for i, x := range src {
		nanos := int64(uint64(x[1])<<32 | uint64(x[0]))
		dst[i] = (int64(int32(x[2]))-epoch)*schema.Day + schema.FloorDiv(nanos, 1000)
	}
	return err
}

// checkInts returns what brings stored integers to Fettle's: timestamps to microseconds.
func (s *stored) checkInts() func([]int64) []special {
	switch {
	case s.divide > 0:
		return func(values []int64) []special {
			for i, x := range values {
				values[i] = schema.FloorDiv(x, s.divide)
			}
			return nil
		}
	case s.multiply > 0:
		return func(values []int64) (specials []special) {
			limit := math.MaxInt64 / s.multiply
			for i, x := range values {
				if x > limit || x < -limit {
					specials = append(specials, special{i, fmt.Sprintf("time %d is out of range", x)})
					x = 0
				}
				values[i] = x * s.multiply
			}
			return specials
		}
	case s.unsigned && s.kind == parquet.Int64:
		return func(values []int64) (specials []special) {
			for i, x := range values {
				if x < 0 {
					specials = append(specials, special{i, fmt.Sprintf("%d does not fit an int64", uint64(x))})
				}
			}
			return specials
		}
	default:
		return nil
	}
}

// convertFloats widens floats, which is exact.
func (s *stored) convertFloats(dst []float64, values *encoding.Values, from int) error {
	switch s.kind {
	case parquet.Double:
		src, err := take(values.Double(), from, len(dst))
		copy(dst, src)
		return err
	case parquet.FixedLenByteArray:
		all, _ := values.FixedLenByteArray()
		src, err := take(all, 2*from, 2*len(dst))
		for i := range len(src) / 2 {
			dst[i] = halfFloat(binary.LittleEndian.Uint16(src[2*i:]))
		}
		return err
	}
	src, err := take(values.Float(), from, len(dst))
	for i, x := range src {
		dst[i] = float64(x)
	}
	return err
}

// halfFloat widens a float of 16 bits. It is our own because that of the Arrow library gets the smallest
// ones, which are not normal, wrong.
func halfFloat(bits uint16) float64 {
	const fraction, exponents, smallest = 1<<10 - 1, 31, -24
	exponent, x := int(bits>>10)&exponents, float64(bits&fraction)
	switch {
	case exponent == exponents && x == 0:
		x = math.Inf(1)
	case exponent == exponents:
		x = math.NaN()
	case exponent == 0:
		x = math.Ldexp(x, smallest)
	default:
		x = math.Ldexp(x+fraction+1, smallest-1+exponent)
	}
	if bits>>15 != 0 {
		x = -x
	}
	return x
}

// checkFloats finds what is not finite and turns the negative zero into zero.
func checkFloats(values []float64) (specials []special) {
	const exponent, negativeZero = 0x7FF << 52, 1 << 63
	for i, x := range values {
		bits := math.Float64bits(x)
		if bits&exponent == exponent {
			specials = append(specials, special{at: i})
		} else if bits == negativeZero {
			values[i] = 0
		}
	}
	return specials
}

// convertIntFloats reads integers of at most 32 bits, each of which is a float64.
func (s *stored) convertIntFloats(dst []float64, values *encoding.Values, from int) error {
	ints := make([]int64, len(dst))
	if err := s.convertInts(ints, values, from); err != nil {
		return err
	}
	for i, x := range ints {
		dst[i] = float64(x)
	}
	return nil
}

// convertIntDecimals reads whole numbers as decimals of scale 0, unsigned ones beyond int64 too.
func (s *stored) convertIntDecimals(dst []schema.Int128, values *encoding.Values, from int) error {
	ints := make([]int64, len(dst))
	if err := s.convertInts(ints, values, from); err != nil {
		return err
	}
	for i, x := range ints {
		dst[i] = schema.Int128From(x)
		if s.unsigned && s.kind == parquet.Int64 {
			dst[i] = schema.Int128{Lo: uint64(x)}
		}
	}
	return nil
}

// convertDecimals reads unscaled values from each of the four kinds that may hold them.
func (s *stored) convertDecimals(dst []schema.Int128, values *encoding.Values, from int) error {
	switch s.kind {
	case parquet.Int32, parquet.Int64:
		ints := make([]int64, len(dst))
		if err := s.convertInts(ints, values, from); err != nil {
			return err
		}
		for i, x := range ints {
			dst[i] = schema.Int128From(x)
		}
		return nil
	case parquet.FixedLenByteArray:
		data, size := values.FixedLenByteArray()
		if size <= 0 || len(data) < (from+len(dst))*size {
			return errShortPage
		}
		for i := range dst {
			dst[i] = bigEndian(data[(from+i)*size : (from+i+1)*size])
		}
		return nil
	default:
		data, offsets := values.ByteArray()
		offsets, err := take(offsets, from, len(dst)+1)
		if err != nil {
			return err
		}
		for i := range dst {
			dst[i] = bigEndian(data[offsets[i]:offsets[i+1]])
		}
		return nil
	}
}

// outOfRange stands for a decimal of more than 38 digits until rescale reports it.
var outOfRange = schema.Int128{Hi: math.MinInt64}

// bigEndian reads a signed integer of any length, most significant byte first.
func bigEndian(data []byte) schema.Int128 {
	var wide [16]byte
	fill := byte(0)
	if len(data) > 0 && data[0]&0x80 != 0 {
		fill = 0xFF
	}
	for len(data) > len(wide) {
		if data[0] != fill {
			return outOfRange
		}
		data = data[1:]
	}
	pad := len(wide) - len(data)
	for i := range pad {
		wide[i] = fill
	}
	copy(wide[pad:], data)
	high, low := binary.BigEndian.Uint64(wide[:8]), binary.BigEndian.Uint64(wide[8:])
	x := schema.Int128{Hi: int64(high), Lo: low}
	if fill == 0xFF && x.Hi >= 0 || fill == 0 && x.Hi < 0 {
		return outOfRange
	}
	return x
}

// rescale returns what brings decimals from one scale to another and names those that lose digits
// by it or have more than 38.
func rescale(from, to int) func([]schema.Int128) []special {
	return func(values []schema.Int128) (specials []special) {
		for i, x := range values {
			y, ok := rescaled(x, from, to)
			if !ok && x == outOfRange {
				specials = append(specials, special{i, fmt.Sprintf("a decimal of more than %d digits",
					schema.MaxDecimalDigits)})
			} else if !ok {
				specials = append(specials, special{i, fmt.Sprintf("%s does not fit a decimal(%d)",
					schema.FormatDecimal(x, from), to)})
			}
			values[i] = y
		}
		return specials
	}
}

// rescaled returns an unscaled value at another scale, and whether it keeps its value there.
func rescaled(x schema.Int128, from, to int) (schema.Int128, bool) {
	if from == to && x.Hi>>40 == x.Hi>>63 { // below 2^104: surely within 38 digits
		return x, true
	}
	v, rest := x.Big(), new(big.Int)
	if from <= to {
		v.Mul(v, powerOfTen(to-from))
	} else {
		v.QuoRem(v, powerOfTen(from-to), rest)
	}
	if rest.Sign() != 0 || v.CmpAbs(powerOfTen(schema.MaxDecimalDigits)) >= 0 {
		return schema.Int128{}, false
	}
	return schema.Int128FromBig(v)
}

func powerOfTen(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// convertDecimalInts reads decimals without digits after the point.
func (s *stored) convertDecimalInts(dst []int64, values *encoding.Values, from int) error {
	wide := make([]schema.Int128, len(dst))
	if err := s.convertDecimals(wide, values, from); err != nil {
		return err
	}
	for i, x := range wide {
		dst[i] = int64(x.Lo)
		if x.Hi != int64(x.Lo)>>63 {
			return fmt.Errorf("%s does not fit an int64; declare the column as decimal(0)",
				schema.FormatDecimal(x, 0))
		}
	}
	return nil
}
