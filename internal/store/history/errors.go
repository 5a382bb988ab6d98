package history

import (
	"errors"
	"fmt"
)

// What the package returns, wrapped with what happened.
var (
	// ErrDamaged says that a file is not what was written.
	ErrDamaged = errors.New("the history is damaged")
	// ErrVersion says that a newer release wrote a manifest.
	ErrVersion = errors.New("the history was written by a newer release; use that release or a later one")
	// ErrOverlap says that a part begins at or before the position that the history reached.
	ErrOverlap = errors.New("these records are in the history already")
	// ErrGap says that there are records between the position and the beginning of a part.
	ErrGap = errors.New("records are missing between the history and the part")
	// ErrColumns says that a column has another type than the one it is asked for as.
	ErrColumns = errors.New("the history has another type in a column")
	// ErrInvalid says that a part cannot be stored as it is.
	ErrInvalid = errors.New("the part cannot be stored")
)

// DamageError is one file that is not what was written. It is an ErrDamaged.
type DamageError struct {
	// Source is the source, File the file's name in its directory.
	Source, File string
	// From and To are the log sequences that may be affected; both are 0 if that is not known.
	From, To uint64
	// Reason tells what is wrong.
	Reason string
}

// Error names the file, what is wrong with it and what can be done.
func (e *DamageError) Error() string {
	sequences := ""
	if e.To > 0 {
		sequences = fmt.Sprintf(" (log sequences %d to %d)", e.From, e.To)
	}
	return fmt.Sprintf("history of source %s: %s%s: damaged: %s; restore the file from a backup",
		e.Source, e.File, sequences, e.Reason)
}

// Is makes every DamageError an ErrDamaged.
func (e *DamageError) Is(target error) bool { return target == ErrDamaged }
