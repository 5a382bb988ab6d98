package exact

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestTotal(t *testing.T) {
	t.Parallel()
	const seed = 9
	compared := 0
	var total Total
	for name, draw := range families {
		r := rand.New(rand.NewPCG(seed, uint64(len(name))))
		for range 300 {
			want := new(big.Rat)
			total.Reset()
			for range r.IntN(30) {
				x, y := draw(r), draw(r)
				total.Add(x, y)
				want.Add(want, new(big.Rat).Mul(rational(x), rational(y)))
			}
			if got := total.Float(); !same(got, nearest(want)) {
				t.Fatalf("seed %d, %s: %v, want %v", seed, name, got, nearest(want))
			}
			compared++
		}
	}
	if compared < 3000 {
		t.Errorf("only %d sums compared", compared)
	}
}

func TestSquareRatio(t *testing.T) {
	t.Parallel()
	const seed = 4
	compared := 0
	for name, draw := range families {
		r := rand.New(rand.NewPCG(seed, uint64(len(name))))
		for range 200 {
			var d, a, b Total
			sums := [3]*big.Rat{new(big.Rat), new(big.Rat), new(big.Rat)}
			for range 1 + r.IntN(6) {
				x, y := draw(r), draw(r)
				d.Add(x, y)
				a.Add(x, x)
				b.Add(y, y)
				for i, pair := range [][2]float64{{x, y}, {x, x}, {y, y}} {
					sums[i].Add(sums[i], new(big.Rat).Mul(rational(pair[0]), rational(pair[1])))
				}
			}
			product := new(big.Rat).Mul(sums[1], sums[2])
			if product.Sign() == 0 {
				continue
			}
			want := nearest(new(big.Rat).Quo(new(big.Rat).Mul(sums[0], sums[0]), product))
			if got := SquareRatio(&d, &a, &b); !same(got, want) || got > 1 {
				t.Fatalf("seed %d, %s: %v, want %v", seed, name, got, want)
			}
			compared++
		}
	}
	if compared < 1000 {
		t.Errorf("only %d ratios compared", compared)
	}
}

// TestTotalCarries adds one to a run of ones: the carry goes through words that the term is not in.
func TestTotalCarries(t *testing.T) {
	t.Parallel()
	var total Total
	for i := range 600 {
		total.Add(math.Ldexp(1, i), 1)
	}
	total.Add(1, 1)
	if got := total.Float(); got != math.Ldexp(1, 600) {
		t.Errorf("got %v", got)
	}
	total.Add(math.Ldexp(-1, 300), math.Ldexp(1, 300))
	if got := total.Float(); got != 0 {
		t.Errorf("got %v", got)
	}
	total.Reset()
	if got := total.Float(); got != 0 {
		t.Errorf("after a reset %v", got)
	}
}

// TestSquareRatioOnce has a ratio just below 1.5 times the least float64. Rounded to 53 bits first
// it would be in the middle, and then go up.
func TestSquareRatioOnce(t *testing.T) {
	t.Parallel()
	var d, x, y Total
	small := math.Ldexp(3, -537)
	d.Add(small, 1)
	for _, v := range []float64{2, 1, 1, small} {
		x.Add(v, v)
	}
	y.Add(1, 1)
	if got := SquareRatio(&d, &x, &y); got != math.SmallestNonzeroFloat64 {
		t.Errorf("got %v", got)
	}
}
