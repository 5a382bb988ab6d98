package batch

import (
	"math"
	"slices"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Same reports whether two cells of columns of one type are equal to the last bit. Nulls are equal.
func Same(a *Column, i int, b *Column, j int) bool {
	return sameValue(a.Value(i), b.Value(j))
}

func sameValue(a, b schema.Value) bool {
	if a.Null || b.Null {
		return a.Null == b.Null
	}
	return math.Float64bits(a.Float) == math.Float64bits(b.Float) && a.Int == b.Int &&
		a.Dec == b.Dec && a.Text == b.Text && slices.EqualFunc(a.Items, b.Items, sameValue)
}
