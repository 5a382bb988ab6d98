package format

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

func TestAppendFloat(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	values := []float64{0, 1, -1, 1e15, 1e16, 123456789012345680, 1e-5, 9.9e-6, 1e300, 5e-324, 0.1, 100}
	for range 10000 {
		values = append(values, math.Float64frombits(r.Uint64()), float64(r.IntN(1e6))/100)
	}
	for _, x := range values {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			continue
		}
		if got, want := string(appendFloat(nil, x)), schema.FormatFloat(x); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
