package file

import (
	"hash/maphash"
	"math/bits"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// identity is what the table keeps of a row: 96 bits of its id, then 32 bits of its event time. The
// zero identity stands for a free place.
type identity struct{ id, rest uint64 }

// seeds are drawn for each scan. They decide nothing but which ids would be confused.
type seeds struct{ first, second maphash.Seed }

func newSeeds() seeds { return seeds{maphash.MakeSeed(), maphash.MakeSeed()} }

// identities hashes the ids of a chunk; a null id gives the zero identity.
func (s seeds) identities(ids *batch.Column, times []int64) []identity {
	out := make([]identity, ids.Length)
	var dict []identity
	if ids.Dict != nil && ids.Dict.Length < ids.Length {
		dict = make([]identity, ids.Dict.Length)
		for i := range dict {
			dict[i] = s.text(ids.Dict.Text(i))
		}
	}
	for i := range out {
		switch {
		case ids.IsNull(i):
			continue
		case dict != nil:
			out[i] = dict[ids.Codes[i]]
		default:
			out[i] = s.cell(ids, i)
		}
		// The low half of rest is given to the event time; a set bit keeps it from being zero.
		out[i].rest = out[i].rest&^0xFFFFFFFF | mix(uint64(times[i]))>>32 | 1
	}
	return out
}

func (s seeds) cell(ids *batch.Column, i int) identity {
	switch ids.Type.Kind {
	case schema.String, schema.Bytes, schema.JSON:
		return s.text(ids.Text(i))
	case schema.Bool:
		return s.number(ids.Value(i).Int, 0)
	case schema.Float64:
		return s.text(ids.Value(i).String())
	case schema.Decimal:
		return s.number(ids.Decimals[i].Hi, int64(ids.Decimals[i].Lo))
	default:
		return s.number(ids.Ints[i], 0)
	}
}

func (s seeds) text(text string) identity {
	return identity{maphash.String(s.first, text), maphash.String(s.second, text)}
}

// number needs no seed for one word: mix maps no two of them to one place.
func (s seeds) number(a, b int64) identity {
	return identity{mix(uint64(a)),
		mix(uint64(b) ^ bits.RotateLeft64(uint64(a), 32) ^ 0x9E3779B97F4A7C15)}
}

// mix spreads the bits of a word, one to one.
func mix(x uint64) uint64 {
	x = (x ^ x>>32) * 0xD6E8FEB86659FD93
	x = (x ^ x>>32) * 0xD6E8FEB86659FD93
	return x ^ x>>32
}

// verdict is what the table says about a row.
type verdict uint8

const (
	fresh verdict = iota
	duplicate
	conflict
)

// shards is how many parts the table has: so many that one of them stays in the processor's cache
// while the rows of a chunk that belong to it are looked up.
const shards = 1024

// table is the ids so far. It is split into shards that grow one at a time, so that growing never
// holds twice the whole table.
type table struct {
	shards [shards]shard
	starts [shards + 1]int32 // reused from call to call
	order  []int32
}

type shard struct {
	places []identity
	used   int
	expect int // places to begin with
}

// newTable returns a table that has room for a number of rows, if it is known, without growing.
func newTable(rows int64) *table {
	t := &table{}
	for i := range t.shards {
		// Three quarters full at most, and a little more for shards that get more than others.
		t.shards[i].expect = int(max(0, rows)/shards*3/2) + 16
	}
	return t
}

// add enters rows in their order and calls found for those whose id is there already. Rows are
// taken shard by shard, which changes nothing: equal ids are in one shard, and keep their order.
func (t *table) add(rows []identity, found func(row int, v verdict)) {
	t.sort(rows)
	for i := range t.shards {
		s := &t.shards[i]
		for _, row := range t.order[t.starts[i]:t.starts[i+1]] {
			if v := s.add(rows[row]); v != fresh {
				found(int(row), v)
			}
		}
	}
}

// sort puts the rows that have an id into the order of their shards.
func (t *table) sort(rows []identity) {
	clear(t.starts[:])
	for _, x := range rows {
		if x.rest != 0 {
			t.starts[x.shard()+1]++
		}
	}
	for i := range shards {
		t.starts[i+1] += t.starts[i]
	}
	t.order = slices.Grow(t.order[:0], len(rows))[:t.starts[shards]]
	next := t.starts
	for i, x := range rows {
		if x.rest != 0 {
			at := x.shard()
			t.order[next[at]] = int32(i)
			next[at]++
		}
	}
}

func (x identity) shard() int { return int(x.id >> 54) }

// place spreads the hash below the bits of the shard evenly over n places.
func (x identity) place(n int) int {
	high, _ := bits.Mul64(x.id<<10, uint64(n))
	return int(high)
}

func (s *shard) add(x identity) verdict {
	if s.used*4 >= len(s.places)*3 {
		s.grow()
	}
	for at := x.place(len(s.places)); ; at++ {
		if at == len(s.places) {
			at = 0
		}
		switch place := &s.places[at]; {
		case place.rest == 0:
			*place = x
			s.used++
			return fresh
		case place.id == x.id && place.rest>>32 == x.rest>>32:
			if uint32(place.rest) != uint32(x.rest) {
				return conflict
			}
			return duplicate
		}
	}
}

func (s *shard) grow() {
	old := s.places
	s.places = make([]identity, max(64, s.expect, len(old)*3/2))
	for _, x := range old {
		if x.rest == 0 {
			continue
		}
		at := x.place(len(s.places))
		for s.places[at].rest != 0 {
			if at++; at == len(s.places) {
				at = 0
			}
		}
		s.places[at] = x
	}
}
