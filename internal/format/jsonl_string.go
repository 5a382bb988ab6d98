package format

import (
	"unicode/utf16"
	"unicode/utf8"
)

// quoted reads a string and reports whether it has escapes.
func (c *jsonCursor) quoted() (escaped, ok bool) {
	start := c.at
	for c.at++; c.at < len(c.line); {
		switch b := c.line[c.at]; {
		case b == '"':
			c.at++
			return escaped, true
		case b == '\\':
			escaped = true
			if !c.escape() {
				return true, false
			}
		case b < ' ':
			return false, c.fail("a control character in a string; " +
				"write it as an escape such as \\t or \\u0001")
		default:
			c.at++
		}
	}
	c.at = start
	return false, c.fail("a string is not closed on its line")
}

// escape steps over an escape. Half of a surrogate pair is no character, and is refused.
func (c *jsonCursor) escape() bool {
	if c.at+1 == len(c.line) {
		return c.fail("the line ends inside a string")
	}
	switch c.line[c.at+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		c.at += 2
		return true
	case 'u':
	default:
		return c.fail("there is no such escape; a backslash itself is doubled")
	}
	unit, ok := hexUnit(c.line[c.at:])
	if !ok {
		return c.fail("four hexadecimal digits must follow \\u")
	}
	if utf16.IsSurrogate(unit) {
		low, _ := hexUnit(c.line[c.at+6:])
		if utf16.DecodeRune(unit, low) == utf8.RuneError {
			return c.fail("half of a surrogate pair")
		}
		c.at += 6
	}
	c.at += 6
	return true
}

// hexUnit reads \u and four hexadecimal digits.
func hexUnit(text []byte) (unit rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, c := range text[2:6] {
		switch {
		case c >= '0' && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			unit = unit<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}

// appendUnescaped appends what a string without its quotes stands for. The string is valid.
func appendUnescaped(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			dst = append(dst, text[i])
			continue
		}
		i++
		switch c := text[i]; c {
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
			unit, _ := hexUnit(text[i-1:])
			i += 4
			if utf16.IsSurrogate(unit) {
				low, _ := hexUnit(text[i+1:])
				unit = utf16.DecodeRune(unit, low)
				i += 6
			}
			dst = utf8.AppendRune(dst, unit)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// appendJSONString appends a text as a string of JSON.
func appendJSONString(dst []byte, text string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	done := 0
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[done:i]...)
		done = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xF])
		}
	}
	return append(append(dst, text[done:]...), '"')
}
