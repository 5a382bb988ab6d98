package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Decode reads one message, strictly. Errors are *InputError. A null stands for a field that is not
// given. A message that refers to memory of the text, such as the members of an Object, keeps copies.
func Decode(text []byte, message any) error {
	t := reflect.TypeOf(message)
	if t == nil || t.Kind() != reflect.Pointer {
		panic(fmt.Sprintf("BUG: a message is decoded into a %T", message))
	}
	w := &walker{scanner{text: text, limit: messageDepth}}
	if w.peek() == 0 && w.at == len(text) {
		return &InputError{Message: "the body is empty", Hint: "send a JSON object"}
	}
	if err := w.walk(t.Elem(), ""); err != nil {
		return err
	}
	if err := w.end(); err != nil {
		return err
	}
	return explain(json.Unmarshal(text, message))
}

// explain turns an error of the standard decoder, which looks at the range of numbers, into ours.
func explain(err error) error {
	var wrong *json.UnmarshalTypeError
	var ours *InputError
	switch {
	case err == nil, errors.As(err, &ours):
		return err
	case errors.As(err, &wrong):
		return &InputError{Field: wrong.Field, Message: fmt.Sprintf("%s cannot be %s", wrong.Field, wrong.Value),
			Hint: "write " + wordOf(wrong.Type)}
	default:
		return &InputError{Message: err.Error()}
	}
}

// walker checks text against the type of a message.
type walker struct{ scanner }

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// walk passes over one value. Types that read themselves are only checked for what holds of all
// JSON, but an Object must be one.
func (w *walker) walk(t reflect.Type, path string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	c := w.peek()
	if c == 'n' {
		_, err := w.value()
		return err
	}
	if t == reflect.TypeFor[Object]() && c != '{' {
		return w.mismatch(t, path)
	}
	if t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler) {
		_, err := w.value()
		return err
	}
	switch t.Kind() {
	case reflect.Struct:
		return w.structure(t, path)
	case reflect.Slice:
		if c != '[' {
			return w.mismatch(t, path)
		}
		n := 0
		return w.array(func() error { n++; return w.walk(t.Elem(), fmt.Sprintf("%s[%d]", path, n-1)) })
	case reflect.Map:
		if c != '{' {
			return w.mismatch(t, path)
		}
		return w.object(func(name string) error { return w.walk(t.Elem(), join(path, name)) })
	default:
		if !fits(t.Kind(), c) {
			return w.mismatch(t, path)
		}
		_, err := w.value()
		return err
	}
}

func (w *walker) structure(t reflect.Type, path string) error {
	if w.peek() != '{' {
		return w.mismatch(t, path)
	}
	return w.object(func(name string) error {
		field, found := fieldOf(t, name)
		if !found {
			return unknown(path, name, fieldNames(t))
		}
		return w.walk(field.Type, join(path, name))
	})
}

// unknown refuses a field, with the one that was probably meant, or all there are.
func unknown(path, name string, known []string) error {
	e := &InputError{Field: join(path, shorten(name)), Message: fmt.Sprintf("there is no field %q", shorten(name))}
	if path != "" {
		e.Message += " in " + path
	}
	if near := schema.Nearest(name, known); near != "" {
		e.Hint = fmt.Sprintf("did you mean %s?", near)
	} else {
		e.Hint = "there is " + strings.Join(known, ", ")
	}
	return e
}

// mismatch refuses the value at the current place. That it is JSON at all is checked first: the
// message would puzzle otherwise.
func (w *walker) mismatch(t reflect.Type, path string) error {
	got, err := w.value()
	if err != nil {
		return err
	}
	e := &InputError{Field: path, Hint: "write " + wordOf(t)}
	if e.Message = fmt.Sprintf("%s cannot be %s", path, shorten(string(got))); path == "" {
		e.Message = fmt.Sprintf("the body cannot be %s", shorten(string(got)))
	}
	return e
}

// fits reports whether a value that begins with c can be of the kind.
func fits(kind reflect.Kind, c byte) bool {
	switch kind {
	case reflect.String:
		return c == '"'
	case reflect.Bool:
		return c == 't' || c == 'f'
	default:
		return c == '-' || c >= '0' && c <= '9'
	}
}

// wordOf says in words what JSON a type is written as.
func wordOf(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return wordOf(t.Elem())
	case t == reflect.TypeFor[Object]():
		return "an object"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// fieldOf finds a field by its exact name in JSON. The standard decoder would take one in other
// case as well.
func fieldOf(t reflect.Type, name string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); jsonName(f) == name && name != "" {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if name := jsonName(t.Field(i)); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// jsonName returns the name of a field in JSON, or "" if it has none.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "-" {
		return ""
	}
	return name
}

// SplitEvents reads the body of POST /v1/events/{source} in JSON and returns its events as lines of
// JSON, with their number. What is wrong with a single event, a key that stands twice for instance,
// is left for whoever reads the lines: it concerns that row only.
func SplitEvents(text []byte) (lines []byte, count int, err error) {
	s := &scanner{text: text, limit: eventDepth}
	given := false
	lines = make([]byte, 0, len(text))
	err = s.object(func(name string) error {
		if name != "events" {
			return unknown("", name, []string{"events"})
		}
		if given = true; s.peek() != '[' {
			w := &walker{*s}
			return w.mismatch(reflect.TypeFor[[]Object](), name)
		}
		s.duplicates = true
		defer func() { s.duplicates = false }()
		return s.array(func() error {
			event, err := s.value()
			count++
			lines = appendLine(lines, event)
			return err
		})
	})
	if err == nil {
		err = s.end()
	}
	if err == nil && !given {
		err = &InputError{Field: "events", Message: "there is no field events", Hint: `send {"events":[{..}]}`}
	}
	return lines, count, err
}

// appendLine writes a value on one line. Only space between tokens holds line ends: in a string they
// are escaped.
func appendLine(dst, value []byte) []byte {
	for {
		i := bytes.IndexAny(value, "\r\n")
		if i < 0 {
			return append(append(dst, value...), '\n')
		}
		dst = append(append(dst, value[:i]...), ' ')
		value = value[i+1:]
	}
}
