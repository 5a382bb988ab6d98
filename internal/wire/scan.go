package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// The depth to which values may be nested: in messages, which need little, and in events, where it
// is one more than a line of JSON may have below its envelope, so that the line is blamed there.
const (
	messageDepth = 100
	eventDepth   = 1010
)

// scanner walks over JSON text and accepts exactly what RFC 8259 allows, less what readers disagree
// about: duplicate keys, bytes that are not UTF-8, halves of surrogate pairs.
type scanner struct {
	text []byte
	at   int
	// depth counts the objects and arrays around at.
	depth, limit int
	// duplicates lets keys stand twice in an object: somebody else will look.
	duplicates bool
}

// InputError says what is wrong with a message, and where. Field is the path of the value, such as
// labels.columns; it is empty for the message as a whole.
type InputError struct {
	Field   string
	Row     int64 // of an array of rows, from 1
	Message string
	Hint    string
}

// Error implements error.
func (e *InputError) Error() string {
	text := e.Message
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// fail blames the byte at an offset. Lines count from 1, and so do columns, in bytes.
func (s *scanner) fail(offset int, message string, arguments ...any) error {
	before := s.text[:min(offset, len(s.text))]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return &InputError{Message: fmt.Sprintf("line %d, column %d: ", line, column) + fmt.Sprintf(message, arguments...)}
}

// unexpected blames the byte at the current place.
func (s *scanner) unexpected(wanted string) error {
	if s.at >= len(s.text) {
		return s.fail(s.at, "the text ends where %s should be", wanted)
	}
	r, _ := utf8.DecodeRune(s.text[s.at:])
	return s.fail(s.at, "%q stands where %s should be", r, wanted)
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// peek returns the next byte that is no space, or 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.at >= len(s.text) {
		return 0
	}
	return s.text[s.at]
}

// end refuses text behind the value.
func (s *scanner) end() error {
	if s.peek() != 0 || s.at < len(s.text) {
		return s.fail(s.at, "there is text behind the end of the message")
	}
	return nil
}

// value passes over one value and returns its text.
func (s *scanner) value() ([]byte, error) {
	c := s.peek()
	start := s.at
	var err error
	switch {
	case c == '{':
		err = s.object(func(string) error { _, err := s.value(); return err })
	case c == '[':
		err = s.array(func() error { _, err := s.value(); return err })
	case c == '"':
		_, err = s.quoted()
	case c == '-' || c >= '0' && c <= '9':
		err = s.number()
	default:
		err = s.literal()
	}
	return s.text[start:s.at], err
}

// object passes over an object; member is called at the value of each member and must pass over it.
func (s *scanner) object(member func(name string) error) error {
	if err := s.enter('{', "an object"); err != nil {
		return err
	}
	var names seen
	for first := true; s.peek() != '}'; first = false {
		if !first {
			if err := s.comma("}"); err != nil {
				return err
			}
		}
		start := s.at
		name, err := s.name()
		if err != nil {
			return err
		}
		if !s.duplicates && !names.add(name) {
			return s.fail(start, "the key %q stands twice in one object", shorten(name))
		}
		if s.peek() != ':' {
			return s.unexpected("a colon")
		}
		s.at++
		if err := member(name); err != nil {
			return err
		}
	}
	s.at++
	s.depth--
	return nil
}

// array passes over an array; element is called at each element and must pass over it.
func (s *scanner) array(element func() error) error {
	if err := s.enter('[', "an array"); err != nil {
		return err
	}
	for first := true; s.peek() != ']'; first = false {
		if !first {
			if err := s.comma("]"); err != nil {
				return err
			}
		}
		if err := element(); err != nil {
			return err
		}
	}
	s.at++
	s.depth--
	return nil
}

func (s *scanner) enter(open byte, what string) error {
	if s.peek() != open {
		return s.unexpected(what)
	}
	if s.depth++; s.depth > s.limit {
		return s.fail(s.at, "values are nested more than %d deep", s.limit)
	}
	s.at++
	return nil
}

func (s *scanner) comma(closing string) error {
	if s.peek() != ',' {
		return s.unexpected("a comma or " + closing)
	}
	s.at++
	if c := s.peek(); c == '}' || c == ']' {
		return s.unexpected("another value")
	}
	return nil
}

// name reads a key.
func (s *scanner) name() (string, error) {
	if s.peek() != '"' {
		return "", s.unexpected("a key in quotes")
	}
	raw, err := s.quoted()
	if err != nil {
		return "", err
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	var name string
	if err := json.Unmarshal(raw, &name); err != nil {
		return "", s.fail(s.at, "%v", err)
	}
	return name, nil
}

// quoted passes over a string and returns it with its quotes.
func (s *scanner) quoted() ([]byte, error) {
	start := s.at
	for s.at++; s.at < len(s.text); {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return s.text[start:s.at], nil
		case c < ' ':
			return nil, s.fail(s.at, "a string holds the control character %#02x; write it as \\u%04x", c, c)
		case c == '\\':
			if err := s.escape(); err != nil {
				return nil, err
			}
		case c < utf8.RuneSelf:
			s.at++
		default:
			r, size := utf8.DecodeRune(s.text[s.at:])
			if r == utf8.RuneError && size == 1 {
				return nil, s.fail(s.at, "the byte %#02x is not UTF-8", c)
			}
			s.at += size
		}
	}
	return nil, s.fail(start, "a string is not closed")
}

// escape passes over a backslash and what belongs to it.
func (s *scanner) escape() error {
	start := s.at
	if s.at+1 >= len(s.text) {
		return s.fail(start, "a string is not closed")
	}
	s.at += 2
	switch s.text[start+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
	default:
		return s.fail(start, "a backslash stands before %q; in JSON it is written \\\\", rune(s.text[start+1]))
	}
	high, ok := s.hex()
	if ok && (high < 0xD800 || high > 0xDFFF) {
		return nil
	}
	if !ok || high > 0xDBFF || !bytes.HasPrefix(s.text[s.at:], []byte(`\u`)) {
		return s.fail(start, "\\u needs four digits, and a surrogate its other half")
	}
	s.at += 2
	if low, ok := s.hex(); !ok || low < 0xDC00 || low > 0xDFFF {
		return s.fail(start, "\\u needs four digits, and a surrogate its other half")
	}
	return nil
}

// hex reads four hexadecimal digits.
func (s *scanner) hex() (uint32, bool) {
	if s.at+4 > len(s.text) {
		return 0, false
	}
	var x uint32
	for _, c := range s.text[s.at : s.at+4] {
		switch {
		case c >= '0' && c <= '9':
			x = x<<4 | uint32(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			x = x<<4 | uint32(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	s.at += 4
	return x, true
}

func (s *scanner) number() error {
	start := s.at
	if s.text[s.at] == '-' {
		s.at++
	}
	leading := s.at
	if s.digits() == 0 || s.text[leading] == '0' && s.at > leading+1 {
		return s.fail(start, "a number is not written as JSON does")
	}
	if s.at < len(s.text) && s.text[s.at] == '.' {
		if s.at++; s.digits() == 0 {
			return s.fail(start, "a number is not written as JSON does")
		}
	}
	if s.at < len(s.text) && s.text[s.at]|0x20 == 'e' {
		s.at++
		if s.at < len(s.text) && (s.text[s.at] == '+' || s.text[s.at] == '-') {
			s.at++
		}
		if s.digits() == 0 {
			return s.fail(start, "a number is not written as JSON does")
		}
	}
	return nil
}

func (s *scanner) digits() int {
	start := s.at
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at - start
}

func (s *scanner) literal() error {
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(s.text[s.at:], []byte(word)) {
			s.at += len(word)
			return nil
		}
	}
	return s.unexpected("a value")
}

// seen remembers the keys of one object. Few are looked through, many are hashed, so that neither a
// usual object nor a hostile one is slow.
type seen struct {
	few  []string
	many map[string]bool
}

func (n *seen) add(name string) bool {
	const few = 16
	if n.many != nil {
		known := n.many[name]
		n.many[name] = true
		return !known
	}
	for _, other := range n.few {
		if other == name {
			return false
		}
	}
	if n.few = append(n.few, name); len(n.few) > few {
		n.many = make(map[string]bool, 2*few)
		for _, other := range n.few {
			n.many[other] = true
		}
	}
	return true
}

// shorten cuts what a message repeats of the input: it may be megabytes.
func shorten(text string) string {
	const longest = 80
	if len(text) <= longest {
		return text
	}
	cut := longest
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}

// readObject reads text that is one object and nothing else. The values share memory with it.
func readObject(text []byte) (Object, error) {
	s := &scanner{text: text, limit: messageDepth}
	object, err := s.members()
	if err != nil {
		return nil, err
	}
	return object, s.end()
}

// members reads an object with its values as text, which share memory.
func (s *scanner) members() (Object, error) {
	object := Object{}
	err := s.object(func(name string) error {
		value, err := s.value()
		object = append(object, Member{Name: name, Value: value})
		return err
	})
	return object, err
}
