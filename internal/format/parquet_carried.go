package format

import (
	"encoding/json"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fettle-ml/fettle/internal/schema"
)

// typesKey is the key of a Parquet file's metadata under which the types of columns stand that
// Parquet has no word for: {"column": "type"}, the types as the language writes them. All other
// columns say themselves what they are.
const typesKey = "fettle.types"

// unsaid reports whether Parquet has no word for a type or one inside it: a duration is an int64
// there, and a vector a list.
func unsaid(t schema.Type) bool {
	switch {
	case t.Kind == schema.Duration || t.Kind == schema.Vector:
		return true
	case t.Elem != nil:
		return unsaid(*t.Elem)
	default:
		return false
	}
}

// metadata returns what the footer says about the types of columns, nothing if they say it all
// themselves. Other readers find the same in the schema of Arrow, unless there are label columns,
// for which none is known.
func (o *parquetOutput) metadata() []format.KeyValue {
	types := map[string]string{}
	if o.beside != nil {
		for _, c := range o.beside.input.columns {
			if c.Unsupported == "" && unsaid(c.Type) {
				types[c.Name] = c.Type.String()
			}
		}
	}
	for _, field := range o.fields {
		if unsaid(field.Type) {
			types[field.Name] = field.Type.String()
		}
	}
	if len(types) == 0 {
		return nil
	}
	text, err := json.Marshal(types)
	if err != nil {
		panic("BUG: names of types: " + err.Error())
	}
	pairs := []format.KeyValue{{Key: typesKey, Value: string(text)}}
	if o.beside == nil {
		pairs = append(pairs, format.KeyValue{Key: arrowKey, Value: arrowSchemaText(o.fields, o.local)})
	}
	return pairs
}

// carriedTypes reads the types that a file carries. What is no such text is no reason to refuse a
// file: its columns are what they look like then.
func carriedTypes(pairs []format.KeyValue) map[string]schema.Type {
	types := map[string]schema.Type{}
	for _, pair := range pairs {
		if pair.Key != typesKey {
			continue
		}
		names := map[string]string{}
		if json.Unmarshal([]byte(pair.Value), &names) != nil {
			continue
		}
		for name, text := range names {
			if t, err := schema.ParseType(text); err == nil {
				types[name] = t
			}
		}
	}
	return types
}

// retype gives a column the type that its file carries, if that is but another word for what is
// stored.
func (s *stored) retype(t schema.Type) {
	if s.reason != "" || !restates(s.fettle, t) {
		return
	}
	s.fettle = t
	if s.child != nil {
		s.child.retype(t.Element())
	}
}

// restates reports whether a type is stored as another one, element by element.
func restates(stored, t schema.Type) bool {
	switch {
	case t.Kind == schema.Duration:
		return stored.Kind == schema.Int64 || stored.Kind == schema.Duration
	case t.Kind == schema.Vector:
		return stored.Kind == schema.List && stored.Elem.Kind == schema.Float64 || stored.Equal(t)
	case stored.Kind != t.Kind || stored.Size != t.Size:
		return false
	case t.Elem != nil:
		return restates(*stored.Elem, *t.Elem)
	default:
		return true
	}
}

// hint takes from the schema of Arrow what Parquet has no word for: durations, of any unit, which are
// integers in the file, lists of a fixed size, and JSON.
func (s *stored) hint(h stored) {
	if s.reason != "" || h.reason != "" || (s.child == nil) != (h.child == nil) {
		return
	}
	switch {
	case s.child != nil && (s.key == nil) == (h.key == nil):
		s.child.hint(*h.child)
		s.fettle.Elem = &s.child.fettle
		if h.fettle.Kind == schema.Vector && s.child.fettle.Kind == schema.Float64 {
			s.fettle = h.fettle
		}
	case h.fettle.Kind == schema.Duration && s.fettle.Kind == schema.Int64 && s.kind == parquet.Int64:
		s.fettle, s.multiply, s.divide = h.fettle, h.multiply, h.divide
	case h.fettle.Kind == schema.JSON && s.fettle.Kind == schema.String && !s.uuid:
		s.fettle = h.fettle
	}
}
