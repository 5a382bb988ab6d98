package elementary

import (
	"math"
	"math/rand/v2"
	"testing"
)

// kernel is a quick way, its slow way and its margin.
type kernel struct {
	name   string
	margin float64
	draw   func(r *rand.Rand) (x, y float64)
	quick  func(x, y float64) pair
	slow   func(x, y float64, bits uint) interval
}

// spread returns a positive number whose exponent is even over a range.
func spread(r *rand.Rand, low, high int) float64 {
	return math.Ldexp(1+r.Float64(), low+r.IntN(high-low))
}

func one(low, high int) func(r *rand.Rand) (x, y float64) {
	return func(r *rand.Rand) (x, y float64) {
		x = spread(r, low, high)
		if r.IntN(2) == 0 {
			x = -x
		}
		return x, 0
	}
}

// nearOne draws numbers whose logarithm is small as often as others.
func nearOne(r *rand.Rand) (x, y float64) {
	if r.IntN(2) == 0 {
		return 1 + float64(spread(r, -40, 0)*float64(1-2*r.IntN(2))/2), 0
	}
	return spread(r, -300, 300), 0
}

// powers draws powers in range, with factors near 1 and large exponents too.
func powers(r *rand.Rand) (x, y float64) {
	x, _ = nearOne(r)
	logarithm := math.Abs(logOf(pair{x, 0}).high)
	return x, 600 * r.Float64() / logarithm
}

func kernels() []kernel {
	logBase := func(high, low float64) func(x, _ float64) pair {
		return func(x, _ float64) pair { return logOf(pair{x, 0}).times(pair{high, low}) }
	}
	angle := func(ahead int) func(x, _ float64) pair {
		return func(x, _ float64) pair { r, q := reduce(x); return sine(r, q+ahead) }
	}
	scaled := func(x pair, e int) pair { return x.scale(powerOfTwo(e)) }
	return []kernel{
		{"exp", marginExp, one(-20, 9), func(x, _ float64) pair { return scaled(expOf(pair{x, 0})) },
			func(x, _ float64, bits uint) interval { return bigExp(exactly(x, bits), bits) }},
		{"log", marginLog, nearOne, func(x, _ float64) pair { return logOf(pair{x, 0}) },
			func(x, _ float64, bits uint) interval { return bigLog(exactly(x, bits), bits) }},
		{"log2", marginLog, nearOne, logBase(invLn2High, invLn2Low),
			func(x, _ float64, bits uint) interval { return bigLogBase(x, 2, bits) }},
		{"log10", marginLog, nearOne, logBase(invLn10High, invLn10Low),
			func(x, _ float64, bits uint) interval { return bigLogBase(x, 10, bits) }},
		{"sin", marginSine, one(-30, 300), angle(0),
			func(x, _ float64, bits uint) interval { return bigSine(x, 0, bits) }},
		{"tan", marginTangent, one(-10, 10),
			func(x, _ float64) pair { r, q := reduce(x); return sine(r, q).over(sine(r, q+1)) },
			func(x, _ float64, bits uint) interval { return bigTangent(x, bits) }},
		{"pow", marginPow, powers,
			func(x, y float64) pair { return scaled(expOf(logOf(pair{x, 0}).times(pair{y, 0}))) },
			func(x, y float64, bits uint) interval { return bigPow(x, y, bits) }},
		{"atan", marginArcs, one(-20, 0),
			func(x, _ float64) pair { return arctangent(pair{math.Abs(x), 0}, pair{1, 0}) },
			func(x, _ float64, bits uint) interval { return bigAtan2(math.Abs(x), 1, bits) }},
		{"asin", marginArcs, one(-20, 0), func(x, _ float64) pair { return arcsine(math.Abs(x)) },
			func(x, _ float64, bits uint) interval { return bigAsin(math.Abs(x), bits) }},
		{"cos", marginSine, one(-10, 10), angle(1),
			func(x, _ float64, bits uint) interval { return bigSine(x, 1, bits) }},
	}
}

// TestKernels compares the pairs of the quick ways with what the slow ways compute: the largest
// error must stay below a quarter of the margin.
func TestKernels(t *testing.T) {
	t.Parallel()
	const bits = 256
	count := 1500
	if testing.Short() {
		count = 60
	}
	for i, k := range kernels() {
		seed := uint64(i + 1)
		r := rand.New(rand.NewPCG(seed, 0))
		worst, at := 0.0, [2]float64{}
		for range count {
			x, y := k.draw(r)
			between := k.slow(x, y, bits)
			got := k.quick(x, y)
			diff := number(bits).Add(exactly(got.high, bits), exactly(got.low, bits))
			diff.Sub(diff, between.low).Quo(diff, between.low)
			relative, _ := diff.Abs(diff).Float64()
			if relative > worst {
				worst, at = relative, [2]float64{x, y}
			}
		}
		t.Logf("%s: 2^%.1f of the value at %v, margin 2^%.0f, seed %d", k.name, math.Log2(worst), at,
			math.Log2(k.margin), seed)
		if worst > k.margin/4 {
			t.Errorf("%s: the margin is too small", k.name)
		}
	}
}
