package jsonschema

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/fields"
	"github.com/fettle-ml/fettle/internal/schema"
)

// object is a JSON object. Its keys are written in order of their names.
type object = map[string]any

// Draft is the version of JSON Schema.
const Draft = "https://json-schema.org/draft/2020-12/schema"

// Schema returns the schema of one document of a definition file, with Completion under x-fettle.
func Schema() []byte {
	definitions := scalars()
	for _, o := range fields.Objects() {
		definitions[name(o)] = objectSchema(o)
	}
	// The first key of a kind decides, so the kinds are asked for one after the other.
	var chosen any = object{"required": []string{fields.Kinds()[len(fields.Kinds())-1].Key}}
	kinds := object{}
	for i := len(fields.Kinds()) - 1; i >= 0; i-- {
		kind := fields.Kinds()[i]
		o := fields.Of(kind.What)
		chosen = object{
			"if":   object{"required": []string{kind.Key}},
			"then": ref(name(o)), "else": chosen,
		}
		kinds[kind.Key] = object{"description": o.Doc}
	}
	root := object{
		"$schema": Draft, "title": "Definitions of Fettle",
		"description": "Entities, sources, views, models and tests: see docs/language/definitions.md.",
		"type":        "object", "properties": kinds, "$defs": definitions, "x-fettle": completion(),
	}
	maps.Copy(root, chosen.(object))
	return encode(root)
}

func encode(value any) []byte {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		panic("BUG: encode the schema: " + err.Error())
	}
	return []byte(text.String())
}

// name is that of an object among the definitions of the schema.
func name(o *fields.Object) string {
	return strings.TrimPrefix(strings.TrimPrefix(o.What, "a "), "an ")
}

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

func anyOf(schemas ...any) object { return object{"anyOf": schemas} }

// listed is a list of something, or one of it without brackets.
func listed(item any) object { return anyOf(item, object{"type": "array", "items": item}) }

// mapping is an object whose values are all of one schema.
func mapping(value any) object {
	return object{"type": "object", "additionalProperties": value}
}

func pattern(text string) object { return object{"type": "string", "pattern": text} }

// scalars are the schemas of single values. Editors make numbers and booleans of text that looks
// like them; the language does not, so all of them are text here.
func scalars() object {
	anyText := []string{"string", "number", "boolean"}
	withNull := append(anyText[:3:3], "null")
	nameSchema := pattern(fields.NamePattern)
	nameSchema["maxLength"] = schema.MaxName
	return object{
		"text":       object{"type": anyText},
		"expression": object{"type": withNull, "x-fettle-expression": true},
		"value":      object{"type": append(withNull[:4:4], "array", "object")},
		"name":       nameSchema,
		"duration":   pattern(fields.DurationPattern),
		"instant":    pattern(fields.InstantPattern),
		"day":        pattern(fields.DayPattern),
		"size":       object{"type": anyText, "pattern": fields.SizePattern},
		"freshness":  pattern(fields.FreshPattern),
		"rung":       pattern(fields.FallbackPattern),
		"flag":       object{"enum": []any{true, false, "true", "false"}},
		"integer":    object{"type": []string{"integer", "string"}, "minimum": 1, "pattern": `^[0-9]+$`},
		"fraction": object{
			"type": []string{"number", "string"}, "minimum": 0, "maximum": 1, "pattern": `^[0-9.eE-]+$`,
		},
		"type": object{"type": "string", "examples": fields.TypeNames()},
	}
}

// objectSchema is the schema of one object of the table.
func objectSchema(o *fields.Object) object {
	properties, required := object{}, []string{}
	for i := range o.Fields {
		f := &o.Fields[i]
		value := fieldSchema(f)
		value["description"] = f.Doc
		if f.NoEffect {
			value["x-fettle-no-effect"] = true
		}
		properties[f.Name] = value
		if f.Required {
			required = append(required, f.Name)
		}
	}
	out := object{
		"type": "object", "description": o.Doc, "properties": properties,
		"patternProperties": object{"^x-": true}, "additionalProperties": false,
	}
	if len(required) > 0 {
		out["required"] = required
	}
	if len(o.OneOf) > 0 {
		var any []any
		for _, name := range o.OneOf {
			any = append(any, object{"required": []string{name}})
		}
		out["anyOf"] = any
	}
	return out
}

// named are the shapes whose schema is a definition of its own.
var named = map[fields.Shape]string{
	fields.Text: "text", fields.Name: "name", fields.Expression: "expression",
	fields.Duration: "duration", fields.Flag: "flag", fields.Integer: "integer",
	fields.Fraction: "fraction", fields.Instant: "instant", fields.Day: "day", fields.Size: "size",
	fields.Freshness: "freshness",
}

// fieldSchema is the schema of a field's value; it is the caller's.
func fieldSchema(f *fields.Field) object {
	if name, found := named[f.Shape]; found {
		return ref(name)
	}
	switch f.Shape {
	case fields.Choice:
		return object{"enum": f.Values}
	case fields.Words:
		return listed(ref("text"))
	case fields.Fallbacks:
		return listed(ref("rung"))
	case fields.Types:
		return mapping(ref("type"))
	case fields.Expressions:
		return mapping(ref("expression"))
	case fields.Loops:
		return mapping(listed(ref("text")))
	case fields.Rows:
		rows := listed(mapping(ref("value")))
		return anyOf(rows, mapping(rows))
	case fields.Selection:
		return listed(anyOf(ref("text"), mapping(ref("text"))))
	case fields.Anything:
		return object{}
	case fields.Values:
		return short(f, mapping(ref("value")), ref("text"))
	}
	return nestedSchema(f, ref(name(fields.Of(f.Of))))
}

// nestedSchema is the schema of a field that holds objects.
func nestedSchema(f *fields.Field, of object) object {
	switch f.Shape {
	case fields.NestedList:
		return listed(anyOf(object{"enum": f.Values}, of))
	case fields.NestedMap:
		return mapping(short(f, of, ref("text")))
	case fields.Features:
		return mapping(anyOf(ref("expression"), of))
	case fields.Nested:
		return short(f, of, ref("text"))
	}
	panic("BUG: a shape of fields without a schema")
}

// short adds the single value that a field may be instead.
func short(f *fields.Field, long, single object) object {
	if f.Short {
		return anyOf(single, long)
	}
	return long
}
