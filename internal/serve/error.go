package serve

import (
	"context"
	"errors"
	"fmt"

	"github.com/fettle-ml/fettle/internal/plan"
)

var (
	// ErrUnknown says that nothing has the name that was asked for.
	ErrUnknown = errors.New("there is nothing of that name")
	// ErrDeadline says that the time allowed for a request was over before its answer was known.
	ErrDeadline = errors.New("the time allowed for the request is over")
	// ErrNotReady says that nothing is served yet.
	ErrNotReady = errors.New("no definitions are applied; run fettle apply")
)

// InvalidError says what is wrong with a request and what to do about it.
type InvalidError struct {
	Field   string // key column or request field; "" if it is about neither
	Row     int    // counted from 1; 0 if it is not about a row
	Message string
	Hint    string
}

// Error implements error.
func (e *InvalidError) Error() string { return withHint(e.Message, e.Hint) }

// UnknownError refuses a name, with the nearest one that exists as its hint. It is ErrUnknown.
type UnknownError struct {
	Message string
	Hint    string
}

// Error implements error.
func (e *UnknownError) Error() string { return withHint(e.Message, e.Hint) }

// Is makes errors.Is find ErrUnknown.
func (e *UnknownError) Is(target error) bool { return target == ErrUnknown }

func withHint(message, hint string) string {
	if hint == "" {
		return message
	}
	return message + "; " + hint
}

// asRefusal makes an error of a selection one of this package.
func asRefusal(err error) error {
	var wrong *plan.SelectionError
	switch {
	case !errors.As(err, &wrong):
		return err
	case wrong.Unknown:
		return &UnknownError{Message: wrong.Message, Hint: wrong.Hint}
	default:
		return &InvalidError{Message: wrong.Message, Hint: wrong.Hint}
	}
}

// asDeadline tells a request that ran out of its own time from one whose caller went away.
func asDeadline(caller context.Context, doing string, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && caller.Err() == nil {
		err = ErrDeadline
	}
	return fmt.Errorf("%s: %w", doing, err)
}
