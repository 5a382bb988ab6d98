package state

import (
	"encoding/binary"
	"errors"

	"github.com/fettle-ml/fettle/internal/schema"
)

// errShort is what a decoder reports when a value ends before all of it was read.
var errShort = errors.New("the value ends too early")

// errNumber is what a decoder reports about a number of variable length that does not end.
var errNumber = errors.New("a number does not fit its type")

// decoder reads the parts of a stored value. After a failure every read returns zero, so that the
// error is looked at once, at the end.
type decoder struct {
	data []byte
	err  error
}

// fail keeps the first error only: those that follow from it would hide the cause.
func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.data = nil
}

// bytes returns the next n bytes of the value itself, not a copy.
func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.data)) {
		d.fail(errShort)
		return nil
	}
	out := d.data[:n:n]
	d.data = d.data[n:]
	return out
}

func (d *decoder) byte() byte {
	if len(d.data) == 0 {
		d.fail(errShort)
		return 0
	}
	b := d.data[0]
	d.data = d.data[1:]
	return b
}

func (d *decoder) uint64() uint64 {
	b := d.bytes(8)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// uvarint reads a number as encoding/binary writes it. An encoding longer than needed is accepted.
func (d *decoder) uvarint() uint64 {
	x, n := binary.Uvarint(d.data)
	switch {
	case n > 0:
		d.data = d.data[n:]
		return x
	case n == 0:
		d.fail(errShort)
	default:
		d.fail(errNumber)
	}
	return 0
}

func (d *decoder) varint() int64 {
	x := d.uvarint()
	return int64(x>>1) ^ -int64(x&1)
}

// int128 reads what appendInt128 wrote.
func (d *decoder) int128() schema.Int128 {
	var hi, lo uint64
	for shift := uint(0); ; shift += 7 {
		b := d.byte()
		low := uint64(b & 0x7F)
		if shift > 126 || shift == 126 && low > 3 {
			d.fail(errNumber)
			return schema.Int128{}
		}
		if shift < 64 {
			lo |= low << shift
		}
		if shift > 57 {
			hi |= shifted(low, int(shift)-64)
		}
		if b < 0x80 {
			break
		}
	}
	sign := -(lo & 1)
	return schema.Int128{Hi: int64(hi>>1 ^ sign), Lo: (lo>>1 | hi<<63) ^ sign}
}

// shifted moves the bits of x to the left, or to the right if by is negative.
func shifted(x uint64, by int) uint64 {
	if by < 0 {
		return x >> -by
	}
	return x << by
}

// appendInt128 appends a number in groups of seven bits, the lowest first, the sign in the lowest
// bit, as varints of 64 bits have it.
func appendInt128(dst []byte, v schema.Int128) []byte {
	sign := uint64(v.Hi >> 63)
	hi, lo := uint64(v.Hi)<<1|v.Lo>>63, v.Lo<<1
	hi, lo = hi^sign, lo^sign
	for hi != 0 || lo >= 0x80 {
		dst = append(dst, byte(lo)|0x80)
		hi, lo = hi>>7, lo>>7|hi<<57
	}
	return append(dst, byte(lo))
}
