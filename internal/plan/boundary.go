package plan

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/zone"
)

// Boundary computes the boundary of a freshness: the instant as of which a view is evaluated for a
// request at T. It is immutable and safe for concurrent use.
type Boundary struct {
	freshness Freshness
	zone      *zone.Zone
}

// mondayDay is a day number that is a Monday: 1970-01-05.
const mondayDay = 4

// NewBoundary returns the boundary rule of a freshness; it fails only for an unknown zone.
func NewBoundary(f Freshness) (*Boundary, error) {
	b := &Boundary{freshness: f}
	if f.Kind == Daily || f.Kind == Weekly {
		z, err := zone.Load(f.Zone)
		if err != nil {
			return nil, fmt.Errorf("boundary: %w", err)
		}
		b.zone = z
	}
	return b, nil
}

// Immediate reports whether the boundary of T is T itself.
func (b *Boundary) Immediate() bool {
	return b.freshness.Kind == Realtime || b.freshness.Kind == Static
}

// At returns the boundary of T: T itself for realtime and static, else the newest instant r of
// the grid with r + ready_after <= T.
func (b *Boundary) At(t int64) int64 {
	f := b.freshness
	switch f.Kind {
	case Grid:
		return schema.FloorDiv(t-f.ReadyAfter, f.Period) * f.Period
	case Daily:
		return b.newest(t-f.ReadyAfter, 1)
	case Weekly:
		return b.newest(t-f.ReadyAfter, 7)
	default:
		return t
	}
}

// newest returns the last grid instant at or before limit, on a grid of every step days.
func (b *Boundary) newest(limit, step int64) int64 {
	day := schema.FloorDiv(b.zone.ToWall(limit), schema.Day)
	day -= (day - mondayDay) % step
	// A grid instant can fall on the next wall-clock day only where a zone jumped back over
	// midnight; beginning one step later costs nothing and covers it.
	for day += step; ; day -= step {
		if r := b.zone.First(day*schema.Day + b.freshness.TimeOfDay); r <= limit {
			return r
		}
	}
}
