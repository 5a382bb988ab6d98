package expr_test

import (
	"fmt"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
)

// typePrefix returns the type that a text begins with, as it is written there, or "".
func typePrefix(text string) string {
	end := strings.IndexFunc(text, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	if end < 0 {
		return text
	}
	word := text[:end]
	if text[end] != '<' && (text[end] != '(' || word != "decimal" && word != "vector") {
		return word
	}
	depth := 0
	for i := end; i < len(text); i++ {
		switch text[i] {
		case '<', '(':
			depth++
		case '>', ')':
			if depth--; depth == 0 {
				return text[:i+1]
			}
		}
	}
	return ""
}

// isTyped reports whether a list, map or vector with its type comes next, or a typed null.
func (r *reader) isTyped() bool {
	for _, prefix := range []string{"list<", "map<", "vector(", "null:"} {
		if strings.HasPrefix(r.text, prefix) {
			return true
		}
	}
	return false
}

// typedLiteral reads a list, map or vector, with or without its type in front.
func (r *reader) typedLiteral() (v schema.Value, is bool, err error) {
	switch {
	case r.isTyped() && !strings.HasPrefix(r.text, "null:"):
		text := typePrefix(r.text)
		r.text = r.text[len(text):]
		if v.Type, err = schema.ParseType(text); err != nil {
			return v, true, err
		}
	case !strings.HasPrefix(r.text, "["):
		return v, false, nil
	}
	closing := "]"
	if !r.next("[") {
		closing = "}"
		if !r.next("{") {
			return v, true, fmt.Errorf("no elements at %q", r.text)
		}
	}
	for !r.next(closing) {
		if closing == "}" {
			key, rest, _ := strings.Cut(r.text, ": ")
			v.Items, r.text = append(v.Items, schema.StringValue(key)), rest
		}
		item, err := r.literal()
		if err != nil {
			return v, true, err
		}
		v.Items = append(v.Items, item)
		r.next(",")
	}
	settleItems(&v)
	return v, true, nil
}

// settleItems gives a list without a type that of its elements, and its nulls that of the others.
func settleItems(v *schema.Value) {
	if v.Type.Kind == schema.Null {
		for _, item := range v.Items {
			if item.Type.Kind != schema.Null {
				v.Type = schema.ListOf(item.Type)
			}
		}
	}
	for i := range v.Items {
		if v.Items[i].Type.Kind == schema.Null {
			v.Items[i] = schema.NullOf(v.Type.Element())
		}
	}
}
