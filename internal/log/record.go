package log

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Op is what a record does to the history of its target. The log stores it and does not interpret
// it.
type Op uint8

// The operations of format version 1. Replace and Delete are the corrections of an earlier event.
const (
	Insert  Op = 1
	Replace Op = 2
	Delete  Op = 3
	// Mark carries no event: it notes, among the events, what became of those before it.
	Mark Op = 4
)

func (o Op) known() bool { return Insert <= o && o <= Mark }

// opSeal marks the end of a segment that was closed in order. It is no event.
const opSeal Op = 0xff

// MaxPayload is the longest payload of one record in bytes.
const MaxPayload = 16 << 20

// Record is one event as it is handed to the log.
type Record struct {
	Op Op
	// Target is the number of the source.
	Target uint32
	// Key is the number of the key that the payload is encrypted with. Format version 1 has no
	// encryption: it is 0.
	Key uint32
	// ReceivedAt is when the event arrived, in microseconds. 0 asks the log for its own time, which
	// then never goes back from one such record to the next.
	ReceivedAt int64
	Payload    []byte
}

// Entry is a record as it stands in the log.
type Entry struct {
	Position
	Record
}

// Position is the place of a record. Later records have greater positions.
type Position struct {
	Epoch    uint32
	Sequence uint64
}

// Compare is negative, 0 or positive as p lies before, at or after another position.
func (p Position) Compare(other Position) int {
	return cmp.Or(cmp.Compare(p.Epoch, other.Epoch), cmp.Compare(p.Sequence, other.Sequence))
}

// String writes a position as ParsePosition reads it: "3-1042".
func (p Position) String() string { return fmt.Sprintf("%d-%d", p.Epoch, p.Sequence) }

// ParsePosition reads what String wrote, and nothing else.
func ParsePosition(text string) (Position, error) {
	left, right, _ := strings.Cut(text, "-")
	epoch, err := strconv.ParseUint(left, 10, 32)
	sequence, err2 := strconv.ParseUint(right, 10, 64)
	p := Position{Epoch: uint32(epoch), Sequence: sequence}
	if err != nil || err2 != nil || p.String() != text {
		return Position{}, fmt.Errorf("%q is no position; write EPOCH-SEQUENCE, such as 3-1042", text)
	}
	return p, nil
}

func (r *Record) check() error {
	switch {
	case !r.Op.known():
		return fmt.Errorf("%w: unknown operation %d", ErrInvalid, r.Op)
	case r.Key != 0:
		return fmt.Errorf("%w: key %d, but payloads are not encrypted yet; use 0", ErrInvalid, r.Key)
	case len(r.Payload) > MaxPayload:
		return fmt.Errorf("payload of %d bytes, at most %d: %w", len(r.Payload), MaxPayload, ErrTooLarge)
	default:
		return nil
	}
}
