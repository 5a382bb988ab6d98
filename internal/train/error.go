package train

import (
	"fmt"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
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

// unknown refuses a name, with the one that was probably meant, or a few of those there are. Eight
// fit on a line, and more would hide the message.
func unknown(kind, name string, known []string) error {
	hint := "there is none"
	if near := schema.Nearest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	} else if len(known) > 0 {
		hint = "there is " + strings.Join(known[:min(len(known), 8)], ", ")
	}
	return &InvalidError{Message: fmt.Sprintf("unknown %s %q", kind, name), Hint: hint, Usage: true}
}
