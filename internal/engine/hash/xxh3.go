package hash

import (
	"encoding/binary"
	"math/bits"
)

// The constants of the specification, https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md.
const (
	prime32A = 0x9E3779B1
	prime32B = 0x85EBCA77
	prime32C = 0xC2B2AE3D
	prime64A = 0x9E3779B185EBCA87
	prime64B = 0xC2B2AE3D27D4EB4F
	prime64C = 0x165667B19E3779F9
	prime64D = 0x85EBCA77C2B2AE63
	prime64E = 0x27D4EB2F165667C5
	mixA     = 0x165667919E3779F9
	mixB     = 0x9FB21C651E98DF25
)

const (
	stripe = 64            // bytes that change every accumulator once
	block  = 16 * stripe   // bytes between two scrambles
	last   = len(key) - 71 // where the key of the last stripe begins
)

// key is the default secret of the specification.
const key = "\xb8\xfe\x6c\x39\x23\xa4\x4b\xbe\x7c\x01\x81\x2c\xf7\x21\xad\x1c" +
	"\xde\xd4\x6d\xe9\x83\x90\x97\xdb\x72\x40\xa4\xa4\xb7\xb3\x67\x1f" +
	"\xcb\x79\xe6\x4e\xcc\xc0\xe5\x78\x82\x5a\xd0\x7d\xcc\xff\x72\x21" +
	"\xb8\x08\x46\x74\xf7\x43\x24\x8e\xe0\x35\x90\xe6\x81\x3a\x26\x4c" +
	"\x3c\x28\x52\xbb\x91\xc3\x00\xcb\x88\xd0\x65\x8b\x1b\x53\x2e\xa3" +
	"\x71\x64\x48\x97\xa2\x0d\xf9\x4e\x38\x19\xef\x46\xa9\xde\xac\xd8" +
	"\xa8\xfa\x76\x3f\xe3\x9c\x34\x3f\xf9\xdc\xbb\xc7\xc7\x0b\x4f\x1d" +
	"\x8a\x51\xe0\x4b\xcd\xb4\x59\x31\xc8\x9f\x7e\xc9\xd9\x78\x73\x64" +
	"\xea\xc5\xac\x83\x34\xd3\xeb\xc3\xc5\x81\xa0\xff\xfa\x13\x63\xeb" +
	"\x17\x0d\xdd\x51\xb7\xf0\xda\x49\xd3\x16\x55\x26\x29\xd4\x68\x9e" +
	"\x2b\x16\xbe\x58\x7d\x47\xa1\xfc\x8f\xf8\xb8\xd1\x7a\xd0\x31\xce" +
	"\x45\xcb\x3a\x8f\x95\x16\x04\x28\xaf\xd7\xfb\xca\xbb\x4b\x40\x7e"

// keyWord reads eight bytes of the key.
func keyWord(at int) uint64 {
	k := key[at : at+8]
	return uint64(k[0]) | uint64(k[1])<<8 | uint64(k[2])<<16 | uint64(k[3])<<24 |
		uint64(k[4])<<32 | uint64(k[5])<<40 | uint64(k[6])<<48 | uint64(k[7])<<56
}

func word(data []byte) uint64 { return binary.LittleEndian.Uint64(data) }

// folded multiplies to 128 bits and merges the halves.
func folded(x, y uint64) uint64 {
	high, low := bits.Mul64(x, y)
	return high ^ low
}

func avalanche(x uint64) uint64 {
	x ^= x >> 37
	x *= mixA
	return x ^ x>>32
}

// avalanche64 is the final mixing of XXH64, which the shortest inputs have.
func avalanche64(x uint64) uint64 {
	x ^= x >> 33
	x *= prime64B
	x ^= x >> 29
	x *= prime64C
	return x ^ x>>32
}

// Sum64 returns XXH3-64 of the bytes, with seed 0.
func Sum64(data []byte) uint64 {
	switch n := len(data); {
	case n == 0:
		return avalanche64(keyWord(56) ^ keyWord(64))
	case n < 4:
		joined := uint64(data[n-1]) | uint64(n)<<8 | uint64(data[0])<<16 | uint64(data[n>>1])<<24
		return avalanche64(joined ^ (keyWord(0)^keyWord(0)>>32)&0xFFFFFFFF)
	case n <= 8:
		return upTo8(data)
	case n <= 16:
		return upTo16(data)
	case n <= 240:
		return upTo240(data)
	default:
		return long(data)
	}
}

func upTo8(data []byte) uint64 {
	n := len(data)
	first, final := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[n-4:])
	x := (uint64(final) | uint64(first)<<32) ^ keyWord(8) ^ keyWord(16)
	x ^= bits.RotateLeft64(x, 49) ^ bits.RotateLeft64(x, 24)
	x *= mixB
	x ^= x>>35 + uint64(n)
	x *= mixB
	return x ^ x>>28
}

func upTo16(data []byte) uint64 {
	n := len(data)
	low := word(data) ^ keyWord(24) ^ keyWord(32)
	high := word(data[n-8:]) ^ keyWord(40) ^ keyWord(48)
	return avalanche(uint64(n) + bits.ReverseBytes64(low) + high + folded(low, high))
}

// chunk mixes 16 bytes with as many of the key.
func chunk(data []byte, at int) uint64 {
	return folded(word(data)^keyWord(at), word(data[8:])^keyWord(at+8))
}

// upTo240 takes pairs of chunks from both ends up to 128 bytes, and chunks in order beyond.
func upTo240(data []byte) uint64 {
	n := len(data)
	x := uint64(n) * prime64A
	if n <= 128 {
		for i := (n - 1) >> 5; i >= 0; i-- {
			x += chunk(data[16*i:], 32*i) + chunk(data[n-16*i-16:], 32*i+16)
		}
		return avalanche(x)
	}
	for i := range 8 {
		x += chunk(data[16*i:], 16*i)
	}
	x = avalanche(x)
	for i := 8; i < n>>4; i++ {
		x += chunk(data[16*i:], 16*(i-8)+3)
	}
	return avalanche(x + chunk(data[n-16:], 119))
}

// accumulators is the state of a long input.
type accumulators [8]uint64

// add takes in one stripe with the key from a place on.
func (a *accumulators) add(data []byte, at int) {
	for i := range a {
		x := word(data[8*i:])
		y := x ^ keyWord(at+8*i)
		a[i^1] += x
		a[i] += (y & 0xFFFFFFFF) * (y >> 32)
	}
}

// scramble follows every whole block but the last.
func (a *accumulators) scramble() {
	for i, x := range a {
		a[i] = (x ^ x>>47 ^ keyWord(len(key)-64+8*i)) * prime32A
	}
}

func long(data []byte) uint64 {
	n := len(data)
	a := accumulators{
		prime32C, prime64A, prime64B, prime64C, prime64D, prime32B, prime64E, prime32A,
	}
	rest := data
	for ; len(rest) > block; rest = rest[block:] {
		for i := range block / stripe {
			a.add(rest[i*stripe:], 8*i)
		}
		a.scramble()
	}
	for i := range (len(rest) - 1) / stripe {
		a.add(rest[i*stripe:], 8*i)
	}
	a.add(data[n-stripe:], last)
	x := uint64(n) * prime64A
	for i := 0; i < len(a); i += 2 {
		x += folded(a[i]^keyWord(11+8*i), a[i+1]^keyWord(19+8*i))
	}
	return avalanche(x)
}
