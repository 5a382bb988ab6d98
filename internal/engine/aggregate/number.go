package aggregate

import (
	"cmp"
	"math"
	"slices"

	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/schema"
)

// pair is a value and where it is. The order of keys is that of the values, and equal values have
// equal keys.
type pair struct {
	key int64
	at  int32
}

// multiset is one argument of an entity, by the order of its values.
type multiset struct {
	values Values
	wide   bool    // decimals beyond 64 bits: their keys are in ranks
	ranks  []int64 // of wide decimals
	effort effort

	numbered bool
	numbers  []int32 // by position: the number of the value in the order of the different values
	places   []int32 // by number: a position with the value

	pairs, spare []pair
	holes        []int32
}

// effort says when the structures over the whole entity pay: when the short ways have cost about as
// much as building does.
type effort struct{ spent, worth int }

// shortRange is the number of events up to which the short way is always taken.
const shortRange = 32

// short reports whether a range of n events is answered without structures.
func (e *effort) short(n int) bool {
	if n <= shortRange {
		return true
	}
	if e.spent > e.worth {
		return false
	}
	e.spent += n
	return e.spent <= e.worth
}

// roomy is how much memory, in values, is kept for the next entity whatever its size. More is given
// back when an entity comes that needs far less: one of a million events must not cost its memory
// for ever.
const roomy = 1 << 16

func (m *multiset) reset(v *Values) {
	if most := max(cap(m.numbers), cap(m.pairs)); most > roomy && most/8 > v.length() {
		*m = multiset{}
	}
	m.values, m.numbered, m.wide = *v, false, false
	m.effort = effort{worth: v.length()}
	for _, x := range v.Decimals[:v.lengthOf(window.Decimals)] {
		if x.Hi != int64(x.Lo)>>63 {
			m.wide = true
			m.rank()
			return
		}
	}
}

func (v *Values) length() int {
	return v.lengthOf(window.Ints) + v.lengthOf(window.Floats) + v.lengthOf(window.Decimals)
}

// lengthOf returns the number of values if they are of a kind, else 0.
func (v *Values) lengthOf(kind window.Kind) int {
	switch {
	case v.Kind != kind:
		return 0
	case kind == window.Ints:
		return len(v.Ints)
	case kind == window.Floats:
		return len(v.Floats)
	default:
		return len(v.Decimals)
	}
}

// rank gives wide decimals their place among all, equal ones the same.
func (m *multiset) rank() {
	decimals := m.values.Decimals
	order := make([]int32, len(decimals))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return decimals[a].Compare(decimals[b]) })
	m.ranks = sized(m.ranks, len(decimals))
	for k, i := range order {
		m.ranks[i] = int64(k)
		if k > 0 && decimals[i] == decimals[order[k-1]] {
			m.ranks[i] = m.ranks[order[k-1]]
		}
	}
}

// key returns the key of the value at a position.
func (m *multiset) key(i int) int64 {
	switch {
	case m.values.Kind == window.Ints:
		return m.values.Ints[i]
	case m.values.Kind == window.Floats:
		return floatKey(m.values.Floats[i])
	case m.wide:
		return m.ranks[i]
	default:
		return int64(m.values.Decimals[i].Lo)
	}
}

// floatKey turns the bits of a float into an integer of the same order: the magnitude of negative
// numbers is turned round. There is no negative zero.
func floatKey(x float64) int64 {
	bits := int64(math.Float64bits(x))
	return bits ^ int64(uint64(bits>>63)>>1)
}

// sorted returns the values of a range in their order, equal ones in the order of events. It is
// valid until the next call.
func (m *multiset) sorted(in window.Range) []pair {
	m.pairs = m.pairs[:0]
	hole := 0
	for i := in.From; i < in.To; i++ {
		if hole < len(in.Holes) && int(in.Holes[hole]) == i {
			hole++
			continue
		}
		m.pairs = append(m.pairs, pair{m.key(i), int32(i)})
	}
	m.sort()
	return m.pairs
}

// number numbers the different values of the entity.
func (m *multiset) number() {
	if m.numbered {
		return
	}
	m.numbered = true
	n := m.values.length()
	m.sorted(window.Range{To: n})
	m.numbers, m.places = sized(m.numbers, n), m.places[:0]
	for k, p := range m.pairs {
		if k == 0 || p.key != m.pairs[k-1].key {
			m.places = append(m.places, p.at)
		}
		m.numbers[p.at] = int32(len(m.places) - 1)
	}
	if cap(m.pairs) > roomy {
		m.pairs, m.spare = nil, nil
	}
}

// radixFrom is the number of pairs from which sorting byte by byte is faster.
const radixFrom = 192

// sort brings the pairs in order, equal keys in the order they are in.
func (m *multiset) sort() {
	if len(m.pairs) < radixFrom {
		slices.SortFunc(m.pairs, func(a, b pair) int {
			if c := cmp.Compare(a.key, b.key); c != 0 {
				return c
			}
			return cmp.Compare(a.at, b.at)
		})
		return
	}
	least, most := m.pairs[0].key, m.pairs[0].key
	for _, p := range m.pairs {
		least, most = min(least, p.key), max(most, p.key)
	}
	// Distances from the least key have the same order and fewer bytes.
	m.spare = sized(m.spare, len(m.pairs))
	for shift := uint(0); shift < 64 && uint64(most-least)>>shift > 0; shift += 8 {
		var starts [257]int32
		for _, p := range m.pairs {
			starts[uint64(p.key-least)>>shift&0xFF+1]++
		}
		for k := range 256 {
			starts[k+1] += starts[k]
		}
		for _, p := range m.pairs {
			digit := uint64(p.key-least) >> shift & 0xFF
			m.spare[starts[digit]] = p
			starts[digit]++
		}
		m.pairs, m.spare = m.spare, m.pairs
	}
}

// holeNumbers returns the numbers of the values at holes, ascending, valid until the next call.
func (m *multiset) holeNumbers(holes []int32) []int32 {
	m.holes = m.holes[:0]
	for _, i := range holes {
		m.holes = append(m.holes, m.numbers[i])
	}
	slices.Sort(m.holes)
	return m.holes
}

// sized returns a slice of length n, with the old memory if it is enough and not far too much; the
// content is anything.
func sized[T any](s []T, n int) []T {
	if cap(s) < n || cap(s) > roomy && cap(s)/8 > n {
		return make([]T, n, n+n/4+8)
	}
	return s[:n]
}

// small returns a decimal that fits in int64.
func small(v schema.Int128) (int64, bool) { return int64(v.Lo), v.Hi == int64(v.Lo)>>63 }
