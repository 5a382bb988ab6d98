package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
)

// valueVersion is the first byte of the value of a row.
const valueVersion = 1

// The flags of a row say which of its times are there.
const (
	flagReceived = 1 << iota
	flagVisible
	knownFlags = flagReceived | flagVisible
)

// times are the times of a row; engine.NoTime where a row of a file has none.
type times struct{ event, received, visible int64 }

// appendValue appends the value of a row: everything but what its key says. The columns are the
// stored ones.
func appendValue(dst []byte, t times, columns []*batch.Column, row int) []byte {
	flags, last := byte(0), t.event
	if t.received != engine.NoTime {
		flags |= flagReceived
	}
	if t.visible != engine.NoTime {
		flags |= flagVisible
	}
	dst = append(dst, valueVersion, flags)
	// Times lie close together, so each is stored as the distance from the one before.
	if t.received != engine.NoTime {
		dst, last = binary.AppendVarint(dst, t.received-last), t.received
	}
	if t.visible != engine.NoTime {
		dst = binary.AppendVarint(dst, t.visible-last)
	}
	dst = binary.AppendUvarint(dst, uint64(len(columns)))
	nulls := len(dst)
	for range (len(columns) + 7) / 8 {
		dst = append(dst, 0)
	}
	for i, c := range columns {
		if c.Type.Kind == schema.Null || c.IsNull(row) {
			dst[nulls+i/8] |= 1 << (i % 8)
			continue
		}
		dst = appendCell(dst, c, row)
	}
	return dst
}

// appendCell appends a value that is not null. Ids are hashed in this form too, so it must not
// change without a new version of both.
func appendCell(dst []byte, c *batch.Column, row int) []byte {
	switch c.Type.Kind {
	case schema.Bool:
		if c.Bools[row] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case schema.Float64:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(c.Floats[row]))
	case schema.Decimal:
		return appendInt128(dst, c.Decimals[row])
	case schema.String, schema.Bytes, schema.JSON:
		text := c.Text(row)
		return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
	case schema.List, schema.Vector, schema.Map:
		return appendItems(dst, c, row)
	default:
		return binary.AppendVarint(dst, c.Ints[row])
	}
}

// header reads the times of a row and checks how many columns follow.
func (d *decoder) header(eventTime int64, columns int) (t times) {
	t = times{event: eventTime, received: engine.NoTime, visible: engine.NoTime}
	if version := d.byte(); d.err == nil && version != valueVersion {
		d.fail(fmt.Errorf("version %d of a row is not known", version))
	}
	flags, last := d.byte(), eventTime
	if flags&^knownFlags != 0 {
		d.fail(fmt.Errorf("flags %#x of a row are not known", flags))
	}
	if flags&flagReceived != 0 {
		t.received = last + d.varint()
		last = t.received
	}
	if flags&flagVisible != 0 {
		t.visible = last + d.varint()
	}
	if n := d.uvarint(); d.err == nil && n != uint64(columns) {
		d.fail(fmt.Errorf("a row has %d columns, the source has %d", n, columns))
	}
	return t
}

var (
	errBool  = errors.New("a bool is neither 0 nor 1")
	errFloat = errors.New("a float is not finite or a negative zero")
	errSpare = errors.New("bytes follow the last column")
	errNulls = errors.New("a column that does not exist is null")
)

// columns reads the columns of a row. Those that are wanted (all if wanted is nil) are appended to
// out, which has one for each stored column; the others are skipped. After an error out is of no
// use.
func (d *decoder) columns(out []batch.Column, wanted []bool) {
	nulls := d.bytes(uint64(len(out)+7) / 8)
	if d.err != nil {
		return
	}
	if spare := len(out) % 8; spare != 0 && nulls[len(nulls)-1]>>spare != 0 {
		d.fail(errNulls)
	}
	for i := range out {
		c := &out[i]
		skip := wanted != nil && !wanted[i]
		if nulls[i/8]>>(i%8)&1 != 0 {
			if !skip {
				pushNull(c)
			}
			continue
		}
		if skip {
			d.skip(c.Type)
		} else {
			d.cell(c)
		}
		if d.err != nil {
			return
		}
	}
	if len(d.data) > 0 {
		d.fail(errSpare)
	}
}

// cell appends the next value to the column.
func (d *decoder) cell(c *batch.Column) {
	switch c.Type.Kind {
	case schema.Bool:
		b := d.byte()
		if b > 1 {
			d.fail(errBool)
		}
		c.Bools = append(c.Bools, b == 1)
	case schema.Float64:
		bits := d.uint64()
		x := math.Float64frombits(bits)
		if x-x != 0 || bits == 1<<63 {
			d.fail(errFloat)
		}
		c.Floats = append(c.Floats, x)
	case schema.Decimal:
		c.Decimals = append(c.Decimals, d.int128())
	case schema.String, schema.Bytes, schema.JSON:
		c.Data = append(c.Data, d.bytes(d.uvarint())...)
		c.Offsets = append(c.Offsets, uint32(len(c.Data)))
	case schema.List, schema.Vector, schema.Map:
		d.items(c)
	case schema.Null:
		d.fail(errNulls)
	default:
		c.Ints = append(c.Ints, d.varint())
	}
	pushValid(c)
}

// skip passes over a value that nobody wants, as far as its end; it looks no closer.
func (d *decoder) skip(t schema.Type) {
	switch t.Kind {
	case schema.Bool:
		d.byte()
	case schema.Float64:
		d.bytes(8)
	case schema.Decimal:
		d.int128()
	case schema.String, schema.Bytes, schema.JSON:
		d.bytes(d.uvarint())
	case schema.List, schema.Vector, schema.Map:
		d.skipItems(t)
	case schema.Null:
		d.fail(errNulls)
	default:
		d.uvarint()
	}
}
