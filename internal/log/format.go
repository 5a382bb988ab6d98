package log

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Sizes and marks of format version 1. All integers are little-endian.
const (
	formatVersion = 1
	magic         = "FETTLLOG"
	headerSize    = 32
	frameSize     = 44 // of a record without its payload
	flagGroupEnd  = 1
)

func checksum(salt uint32, data []byte) uint32 {
	return crc32.Update(salt, crc32.MakeTable(crc32.Castagnoli), data)
}

// header is the beginning of a segment. The salt is drawn for each segment and goes into every
// checksum, so that neither the remains of another file nor a payload that was made to look like a
// record passes for one.
type header struct {
	epoch uint32
	first uint64
	salt  uint32
}

func (h header) encode() []byte {
	b := append(make([]byte, 0, headerSize), magic...)
	b = binary.LittleEndian.AppendUint32(b, formatVersion)
	b = binary.LittleEndian.AppendUint32(b, h.epoch)
	b = binary.LittleEndian.AppendUint64(b, h.first)
	b = binary.LittleEndian.AppendUint32(b, h.salt)
	return binary.LittleEndian.AppendUint32(b, checksum(0, b))
}

var errHeader = errors.New("the header is damaged")

func decodeHeader(b []byte) (header, error) {
	if len(b) < headerSize || string(b[:8]) != magic {
		return header{}, errHeader
	}
	if binary.LittleEndian.Uint32(b[28:]) != checksum(0, b[:28]) {
		return header{}, errHeader
	}
	if version := binary.LittleEndian.Uint32(b[8:]); version != formatVersion {
		return header{}, fmt.Errorf("format version %d: %w", version, ErrVersion)
	}
	return header{
		epoch: binary.LittleEndian.Uint32(b[12:]),
		first: binary.LittleEndian.Uint64(b[16:]),
		salt:  binary.LittleEndian.Uint32(b[24:]),
	}, nil
}

// frame is a record with what the log adds to it.
type frame struct {
	Entry
	// batch is the place of the record in what was synced together, counted from 0.
	batch uint32
	// groupEnd marks the last record of an append.
	groupEnd bool
}

func (f *frame) size() int64 { return frameSize + int64(len(f.Payload)) }

// appendFrame encodes a record with everything that is known before its batch is: place and
// checksum are left for seal.
func appendFrame(b []byte, r *Record, groupEnd bool) []byte {
	var f [frameSize]byte
	binary.LittleEndian.PutUint32(f[4:], uint32(len(r.Payload)))
	binary.LittleEndian.PutUint64(f[16:], uint64(r.ReceivedAt))
	binary.LittleEndian.PutUint32(f[28:], r.Target)
	binary.LittleEndian.PutUint32(f[32:], r.Key)
	f[40] = byte(r.Op)
	if groupEnd {
		f[41] = flagGroupEnd
	}
	return append(append(b, f[:]...), r.Payload...)
}

// seal completes the first encoded record of b and returns the rest of b. now stands in for a time
// of 0.
func seal(b []byte, at Position, batch uint32, now int64, salt uint32) []byte {
	size := frameSize + int(binary.LittleEndian.Uint32(b[4:]))
	binary.LittleEndian.PutUint64(b[8:], at.Sequence)
	if binary.LittleEndian.Uint64(b[16:]) == 0 {
		binary.LittleEndian.PutUint64(b[16:], uint64(now))
	}
	binary.LittleEndian.PutUint32(b[24:], at.Epoch)
	binary.LittleEndian.PutUint32(b[36:], batch)
	binary.LittleEndian.PutUint32(b, checksum(salt, b[4:size]))
	return b[size:]
}

var (
	errShort    = errors.New("a record is cut off")
	errLength   = errors.New("a record has an impossible length")
	errField    = errors.New("a record has an impossible field")
	errChecksum = errors.New("a record does not match its checksum")
)

// frameLength looks at the fixed part of a record, which b must hold whole, and returns the size of
// all of it. It checks only what is cheap.
func frameLength(b []byte) (int64, error) {
	length := binary.LittleEndian.Uint32(b[4:])
	if length > MaxPayload {
		return 0, errLength
	}
	op := Op(b[40])
	known := op.known() || (op == opSeal && length == 0)
	if !known || b[41]&^flagGroupEnd != 0 || b[42] != 0 || b[43] != 0 {
		return 0, errField
	}
	return frameSize + int64(length), nil
}

// decodeFrame decodes the record at the beginning of b. The payload is a part of b.
func decodeFrame(b []byte, h header) (frame, error) {
	if len(b) < frameSize {
		return frame{}, errShort
	}
	size, err := frameLength(b)
	if err != nil {
		return frame{}, err
	}
	if int64(len(b)) < size {
		return frame{}, errShort
	}
	b = b[:size:size]
	if binary.LittleEndian.Uint32(b) != checksum(h.salt, b[4:]) {
		return frame{}, errChecksum
	}
	var f frame
	f.Sequence = binary.LittleEndian.Uint64(b[8:])
	f.ReceivedAt = int64(binary.LittleEndian.Uint64(b[16:]))
	f.Epoch = binary.LittleEndian.Uint32(b[24:])
	f.Target = binary.LittleEndian.Uint32(b[28:])
	f.Key = binary.LittleEndian.Uint32(b[32:])
	f.batch = binary.LittleEndian.Uint32(b[36:])
	f.Op, f.groupEnd = Op(b[40]), b[41]&flagGroupEnd != 0
	f.Payload = b[frameSize:]
	if f.Epoch != h.epoch || f.Sequence < h.first || uint64(f.batch) > f.Sequence-h.first {
		return frame{}, errField
	}
	return f, nil
}
