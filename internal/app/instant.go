package app

import (
	"errors"
	"fmt"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/zone"
)

// instantOf reads a time that a user gives. A date is its midnight in the project's zone, moved to
// the end of the gap if clocks skip it. A time without a zone is refused and not guessed.
func instantOf(text, timezone string) (int64, error) {
	if days, err := schema.ParseDate(text); err == nil {
		z, err := zone.Load(timezone)
		if err != nil {
			return 0, err
		}
		utc, _, _ := z.ToUTC(days * schema.Day)
		if !schema.ValidTime(utc) {
			return 0, errYears
		}
		return utc, nil
	}
	at, zoned, err := schema.ParseTime(text)
	if err == nil && !zoned {
		err = fmt.Errorf("%q has no zone; write it as 2024-05-01T12:30:00Z", text)
	}
	if err == nil && !schema.ValidTime(at) {
		err = errYears
	}
	return at, err
}

var errYears = errors.New("years 1900 to 2200 are accepted")
