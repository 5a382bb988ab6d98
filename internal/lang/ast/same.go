package ast

import (
	"reflect"

	"github.com/fettle-ml/fettle/internal/lang/diag"
)

// Same reports whether two definitions, expressions or other values of this package say the same:
// they may stand in different places and be spaced differently.
func Same(a, b any) bool { return same(reflect.ValueOf(a), reflect.ValueOf(b)) }

// ignored are what a place or a spelling is.
func ignored(t reflect.Type) bool {
	return t == reflect.TypeFor[diag.Position]() || t == reflect.TypeFor[At]()
}

func same(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() {
		return false
	}
	if !a.IsValid() {
		return true
	}
	if a.Type() != b.Type() {
		return false
	}
	if ignored(a.Type()) {
		return true
	}
	switch a.Kind() {
	case reflect.Interface, reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return same(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		return sameFields(a, b)
	default:
		return a.Equal(b)
	}
}

func sameFields(a, b reflect.Value) bool {
	expression := a.Type() == reflect.TypeFor[Expression]()
	for i := range a.NumField() {
		if expression && a.Type().Field(i).Name == "Text" {
			continue // the spelling of what Expr says
		}
		if !same(a.Field(i), b.Field(i)) {
			return false
		}
	}
	return true
}
