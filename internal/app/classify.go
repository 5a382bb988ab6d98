package app

import (
	"context"
	"errors"

	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/registry"
	"github.com/fettle-ml/fettle/internal/wire"
)

// classify tells clients of the API what an error means to them; nil for what it does not know.
func classify(err error) *wire.Error {
	var known *Error
	var told *wire.Error
	var wrong *plan.SelectionError
	var breaks *registry.BreaksError
	switch {
	case errors.As(err, &told):
		return told
	case errors.Is(err, context.Canceled):
		return &wire.Error{Code: wire.Cancelled, Message: err.Error()} // nobody reads it
	case errors.Is(err, registry.ErrStale):
		return &wire.Error{Code: wire.Conflict, Message: err.Error(), Hint: "plan again, and apply that"}
	case errors.As(err, &breaks):
		return &wire.Error{
			Code: wire.Denied, Message: err.Error(), Hint: "raise the version of the model, or allow the break",
		}
	case errors.As(err, &wrong):
		code := wire.InvalidArgument
		if wrong.Unknown {
			code = wire.NotFound
		}
		return &wire.Error{Code: code, Message: wrong.Message, Hint: wrong.Hint}
	case errors.Is(err, log.ErrFull):
		return &wire.Error{Code: wire.DiskFull, Message: err.Error()}
	case errors.Is(err, log.ErrUncertain):
		return &wire.Error{
			Code: wire.Unavailable, Message: err.Error(), Hint: "send it again with the same Idempotency-Key",
		}
	case errors.As(err, &known):
		return wireOf(known)
	default:
		if errors.As(asError(err), &known) && known.Code != ExitUnavailable {
			return wireOf(known)
		}
		return nil
	}
}

// wireOf tells an error of a command as the API does.
func wireOf(e *Error) *wire.Error {
	out := &wire.Error{Code: wire.InvalidArgument, Message: e.Message, Hint: e.Hint}
	if e.Err != nil {
		if out.Message != "" {
			out.Message += ": "
		}
		out.Message += e.Err.Error()
	}
	switch e.Code {
	case ExitRefused:
		out.Code = wire.Denied
	case ExitInvalid:
		out.Code = wire.Rejected
	case ExitUnavailable:
		out.Code = wire.Unavailable
	}
	for _, p := range e.Problems {
		out.Details = append(out.Details, details([]Problem{p})...)
	}
	return out
}

// wireError is what a job that failed is said to have failed from.
func wireError(err error) *wire.Error {
	if known := classify(asError(err)); known != nil {
		return known
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &wire.Error{Code: wire.Deadline, Message: err.Error()}
	}
	return &wire.Error{Code: wire.Internal, Message: err.Error()}
}
