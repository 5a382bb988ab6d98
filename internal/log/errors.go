package log

import (
	"errors"
	"fmt"
)

// What appends and readers return. They are wrapped with what happened.
var (
	// ErrFull says that the disk is full. Nothing of the append is in the log, and one made after
	// space was freed may succeed.
	ErrFull = errors.New("the disk is full; free space and send the events again")
	// ErrFailed says that a write or a sync failed earlier. The log can be read, but is appended to
	// only after it was opened again.
	ErrFailed = errors.New("the log takes no more events since a write failed; " +
		"check the disk and start again")
	// ErrUncertain says that waiting ended before the outcome was known: the records may be durable.
	ErrUncertain = errors.New("the outcome is not known; the events may be in the log")
	// ErrClosed says that the log was closed.
	ErrClosed = errors.New("the log is closed")
	// ErrInvalid says that a record cannot be stored.
	ErrInvalid = errors.New("the record cannot be stored")
	// ErrTooLarge says that a record, or the records of one append together, exceed a limit.
	ErrTooLarge = errors.New("too large for one append to the log")
	// ErrRemoved says that the log no longer holds the records that are asked for.
	ErrRemoved = errors.New("these records were removed from the log")
	// ErrVersion says that a newer release wrote the log.
	ErrVersion = errors.New("the log was written by a newer release; use that release or a later one")
)

// Damage is a part of the log that cannot be read. It stays on the disk as it is. As an error of a
// Reader it means that the reader stands behind the damage and can go on.
type Damage struct {
	// Segment is the file's name in the directory; it is empty if there is no file.
	Segment string
	// Offset and Bytes are the place in the file.
	Offset, Bytes int64
	// From and To are the first and last sequence that may be affected; To is lower than From if
	// no record is.
	From, To uint64
	// Reason tells what is wrong.
	Reason string
}

// Records is how many records are affected at most.
func (d *Damage) Records() uint64 {
	if d.To < d.From {
		return 0
	}
	return d.To - d.From + 1
}

// Error names the place, the sequences and the reason.
func (d *Damage) Error() string {
	place := "log"
	if d.Segment != "" {
		place = fmt.Sprintf("log segment %s, %d bytes at offset %d", d.Segment, d.Bytes, d.Offset)
	}
	what := "no record affected"
	if d.Records() > 0 {
		what = fmt.Sprintf("sequences %d to %d unreadable", d.From, d.To)
	}
	return fmt.Sprintf("%s: %s: %s", place, d.Reason, what)
}
