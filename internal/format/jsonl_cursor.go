package format

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// jsonCursor reads the values of one line. Its functions return false after fail.
type jsonCursor struct {
	line    []byte
	at      int
	problem string
	nested  [][]byte // keys of the objects inside of which it is
}

func (c *jsonCursor) begin(line []byte) {
	c.line, c.at, c.problem, c.nested = line, 0, "", c.nested[:0]
}

// fail says what is wrong where the cursor is.
func (c *jsonCursor) fail(problem string) bool {
	c.problem = fmt.Sprintf("column %d: %s", c.at+1, problem)
	return false
}

// expected says what should be where the cursor is.
func (c *jsonCursor) expected(what string) bool {
	if c.at >= len(c.line) {
		return c.fail("the line ends where " + what + " is expected")
	}
	r, _ := utf8.DecodeRune(c.line[c.at:])
	return c.fail(fmt.Sprintf("%s is expected, not %q", what, r))
}

func (c *jsonCursor) space() {
	for c.at < len(c.line) && isSpace(c.line[c.at]) {
		c.at++
	}
}

// peek returns the next byte that is no white space; 0 at the end.
func (c *jsonCursor) peek() byte {
	if c.at < len(c.line) && c.line[c.at] > ' ' {
		return c.line[c.at]
	}
	c.space()
	if c.at < len(c.line) {
		return c.line[c.at]
	}
	return 0
}

// key reads a key and the colon behind it.
func (c *jsonCursor) key() (key []byte, ok bool) {
	if c.peek() != '"' {
		return nil, c.expected("a key in double quotes")
	}
	start := c.at
	escaped, ok := c.quoted()
	if !ok {
		return nil, false
	}
	key = c.line[start+1 : c.at-1]
	if escaped {
		key = appendUnescaped(nil, key)
	}
	if c.peek() != ':' {
		return nil, c.expected("a colon")
	}
	c.at++
	return key, true
}

// next steps over the comma in front of another element, or over the end.
func (c *jsonCursor) next(end byte) (more, ok bool) {
	switch c.peek() {
	case ',':
		c.at++
		return true, true
	case end:
		c.at++
		return false, true
	default:
		return false, c.expected(fmt.Sprintf("a comma or %c", end))
	}
}

// read reads a value.
func (c *jsonCursor) read(depth int) (v jsonValue, ok bool) {
	v.kind = c.peek()
	start := c.at
	switch v.kind {
	case '"':
		v.escaped, ok = c.quoted()
	case '{', '[':
		ok = c.enter(v.kind, depth+1)
	case 't':
		ok = c.literal("true")
	case 'f':
		ok = c.literal("false")
	case 'n':
		ok = c.literal("null")
	default:
		v.kind = 0
		v.integer, ok = c.number()
	}
	if ok {
		v.raw = c.line[start:c.at:c.at]
	}
	return v, ok
}

func (c *jsonCursor) literal(word string) bool {
	if !bytes.HasPrefix(c.line[c.at:], []byte(word)) {
		return c.expected("a value")
	}
	c.at += len(word)
	return true
}

// enter reads an object or a list.
func (c *jsonCursor) enter(kind byte, depth int) bool {
	if depth > maxDepth {
		return c.fail(fmt.Sprintf("values are nested more than %d deep", maxDepth))
	}
	end := kind + 2 // ] comes two behind [, and } two behind {
	c.at++
	if c.peek() == end {
		c.at++
		return true
	}
	first := len(c.nested)
	for {
		if kind == '{' {
			key, ok := c.key()
			if !ok {
				return false
			}
			c.nested = append(c.nested, key)
		}
		if _, ok := c.read(depth); !ok {
			return false
		}
		more, ok := c.next(end)
		if !ok {
			return false
		}
		if !more {
			break
		}
	}
	twice, found := repeated(c.nested[first:])
	c.nested = c.nested[:first]
	if found {
		return c.fail(fmt.Sprintf("the key %q is there twice in the object that ends here", clip(twice)))
	}
	return true
}

// repeated returns a key that is there twice.
func repeated(keys [][]byte) (twice []byte, found bool) {
	const few = 8
	if len(keys) <= few {
		for i, key := range keys {
			for _, other := range keys[:i] {
				if bytes.Equal(key, other) {
					return key, true
				}
			}
		}
		return nil, false
	}
	known := make(map[string]bool, len(keys))
	for _, key := range keys {
		if known[string(key)] {
			return key, true
		}
		known[string(key)] = true
	}
	return nil, false
}

// number reads a number and reports whether it has neither point nor exponent.
func (c *jsonCursor) number() (integer, ok bool) {
	line, at := c.line, c.at
	if at < len(line) && line[at] == '-' {
		at++
	}
	first := at
	at = digitsEnd(line, at)
	switch {
	case at == first && first == c.at:
		return false, c.expected("a value")
	case at == first:
		c.at = at
		return false, c.expected("a digit")
	case line[first] == '0' && at > first+1:
		return false, c.fail("a number begins with a zero; text is written in quotes")
	}
	integer = true
	if at < len(line) && line[at] == '.' {
		integer, first = false, at+1
		if at = digitsEnd(line, first); at == first {
			c.at = at
			return false, c.expected("a digit")
		}
	}
	if at < len(line) && line[at]|0x20 == 'e' {
		integer = false
		at++
		if at < len(line) && (line[at] == '+' || line[at] == '-') {
			at++
		}
		first = at
		if at = digitsEnd(line, first); at == first {
			c.at = at
			return false, c.expected("a digit")
		}
	}
	c.at = at
	return integer, true
}

func digitsEnd(line []byte, at int) int {
	for at < len(line) && line[at]-'0' <= 9 {
		at++
	}
	return at
}
