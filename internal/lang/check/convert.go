package check

import (
	"math/big"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Article names a type in a sentence.
func Article(t schema.Type) string {
	if t.Kind == schema.Int64 {
		return "an " + t.String()
	}
	return "a " + t.String()
}

// Convert returns the expression as a type that its own becomes without being asked. Literals are
// converted at once where that is exact.
func Convert(e *plan.Expr, t schema.Type) *plan.Expr {
	if e.Type.Equal(t) {
		return e
	}
	if e.Op == plan.Const {
		if v, ok := convertValue(e.Value, t); ok {
			return plan.Constant(v)
		}
	}
	return plan.CallOf("cast", t, e)
}

// exactFloat is the size up to which every whole number is a float64.
const exactFloat = 1 << 53

// convertValue converts a literal. It reports false where the result would not be exact: then the
// conversion is left to a cast, whose rounding is that of every other value.
func convertValue(v schema.Value, t schema.Type) (schema.Value, bool) {
	switch {
	case v.Null:
		return schema.NullOf(t), true
	case v.Type.Equal(t):
		return v, true
	case v.Type.Kind == schema.Int64 && t.Kind == schema.Float64:
		return schema.FloatValue(float64(v.Int)), v.Int >= -exactFloat && v.Int <= exactFloat
	case v.Type.Kind == schema.Int64 && t.Kind == schema.Decimal:
		scaled := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Size)), nil)
		scaled.Mul(scaled, big.NewInt(v.Int))
		dec, fits := schema.Int128FromBig(scaled)
		digits := len(new(big.Int).Abs(scaled).String())
		return schema.Value{Type: t, Dec: dec}, fits && digits <= schema.MaxDecimalDigits
	case v.Type.Kind == schema.List && t.Kind == schema.List:
		converted := schema.Value{Type: t}
		for _, item := range v.Items {
			part, ok := convertValue(item, *t.Elem)
			if !ok {
				return v, false
			}
			converted.Items = append(converted.Items, part)
		}
		return converted, true
	}
	return v, false
}
