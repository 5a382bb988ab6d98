package schema

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Units of time in microseconds.
const (
	Microsecond int64 = 1
	Millisecond       = 1000 * Microsecond
	Second            = 1000 * Millisecond
	Minute            = 60 * Second
	Hour              = 60 * Minute
	Day               = 24 * Hour
	Week              = 7 * Day
)

// The instants and dates that are accepted: years 1900 to 2200.
var (
	MinTime = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	MaxTime = time.Date(2201, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
)

// ValidTime reports whether an instant lies in the accepted years.
func ValidTime(micros int64) bool { return micros >= MinTime && micros <= MaxTime }

// FloorDiv divides, rounding towards minus infinity; d must be positive.
func FloorDiv(x, d int64) int64 {
	q := x / d
	if x%d < 0 {
		q--
	}
	return q
}

// FormatTime writes an instant as RFC 3339 in UTC with six digits after the second.
func FormatTime(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.000000Z")
}

// FormatDate writes a date as YYYY-MM-DD.
func FormatDate(days int64) string {
	return time.Unix(days*86400, 0).UTC().Format(time.DateOnly)
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(text string) (int64, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a date; write YYYY-MM-DD", text)
	}
	return FloorDiv(t.Unix(), 86400), nil
}

// ParseTime reads an RFC 3339 instant. zoned says whether the text has an offset or Z; without one
// the result is the wall clock read as UTC, and the caller decides what its zone is. A space may
// stand for the T, the seconds and the time of day may be missing. Digits finer than a microsecond
// are cut off (floored).
func ParseTime(text string) (micros int64, zoned bool, err error) {
	for _, layout := range zonedLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return floorMicros(t), true, nil
		}
	}
	for _, layout := range wallLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return floorMicros(t), false, nil
		}
	}
	return 0, false, fmt.Errorf("%q is not a time; write it as 2024-05-01T12:30:00Z", text)
}

var zonedLayouts = []string{
	time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00",
	"2006-01-02 15:04:05-0700", "2006-01-02T15:04:05-0700", "2006-01-02 15:04:05 -07:00",
	"2006-01-02 15:04:05-07", "2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05.999999999 UTC",
}

var wallLayouts = []string{
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04",
	time.DateOnly,
}

func floorMicros(t time.Time) int64 {
	return t.Unix()*Second + int64(t.Nanosecond())/1000
}

var durationUnits = []struct {
	suffix string
	micros int64
}{
	// Longer suffixes first: "us" and "ms" end in "s".
	{"us", Microsecond}, {"ms", Millisecond}, {"s", Second}, {"m", Minute}, {"h", Hour},
	{"d", Day}, {"w", Week},
}

// ParseDuration reads digits and one unit without a space: 250ms, 30s, 5m, 1h, 7d, 2w.
func ParseDuration(text string) (int64, error) {
	for _, unit := range durationUnits {
		digits, found := strings.CutSuffix(text, unit.suffix)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 63)
		if err != nil {
			break
		}
		if n > uint64(MaxTime/unit.micros) {
			return 0, fmt.Errorf("duration %q is too long", text)
		}
		return int64(n) * unit.micros, nil
	}
	return 0, fmt.Errorf("%q is not a duration; write digits and a unit of us, ms, s, m, h, d, w, such as 30m", text)
}

// FormatDuration writes a duration in the largest unit up to days that divides it.
func FormatDuration(micros int64) string {
	for i := len(durationUnits) - 1; i >= 0; i-- {
		unit := durationUnits[i]
		if unit.suffix != "w" && micros%unit.micros == 0 && (micros != 0 || unit.suffix == "s") {
			return strconv.FormatInt(micros/unit.micros, 10) + unit.suffix
		}
	}
	return "0s"
}
