package leakage

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Config says which label rows and features there are.
type Config struct {
	// Name and Target are the column to be predicted, with a value for each label row; nil: none. Note
	// then says why.
	Name   string
	Target *batch.Column
	Note   string
	// Times are the times of all label rows. Valid is false for a row without a time or a key; nil: all
	// rows have both. Neither is changed or kept after New.
	Times    []int64
	Valid    []bool
	Features []Feature
}

// Feature is an output column.
type Feature struct {
	Name      string // of the column
	Reference string // view.feature, as the command why takes it
	Type      schema.Type
	Default   []string // sources it reads that rely on the default availability
}

// Group is the values of some label rows. Rows are their numbers, from 0, in ascending order; every
// row comes in one group.
type Group struct {
	Rows    []uint32
	Columns []*batch.Column // by feature
	Events  [][]int64       // by feature: time of the newest contributing event, or engine.NoTime
}

// Analysis looks at a sample of label rows. It is not safe for use by several goroutines.
type Analysis struct {
	config   Config
	target   *target
	rows     []uint32 // looked at, ascending
	times    []int64  // of rows
	later    []uint32 // looked at just after their time too, ascending
	place    []uint32 // of later, in rows
	at, next []column // by feature: at the label's time, and just after
	seen     []bool   // by place in later: AddLater gave it
}

// column is what is kept of a feature.
type column struct {
	cells []uint64
	null  []bool
	ages  []int64 // until the label's time; negative: no event
}

// New chooses the rows to look at. It draws them from the numbers of the rows alone.
func New(c Config) *Analysis {
	a := &Analysis{config: c, target: readTarget(c.Target, c.Times, c.Valid)}
	most := min(max(mostCells/max(1, len(c.Features)), leastRows), mostRows)
	classes := draw(a.target, most)
	a.rows, a.later = together(classes), together(share(classes, mostLater))
	if !a.target.usable() {
		a.later = nil
	}
	a.target = a.target.of(a.rows)
	for _, row := range a.rows {
		a.times = append(a.times, c.Times[row])
	}
	for _, row := range a.later {
		at, _ := slices.BinarySearch(a.rows, row)
		a.place = append(a.place, uint32(at))
	}
	a.seen = make([]bool, len(a.later))
	for range c.Features {
		a.at = append(a.at, newColumn(len(a.rows), true))
		a.next = append(a.next, newColumn(len(a.later), false))
	}
	a.config.Target, a.config.Times, a.config.Valid = nil, nil, nil
	return a
}

func newColumn(rows int, ages bool) column {
	c := column{cells: make([]uint64, rows), null: make([]bool, rows)}
	for i := range c.null {
		c.null[i] = true
	}
	if ages {
		c.ages = make([]int64, rows)
		for i := range c.ages {
			c.ages[i] = -1
		}
	}
	return c
}

// of keeps some rows of a target.
func (t *target) of(rows []uint32) *target {
	out := &target{classes: t.classes, note: t.note}
	for _, row := range rows {
		if t.class != nil {
			out.class = append(out.class, t.class[row])
		}
		if t.number != nil {
			out.number = append(out.number, t.number[row])
		}
	}
	return out
}

// Later returns the numbers of the rows that are wanted JustAfter after their time as well, in
// ascending order; none if nothing can be said without a target. It must not be changed.
func (a *Analysis) Later() []uint32 { return a.later }

// meeting is a row that is in a group and is looked at, with its place in both.
type meeting struct{ place, at int }

// meet returns the rows that two ascending lists share.
func meet(rows, chosen []uint32) []meeting {
	if len(rows) == 0 {
		return nil
	}
	var list []meeting
	at, _ := slices.BinarySearch(chosen, rows[0])
	place := 0
	for ; at < len(chosen) && place < len(rows); at++ {
		step, found := slices.BinarySearch(rows[place:], chosen[at])
		if place += step; found {
			list = append(list, meeting{place, at})
		}
	}
	return list
}

// Add looks at the values of a group and keeps none of its columns.
func (a *Analysis) Add(g *Group) {
	shared := meet(g.Rows, a.rows)
	for f, feature := range a.config.Features {
		values, kept := newCells(feature.Type), &a.at[f]
		for _, m := range shared {
			kept.keep(m.at, values, g.Columns[f], m.place, a.times[m.at])
			if t := g.Events[f][m.place]; t != engine.NoTime {
				kept.ages[m.at] = max(a.times[m.at]-t, 0)
			}
		}
	}
}

// AddLater looks at the values of some of the rows that Later names, JustAfter after their times. The
// numbers of the rows ascend; columns are by feature. Rows that never come are not compared.
func (a *Analysis) AddLater(rows []uint32, columns []*batch.Column) {
	shared := meet(rows, a.later)
	for f, feature := range a.config.Features {
		values, next := newCells(feature.Type), &a.next[f]
		for _, m := range shared {
			next.keep(m.at, values, columns[f], m.place, a.times[a.place[m.at]])
		}
	}
	for _, m := range shared {
		a.seen[m.at] = true
	}
}

// keep takes over one value.
func (c *column) keep(at int, values cells, from *batch.Column, row int, time int64) {
	if c.null[at] = from.IsNull(row); !c.null[at] {
		c.cells[at] = values.of(from, row, time)
	}
}

// Report measures the features, with so many goroutines.
func (a *Analysis) Report(workers int) *Report {
	r := &Report{Rows: len(a.rows), Note: a.config.Note, Findings: []Finding{}}
	for _, seen := range a.seen {
		if seen {
			r.Later++
		}
	}
	if a.target.note != "" {
		r.Note = a.target.note
	}
	if a.target.usable() {
		r.Target = a.config.Name
		if len(a.rows) < fewestRows {
			r.Note = fmt.Sprintf("%d label rows with a target are too few to measure features", len(a.rows))
		}
	}
	found := make([][]Finding, len(a.config.Features))
	a.measureAll(max(1, workers), found)
	r.Findings = append(r.Findings, slices.Concat(found...)...)
	r.bound()
	return r
}

// measureAll measures every feature. The goroutines end with it.
func (a *Analysis) measureAll(workers int, found [][]Finding) {
	var measure, measureLater *measure
	if a.target.usable() && len(a.rows) >= fewestRows {
		measure = newMeasure(a.target, a.times)
		if places := a.givenLater(); len(places) >= fewestRows {
			times := make([]int64, len(places))
			rows := make([]uint32, len(places))
			for i, at := range places {
				rows[i] = a.place[at]
				times[i] = a.times[rows[i]]
			}
			measureLater = newMeasure(a.target.of(rows), times)
		}
	}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for f := w; f < len(found); f += workers {
				found[f] = a.findings(f, measure, measureLater)
			}
		})
	}
	wait.Wait()
}

// givenLater returns the places in later of the rows that were evaluated just after their time.
func (a *Analysis) givenLater() []int {
	var places []int
	for at, seen := range a.seen {
		if seen {
			places = append(places, at)
		}
	}
	return places
}

// findings measures one feature. A copy ranks the target too, which is not said twice.
func (a *Analysis) findings(f int, now, later *measure) []Finding {
	var list []Finding
	feature, c := a.config.Features[f], &a.at[f]
	if len(feature.Default) > 0 {
		events := 0
		for _, age := range c.ages {
			if age >= 0 {
				events++
			}
		}
		list = append(list, feature.availability(events, len(c.ages)))
	}
	if now == nil {
		return list
	}
	numeric := newCells(feature.Type).numeric()
	power := now.power(c, numeric)
	if s := now.copied(c, numeric, power); s.found() {
		list = append(list, a.finding(Copy, f, s))
	} else if power.found() {
		list = append(list, a.finding(Power, f, power))
	}
	if s := now.timed(c); s.found() {
		list = append(list, a.finding(Timing, f, s))
	}
	if later != nil {
		if s := a.after(f, later, numeric); s.found() {
			list = append(list, a.finding(After, f, s))
		}
	}
	return list
}

// finding words a score.
func (a *Analysis) finding(kind Kind, f int, s score) Finding {
	feature := a.config.Features[f]
	out := Finding{
		Kind: kind, Feature: feature.Name, Measure: s.measure, Figure: rounded(s.figure),
		Threshold: s.threshold, Row: int64(a.rows[s.place]) + 1,
	}
	about := a.config.Name
	if s.class >= 0 {
		out.Class = a.target.classes[s.class]
		about = fmt.Sprintf("%s = %s", a.config.Name, out.Class)
	}
	figure := fmt.Sprintf("%s %.3f", s.measure, math.Floor(s.figure*1e3)/1e3)
	switch kind {
	case Copy:
		out.Message = fmt.Sprintf("%s has the value of %s, or a coding of it (%s)", feature.Name, a.config.Name, figure)
	case Power:
		out.Message = fmt.Sprintf("%s alone tells %s (%s): it may know the outcome", feature.Name, about, figure)
	case Timing:
		out.Message = fmt.Sprintf("%s rests on an event directly before the label's time where %s and not elsewhere (%s): "+
			"the event may be the outcome itself", feature.Name, about, figure)
	case After:
		out.Message = fmt.Sprintf("%s tells %s one second after the label's time and not at it (%s): "+
			"the outcome enters just then, and an inexact time would let it in", feature.Name, about, figure)
	}
	out.Hint = feature.why(out.Row)
	if kind == After {
		out.Hint = "declare when the outcome can be known with available:, or evaluate earlier with --gap"
	}
	return out
}
