package jsontext

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Null is the text of null. It is JSON and no value of the type json, whose nulls are those of the
// column.
const Null = "null"

// Text returns what a JSON string stands for; false if the value is no string.
func Text(value string) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	return decoded(value), true
}

// Number returns the float64 nearest to a JSON number, an infinity if it is beyond the greatest;
// false if the value is no number.
func Number(value string) (float64, bool) {
	if value == "" || value[0] != '-' && (value[0] < '0' || value[0] > '9') {
		return 0, false
	}
	// The only error of a number of JSON is one of range, and the infinity says so.
	x, _ := strconv.ParseFloat(value, 64)
	return x + 0, true
}

// decoded resolves the escapes of a string with its quotes.
func decoded(quoted string) string {
	text := quoted[1 : len(quoted)-1]
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	var out []byte
	for len(text) > 0 {
		before, _, found := strings.Cut(text, `\`)
		out = append(out, before...)
		text = text[len(before):]
		if !found {
			break
		}
		r, size := escape(text)
		if size == 0 {
			r, size = utf8.RuneError, 1
		}
		out = utf8.AppendRune(out, r)
		text = text[size:]
	}
	return string(out)
}

// escapes are the characters behind a backslash, and what they stand for.
var escapes = map[byte]rune{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// escape reads the escape that a text begins with, and says how long it is: 0 if there is none, as
// for one half of a surrogate pair.
func escape(text string) (r rune, size int) {
	if len(text) < 2 {
		return 0, 0
	}
	if r, known := escapes[text[1]]; known {
		return r, 2
	}
	first, ok := unit(text)
	switch {
	case !ok:
		return 0, 0
	case !utf16.IsSurrogate(first):
		return first, 6
	}
	second, _ := unit(text[6:])
	if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
		return r, 12
	}
	return 0, 0
}

// unit reads \u and four hexadecimal digits.
func unit(text string) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	// ParseUint takes no sign and, with a base, no underscore.
	x, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(x), err == nil
}
