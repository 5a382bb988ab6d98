package zone

import (
	"math"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Cursor reads wall clocks of one zone one after another. It gives what Zone.ToUTC gives, faster
// where neighbours lie between the same two changes of the offset, as they do in files. It is for
// one goroutine.
type Cursor struct {
	zone     *Zone
	from, to int64 // wall clocks in [from, to) occur once, with offset
	offset   int64
}

// Cursor returns a cursor of the zone.
func (z *Zone) Cursor() *Cursor { return &Cursor{zone: z} }

// ToUTC returns the instant of a wall clock, as Zone.ToUTC does.
func (c *Cursor) ToUTC(wall int64) (utc int64, fold, gap bool) {
	if wall >= c.from && wall < c.to {
		return wall - c.offset, false, false
	}
	utc, fold, gap = c.zone.ToUTC(wall)
	if !fold && !gap {
		c.move(wall)
	}
	return utc, fold, gap
}

// move finds the wall clocks around one that occur in its span and in no other. No offset reaches a
// day, so spans that are two days away cannot touch them.
func (c *Cursor) move(wall int64) {
	spans := c.zone.spans
	at, _ := c.zone.locate(wall)
	c.from, c.to, c.offset = math.MinInt64, math.MaxInt64, spans[at].offset
	if at > 0 {
		c.from = spans[at].start + c.offset
	}
	for i := at - 1; i >= 0 && spans[i+1].start > spans[at].start-2*schema.Day; i-- {
		c.from = max(c.from, spans[i+1].start+spans[i].offset)
	}
	if at+1 < len(spans) {
		c.to = spans[at+1].start + c.offset
	}
	for i := at + 1; i < len(spans) && spans[i].start < spans[at+1].start+2*schema.Day; i++ {
		c.to = min(c.to, spans[i].start+spans[i].offset)
	}
}
