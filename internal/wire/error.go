package wire

import (
	"fmt"
	"strings"
)

// The codes of errors. They are part of the interface: clients match them, so they are never
// renamed.
const (
	InvalidArgument  = "invalid_argument"
	Unauthenticated  = "unauthenticated"
	Denied           = "denied"
	NotFound         = "not_found"
	MethodNotAllowed = "method_not_allowed"
	Conflict         = "conflict"
	TooLarge         = "too_large"
	Rejected         = "rejected"
	Overloaded       = "overloaded"
	Cancelled        = "cancelled"
	Internal         = "internal"
	Unavailable      = "unavailable"
	Deadline         = "deadline"
	DiskFull         = "disk_full"
)

// StatusOf returns the HTTP status of a code, and 500 for one that is not known. That of Cancelled,
// the caller went away, is 499 as in the logs of other servers; nobody is there to receive it.
func StatusOf(code string) int {
	switch code {
	case InvalidArgument:
		return 400
	case Unauthenticated:
		return 401
	case Denied:
		return 403
	case NotFound:
		return 404
	case MethodNotAllowed:
		return 405
	case Conflict:
		return 409
	case TooLarge:
		return 413
	case Rejected:
		return 422
	case Overloaded:
		return 429
	case Cancelled:
		return 499
	case Unavailable:
		return 503
	case Deadline:
		return 504
	case DiskFull:
		return 507
	default:
		return 500
	}
}

// Error says what went wrong, where, and what to do about it. Parts that do not apply are empty.
type Error struct {
	Code      string   `json:"code"`
	Message   string   `json:"message"`
	Hint      string   `json:"hint,omitempty"`
	Field     string   `json:"field,omitempty"`
	Row       int64    `json:"row,omitempty"` // of data, from 1
	RequestID string   `json:"request_id,omitempty"`
	Details   []Detail `json:"details,omitempty"`
}

// Detail is one of several things wrong, with its place: a line and column of a definition, a row
// and field of data.
type Detail struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Row      int64  `json:"row,omitempty"`
	Field    string `json:"field,omitempty"`
	Code     string `json:"code"`
	Severity string `json:"severity,omitempty"` // error or warning
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

// Failure is the body of every answer that is an error.
type Failure struct {
	Error *Error `json:"error"`
}

// Error writes the error on one line, place first and hint last; details are counted, not listed.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Row > 0 {
		fmt.Fprintf(&b, "row %d: ", e.Row)
	}
	b.WriteString(e.Message)
	if len(e.Details) > 0 {
		fmt.Fprintf(&b, " (%d details)", len(e.Details))
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}
