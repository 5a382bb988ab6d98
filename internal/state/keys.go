package state

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// The first byte of a key says what it belongs to.
const (
	prefixMeta     = 0x01
	prefixRow      = 0x10
	prefixIdentity = 0x20
	prefixSample   = 0x40
)

// tail is the length of what follows the entity in the key of a row: event time and order.
const tail = 16

// ErrCorrupt is wrapped by every error about stored bytes that make no sense.
var ErrCorrupt = errors.New("online state is damaged")

// corrupt names the key, so that the damage can be found and what it belongs to be filled again.
func corrupt(key []byte, format string, args ...any) error {
	return fmt.Errorf("%w at key %x: %s; remove the state directory, it is built again from the "+
		"log and history", ErrCorrupt, key, fmt.Sprintf(format, args...))
}

// appendFeed begins the keys of the rows of a feed.
func appendFeed(dst []byte, feed uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, prefixRow), feed)
}

// appendEntity appends the key of an entity; false if a column of it is null. The encoding has no
// key that begins with another one, so the rows of an entity are those with its key in front.
func appendEntity(dst []byte, columns []*batch.Column, row int) ([]byte, bool) {
	for _, c := range columns {
		if c.IsNull(row) {
			return dst, false
		}
		switch c.Type.Kind {
		case schema.String, schema.Bytes:
			dst = schema.AppendKeyText(dst, c.Text(row))
		case schema.Bool:
			number := int64(0)
			if c.Bools[row] {
				number = 1
			}
			dst = schema.AppendKeyInt(dst, number)
		default:
			dst = schema.AppendKeyInt(dst, c.Ints[row])
		}
	}
	return dst, true
}

// appendPlace appends event time and order, so that keys compare as they do.
func appendPlace(dst []byte, eventTime int64, order uint64) []byte {
	return binary.BigEndian.AppendUint64(schema.AppendKeyInt(dst, eventTime), order)
}

// place reads what appendPlace wrote at the end of the key of a row of the entity.
func place(key []byte, entity int) (eventTime int64, order uint64, err error) {
	if len(key) != entity+tail {
		return 0, 0, corrupt(key, "the key of a row has %d bytes, not %d", len(key), entity+tail)
	}
	return keyInt(key[entity:]), binary.BigEndian.Uint64(key[entity+8:]), nil
}

func keyInt(key []byte) int64 { return int64(binary.BigEndian.Uint64(key) ^ 1<<63) }

// after returns the least key that is greater than every key with the prefix. No prefix here is all
// ones, so there is one.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	panic("BUG: no key is after " + fmt.Sprintf("%x", prefix))
}
