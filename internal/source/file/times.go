package file

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/zone"
)

// times turns the times of a part to UTC. Columns are changed in place: they were made for this
// part, and nobody else has seen them.
type times struct {
	source *Source
	part   *format.Part
	zone   *batch.Column // names of zones, or nil
	mark   func(row int, field, code, message string)
	report *Report
}

// localise moves the wall clock times of a column to UTC.
func (t *times) localise(c *batch.Column, field string) {
	if t.zone != nil {
		t.localiseBy(c, field)
		return
	}
	z := t.source.zones.fixed.Cursor()
	for i := range c.Ints {
		if !c.IsNull(i) {
			c.Ints[i] = t.move(z, c.Ints[i])
		}
	}
}

func (t *times) move(z *zone.Cursor, wall int64) int64 {
	utc, fold, gap := z.ToUTC(wall)
	if fold {
		t.report.Folds++
	}
	if gap {
		t.report.Gaps++
	}
	return utc
}

// localiseBy reads each row in the zone that the row names.
func (t *times) localiseBy(c *batch.Column, field string) {
	cursors := map[string]*zone.Cursor{} // nil: there is no such zone
	for i := range c.Ints {
		if c.IsNull(i) {
			continue
		}
		if t.zone.IsNull(i) {
			t.mark(i, field, BadZone, "the time has no zone: its column of zones is null")
			continue
		}
		name := t.zone.Text(i)
		z, known := cursors[name]
		if !known {
			if found := t.source.zones.load(name); found != nil {
				z = found.Cursor()
			}
			cursors[name] = z
		}
		if z == nil {
			t.mark(i, field, BadZone, fmt.Sprintf("there is no zone %q", name))
			continue
		}
		c.Ints[i] = t.move(z, c.Ints[i])
	}
}

// eventTimes returns the event time of each row, checked.
func (t *times) eventTimes(c *batch.Column, local bool) []int64 {
	rule := t.source.config.EventTime
	field := t.source.config.Columns[rule.Column].Name
	if c.Type.Kind != schema.Timestamp {
		c = inMicroseconds(c, rule.Unit)
		if local {
			t.localise(c, field)
		}
	}
	for i, micros := range c.Ints {
		if c.IsNull(i) {
			t.mark(i, field, NullTime, "the event time is null")
		} else if !schema.ValidTime(micros) {
			t.mark(i, field, BadTime, describeTime(micros)+" is outside of the years 1900 to 2200")
		}
	}
	return c.Ints
}

// farOutside is how far out of range a time that overflows is put: no zone's offset brings it back.
const farOutside = 5 * schema.Day

// inMicroseconds returns a column of dates or integers as times. What overflows becomes a time that
// is out of range.
func inMicroseconds(c *batch.Column, unit int64) *batch.Column {
	if c.Type.Kind == schema.Date {
		unit = schema.Day
	}
	out := &batch.Column{Type: schema.Of(schema.Timestamp), Length: c.Length, Valid: c.Valid,
		Ints: make([]int64, c.Length)}
	for i, x := range c.Ints {
		switch {
		case unit == Nanosecond:
			out.Ints[i] = schema.FloorDiv(x, 1000)
		case x > schema.MaxTime/unit+1:
			out.Ints[i] = schema.MaxTime + farOutside
		case x < schema.MinTime/unit-1:
			out.Ints[i] = schema.MinTime - farOutside
		default:
			out.Ints[i] = x * unit
		}
	}
	return out
}

func describeTime(micros int64) string {
	near := func(limit int64) bool { return limit-2*schema.Day < micros && micros < limit+2*schema.Day }
	if near(schema.MaxTime+farOutside) || near(schema.MinTime-farOutside) {
		return "the event time" // what inMicroseconds makes of numbers that overflow
	}
	return schema.FormatTime(micros)
}
