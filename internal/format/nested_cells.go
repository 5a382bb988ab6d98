package format

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// nestedCells fills one column of lists, vectors or maps from texts of JSON: values of JSON lines,
// and cells of CSV, which hold the same text. Elements are read as values of their type are, so that
// a list of decimals is a list of strings. A value that does not fit in one place leaves nothing of
// itself behind.
type nestedCells struct {
	cellBase
	keys  *textCells // of maps
	child *jsonCells
	pairs []jsonPair // used again for each map
}

type jsonPair struct {
	key   string
	value jsonValue
}

func newNestedCells(base cellBase, rows int) *nestedCells {
	t := base.column.Type
	base.column.Offsets = append(make([]uint32, 0, rows+1), 0)
	c := &nestedCells{cellBase: base}
	elem := t.Elem
	switch t.Kind {
	case schema.Vector:
		float := schema.Of(schema.Float64)
		elem = &float
	case schema.Map:
		c.keys = &textCells{checked: true}
		c.keys.column = batch.Column{Type: schema.Of(schema.String), Offsets: []uint32{0}}
	}
	c.child = newJSONCells(*elem, Column{}, rows)
	return c
}

// add takes a cell of CSV.
func (c *nestedCells) add(text []byte) string {
	v, problem := parseJSON(text)
	if problem != "" {
		return misfit(text, "valid JSON: "+problem)
	}
	if v.kind == 'n' {
		c.null()
		return ""
	}
	return c.value(v)
}

func (c *nestedCells) null() {
	c.column.Offsets = append(c.column.Offsets, uint32(c.length()))
	c.valid(false)
}

// length is the number of elements so far, of all rows.
func (c *nestedCells) length() int { return len(c.child.base().column.Valid) }

// value takes a value that is not null and known to be valid.
func (c *nestedCells) value(v jsonValue) (problem string) {
	start := c.length()
	switch c.column.Type.Kind {
	case schema.Map:
		if v.kind != '{' {
			return jsonMisfit(v, "an object, which a "+c.column.Type.String()+" is written as")
		}
		problem = c.entries(v.raw)
	default:
		if v.kind != '[' {
			return jsonMisfit(v, "an array, which a "+c.column.Type.String()+" is written as")
		}
		problem = c.elements(v.raw)
	}
	if problem != "" {
		cutCells(c.child.base(), start)
		if c.keys != nil {
			cutCells(&c.keys.cellBase, start)
		}
		return problem
	}
	c.column.Offsets = append(c.column.Offsets, uint32(c.length()))
	c.valid(true)
	return ""
}

// elements reads an array.
func (c *nestedCells) elements(raw []byte) (problem string) {
	isVector := c.column.Type.Kind == schema.Vector
	n := 0
	visitElements(raw, func(v jsonValue) bool {
		if isVector && v.kind == 'n' {
			problem = fmt.Sprintf("number %d is null, which a vector cannot hold", n+1)
		} else if problem = c.element(v); problem != "" {
			problem = fmt.Sprintf("element %d: %s", n, problem)
		}
		n++
		return problem == ""
	})
	if size := c.column.Type.Size; problem == "" && isVector && n != size {
		return fmt.Sprintf("it has %d numbers, a %s has %d", n, c.column.Type, size)
	}
	return problem
}

func (c *nestedCells) element(v jsonValue) string {
	if v.kind == 'n' {
		c.child.null()
		return ""
	}
	return c.child.value(v)
}

// entries reads an object. Keys come into bytewise order, whichever order they are written in.
func (c *nestedCells) entries(raw []byte) string {
	c.pairs = c.pairs[:0]
	visitPairs(raw, func(key []byte, v jsonValue) {
		c.pairs = append(c.pairs, jsonPair{string(key), v})
	})
	slices.SortFunc(c.pairs, func(a, b jsonPair) int { return strings.Compare(a.key, b.key) })
	for _, pair := range c.pairs {
		c.keys.add([]byte(pair.key))
		if problem := c.element(pair.value); problem != "" {
			return fmt.Sprintf("the value of %q: %s", clip([]byte(pair.key)), problem)
		}
	}
	return ""
}

func (c *nestedCells) finish() *batch.Column {
	c.column.Child = c.child.finish()
	if c.keys != nil {
		c.column.Keys = c.keys.finish()
	}
	return c.cellBase.finish()
}

// cutCells takes all rows behind the first n off again.
func cutCells(b *cellBase, n int) {
	if n == len(b.column.Valid) {
		return
	}
	b.column.Valid = b.column.Valid[:n]
	if b.nulls {
		b.nulls = slices.Contains(b.column.Valid, false)
	}
	c := &b.column
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
		items := int(c.Offsets[n])
		nested := b.nested
		cutCells(nested.child.base(), items)
		if nested.keys != nil {
			cutCells(&nested.keys.cellBase, items)
		}
	default:
		c.Ints = c.Ints[:n]
	}
}
