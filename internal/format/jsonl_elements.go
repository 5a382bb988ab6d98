package format

import (
	"fmt"
	"unicode/utf8"
)

// parseJSON reads a text that is one value, with white space around it.
func parseJSON(text []byte) (v jsonValue, problem string) {
	if !utf8.Valid(text) {
		return v, "it is not valid UTF-8"
	}
	var c jsonCursor
	c.begin(text)
	c.space()
	v, ok := c.read(0)
	if !ok {
		return v, c.problem
	}
	if c.space(); c.at < len(text) {
		return v, fmt.Sprintf("column %d: something follows the value", c.at+1)
	}
	return v, ""
}

// visitElements calls visit for the elements of a valid array, until it returns false.
func visitElements(array []byte, visit func(jsonValue) bool) {
	var c jsonCursor
	c.begin(array)
	c.at = 1
	if c.peek() == ']' {
		return
	}
	for {
		c.space()
		v, ok := c.read(0)
		if !ok || !visit(v) {
			return
		}
		if more, ok := c.next(']'); !ok || !more {
			return
		}
	}
}

// visitPairs calls visit for the keys and values of a valid object.
func visitPairs(object []byte, visit func(key []byte, v jsonValue)) {
	var c jsonCursor
	c.begin(object)
	c.at = 1
	if c.peek() == '}' {
		return
	}
	for {
		key, ok := c.key()
		if !ok {
			return
		}
		c.space()
		v, ok := c.read(0)
		if !ok {
			return
		}
		visit(key, v)
		if more, ok := c.next('}'); !ok || !more {
			return
		}
	}
}
