package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// errOdd makes DecodeFeatures leave a text to Decode.
var errOdd = errors.New("not a plain request")

// DecodeFeatures reads a FeaturesRequest as Decode does, in one pass over the text: it is read for
// every value that is served. Whatever it does not know at once it leaves to Decode, which also says
// what is wrong. The request shares memory with the text.
func DecodeFeatures(text []byte) (*FeaturesRequest, error) {
	s := &scanner{text: text, limit: messageDepth}
	r := &FeaturesRequest{}
	err := s.object(func(name string) error { return s.featuresField(r, name) })
	if err == nil {
		err = s.end()
	}
	if err == nil {
		return r, nil
	}
	r = &FeaturesRequest{}
	return r, Decode(text, r)
}

// featuresField reads the value of one field.
func (s *scanner) featuresField(r *FeaturesRequest, name string) (err error) {
	c := s.peek()
	switch {
	case name == "as_of" && c == 'n':
		_, err = s.value()
	case name == "entities" && c == '{':
		r.Entities, err = s.members()
	case name == "request" && c == '{':
		r.Request, err = s.members()
	case name == "features" && c == '[':
		r.Features = []string{}
		err = s.array(func() error {
			text, err := s.plain()
			r.Features = append(r.Features, text)
			return err
		})
	case name == "model":
		r.Model, err = s.plain()
	case name == "mode":
		r.Mode, err = s.plain()
	case name == "max_age":
		r.MaxAge, err = s.plain()
	case name == "min_position":
		r.MinPosition, err = s.plain()
	case name == "as_of":
		var at string
		at, err = s.plain()
		r.AsOf = &at
	case name == "timeout_ms":
		r.TimeoutMS, err = s.integer()
	case name == "detail":
		r.Detail, err = s.flag()
	case name == "text":
		r.Text, err = s.flag()
	default:
		return errOdd
	}
	return err
}

// plain reads a string.
func (s *scanner) plain() (string, error) {
	if s.peek() != '"' {
		return "", errOdd
	}
	raw, err := s.quoted()
	if err != nil || bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[min(1, len(raw)):max(len(raw)-1, 0)]), err
	}
	var text string
	err = json.Unmarshal(raw, &text)
	return text, err
}

// integer reads a number that is written without a point or an exponent.
func (s *scanner) integer() (int64, error) {
	raw, err := s.value()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return 0, errOdd
	}
	return n, nil
}

// flag reads true or false.
func (s *scanner) flag() (bool, error) {
	raw, err := s.value()
	if err != nil || raw[0] != 't' && raw[0] != 'f' {
		return false, errOdd
	}
	return raw[0] == 't', nil
}
