package expr

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestTruncatedQuotient compares div of float64 with fractions, near whole quotients above all.
func TestTruncatedQuotient(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	wrong := 0 // what truncating the rounded quotient would get wrong
	for range 200_000 {
		y := math.Ldexp(r.Float64()+0.5, r.IntN(40)-20)
		x := y * math.Trunc(math.Ldexp(r.Float64(), r.IntN(80)))
		for range r.IntN(3) {
			x = math.Nextafter(x, math.Inf(1-2*r.IntN(2)))
		}
		if r.IntN(2) == 0 {
			x = -x
		}
		exact := new(big.Rat).Quo(new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(y))
		want, _ := new(big.Float).SetInt(new(big.Int).Quo(exact.Num(), exact.Denom())).Float64()
		if got := truncatedQuotient(x, y) + 0; got != want {
			t.Fatalf("%g div %g = %g, want %g", x, y, got, want)
		}
		if math.Trunc(x/y) != want {
			wrong++
		}
	}
	if wrong < 1000 {
		t.Errorf("only %d quotients were near a whole number", wrong)
	}
}
