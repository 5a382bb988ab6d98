package format

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// maxDepth is how deep values may be nested. Nothing that people write comes near it, and it keeps
// a line of nothing but brackets from using up the stack.
const maxDepth = 1000

// jsonObjects cuts objects, one per line, into their fields. It refuses what is not JSON by RFC
// 8259, all of it, also in fields that nobody wants, and a key that an object has twice.
//
// It is our own because encoding/json neither tells keys that are there twice nor comes near the
// speed: it makes a value of every field, where here a field is where it stands in the line. Rows
// of one file have mostly the same keys in the same order, so that the key of the row before at the
// same place is tried first.
type jsonObjects struct {
	ids   map[string]int // by the name of a field
	names []string       // by id
	seen  []int64        // by id: the number of the last object that has it
	value []jsonValue    // by id: valid if seen in this object
	count int64          // objects so far

	order  []int // ids by the place of their keys, in this object or one before it
	fields int   // how many of order are of this object

	cursor jsonCursor
}

// newObjects returns a decoder for which the fields of some names have the ids from 0 on.
func newObjects(names []string) *jsonObjects {
	o := &jsonObjects{ids: map[string]int{}}
	for _, name := range names {
		o.id([]byte(name))
	}
	return o
}

// next reads the object on a line and says what is wrong with it, if anything.
func (o *jsonObjects) next(line []byte) (problem string) {
	o.count++
	o.fields = 0
	if !utf8.Valid(line) {
		return "it is not valid UTF-8"
	}
	c := &o.cursor
	c.begin(line)
	if c.peek() != '{' {
		return "it is not a JSON object; write one object per line: {\"field\": value}"
	}
	if !o.object(c) {
		return c.problem
	}
	if c.space(); c.at < len(line) {
		return fmt.Sprintf("column %d: something follows the object; write one object per line", c.at+1)
	}
	return ""
}

// has reports whether the object has a field, and its value.
func (o *jsonObjects) has(id int) (jsonValue, bool) {
	return o.value[id], o.seen[id] == o.count
}

func (o *jsonObjects) object(c *jsonCursor) bool {
	c.at++
	if c.peek() == '}' {
		c.at++
		return true
	}
	for {
		c.space()
		start := c.at
		key, ok := c.key()
		if !ok {
			return false
		}
		id := o.find(key)
		if o.seen[id] == o.count {
			c.at = start
			return c.fail(fmt.Sprintf("the key %q is there twice", clip(key)))
		}
		o.seen[id] = o.count
		if o.value[id], ok = c.read(1); !ok {
			return false
		}
		if more, ok := c.next('}'); !ok || !more {
			return ok
		}
	}
}

// find returns the id of a key.
func (o *jsonObjects) find(key []byte) int {
	place := o.fields
	o.fields++
	if place == len(o.order) {
		o.order = append(o.order, o.id(key))
	} else if id := o.order[place]; o.names[id] != string(key) {
		o.order[place] = o.id(key)
	}
	return o.order[place]
}

// id looks the id of a name up, or gives it one.
func (o *jsonObjects) id(key []byte) int {
	id, known := o.ids[string(key)]
	if !known {
		id = len(o.names)
		name := string(key)
		o.ids[name] = id
		o.names = append(o.names, name)
		o.seen = append(o.seen, 0)
		o.value = append(o.value, jsonValue{})
	}
	return id
}

// jsonValue is a value as it stands in the line.
type jsonValue struct {
	// kind is the first byte of the value, or 0 for any number.
	kind    byte
	escaped bool // a string with escapes
	integer bool // a number without point and exponent
	raw     []byte
}

// text returns the content of a string. It may use a buffer, which it returns for the next time.
func (v jsonValue) text(buffer []byte) (text, used []byte) {
	content := v.raw[1 : len(v.raw)-1]
	if !v.escaped {
		return content, buffer
	}
	buffer = appendUnescaped(buffer[:0], content)
	return buffer, buffer
}

// describe names a value for a message.
func (v jsonValue) describe() string {
	switch v.kind {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "the string " + string(clipped(v.raw))
	default:
		return string(clipped(v.raw))
	}
}

// clipped cuts a value off where a message would become too long.
func clipped(raw []byte) []byte {
	const most = 60
	if len(raw) <= most {
		return raw
	}
	end := most
	for end > 0 && !utf8.RuneStart(raw[end]) {
		end--
	}
	return append(bytes.Clone(raw[:end]), ".."...)
}
