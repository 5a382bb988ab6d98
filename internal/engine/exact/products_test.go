package exact

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

// seriesOf draws a series of a kind and gives the numbers as fractions too.
func seriesOf(r *rand.Rand, kind string, n int) (Series, []*big.Rat) {
	var floats []float64
	var ints []int64
	var decimals []schema.Int128
	var fractions []*big.Rat
	for range n {
		switch kind {
		case "ints":
			x := int64(r.Uint64()) >> r.IntN(64)
			ints = append(ints, x)
			fractions = append(fractions, new(big.Rat).SetInt64(x))
		case "decimals":
			x := schema.Int128{Hi: int64(r.Uint64()) >> (2 + r.IntN(62)), Lo: r.Uint64()}
			decimals = append(decimals, x)
			fractions = append(fractions, new(big.Rat).SetFrac(x.Big(), big.NewInt(1000)))
		default:
			x := families[kind](r)
			floats = append(floats, x)
			fractions = append(fractions, rational(x))
		}
	}
	switch kind {
	case "ints":
		return IntSeries(ints), fractions
	case "decimals":
		return DecimalSeries(decimals, 3), fractions
	default:
		return FloatSeries(floats), fractions
	}
}

// kinds are the kinds of series: of floats the families, and the rest.
var kinds = []string{"money", "signed", "mixed", "range", "tiny", "huge", "allzeros", "ints", "decimals"}

// span is a range of a series and what is not there.
func span(r *rand.Rand, n int) (from, to int, holes []int32, there func(i int) bool) {
	from = r.IntN(n)
	to = from + 1 + r.IntN(n-from)
	missing := map[int]bool{}
	for i := from; i < to-1; i++ {
		if r.IntN(6) == 0 {
			holes = append(holes, int32(i))
			missing[i] = true
		}
	}
	return from, to, holes, func(i int) bool { return i >= from && i < to && !missing[i] }
}

// TestMoments compares central moments of every kind with fractions, from the terms and from prefix
// sums.
func TestMoments(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(17, 18))
	compared := 0
	var m Moments
	for _, kind := range kinds {
		for degree := 2; degree <= 4; degree++ {
			series, fractions := seriesOf(r, kind, 110)
			m.Reset(series, degree)
			for step := range 8 {
				if step == 4 {
					m.Index()
				}
				from, to, holes, there := span(r, len(fractions))
				second, highest := m.Read(from, to, holes, to-from-len(holes))
				for power, got := range map[int]float64{2: second, degree: highest} {
					if want := central(fractions, there, power); !same(got, want) {
						t.Fatalf("%s, m%d of %d to %d without %v: %v, want %v", kind, power, from, to, holes, got, want)
					}
					compared++
				}
			}
		}
	}
	if compared < 350 {
		t.Errorf("only %d moments compared", compared)
	}
}

// central is a central moment, from the distances from the mean.
func central(all []*big.Rat, there func(int) bool, power int) float64 {
	mean, n := new(big.Rat), int64(0)
	for i, x := range all {
		if there(i) {
			mean.Add(mean, x)
			n++
		}
	}
	mean.Quo(mean, big.NewRat(n, 1))
	sum := new(big.Rat)
	for i, x := range all {
		if there(i) {
			distance, term := new(big.Rat).Sub(x, mean), big.NewRat(1, n)
			for range power {
				term.Mul(term, distance)
			}
			sum.Add(sum, term)
		}
	}
	return nearest(sum)
}

// TestPairs compares the sums of pairs of every two kinds with fractions.
func TestPairs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(19, 20))
	compared := 0
	var p Pairs
	for _, kindY := range kinds {
		for _, kindX := range kinds {
			y, ys := seriesOf(r, kindY, 80)
			x, xs := seriesOf(r, kindX, 80)
			p.Reset(y, x, PairParts{XX: true, YY: true})
			for step := range 4 {
				if step == 2 {
					p.Index()
				}
				from, to, holes, there := span(r, len(ys))
				n := to - from - len(holes)
				xy, xx, yy := p.Read(from, to, holes, n)
				for _, c := range []struct {
					got  float64
					u, v []*big.Rat
				}{{xy, xs, ys}, {xx, xs, xs}, {yy, ys, ys}} {
					if want := spreadOf(c.u, c.v, there, n); !same(c.got, want) {
						t.Fatalf("%s and %s, %d to %d without %v: %v, want %v", kindY, kindX, from, to, holes, c.got, want)
					}
					compared++
				}
			}
		}
	}
	if compared < 900 {
		t.Errorf("only %d sums compared", compared)
	}
}

// spreadOf is n*Suv - Su*Sv.
func spreadOf(u, v []*big.Rat, there func(int) bool, n int) float64 {
	su, sv, suv := new(big.Rat), new(big.Rat), new(big.Rat)
	for i := range u {
		if there(i) {
			su.Add(su, u[i])
			sv.Add(sv, v[i])
			suv.Add(suv, new(big.Rat).Mul(u[i], v[i]))
		}
	}
	suv.Mul(suv, big.NewRat(int64(n), 1))
	return nearest(suv.Sub(suv, su.Mul(su, sv)))
}

// TestDecimalDifference checks the ends of the range.
func TestDecimalDifference(t *testing.T) {
	t.Parallel()
	most, _ := schema.ParseDecimal("99999999999999999999999999999999999999", 0)
	one := schema.Int128From(1)
	for _, c := range []struct {
		a, b schema.Int128
		fits bool
	}{
		{most, one, true}, {most, one.Neg(), false}, {most.Neg(), one, false}, {most, most.Neg(), false},
		{most, most, true},
	} {
		got, fits := DecimalDifference(c.a, c.b)
		want := new(big.Int).Sub(c.a.Big(), c.b.Big())
		if fits != c.fits || fits && got.Big().Cmp(want) != 0 {
			t.Errorf("%s - %s: %s, %v", c.a.Big(), c.b.Big(), got.Big(), fits)
		}
	}
}
