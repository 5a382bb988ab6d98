package plan

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
