package aggregate

import (
	"fmt"
	"math"
	"math/big"

	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/schema"
)

// percentile is percentile, median and approx_percentile. Rounding to float64 and taking the middle
// of a bucket keep the order of values, so that they are done to the two values that are found and
// not to all.
type percentile struct {
	order
	p       float64
	capped  bool
	middles bool // values count as the middle of their bucket
	scale   int
}

func newPercentile(s Specification) (Function, error) {
	p, err := numberOf(s.Literals[0])
	if err == nil && !(p >= 0 && p <= 1) {
		err = fmt.Errorf("%w: %v is not from 0 to 1", errArguments, p)
	}
	return &percentile{p: p, capped: true, scale: scaleOf(s.Arguments[0])}, err
}

func newApproxPercentile(s Specification) (Function, error) {
	f, err := newPercentile(s)
	if err != nil {
		return nil, err
	}
	p := f.(*percentile)
	p.capped, p.middles = false, true
	return p, nil
}

func newMedian(s Specification) (Function, error) {
	return &percentile{p: 0.5, capped: true, scale: scaleOf(s.Arguments[0])}, nil
}

// numberOf reads a literal number.
func numberOf(v schema.Value) (float64, error) {
	switch {
	case v.Null:
	case v.Type.Kind == schema.Float64:
		return v.Float, nil
	case v.Type.Kind == schema.Int64:
		return float64(v.Int), nil
	case v.Type.Kind == schema.Decimal:
		return decimalFloat(v.Dec, v.Type.Size), nil
	}
	return 0, fmt.Errorf("%w: %s is not a number", errArguments, v)
}

func scaleOf(t schema.Type) int {
	if t.Kind == schema.Decimal {
		return t.Size
	}
	return 0
}

func (f *percentile) Reset(events *Events) { f.enter(&events.Arguments[0]) }

func (f *percentile) Read(q *Question, out *Result) {
	n := q.Range.Count()
	if n == 0 || f.capped && n > Cap {
		out.Null, out.Cap = true, n > 0
		return
	}
	// The conversion keeps the product from being fused with the subtraction below.
	position := float64(f.p * float64(n-1))
	low := int(position)
	part := position - float64(low)
	first, second := f.neighbours(q.Range, low, part != 0)
	lo, hi := f.float(first), f.float(second)
	if f.middles {
		lo, hi = middle(lo), middle(hi)
	}
	out.Float = between(lo, hi, part)
}

// between interpolates linearly. A zero is +0.0.
func between(lo, hi, part float64) float64 {
	if distance := hi - lo; !math.IsInf(distance, 0) {
		return lo + float64(part*distance) + 0
	}
	return float64(lo*(1-part)) + float64(hi*part) + 0
}

// neighbours returns positions of the k-th least value of a range and of the one after it, or twice
// the first if two is false.
func (f *percentile) neighbours(in window.Range, k int, two bool) (first, second int32) {
	next := k
	if two {
		next++
	}
	if f.effort.short(in.To - in.From) {
		pairs := f.sorted(in)
		return pairs[k].at, pairs[next].at
	}
	f.build()
	holes := f.holeNumbers(in.Holes)
	a := f.places[f.wavelet.find(in.From, in.To, holes, k)]
	if !two {
		return a, a
	}
	return a, f.places[f.wavelet.find(in.From, in.To, holes, next)]
}

// float returns the value at a position as the nearest float64.
func (f *percentile) float(i int32) float64 { return floatAt(&f.values, int(i), f.scale) }

// floatAt returns a value as the nearest float64, half to even.
func floatAt(v *Values, i, scale int) float64 {
	switch v.Kind {
	case window.Ints:
		return float64(v.Ints[i])
	case window.Floats:
		return v.Floats[i]
	default:
		return decimalFloat(v.Decimals[i], scale)
	}
}

// decimalFloat returns the float64 nearest to a decimal, half to even. Up to 2^53 and 10^22 both
// numbers are exact, and one division rounds once.
func decimalFloat(v schema.Int128, scale int) float64 {
	if n, fits := small(v); fits && n >= -1<<53 && n <= 1<<53 && scale < len(powersOfTen) {
		return float64(n) / powersOfTen[scale]
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	x, _ := new(big.Rat).SetFrac(v.Big(), unit).Float64()
	return x
}

// powersOfTen are the powers of ten that a float64 holds exactly.
var powersOfTen = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
	1e18, 1e19, 1e20, 1e21, 1e22,
}

// bucketBits are the low bits that the numbers of a bucket do not share: 64 buckets to a power of
// two leave six bits of the mantissa.
const bucketBits = 46

// middle returns the middle of the bucket of a number: it is at most 1/128 away.
func middle(x float64) float64 {
	if math.Abs(x) < 0x1p-1022 {
		return 0
	}
	bits := math.Float64bits(x)
	return math.Float64frombits(bits>>bucketBits<<bucketBits | 1<<(bucketBits-1))
}

// atEnd is largest and smallest. It has no cap: it never looks at more than k values.
type atEnd struct {
	order
	k        int
	greatest bool
	found    []int32
}

func newLargest(s Specification) (Function, error) {
	k, err := countOf(s.Literals[0], 1)
	return &atEnd{k: k, greatest: true}, err
}

func newSmallest(s Specification) (Function, error) {
	k, err := countOf(s.Literals[0], 1)
	return &atEnd{k: k}, err
}

func (f *atEnd) Reset(events *Events) { f.enter(&events.Arguments[0]) }

func (f *atEnd) Read(q *Question, out *Result) {
	in := q.Range
	f.found = f.found[:0]
	if f.effort.short(in.To - in.From) {
		pairs := f.sorted(in)
		if f.greatest {
			reverse(pairs)
		}
		for _, p := range pairs[:min(f.k, len(pairs))] {
			f.found = append(f.found, p.at)
		}
	} else {
		f.build()
		all := node{from: in.From, to: in.To, holes: f.holeNumbers(in.Holes)}
		f.wavelet.walk(all, f.greatest, func(number int32, count int) bool {
			for range min(count, f.k-len(f.found)) {
				f.found = append(f.found, f.places[number])
			}
			return len(f.found) < f.k
		})
	}
	out.Positions = f.found
}
