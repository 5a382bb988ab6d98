package diag

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity tells errors from warnings.
type Severity uint8

// The severities. Only an Error keeps definitions from compiling.
const (
	Error Severity = iota
	Warning
)

// String returns the name of the severity.
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Position is a place in a file: line and column from 1, columns counted in characters.
type Position struct {
	File   string
	Line   int
	Column int
}

// String returns file:line:column.
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Diagnostic is one finding.
type Diagnostic struct {
	File     string
	Line     int
	Column   int
	Code     Code
	Severity Severity
	Message  string
	Hint     string
}

// String returns the line that people read: file:line:column: message; hint [code].
func (d Diagnostic) String() string {
	text := fmt.Sprintf("%s:%d:%d: ", d.File, d.Line, d.Column)
	if d.Severity == Warning {
		text += "warning: "
	}
	text += d.Message
	if d.Hint != "" {
		text += "; " + d.Hint
	}
	return text + " [" + string(d.Code) + "]"
}

// List collects diagnostics. The zero value is ready to use.
type List struct {
	found  []Diagnostic
	errors int
}

// Report adds an error. The hint says what to do and may be empty.
func (l *List) Report(at Position, code Code, message, hint string) {
	l.add(at, code, Error, message, hint)
}

// Warn adds a warning.
func (l *List) Warn(at Position, code Code, message, hint string) {
	l.add(at, code, Warning, message, hint)
}

// add keeps a diagnostic. A place that is not known becomes the beginning of the file, since every
// diagnostic must be one an editor can jump to.
func (l *List) add(at Position, code Code, severity Severity, message, hint string) {
	if severity == Error {
		l.errors++
	}
	l.found = append(l.found, Diagnostic{
		File: at.File, Line: max(at.Line, 1), Column: max(at.Column, 1),
		Code: code, Severity: severity, Message: message, Hint: hint,
	})
}

// Errors returns the number of errors reported so far.
func (l *List) Errors() int { return l.errors }

// Sorted returns everything reported, by file, line, column and code, one of each code at a place.
func (l *List) Sorted() []Diagnostic {
	sorted := slices.Clone(l.found)
	slices.SortStableFunc(sorted, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Code, b.Code))
	})
	return slices.CompactFunc(sorted, func(a, b Diagnostic) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Code == b.Code
	})
}
