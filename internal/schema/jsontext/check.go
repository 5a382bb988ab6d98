package jsontext

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how many objects and arrays may lie in each other.
const MaxDepth = 1000

const blanks = " \t\n\r"

// Trim takes the white space of JSON off both ends.
func Trim(text string) string { return strings.Trim(text, blanks) }

// Check says why a text is not a JSON value, or returns nil. White space around it is allowed.
func Check(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("it is not valid UTF-8")
	}
	c := &checker{text: text}
	c.space()
	if !c.value(0) {
		return c.problem
	}
	if c.space(); c.at < len(text) {
		return fmt.Errorf("byte %d: something follows the value", c.at+1)
	}
	return nil
}

// checker walks over a text. Its methods step over what they are named after, and report false
// after they have set problem.
type checker struct {
	text    string
	at      int
	problem error
}

func (c *checker) fail(message string) bool {
	c.problem = fmt.Errorf("byte %d: %s", c.at+1, message)
	return false
}

func (c *checker) space() {
	for c.at < len(c.text) && strings.IndexByte(blanks, c.text[c.at]) >= 0 {
		c.at++
	}
}

// peek returns the next byte that is no space, or 0 at the end.
func (c *checker) peek() byte {
	c.space()
	if c.at == len(c.text) {
		return 0
	}
	return c.text[c.at]
}

// value is given the number of objects and arrays around the value.
func (c *checker) value(depth int) bool {
	switch b := c.peek(); {
	case (b == '{' || b == '[') && depth == MaxDepth:
		return c.fail("values are nested more than 1000 deep")
	case b == '{':
		return c.object(depth + 1)
	case b == '[':
		return c.array(depth + 1)
	case b == '"':
		return c.quoted()
	case b == '-' || b >= '0' && b <= '9':
		return c.number()
	}
	for _, word := range []string{"true", "false", "null"} {
		if strings.HasPrefix(c.text[c.at:], word) {
			c.at += len(word)
			return true
		}
	}
	return c.fail("a value should stand here")
}

func (c *checker) object(depth int) bool {
	var names nameSet
	c.at++
	if c.peek() == '}' {
		c.at++
		return true
	}
	for {
		if c.peek() != '"' {
			return c.fail("a key in quotes should stand here")
		}
		start := c.at
		if !c.quoted() {
			return false
		}
		if !names.add(decoded(c.text[start:c.at])) {
			c.at = start
			return c.fail("a key is there twice in one object")
		}
		if c.peek() != ':' {
			return c.fail("a colon should stand here")
		}
		c.at++
		if !c.value(depth) {
			return false
		}
		if more, ok := c.next('}'); !more {
			return ok
		}
	}
}

func (c *checker) array(depth int) bool {
	c.at++
	if c.peek() == ']' {
		c.at++
		return true
	}
	for {
		if !c.value(depth) {
			return false
		}
		if more, ok := c.next(']'); !more {
			return ok
		}
	}
}

// next steps over a comma, after which there is more, or over the closing bracket.
func (c *checker) next(closing byte) (more, ok bool) {
	switch c.peek() {
	case ',':
		c.at++
		return true, true
	case closing:
		c.at++
		return false, true
	default:
		return false, c.fail("a comma or " + string(closing) + " should stand here")
	}
}

func (c *checker) quoted() bool {
	for c.at++; c.at < len(c.text); {
		switch b := c.text[c.at]; {
		case b == '"':
			c.at++
			return true
		case b < ' ':
			return c.fail("a control character in a string")
		case b == '\\':
			_, size := escape(c.text[c.at:])
			if size == 0 {
				return c.fail("there is no such escape")
			}
			c.at += size
		default:
			c.at++
		}
	}
	return c.fail("a string is not closed")
}

func (c *checker) number() bool {
	if c.text[c.at] == '-' {
		c.at++
	}
	if strings.HasPrefix(c.text[c.at:], "0") {
		c.at++
	} else if !c.digits() {
		return false
	}
	if strings.HasPrefix(c.text[c.at:], ".") {
		c.at++
		if !c.digits() {
			return false
		}
	}
	if c.at < len(c.text) && c.text[c.at]|0x20 == 'e' {
		c.at++
		if c.at < len(c.text) && (c.text[c.at] == '+' || c.text[c.at] == '-') {
			c.at++
		}
		return c.digits()
	}
	return true
}

func (c *checker) digits() bool {
	start := c.at
	for c.at < len(c.text) && c.text[c.at] >= '0' && c.text[c.at] <= '9' {
		c.at++
	}
	return c.at > start || c.fail("a digit should stand here")
}

// nameSet holds the keys of one object: a list while they are few.
type nameSet struct {
	few  []string
	many map[string]bool
}

const fewNames = 16

// add reports whether the name is new.
func (s *nameSet) add(name string) bool {
	if s.many == nil && len(s.few) < fewNames {
		for _, known := range s.few {
			if known == name {
				return false
			}
		}
		s.few = append(s.few, name)
		return true
	}
	if s.many == nil {
		s.many = map[string]bool{}
		for _, known := range s.few {
			s.many[known] = true
		}
	}
	if s.many[name] {
		return false
	}
	s.many[name] = true
	return true
}
