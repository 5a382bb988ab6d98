package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/source/file"
	"github.com/fettle-ml/fettle/internal/train"
)

// asError turns an error of a flow into one with an exit code and all problems. An interrupt is
// passed on as it is; the command line tells it apart. What is not known counts as something that
// is not there, since bad input has types of its own.
func asError(err error) error {
	var known *Error
	var invalid *train.InvalidError
	var bad *file.BadRowsError
	var wrong *plan.SelectionError
	switch {
	case errors.As(err, &known), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &wrong):
		e := &Error{Code: ExitUsage, Message: wrong.Message, Hint: wrong.Hint}
		if wrong.Conflict {
			e.Code = ExitInvalid
		}
		return e
	case errors.As(err, &invalid):
		e := &Error{Code: ExitInvalid, Message: invalid.Message, Hint: invalid.Hint}
		if invalid.Usage {
			e.Code = ExitUsage
		}
		// The cells are listed up to a limit, so the message, which counts all, may say more.
		for _, cell := range invalid.Bad {
			e.Problems = append(e.Problems, Problem{
				File: invalid.File, Row: cell.Row, Line: int(cell.Line), Field: cell.Field, Code: cell.Code,
				Severity: SeverityError, Message: cell.Message,
			})
		}
		return e
	case errors.As(err, &bad):
		e := &Error{
			Code:    ExitInvalid,
			Message: fmt.Sprintf("source %s has %s, %d allowed", bad.Source, counted(bad.Total, "bad row"), bad.Allowed),
			Hint:    "mend them, declare another type in fields:, or leave out as many with --max-bad",
		}
		for _, row := range bad.Bad {
			e.Problems = append(e.Problems, Problem{
				File: row.Path, Row: row.Row, Line: int(row.Line), Field: row.Field, Code: row.Code,
				Severity: SeverityError, Message: row.Message,
			})
		}
		return e
	case errors.Is(err, file.ErrNoFile), errors.Is(err, file.ErrLayout), errors.Is(err, format.ErrFormat):
		return &Error{Code: ExitInvalid, Err: err}
	default:
		return &Error{Code: ExitUnavailable, Err: err}
	}
}
