package state

import (
	"encoding/binary"
	"fmt"
)

// formatVersion is the version of all keys and values. A greater one is refused.
const formatVersion = 1

// The names of meta keys. What follows a name that ends in zero tells which one of its kind it is.
const (
	metaFormat   = "format"
	metaPosition = "position"
	metaNext     = "next"
	metaFeed     = "feed\x00"
	metaSource   = "source\x00"
	metaView     = "view\x00"
)

// metaKey returns the key of something that there is one of.
func metaKey(name string) []byte { return append([]byte{prefixMeta}, name...) }

// metaOf returns the key of something that belongs to a source.
func metaOf(name string, source uint32, rest string) []byte {
	return append(binary.BigEndian.AppendUint32(metaKey(name), source), rest...)
}

// readMeta begins to read a meta value: its version comes first.
func readMeta(value []byte) *decoder {
	d := &decoder{data: value}
	if version := d.byte(); d.err == nil && version != formatVersion {
		d.fail(fmt.Errorf("version %d is not known", version))
	}
	return d
}

// end fails if something is left.
func (d *decoder) end() error {
	if d.err == nil && len(d.data) > 0 {
		d.fail(errSpare)
	}
	return d.err
}

// Position is a place in the log, and the time from which requests see what was applied up to it.
type Position struct {
	Epoch     uint32
	Sequence  uint64
	VisibleAt int64
}

func (p Position) append(dst []byte) []byte {
	dst = binary.AppendUvarint(append(dst, formatVersion), uint64(p.Epoch))
	return binary.AppendVarint(binary.AppendUvarint(dst, p.Sequence), p.VisibleAt)
}

// readPosition reads what append wrote; an epoch beyond its type is damage, not a smaller one.
func readPosition(value []byte) (p Position, err error) {
	d := readMeta(value)
	epoch := d.uvarint()
	p = Position{Epoch: uint32(epoch), Sequence: d.uvarint(), VisibleAt: d.varint()}
	if uint64(p.Epoch) != epoch {
		d.fail(errNumber)
	}
	return p, d.end()
}

// The life of a feed: it is new and not filled; filled; or was not kept up while it was not in use,
// so that rows are missing.
const (
	filling = 1 + iota
	ready
	left
)

// appendFeedMeta writes the number of a feed and where it is in its life.
func appendFeedMeta(dst []byte, id uint32, status byte) []byte {
	return append(binary.BigEndian.AppendUint32(append(dst, formatVersion), id), status)
}

func readFeedMeta(value []byte) (id uint32, status byte, err error) {
	d := readMeta(value)
	if b := d.bytes(4); b != nil {
		id = binary.BigEndian.Uint32(b)
	}
	status = d.byte()
	if d.err == nil && (status < filling || status > left) {
		d.fail(fmt.Errorf("a feed has no status %d", status))
	}
	return id, status, d.end()
}

// appendCounters writes numbers that never are negative.
func appendCounters(dst []byte, counters ...int64) []byte {
	dst = append(dst, formatVersion)
	for _, n := range counters {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	return dst
}
