package aggregate

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/schema"
)

// The oracle of the tests: every aggregate from its page, over the raw values of one window, as
// fractions. It shares no code with the package.

// event is one event of a window as the oracle sees it.
type event struct {
	position int
	time     int64
	args     []*big.Rat // nil: null
}

func rat(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

// round is the nearest float64, ties to even; it may be infinite.
func round(x *big.Rat) float64 {
	f, _ := x.Float64()
	return f + 0
}

func value(v *Values, i, scale int) *big.Rat {
	if v.Valid != nil && !v.Valid[i] {
		return nil
	}
	switch v.Kind {
	case window.Ints:
		return new(big.Rat).SetInt64(v.Ints[i])
	case window.Floats:
		return rat(v.Floats[i])
	default:
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
		return new(big.Rat).SetFrac(v.Decimals[i].Big(), unit)
	}
}

// visible lists the events of a range.
func visible(events *Events, scale int, in window.Range) []event {
	var out []event
	for i := in.From; i < in.To; i++ {
		if slices.Contains(in.Holes, int32(i)) {
			continue
		}
		e := event{position: i, time: events.Time[i]}
		for k := range events.Arguments {
			e.args = append(e.args, value(&events.Arguments[k], i, scale))
		}
		out = append(out, e)
	}
	return out
}

// asked is what the oracle is asked besides the events.
type asked struct {
	number   float64 // p, a
	n        int     // n, k
	life     int64
	boundary int64
	result   schema.Kind // of delta
}

const nothing = "null"

func float(x float64) string {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return "not finite"
	}
	return fmt.Sprintf("%016x %v", math.Float64bits(x+0), x+0)
}

func list(values []*big.Rat) string {
	texts := make([]string, len(values))
	for i, x := range values {
		texts[i] = x.RatString()
	}
	return "[" + strings.Join(texts, " ") + "]"
}

func firsts(events []event) []*big.Rat {
	var out []*big.Rat
	for _, e := range events {
		out = append(out, e.args[0])
	}
	return out
}

func inOrderOfValue(events []event) []*big.Rat {
	values := firsts(events)
	slices.SortFunc(values, (*big.Rat).Cmp)
	return values
}

// different counts the values, in ascending order.
func different(events []event) (values []*big.Rat, counts []int) {
	for _, x := range inOrderOfValue(events) {
		if n := len(values); n > 0 && values[n-1].Cmp(x) == 0 {
			counts[n-1]++
			continue
		}
		values, counts = append(values, x), append(counts, 1)
	}
	return values, counts
}

func distinctOf(events []event, n int) []*big.Rat {
	var out []*big.Rat
	for _, e := range events {
		known := slices.ContainsFunc(out, func(x *big.Rat) bool { return x.Cmp(e.args[0]) == 0 })
		if !known && len(out) < n {
			out = append(out, e.args[0])
		}
	}
	return out
}

func turned[T any](s []T) []T {
	s = slices.Clone(s)
	slices.Reverse(s)
	return s
}

func upTo[T any](s []T, n int) []T { return s[:min(n, len(s))] }

// oracle returns the value of an aggregate over events, as text.
func oracle(name string, events []event, a asked) string {
	switch name {
	case "first":
		return list(upTo(firsts(events), a.n))
	case "last":
		return list(upTo(turned(firsts(events)), a.n))
	case "collect":
		return list(turned(upTo(turned(firsts(events)), a.n)))
	case "first_distinct":
		return list(distinctOf(events, a.n))
	case "last_distinct":
		return list(distinctOf(turned(events), a.n))
	case "largest":
		return list(upTo(turned(inOrderOfValue(events)), a.n))
	case "smallest":
		return list(upTo(inOrderOfValue(events), a.n))
	case "min_by", "max_by":
		return oracleBy(name, events)
	case "mode", "top_k", "histogram", "collect_set", "entropy":
		return oracleCounts(name, events, a)
	case "percentile", "median", "approx_percentile":
		return oraclePercentile(name, events, a)
	case "skew", "kurtosis":
		return oracleShape(name, events)
	case "covar", "corr", "slope":
		return oracleRelation(name, events)
	case "decayed_sum", "decayed_count":
		return oracleDecay(name, events, a)
	case "approx_distinct":
		return oracleSketch(events)
	default:
		return oracleSequence(name, events, a)
	}
}

func oracleBy(name string, events []event) string {
	if len(events) == 0 {
		return nothing
	}
	best := events[0]
	for _, e := range events[1:] {
		c := e.args[1].Cmp(best.args[1])
		if c == 0 || (c > 0) == (name == "max_by") {
			best = e
		}
	}
	return fmt.Sprint("at ", best.position)
}

func oracleCounts(name string, events []event, a asked) string {
	values, counts := different(events)
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return counts[order[i]] > counts[order[j]] })
	var frequent []*big.Rat
	for _, i := range order {
		frequent = append(frequent, values[i])
	}
	switch {
	case len(values) > 10_000:
		return "cap"
	case name == "mode" && len(values) == 0, name == "entropy" && len(values) == 0:
		return nothing
	case name == "mode":
		return list(frequent[:1])
	case name == "top_k":
		return list(upTo(frequent, a.n))
	case name == "collect_set":
		return list(values)
	case name == "histogram":
		return list(values) + fmt.Sprint(counts)
	}
	sum := new(big.Rat)
	for _, c := range counts {
		p := float64(c) / float64(len(events))
		sum.Sub(sum, rat(float64(p*bigLog(p))))
	}
	return float(round(sum))
}

func oraclePercentile(name string, events []event, a asked) string {
	n := len(events)
	switch {
	case n == 0:
		return nothing
	case n > 10_000 && name != "approx_percentile":
		return "cap"
	}
	var xs []float64
	for _, x := range firsts(events) {
		f := round(x)
		if name == "approx_percentile" {
			f = bucketMiddle(f)
		}
		xs = append(xs, f)
	}
	slices.Sort(xs)
	p := a.number
	if name == "median" {
		p = 0.5
	}
	position := float64(p * float64(n-1))
	i := int(math.Floor(position))
	f := position - math.Floor(position)
	lo, hi := xs[i], xs[min(i+1, n-1)]
	if math.IsInf(hi-lo, 0) {
		x, y := float64(lo*(1-f)), float64(hi*f)
		return float(x + y)
	}
	d := float64((hi - lo) * f)
	return float(lo + d)
}

// bucketMiddle finds the bucket by its edges: 2^e * (1 + k/64).
func bucketMiddle(x float64) float64 {
	if math.Abs(x) < math.Ldexp(1, -1022) {
		return 0
	}
	fraction, exponent := math.Frexp(math.Abs(x)) // 0.5 <= fraction < 1
	k := math.Floor((float64(fraction*2) - 1) * 64)
	return math.Copysign(math.Ldexp(1+float64((k+0.5)/64), exponent-1), x)
}

// centralMoment is the mean of the powers of the distances from the mean.
func centralMoment(values []*big.Rat, power int) float64 {
	n := big.NewRat(int64(len(values)), 1)
	mean := new(big.Rat)
	for _, x := range values {
		mean.Add(mean, x)
	}
	mean.Quo(mean, n)
	sum := new(big.Rat)
	for _, x := range values {
		d := new(big.Rat).Sub(x, mean)
		term := big.NewRat(1, 1)
		for range power {
			term.Mul(term, d)
		}
		sum.Add(sum, term)
	}
	return round(sum.Quo(sum, n))
}

func oracleShape(name string, events []event) string {
	power := 3
	if name == "kurtosis" {
		power = 4
	}
	if len(events) < power {
		return nothing
	}
	values := firsts(events)
	m2, m := centralMoment(values, 2), centralMoment(values, power)
	switch {
	case m2 == 0:
		return nothing
	case power == 3:
		return float(over(m, m2*math.Sqrt(m2)))
	default:
		return float(over(m, m2*m2) - 3)
	}
}

// over is a / b, and no number if b is infinite.
func over(a, b float64) float64 {
	if math.IsInf(b, 0) {
		return b
	}
	return a / b
}

func oracleRelation(name string, events []event) string {
	n := int64(len(events))
	if n < 2 {
		return nothing
	}
	sum := func(of func(e event) *big.Rat) *big.Rat {
		total := new(big.Rat)
		for _, e := range events {
			total.Add(total, of(e))
		}
		return total
	}
	y := func(e event) *big.Rat { return e.args[0] }
	x := func(e event) *big.Rat { return e.args[1] }
	spread := func(u, v func(event) *big.Rat) float64 {
		product := sum(func(e event) *big.Rat { return new(big.Rat).Mul(u(e), v(e)) })
		product.Mul(product, big.NewRat(n, 1))
		return round(product.Sub(product, new(big.Rat).Mul(sum(u), sum(v))))
	}
	a, b, c := spread(x, y), spread(x, x), spread(y, y)
	switch {
	case name == "covar":
		return float(a / float64(n*n))
	case b == 0, name == "corr" && c == 0:
		return nothing
	case name == "slope":
		return float(over(a, b))
	}
	r := over(a, math.Sqrt(b)*math.Sqrt(c))
	if math.IsNaN(r) || math.IsInf(r, 0) {
		return float(r)
	}
	return float(math.Max(-1, math.Min(1, r)))
}

func oracleDecay(name string, events []event, a asked) string {
	if len(events) == 0 && name == "decayed_count" {
		return float(0)
	}
	if len(events) == 0 {
		return nothing
	}
	length := new(big.Int).Mul(big.NewInt(64), big.NewInt(a.life))
	sums := map[int64]*big.Rat{}
	for _, e := range events {
		tile := new(big.Int).Div(big.NewInt(e.time), length) // towards minus infinity
		start := tile.Mul(tile, length).Int64()
		x := 1.0
		if name == "decayed_sum" {
			x = round(e.args[0])
		}
		term := x * bigExp2(float64(e.time-start)/float64(a.life))
		if math.IsInf(term, 0) {
			return float(term)
		}
		if sums[start] == nil {
			sums[start] = new(big.Rat)
		}
		sums[start].Add(sums[start], rat(term))
	}
	total := new(big.Rat)
	for start, sum := range sums {
		product := round(sum) * bigExp2(-(float64(a.boundary-start) / float64(a.life)))
		if math.IsInf(product, 0) || math.IsNaN(product) {
			return float(product)
		}
		total.Add(total, rat(product))
	}
	return float(round(total))
}

func oracleSequence(name string, events []event, a asked) string {
	xs := firsts(events)
	n := len(xs)
	switch {
	case name == "streak":
		run := 0
		for run < n && xs[n-1-run].Sign() != 0 {
			run++
		}
		return fmt.Sprint(run)
	case name == "lag" && n <= a.n, name == "delta" && n < 2, n == 0:
		return nothing
	case name == "lag":
		return list(xs[n-1-a.n : n-a.n])
	case name == "ewma":
		e := round(xs[0])
		for _, x := range xs[1:] {
			u, v := float64(a.number*round(x)), float64((1-a.number)*e)
			e = u + v
		}
		return float(e)
	}
	d := new(big.Rat).Sub(xs[n-1], xs[n-2])
	switch a.result {
	case schema.Float64:
		return float(round(d))
	case schema.Int64:
		if !d.Num().IsInt64() {
			return "overflow"
		}
	default:
		digits := new(big.Rat).Mul(d, big.NewRat(100, 1))
		if digits.Abs(digits).Cmp(new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil))) >= 0 {
			return "overflow"
		}
	}
	return d.RatString()
}

// oracleSketch fills registers one bit at a time.
func oracleSketch(events []event) string {
	var filled [1 << 14]int
	for _, e := range events {
		digits := fmt.Sprintf("%064b", uint64(e.args[0].Num().Int64()))
		register := 0
		for _, bit := range digits[:14] {
			register = 2*register + int(bit-'0')
		}
		filled[register] = max(filled[register], 1+strings.IndexByte(digits[14:]+"1", '1'))
	}
	counts := map[int]float64{}
	for _, rank := range filled {
		counts[rank]++
	}
	if counts[0] == 1<<14 {
		return "0"
	}
	m := 16384.0
	z := 0.0
	if x := 1 - float64(counts[51]/m); x != 1 && x != 0 {
		y, last := 1.0, math.Inf(1)
		for z = 1 - x; z != last; {
			x, y, last = math.Sqrt(x), y/2, z
			square := float64(float64((1-x)*(1-x)) * y)
			z -= square
		}
		z = m * (z / 3)
	}
	for v := 50; v >= 1; v-- {
		z = (z + counts[v]) / 2
	}
	x := counts[0] / m
	s, y, last := x, 1.0, math.Inf(1)
	for s != last {
		x = float64(x * x)
		last = s
		product := float64(x * y)
		s += product
		y *= 2
	}
	z += float64(s * m)
	return fmt.Sprint(int64(math.RoundToEven(m * m / 1.3862943611198906 / z)))
}

const (
	oracleBits = 170
	ln2        = "0.69314718055994530941723212145817656807550013436025525412068000949339362196969471560586332699641868754"
)

func bigFloat(x float64) *big.Float { return new(big.Float).SetPrec(oracleBits).SetFloat64(x) }

func bigLn2() *big.Float {
	x, _ := new(big.Float).SetPrec(oracleBits).SetString(ln2)
	return x
}

// logs remembers logarithms, which the oracle asks for again and again.
var logs sync.Map

// bigLog is the natural logarithm of a number from 0 to 1, rounded once, from the series of atanh.
func bigLog(x float64) float64 {
	if x == 1 {
		return 0
	}
	if known, found := logs.Load(x); found {
		return known.(float64)
	}
	fraction, exponent := math.Frexp(x)
	m, one := bigFloat(fraction), bigFloat(1)
	t := new(big.Float).Quo(new(big.Float).Sub(m, one), new(big.Float).Add(m, one))
	square, sum := new(big.Float).Mul(t, t), bigFloat(0)
	for k := 1; k < 120; k += 2 { // t*t <= 1/9
		sum.Add(sum, new(big.Float).Quo(t, bigFloat(float64(k))))
		t.Mul(t, square)
	}
	sum.Mul(sum, bigFloat(2))
	sum.Add(sum, new(big.Float).Mul(bigLn2(), bigFloat(float64(exponent))))
	result, _ := sum.Float64()
	logs.Store(x, result)
	return result
}

// bigExp2 is 2^x rounded once, from the series of exp.
func bigExp2(x float64) float64 {
	if x < -1100 {
		return 0
	}
	whole := math.Floor(x)
	t := new(big.Float).Mul(bigFloat(x-whole), bigLn2())
	sum, term := bigFloat(1), bigFloat(1)
	for k := 1; k < 50; k++ {
		term.Mul(term, t)
		term.Quo(term, bigFloat(float64(k)))
		sum.Add(sum, term)
	}
	result, _ := sum.SetMantExp(sum, int(whole)).Float64()
	return result
}
