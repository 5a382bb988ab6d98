package train

import (
	"errors"

	"github.com/fettle-ml/fettle/internal/plan"
)

// InvalidError says what is wrong with the request or the labels, and what to do. Callers turn it
// into an exit code, so it must stay the type that errors.As finds.
type InvalidError struct {
	Message string
	Hint    string
	Usage   bool      // about an argument, not about data
	File    string    // of the labels, if it is about them
	Bad     []BadCell // rows of the labels, if it is about them
}

// BadCell is one label cell that cannot be read. Rows and lines count from 1; a line is 0 where the
// format has none.
type BadCell struct {
	Row     int64  `json:"row"`
	Line    int64  `json:"line,omitempty"`
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error implements error.
func (e *InvalidError) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + "; " + e.Hint
}

func invalid(message, hint string) error { return &InvalidError{Message: message, Hint: hint} }

// asInvalid makes an error of a selection one of this package.
func asInvalid(err error) error {
	var wrong *plan.SelectionError
	if !errors.As(err, &wrong) {
		return err
	}
	return &InvalidError{Message: wrong.Message, Hint: wrong.Hint, Usage: !wrong.Conflict}
}
