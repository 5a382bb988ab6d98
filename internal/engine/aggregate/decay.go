package aggregate

import (
	"fmt"
	"math"

	"github.com/fettle-ml/fettle/internal/engine/elementary"
	"github.com/fettle-ml/fettle/internal/engine/exact"
	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/schema"
)

// A tile is 64 half-lives, so that within it weights grow to 2^64 at most. A tile that begins more
// than faded half-lives before the boundary weighs nothing: its weight is rounded to zero, and no
// finite sum times zero is anything else.
const (
	tileLives = 64
	faded     = 1100
)

// decayed is decayed_sum and decayed_count.
//
// The term of an event and the sum of a tile do not depend on the boundary, so that they are worked
// out once for an entity. A read weighs the tiles that have not faded, and adds up anew only those
// that the window cuts or that have holes.
type decayed struct {
	life   int64
	count  bool // of events: every value is 1
	scale  int
	events *Events
	ready  bool

	terms    []float64
	sums     exact.Sums
	starts   []int32   // by tile that has events: its first position; and the end
	tiles    []int64   // when it begins
	whole    []float64 // its rounded sum
	infinite []int32   // by position: how many terms before it are not finite
	spoilt   []int32   // by tile: how many tiles before it have a sum that is not finite
	acc      []uint64
	products []float64
	total    exact.Sums
}

// The two aggregates differ in their values alone: decayed_count has no argument to take them from.
func newDecayedSum(s Specification) (Function, error) {
	life, err := lifeOf(s.Literals[0])
	return &decayed{life: life, scale: scaleOf(s.Arguments[0])}, err
}

func newDecayedCount(s Specification) (Function, error) {
	life, err := lifeOf(s.Literals[0])
	return &decayed{life: life, count: true}, err
}

// lifeOf reads a half-life. The bounds are those that the compiler checks: below them there is no
// tile, above them 64 half-lives could leave int64.
func lifeOf(v schema.Value) (int64, error) {
	if v.Type.Kind != schema.Duration || v.Null || v.Int < 1 || v.Int > 3660*schema.Day {
		return 0, fmt.Errorf("%w: a half-life of %s", errArguments, v)
	}
	return v.Int, nil
}

func (f *decayed) Reset(events *Events) { f.events, f.ready = events, false }

// build computes the terms and the sums of whole tiles.
func (f *decayed) build() {
	f.ready = true
	times := f.events.Time
	f.terms, f.infinite = sized(f.terms, len(times)), sized(f.infinite, len(times)+1)
	f.starts, f.tiles = f.starts[:0], f.tiles[:0]
	f.infinite[0] = 0
	length := f.life * tileLives
	for i, t := range times {
		start := schema.FloorDiv(t, length) * length
		if i == 0 || start != f.tiles[len(f.tiles)-1] {
			f.starts, f.tiles = append(f.starts, int32(i)), append(f.tiles, start)
		}
		term := elementary.Exp2(float64(t-start) / float64(f.life))
		if !f.count {
			term = float64(floatAt(&f.events.Arguments[0], i, f.scale) * term)
		}
		f.infinite[i+1] = f.infinite[i]
		// Sums are of finite terms. The others are counted beside them, so that a window without one
		// has its value again.
		if math.IsInf(term, 0) {
			term = 0
			f.infinite[i+1]++
		}
		f.terms[i] = term
	}
	f.starts = append(f.starts, int32(len(times)))
	f.sums.BuildFloats(f.terms)
	f.whole, f.spoilt = sized(f.whole, len(f.tiles)), sized(f.spoilt, len(f.tiles)+1)
	f.spoilt[0] = 0
	for k := range f.tiles {
		f.whole[k] = f.sum(int(f.starts[k]), int(f.starts[k+1]), nil)
		f.spoilt[k+1] = f.spoilt[k]
		if math.IsInf(f.whole[k], 0) {
			f.spoilt[k+1]++
		}
	}
}

// sum returns the rounded sum of terms.
func (f *decayed) sum(from, to int, holes []int32) float64 {
	f.acc = sized(f.acc, f.sums.Limbs())
	f.sums.Range(from, to, f.acc)
	for _, i := range holes {
		f.sums.Remove(int(i), f.acc)
	}
	return exact.Float(f.acc, f.sums.Exponent())
}

func (f *decayed) Read(q *Question, out *Result) {
	in := q.Range
	if in.Count() == 0 {
		out.Null = !f.count
		return
	}
	if !f.ready {
		f.build()
	}
	lost := f.infinite[in.To] - f.infinite[in.From]
	for _, i := range in.Holes {
		lost -= f.infinite[i+1] - f.infinite[i]
	}
	if lost > 0 || !f.weigh(in, q.Boundary) {
		out.Null, out.NonFinite = true, true
		return
	}
	f.total.BuildFloats(f.products)
	f.acc = sized(f.acc, f.total.Limbs())
	f.total.Range(0, len(f.products), f.acc)
	out.store(exact.Float(f.acc, f.total.Exponent()))
}

// weigh lists the products of the tiles of a range, from the newest on, and reports whether all are
// finite. Tiles that have faded are asked only for that.
func (f *decayed) weigh(in window.Range, boundary int64) bool {
	f.products = f.products[:0]
	holes := in.Holes
	k := f.tileOf(in.To - 1)
	for ; k >= 0 && int(f.starts[k+1]) > in.From; k-- {
		from, to := max(in.From, int(f.starts[k])), min(in.To, int(f.starts[k+1]))
		cut := len(holes)
		for cut > 0 && int(holes[cut-1]) >= from {
			cut--
		}
		inside := holes[cut:]
		holes = holes[:cut]
		sum := f.whole[k]
		if from > int(f.starts[k]) || to < int(f.starts[k+1]) || len(inside) > 0 {
			sum = f.sum(from, to, inside)
		}
		age := float64(boundary-f.tiles[k]) / float64(f.life)
		// Behind a faded tile are only faded ones. Holes are left to the slow way, tile by tile.
		if age > faded && len(holes) == 0 && int(f.starts[k]) > in.From {
			return !math.IsInf(sum, 0) && f.oldAreFinite(in.From, k)
		}
		product := float64(sum * elementary.Exp2(-age))
		if math.IsInf(product, 0) || math.IsNaN(product) {
			return false
		}
		f.products = append(f.products, product)
	}
	return true
}

// oldAreFinite reports whether the sums of the tiles from a position to before tile end, which are
// whole but for the first and have no holes, are finite.
func (f *decayed) oldAreFinite(from, end int) bool {
	first := f.tileOf(from)
	if int(f.starts[first]) < from {
		if math.IsInf(f.sum(from, int(f.starts[first+1]), nil), 0) {
			return false
		}
		first++
	}
	return f.spoilt[end] == f.spoilt[first]
}

// tileOf returns the tile of a position: the last that starts at or before it.
func (f *decayed) tileOf(position int) int {
	low, high := 0, len(f.tiles)
	for high-low > 1 {
		if middle := (low + high) / 2; int(f.starts[middle]) <= position {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
