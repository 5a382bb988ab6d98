package plan

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Freshness is when a view's values are computed: part of their meaning.
type Freshness struct {
	Kind       FreshnessKind
	Period     int64  // Grid: divides a day
	TimeOfDay  int64  // Daily, Weekly: wall clock in Zone, microseconds after midnight
	Zone       string // Daily, Weekly
	ReadyAfter int64
}

// FreshnessKind is the family of a Freshness.
type FreshnessKind uint8

// The kinds of freshness.
const (
	Realtime FreshnessKind = iota
	Static
	Grid   // every Period since the epoch, UTC
	Daily  // at TimeOfDay in Zone
	Weekly // Monday at TimeOfDay in Zone
)

// String writes a freshness in full. Equal texts are equal freshnesses.
func (f Freshness) String() string {
	text := ""
	switch f.Kind {
	case Realtime:
		text = "realtime"
	case Static:
		text = "static"
	case Grid:
		text = schema.FormatDuration(f.Period)
	case Daily:
		text = "daily at " + f.timeOfDay()
	case Weekly:
		text = "weekly at " + f.timeOfDay()
	}
	if f.ReadyAfter > 0 {
		text += ", ready after " + schema.FormatDuration(f.ReadyAfter)
	}
	return text
}

func (f Freshness) timeOfDay() string {
	minutes, rest := f.TimeOfDay/schema.Minute, f.TimeOfDay%schema.Minute
	text := fmt.Sprintf("%02d:%02d", minutes/60, minutes%60)
	if rest > 0 {
		text += "+" + schema.FormatDuration(rest)
	}
	return text + " in " + f.Zone
}
