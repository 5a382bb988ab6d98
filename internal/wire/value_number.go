package wire

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/fettle-ml/fettle/internal/schema"
)

// view views bytes as a string: only for parsing, which keeps nothing.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// isNumber tells a number from the other values, by its first byte.
func isNumber(raw []byte) bool { return raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' }

// whole takes a whole number however it is written, or its digits in quotes.
func (r *cellReader) whole(raw []byte, wanted string) (problem, hint string) {
	text := raw
	switch {
	case raw[0] == '"':
		if text = raw[1 : len(raw)-1]; !areDigits(text) {
			return "", wanted
		}
	case !isNumber(raw):
		return "", wanted
	case !areDigits(raw):
		whole, fits, integral := wholeText(r.buffer[:0], raw, 0)
		if !integral {
			return ", not a whole number", wanted
		}
		if r.buffer = whole; !fits {
			return ", more than an int64 holds", wanted
		}
		text = whole
	}
	x, err := strconv.ParseInt(view(text), 10, 64)
	if err != nil {
		return ", more than an int64 holds", wanted
	}
	r.column.Ints = append(r.column.Ints, x)
	return "", ""
}

// areDigits reports whether the text is digits and nothing else, but for a minus.
func areDigits(text []byte) bool {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) > 0
}

// decimal takes a string, or a number that needs no rounding.
func (r *cellReader) decimal(raw []byte) (problem, hint string) {
	scale := r.field.Type.Size
	wanted := fmt.Sprintf("send a string with up to %d digits after the point, and %d in all",
		scale, schema.MaxDecimalDigits)
	var text string
	switch {
	case raw[0] == '"':
		const longest = 1000 // what has more is not a decimal, and costs nothing to refuse
		if text = view(raw[1 : len(raw)-1]); len(text) > longest {
			return "", wanted
		}
	case isNumber(raw):
		whole, fits, integral := wholeText(r.buffer[:0], raw, scale)
		if r.buffer = whole; !integral || !fits {
			return "", wanted
		}
		v, err := schema.ParseDecimal(view(whole), 0)
		if err != nil {
			return "", wanted
		}
		r.column.Decimals = append(r.column.Decimals, v)
		return "", ""
	default:
		return "", wanted
	}
	v, err := schema.ParseDecimal(text, scale)
	if err != nil {
		return "", wanted
	}
	r.column.Decimals = append(r.column.Decimals, v)
	return "", ""
}

func (r *cellReader) bytes(raw []byte) (problem, hint string) {
	const wanted = "send a string of base64"
	if raw[0] != '"' {
		return "", wanted
	}
	r.buffer = appendUnquoted(r.buffer[:0], raw)
	// The decoder would pass over line breaks, and of one value there would be many spellings.
	if bytes.ContainsAny(r.buffer, "\r\n") {
		return "", wanted
	}
	data, err := base64.StdEncoding.AppendDecode(r.column.Data, r.buffer)
	if err != nil {
		return "", wanted
	}
	r.column.Data = data
	r.column.Offsets = append(r.column.Offsets, uint32(len(data)))
	return "", ""
}

// wholeText appends a number times ten to the power of scale in digits alone. integral is false if
// that is no whole number, and fits is false if it has more digits than any type holds: exponents are
// never written out before they are bounded.
func wholeText(dst, raw []byte, scale int) (text []byte, fits, integral bool) {
	mantissa, exponent := raw, 0
	if at := bytes.IndexAny(raw, "eE"); at >= 0 {
		const most = 1 << 30 // far beyond every type
		var err error
		exponent, err = strconv.Atoi(view(bytes.TrimPrefix(raw[at+1:], []byte("+"))))
		if mantissa = raw[:at]; err != nil || exponent > most || exponent < -most {
			exponent = most
			if raw[at+1] == '-' {
				exponent = -most
			}
		}
	}
	start := len(dst)
	if mantissa[0] == '-' {
		mantissa = mantissa[1:]
		dst = append(dst, '-')
	}
	first := len(dst)
	whole, fraction, _ := bytes.Cut(mantissa, []byte("."))
	dst = append(append(dst, bytes.TrimLeft(whole, "0")...), fraction...)
	if len(dst) > first && dst[first] == '0' { // the whole part was zero
		dst = append(dst[:first], bytes.TrimLeft(dst[first:], "0")...)
	}
	zeros := exponent + scale - len(fraction)
	for ; len(dst) > first && dst[len(dst)-1] == '0'; zeros++ {
		dst = dst[:len(dst)-1]
	}
	if len(dst) == first {
		return append(dst[:start], '0'), true, true
	}
	if zeros < 0 {
		return dst, true, false
	}
	if len(dst)-first+zeros > schema.MaxDecimalDigits {
		return dst, false, true
	}
	for range zeros {
		dst = append(dst, '0')
	}
	return dst, true, true
}

// appendUnquoted appends what a string with its quotes stands for. The scanner has passed it.
func appendUnquoted(dst, raw []byte) []byte {
	text := raw[1 : len(raw)-1]
	for {
		at := bytes.IndexByte(text, '\\')
		if at < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:at]...)
		escaped := text[at+1]
		text = text[at+2:]
		switch escaped {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			unit := hexRune(text)
			text = text[4:]
			if utf16.IsSurrogate(unit) {
				unit = utf16.DecodeRune(unit, hexRune(text[2:]))
				text = text[6:]
			}
			dst = utf8.AppendRune(dst, unit)
		default:
			dst = append(dst, escaped)
		}
	}
}

// hexRune reads four hexadecimal digits.
func hexRune(text []byte) rune {
	unit, _ := strconv.ParseUint(view(text[:4]), 16, 32)
	return rune(unit)
}
