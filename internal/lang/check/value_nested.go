package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/jsontext"
)

// nestedValue reads a value of type json, or a list, map or vector written as JSON. Elements are
// written as in files: text, bytes, decimals and times as strings.
func nestedValue(text string, t schema.Type) (schema.Value, error) {
	if err := jsontext.Check(text); err != nil {
		return schema.Value{Type: t}, fmt.Errorf("%q is not JSON, as a %s is written: %w", text, t, err)
	}
	return fromJSON(jsontext.Trim(text), t)
}

// fromJSON reads a JSON value that was checked.
func fromJSON(text string, t schema.Type) (schema.Value, error) {
	v := schema.Value{Type: t}
	quoted, isText := jsontext.Text(text)
	switch {
	case text == jsontext.Null:
		return schema.NullOf(t), nil
	case t.Kind == schema.JSON:
		v.Text = text
		return v, nil
	case t.Kind == schema.Map:
		return mapFromJSON(text, t)
	case t.Nested():
		return listFromJSON(text, t)
	case t.Kind == schema.Float64 || t.Kind == schema.Bool || t.Kind == schema.Int64:
		// Digits in quotes are read too where no bit is lost otherwise.
		if isText && t.Kind == schema.Int64 {
			text = quoted
		}
		return Value(text, t)
	case t.Kind == schema.Decimal && !isText:
		return Value(text, t)
	case t.Kind == schema.Duration && !isText:
		micros, err := Value(text, schema.Of(schema.Int64))
		v.Int = micros.Int
		return v, err
	case !isText:
		return v, fmt.Errorf("%s is not a %s; write it in double quotes", text, t)
	}
	return Value(quoted, t)
}

func listFromJSON(text string, t schema.Type) (schema.Value, error) {
	v := schema.Value{Type: t}
	elements, is := jsontext.Elements(text)
	if !is {
		return v, fmt.Errorf("%s is not a %s; write [..]", text, t)
	}
	if t.Kind == schema.Vector && len(elements) != t.Size {
		return v, fmt.Errorf("%s has %d elements, a %s has %d", text, len(elements), t, t.Size)
	}
	for _, element := range elements {
		item, err := fromJSON(element, t.Element())
		if err != nil {
			return v, err
		}
		if item.Null && t.Kind == schema.Vector {
			return v, fmt.Errorf("a vector has no null elements")
		}
		v.Items = append(v.Items, item)
	}
	return v, nil
}

// mapFromJSON puts the keys in order, as in every column.
func mapFromJSON(text string, t schema.Type) (schema.Value, error) {
	v := schema.Value{Type: t}
	members, is := jsontext.Members(text)
	if !is {
		return v, fmt.Errorf("%s is not a %s; write {\"key\": value}", text, t)
	}
	slices.SortFunc(members, func(a, b jsontext.Member) int { return cmp.Compare(a.Name, b.Name) })
	for _, m := range members {
		item, err := fromJSON(strings.TrimSpace(m.Value), *t.Elem)
		if err != nil {
			return v, err
		}
		v.Items = append(v.Items, schema.StringValue(m.Name), item)
	}
	return v, nil
}
