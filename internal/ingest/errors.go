package ingest

import (
	"errors"
	"fmt"
	"strings"
)

// What Push, Wait and Retry return, wrapped with what happened, besides log.ErrFull and
// log.ErrUncertain.
var (
	// ErrUnknownSource says that no source has the name.
	ErrUnknownSource = errors.New("there is no such source")
	// ErrNotPushed says that events of the source are not pushed.
	ErrNotPushed = errors.New("the source takes no events: its definition has no `push: true`")
	// ErrBody says that a body is not a table of the source. No row of it was looked at.
	ErrBody = errors.New("the body cannot be read")
	// ErrTooLarge says that a body has too many rows, or one that is too long. Parts of it can be
	// sent one by one.
	ErrTooLarge = errors.New("too large for one request; send it in several parts")
	// ErrConflict says that the Idempotency-Key came before with another body.
	ErrConflict = errors.New("the Idempotency-Key was used for another body; use a new one")
	// ErrStopped says that no events are taken any more since applying them failed. What is
	// acknowledged is safe in the log.
	ErrStopped = errors.New("no events are taken any more; what was acknowledged is safe; " +
		"check the disk and start again")
	// ErrClosed says that the ingester was closed.
	ErrClosed = errors.New("the server is stopping")
	// ErrPosition says that a position is not one of this log, or not yet.
	ErrPosition = errors.New("the log has no such position")
)

// RejectedError says that a request has more bad rows than it allows. Nothing of it was stored.
type RejectedError struct {
	Source string
	// Rows is how many rows are bad, Allowed how many may be.
	Rows, Allowed int64
	// Quarantined says what is wrong, with the first rows if there are many.
	Quarantined []Quarantined
}

// Error lists the first bad rows.
func (e *RejectedError) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "source %s: %d bad rows, %d allowed; nothing was stored",
		e.Source, e.Rows, e.Allowed)
	for i, q := range e.Quarantined {
		if i == 10 {
			s.WriteString("\n  ..")
			break
		}
		s.WriteString("\n  " + q.String())
	}
	return s.String()
}

// Quarantined is one thing wrong with a row. A row can have several.
type Quarantined struct {
	Row           int64 // of the data, from 1
	Line          int64 // of text formats, from 1; else 0
	Field         string
	Code, Message string
}

// String says where and what, in one line.
func (q Quarantined) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "row %d", q.Row)
	if q.Line > 0 {
		fmt.Fprintf(&s, " (line %d)", q.Line)
	}
	if q.Field != "" {
		fmt.Fprintf(&s, ", %s", q.Field)
	}
	fmt.Fprintf(&s, ": %s: %s", q.Code, q.Message)
	return s.String()
}
