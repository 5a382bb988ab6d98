package engine

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"unsafe"
)

// longestShort is how long a text is at most that a table of short keys takes.
const longestShort = 16

// shortKeys numbers integers and short texts. It is an open table whose entries hold the keys
// themselves: a look-up touches one place in memory, where a map of strings touches three.
type shortKeys struct {
	entries []shortEntry // a power of two, at most half of them taken
	used    int
	seed    uint64 // decides places, never a number: who chooses keys cannot make them collide
}

// shortEntry is one key: a text is told by its length and its first and last bytes, which overlap.
type shortEntry struct {
	low, high uint64
	length    int32
	number    int32 // and one; 0: the place is free
}

// shortOf packs a text of at most longestShort bytes.
func shortOf(key string) shortEntry {
	data, n := unsafe.Slice(unsafe.StringData(key), len(key)), len(key)
	e := shortEntry{length: int32(n)}
	switch {
	case n >= 8:
		e.low, e.high = binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint64(data[n-8:])
	case n >= 4:
		e.low = uint64(binary.LittleEndian.Uint32(data)) | uint64(binary.LittleEndian.Uint32(data[n-4:]))<<32
	case n > 0:
		e.low = uint64(data[0]) | uint64(data[n/2])<<8 | uint64(data[n-1])<<16
	}
	return e
}

// home is the first place where a key may be.
func (s *shortKeys) home(e *shortEntry) uint64 {
	high, low := bits.Mul64(e.low^s.seed, e.high^uint64(e.length)^0x9E3779B97F4A7C15)
	low = (low ^ high) * 0xD6E8FEB86659FD93
	return low ^ low>>32
}

// place returns where a key is, or the free place where it would be.
func (s *shortKeys) place(e shortEntry) *shortEntry {
	mask := uint64(len(s.entries) - 1)
	for at := s.home(&e); ; at++ {
		p := &s.entries[at&mask]
		if p.number == 0 || p.low == e.low && p.high == e.high && p.length == e.length {
			return p
		}
	}
}

// lookAhead is how many keys are looked up together.
const lookAhead = 64

// numbers looks keys up, at most lookAhead of them. Their places are touched first, without a
// decision between them, so that the memory is waited for once and not for one after the other: by
// then a table of a hundred thousand keys is in no near cache.
func (s *shortKeys) numbers(keys []shortEntry, out []int32) {
	mask := uint64(len(s.entries) - 1)
	touched := int32(0)
	for i := range keys {
		touched |= s.entries[s.home(&keys[i])&mask].number
	}
	for i := range keys {
		if out[i] = noEntity; touched != 0 {
			out[i] = s.place(keys[i]).number - 1
		}
	}
}

// number returns the number of a key, or noEntity.
func (s *shortKeys) number(e shortEntry) int32 {
	if s.used == 0 {
		return noEntity
	}
	return s.place(e).number - 1
}

// add gives a key that is not there its number.
func (s *shortKeys) add(e shortEntry, number int32) {
	if 2*s.used >= len(s.entries) {
		s.grow()
	}
	e.number = number + 1
	*s.place(e) = e
	s.used++
}

func (s *shortKeys) grow() {
	old := s.entries
	s.entries, s.seed = make([]shortEntry, max(16, 2*len(old))), maphash.String(maphash.MakeSeed(), "")
	for _, e := range old {
		if e.number != 0 {
			*s.place(e) = e
		}
	}
}
