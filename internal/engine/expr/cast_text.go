package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/jsontext"
	"github.com/fettle-ml/fettle/internal/schema/zone"
)

// castText returns the kernel that reads a text as another type. A text that does not read as that
// type is null and counted, never an error.
func castText(to schema.Type) kernel {
	switch to.Kind {
	case schema.Bool:
		return readRows(func(c *call, i int, text string) (ok bool) {
			c.out.Bools[i] = strings.EqualFold(text, "true")
			return c.out.Bools[i] || strings.EqualFold(text, "false")
		})
	case schema.Int64:
		return readInts(func(text string) (int64, bool) {
			v, err := strconv.ParseInt(text, 10, 64)
			return v, err == nil
		})
	case schema.Float64:
		return readRows(func(c *call, i int, text string) (ok bool) {
			c.out.Floats[i], ok = readFloat(text)
			return ok
		})
	case schema.Decimal:
		return readRows(func(c *call, i int, text string) (ok bool) {
			c.out.Decimals[i], ok = readDecimal(text, to.Size)
			return ok
		})
	case schema.Timestamp:
		return readInts(func(text string) (int64, bool) { return readTime(text, nil) })
	case schema.Date:
		return readInts(func(text string) (int64, bool) {
			v, err := schema.ParseDate(text)
			return v, err == nil
		})
	case schema.Duration:
		return readInts(func(text string) (int64, bool) {
			v, err := schema.ParseDuration(text)
			return v, err == nil
		})
	case schema.Bytes:
		return eachText(func(dst []byte, text string) []byte { return append(dst, text...) })
	case schema.JSON:
		return textRows(castToJSON)
	default:
		return nil
	}
}

// readRows is the kernel of a reading that reports whether it could read.
func readRows(read func(c *call, i int, text string) bool) kernel {
	return func(c *call) {
		for i := range c.n {
			if !c.out.IsNull(i) && !read(c, i, c.args[0].text(i)) {
				c.misfit(i)
			}
		}
	}
}

// readInts is readRows for the types that are kept as int64.
func readInts(read func(text string) (int64, bool)) kernel {
	return readRows(func(c *call, i int, text string) (ok bool) {
		c.out.Ints[i], ok = read(text)
		return ok
	})
}

// readFloat reads decimal notation, with or without an exponent: neither hexadecimal nor names.
// strconv would read more than that: 0x1p4, inf, nan and 1_000.
func readFloat(text string) (float64, bool) {
	if strings.Trim(text, "+-.0123456789eE") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(text, 64)
	return v + 0, err == nil
}

// readDecimal reads plain decimal notation and rounds half to even to the scale. It takes in all
// digits first, so that it rounds once.
func readDecimal(text string, scale int) (schema.Int128, bool) {
	_, fraction, _ := strings.Cut(text, ".")
	own := max(scale, min(len(fraction), maxScale))
	v, err := schema.ParseDecimal(text, own)
	if err != nil {
		return v, false
	}
	return rescale(v, own, scale)
}

// readTime reads a time; without an offset it is the wall clock of z, or nothing if z is nil.
func readTime(text string, z *zone.Zone) (int64, bool) {
	t, zoned, err := schema.ParseTime(text)
	if err != nil || !zoned && z == nil {
		return 0, false
	}
	// ToUTC settles the times that a change of offset skips or repeats.
	if !zoned {
		t, _, _ = z.ToUTC(t)
	}
	return t, schema.ValidTime(t)
}

// bindTextToTimestamp binds to_timestamp(text, [zone]). The zone is a literal, and loaded when the
// expression is compiled.
func bindTextToTimestamp(e *plan.Expr, args []evaluator) (evaluator, error) {
	var z *zone.Zone
	if len(e.Args) == 2 {
		if e.Args[1].Op != plan.Const || e.Args[1].Value.Null {
			return nil, unsupported(e)
		}
		var err error
		if z, err = zone.Load(e.Args[1].Value.Text); err != nil {
			return nil, err
		}
	}
	read := readInts(func(text string) (int64, bool) { return readTime(text, z) })
	return strict(args[:1], e.Type, read), nil
}

// castToText returns the kernel that writes a value as people do.
func castToText(from schema.Type) kernel {
	switch from.Kind {
	case schema.Int64:
		return textRows(func(c *call, dst []byte, i int) []byte {
			return strconv.AppendInt(dst, c.args[0].col.Ints[i&c.args[0].mask], 10)
		})
	case schema.Bytes:
		return textRows(func(c *call, dst []byte, i int) []byte {
			text := c.args[0].text(i)
			// A string is always UTF-8, so bytes that are not cannot become one.
			if !utf8.ValidString(text) {
				c.misfit(i)
				return dst
			}
			return append(dst, text...)
		})
	case schema.JSON:
		return eachText(func(dst []byte, text string) []byte { return append(dst, jsontext.Trim(text)...) })
	case schema.Bool, schema.Float64, schema.Decimal, schema.Timestamp, schema.Date, schema.Duration:
		return textRows(func(c *call, dst []byte, i int) []byte {
			return append(dst, c.args[0].col.Value(i&c.args[0].mask).String()...)
		})
	default:
		return nil
	}
}
