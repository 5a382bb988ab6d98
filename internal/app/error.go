package app

import (
	"fmt"
	"strings"
)

// Exit codes of commands. An Error carries one; a command that returns nil is done.
const (
	ExitDone        = 0
	ExitFailed      = 1   // the thing checked failed
	ExitUsage       = 2   // the command was not understood
	ExitInvalid     = 3   // definitions or data are not valid
	ExitRefused     = 4   // asked for something that would break or overwrite
	ExitUnavailable = 5   // a server or disk is not there, or too slow
	ExitInterrupted = 130 // stopped by a signal
)

// Problem is one thing wrong with definitions or data, where it is, and what to do about it. The
// fields that do not apply are empty: a definition has a line and a column, a bad row of data a row
// (counted from 1, without a header) and a field. Codes are part of the interface: scripts and
// editors match them, so they are never renamed.
type Problem struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Row      int64  `json:"row,omitempty"`
	Field    string `json:"field,omitempty"`
	Code     string `json:"code"`
	Severity string `json:"severity"` // error or warning
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

// The severities of a Problem.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
)

// String writes the problem on one line: where: what; what to do [code]. The beginning is what
// editors and terminals make a link of. Parts that are empty leave no mark.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
		if p.Column > 0 {
			fmt.Fprintf(&b, ":%d", p.Column)
		}
	}
	if p.Row > 0 {
		fmt.Fprintf(&b, " row %d", p.Row)
	}
	if p.Field != "" {
		fmt.Fprintf(&b, " field %s", p.Field)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if p.Severity == SeverityWarning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	if p.Code != "" {
		b.WriteString(" [" + p.Code + "]")
	}
	return b.String()
}

// Error is a failure that a user can act on: the exit code, what happened, what to do, and every
// problem that was found, not only the first. Message or Err must be set. Commands return this type
// and no other for what a user has caused.
type Error struct {
	Code     int
	Message  string
	Hint     string
	Problems []Problem
	Err      error // what caused it, if it was another error
}

// Error returns the message, the cause and the hint on one line; problems are counted, not listed.
func (e *Error) Error() string {
	text := e.Message
	// The cause goes before the hint, which should be the last thing that is read.
	if e.Err != nil {
		if text != "" {
			text += ": "
		}
		text += e.Err.Error()
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Invalid returns the error of invalid definitions or data. The message tells of all problems
// together; each says its own hint.
func Invalid(message string, problems ...Problem) *Error {
	return &Error{Code: ExitInvalid, Message: message, Problems: problems}
}
