package builtin

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Convertible reports whether a value of one type becomes another without being asked: a null
// literal anything, int64 a decimal or float64, decimal a decimal of a larger scale or float64, a
// list or map that of a type its elements become.
func Convertible(from, to schema.Type) bool {
	if from.Kind == schema.Null || from.Equal(to) {
		return true
	}
	switch from.Kind {
	case schema.Int64:
		return to.Kind == schema.Float64 || to.Kind == schema.Decimal
	case schema.Decimal:
		return to.Kind == schema.Float64 || to.Kind == schema.Decimal && to.Size >= from.Size
	case schema.List, schema.Map:
		return to.Kind == from.Kind && Convertible(*from.Elem, *to.Elem)
	default:
		return false
	}
}

// Unify returns the one type that holds values of both types without being asked, such as float64
// for int64 and float64, and whether there is one. The branches of case and the elements of a list
// meet so.
func Unify(a, b schema.Type) (schema.Type, bool) {
	switch {
	case a.Kind == schema.Decimal && b.Kind == schema.Decimal:
		return schema.DecimalOf(max(a.Size, b.Size)), true
	case Convertible(a, b):
		return b, true
	case Convertible(b, a):
		return a, true
	case a.Kind == b.Kind && (a.Kind == schema.List || a.Kind == schema.Map):
		elem, ok := Unify(*a.Elem, *b.Elem)
		return schema.Type{Kind: a.Kind, Elem: &elem}, ok
	default:
		return schema.Type{}, false
	}
}

// CheckCast says why cast(x as to) is not defined for an x of type from, or nil. Which values fail
// at run time, and become null, is on the page of cast.
func CheckCast(from, to schema.Type) error {
	if from.Kind == schema.Null || from.Equal(to) || castable(from.Kind, to.Kind) {
		return nil
	}
	switch {
	case from.Kind == to.Kind && (from.Kind == schema.List || from.Kind == schema.Map):
		if CheckCast(*from.Elem, *to.Elem) == nil {
			return nil
		}
	case from.Kind == schema.Vector && to.Equal(schema.ListOf(schema.Of(schema.Float64))):
		return nil
	case from.Kind == schema.List && to.Kind == schema.Vector && (from.Elem.Numeric() || from.Elem.Kind == schema.Null):
		return nil
	}
	return fmt.Errorf("a %s cannot be cast to %s", from, to)
}

func castable(from, to schema.Kind) bool {
	numeric := func(k schema.Kind) bool {
		return k == schema.Int64 || k == schema.Float64 || k == schema.Decimal
	}
	switch {
	case numeric(from) && numeric(to):
		return true
	case from == schema.Bool && numeric(to), numeric(from) && to == schema.Bool:
		return true
	case from == schema.String:
		return numeric(to) || to == schema.Bool || to == schema.Timestamp || to == schema.Date ||
			to == schema.Duration || to == schema.Bytes || to == schema.JSON
	case to == schema.String:
		return numeric(from) || from == schema.Bool || from == schema.Timestamp ||
			from == schema.Date || from == schema.Duration || from == schema.Bytes ||
			from == schema.JSON
	case from == schema.Timestamp && to == schema.Date, from == schema.Date && to == schema.Timestamp:
		return true
	default:
		return false
	}
}
