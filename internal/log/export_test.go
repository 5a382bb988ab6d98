package log

import "encoding/binary"

// Waiting is how many appends wait for the writer.
func (l *Log) Waiting() int { return len(l.requests) }

// NewerHeader is the header of a segment that a later release wrote.
func NewerHeader() []byte {
	b := header{epoch: 1, first: 4}.encode()[:headerSize-4]
	b[8]++
	return binary.LittleEndian.AppendUint32(b, checksum(0, b))
}

// Segments is how many segments can be read.
func (l *Log) Segments() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.segments)
}
