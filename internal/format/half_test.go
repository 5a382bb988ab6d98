package format

import (
	"math"
	"testing"
)

// TestHalfFloat widens every float of 16 bits: they ascend from zero to infinity, in steps of 2^-24 at
// first, and each has its negative.
func TestHalfFloat(t *testing.T) {
	t.Parallel()
	last := -1.0
	for bits := uint16(0); bits <= 0x7C00; bits++ {
		x := halfFloat(bits)
		if x <= last {
			t.Fatalf("%#x is %v, after %v", bits, x, last)
		}
		if y := halfFloat(bits | 0x8000); math.Float64bits(y) != math.Float64bits(-x) {
			t.Fatalf("%#x is %v, and with the sign %v", bits, x, y)
		}
		last = x
	}
	for bits, want := range map[uint16]float64{0x0001: 1.0 / (1 << 24), 0x0400: 1.0 / (1 << 14), 0x3C00: 1,
		0x3555: 0.333251953125, 0x7BFF: 65504, 0x7C00: math.Inf(1)} {
		if got := halfFloat(bits); got != want {
			t.Errorf("%#x is %v, want %v", bits, got, want)
		}
	}
	if !math.IsNaN(halfFloat(0x7C01)) || !math.IsNaN(halfFloat(0xFFFF)) {
		t.Error("not NaN")
	}
}
