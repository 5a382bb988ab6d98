package cli

import (
	"errors"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/client"
	"github.com/fettle-ml/fettle/internal/wire"
)

// exitOf is the table from codes of the API to exit codes. What a newer server may add counts as
// unavailable, since nothing can be done about it here.
func exitOf(code string) int {
	switch code {
	case wire.InvalidArgument, wire.NotFound:
		return app.ExitUsage
	case wire.Rejected, wire.TooLarge:
		return app.ExitInvalid
	case wire.Unauthenticated, wire.Denied, wire.Conflict:
		return app.ExitRefused
	default:
		// MethodNotAllowed, Overloaded, Cancelled, Internal, Unavailable, Deadline, DiskFull.
		return app.ExitUnavailable
	}
}

// codeOf is the code of the API for errors that did not come from it. The names of codes are part
// of the interface and stay. An exit code without a name here is a bug of ours.
func codeOf(exit int) string {
	codes := map[int]string{
		app.ExitFailed: "failed", app.ExitUsage: wire.InvalidArgument, app.ExitInvalid: wire.Rejected,
		app.ExitRefused: wire.Conflict, app.ExitUnavailable: wire.Unavailable,
		app.ExitInterrupted: "interrupted",
	}
	return codes[exit]
}

// known returns an error in the form that is printed, and its code. An error of the API keeps its
// code and request id; one that nobody has classified counts as unavailable, since whatever the
// user caused has a code by then.
func known(err error) (*app.Error, *wire.Error) {
	var answered *wire.Error
	var ours *app.Error
	var lost *client.Error
	switch {
	case errors.As(err, &ours):
	case errors.As(err, &lost):
		answered = &lost.Wire
		ours = fromWire(answered)
	case errors.As(err, &answered):
		ours = fromWire(answered)
	default:
		ours = &app.Error{Code: app.ExitUnavailable, Message: err.Error()}
	}
	if answered == nil {
		answered = &wire.Error{Code: codeOf(ours.Code)}
	}
	return ours, answered
}

// fromWire turns an error of the API into one of a command: the same words, with an exit code.
func fromWire(e *wire.Error) *app.Error {
	place := &wire.Error{Row: e.Row, Message: e.Message}
	known := &app.Error{Code: exitOf(e.Code), Message: place.Error(), Hint: e.Hint}
	for _, d := range e.Details {
		severity := d.Severity
		if severity == "" {
			severity = app.SeverityError
		}
		known.Problems = append(known.Problems, app.Problem{
			File: d.File, Line: d.Line, Column: d.Column, Row: d.Row, Field: d.Field, Code: d.Code,
			Severity: severity, Message: d.Message, Hint: d.Hint,
		})
	}
	return known
}

// errorObject is the error as the API writes it too.
func errorObject(err *app.Error, answered *wire.Error) map[string]any {
	body := map[string]any{"code": answered.Code, "message": err.Message}
	if err.Err != nil {
		body["message"] = (&app.Error{Message: err.Message, Err: err.Err}).Error()
	}
	if err.Hint != "" {
		body["hint"] = err.Hint
	}
	if answered.Field != "" {
		body["field"] = answered.Field
	}
	if answered.RequestID != "" {
		body["request_id"] = answered.RequestID
	}
	if len(err.Problems) > 0 {
		body["details"] = err.Problems
	}
	return map[string]any{"error": body}
}
