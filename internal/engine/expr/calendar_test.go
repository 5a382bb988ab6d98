package expr

import (
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/schema"
)

// TestCivil compares the calendar with that of the standard library, day by day.
func TestCivil(t *testing.T) {
	t.Parallel()
	for days := schema.FloorDiv(schema.MinTime, schema.Day); days <= schema.MaxTime/schema.Day; days++ {
		at := time.Unix(days*86400, 0).UTC()
		year, month, day := civil(days)
		_, week := at.ISOWeek()
		if year != int64(at.Year()) || month != int64(at.Month()) || day != int64(at.Day()) {
			t.Fatalf("day %d is %d-%d-%d, want %s", days, year, month, day, at)
		}
		if dayOf(year, month, day) != days {
			t.Fatalf("%d-%d-%d is day %d, want %d", year, month, day, dayOf(year, month, day), days)
		}
		if isoWeek(days) != int64(week) || dayOfYear(days) != int64(at.YearDay()) {
			t.Fatalf("%s: week %d, day of year %d", at, isoWeek(days), dayOfYear(days))
		}
		if weekday(days)%7 != int64(at.Weekday()) {
			t.Fatalf("%s: weekday %d", at, weekday(days))
		}
	}
}
