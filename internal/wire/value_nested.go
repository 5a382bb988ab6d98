package wire

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
)

// isRows reports whether the text of an array is an array of values of the type, rather than one. For
// a type that is no list, each array is. For lists and vectors the brackets tell: an array that is
// nested deeper than the type holds values. Elements that are null say nothing, so that an array of
// nothing but nulls is a list of them; a vector holds none, and there it is rows.
func isRows(text []byte, t schema.Type) bool {
	depth, nulls := brackets(text)
	within := 0
	for t.Kind == schema.List {
		within, t = within+1, t.Element()
	}
	if t.Kind == schema.Vector {
		within++
		return depth > within || depth == within && nulls
	}
	return depth > within
}

// brackets counts how deep arrays are nested at the first element that is not null, and reports
// whether the innermost one has nothing but nulls.
func brackets(text []byte) (depth int, nulls bool) {
	skip := func() { text = bytes.TrimLeft(text, " \t\r\n") }
	for skip(); len(text) > 0 && text[0] == '['; depth++ {
		text, nulls = text[1:], false
		for skip(); bytes.HasPrefix(text, []byte("null")); skip() {
			nulls, text = true, text[len("null"):]
			skip()
			text = bytes.TrimPrefix(text, []byte(","))
		}
	}
	return depth, nulls && len(text) > 0 && text[0] == ']'
}

// nestedReader reads the elements of lists, vectors and maps.
type nestedReader struct {
	keys  *cellReader // of maps
	child *cellReader
	pairs []pair // used again for each map
}

// pair is a key of an object and its value, as text.
type pair struct {
	key string
	raw []byte
}

func newNestedReader(field schema.Field) (*nestedReader, error) {
	n := &nestedReader{}
	var err error
	if field.Type.Kind == schema.Map {
		n.keys, err = newCellReader(schema.Field{Name: field.Name, Type: schema.Of(schema.String)}, 0)
		if err != nil {
			return nil, err
		}
	}
	n.child, err = newCellReader(schema.Field{Name: field.Name, Type: field.Type.Element()}, 0)
	return n, err
}

// items takes an array or an object. Of one that does not fit nothing is kept.
func (r *cellReader) items(raw []byte) (problem, hint string) {
	n := r.nested
	start := n.child.rows
	var err error
	s := &scanner{text: raw, limit: eventDepth}
	switch {
	case r.field.Type.Kind == schema.Map && raw[0] != '{':
		return "", "send an object"
	case r.field.Type.Kind == schema.Map:
		problem, hint, err = n.object(s)
	case raw[0] != '[':
		return "", "send an array"
	default:
		problem, hint, err = n.array(s, r.field.Type)
	}
	if err != nil {
		problem = ": " + err.Error()
	}
	if problem != "" || hint != "" {
		n.child.cut(start)
		if n.keys != nil {
			n.keys.cut(start)
		}
		return problem, hint
	}
	r.column.Offsets = append(r.column.Offsets, uint32(n.child.rows))
	return "", ""
}

func (n *nestedReader) array(s *scanner, t schema.Type) (problem, hint string, err error) {
	count := 0
	err = s.array(func() error {
		raw, err := s.value()
		if err != nil || problem != "" {
			return err
		}
		if t.Kind == schema.Vector && raw[0] == 'n' {
			problem, hint = fmt.Sprintf(", whose element %d is null", count), "a vector holds numbers alone"
		} else {
			problem, hint = n.child.element(raw, fmt.Sprint("element ", count))
		}
		count++
		return nil
	})
	if err == nil && problem == "" && t.Kind == schema.Vector && count != t.Size {
		return fmt.Sprintf(", which has %d numbers", count), fmt.Sprintf("send %d", t.Size), nil
	}
	return problem, hint, err
}

// object brings the keys into order. The scanner refuses one that is there twice.
func (n *nestedReader) object(s *scanner) (problem, hint string, err error) {
	n.pairs = n.pairs[:0]
	err = s.object(func(name string) error {
		raw, err := s.value()
		n.pairs = append(n.pairs, pair{name, raw})
		return err
	})
	if err != nil {
		return "", "", err
	}
	slices.SortFunc(n.pairs, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	for _, p := range n.pairs {
		c := n.keys.column
		c.Data = append(c.Data, p.key...)
		c.Offsets = append(c.Offsets, uint32(len(c.Data)))
		c.Valid = append(c.Valid, true)
		n.keys.rows++
		if problem, hint = n.child.element(p.raw, fmt.Sprintf("value of %q", p.key)); problem != "" {
			return problem, hint, nil
		}
	}
	return "", "", nil
}

// element takes one value, which may be null. A problem says where it is.
func (r *cellReader) element(raw []byte, where string) (problem, hint string) {
	r.rows++
	valid := raw[0] != 'n'
	if valid {
		problem, hint = r.value(raw)
	}
	if problem != "" || hint != "" {
		r.rows--
		if problem == "" {
			problem = notA(r.field.Type)
		}
		return fmt.Sprintf(", whose %s is %s%s", where, shorten(string(raw[:min(len(raw), 100)])), problem), hint
	}
	if !valid {
		r.nulls = true
		r.null()
	}
	r.column.Valid = append(r.column.Valid, valid)
	return "", ""
}

// cut takes all values behind the first n off again.
func (r *cellReader) cut(n int) {
	c := r.column
	r.rows = n
	c.Valid = c.Valid[:n]
	r.nulls = r.nulls && slices.Contains(c.Valid, false)
	switch c.Type.Kind {
	case schema.Bool:
		c.Bools = c.Bools[:n]
	case schema.Float64:
		c.Floats = c.Floats[:n]
	case schema.Decimal:
		c.Decimals = c.Decimals[:n]
	case schema.String, schema.Bytes, schema.JSON:
		c.Offsets = c.Offsets[:n+1]
		c.Data = c.Data[:c.Offsets[n]]
	case schema.List, schema.Vector, schema.Map:
		c.Offsets = c.Offsets[:n+1]
		r.nested.child.cut(int(c.Offsets[n]))
		if r.nested.keys != nil {
			r.nested.keys.cut(int(c.Offsets[n]))
		}
	default:
		c.Ints = c.Ints[:n]
	}
}
