package engine

import (
	"math"
	"sort"

	"github.com/fettle-ml/fettle/internal/engine/exact"
	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// reader folds one entity at a time for one worker. Selections and lanes are built when a label
// first reads them and forgotten with the entity. The slices selected and laned say in which epoch
// an entry was built. An epoch is an entity, so that changing to the next one forgets everything
// without touching it.
type reader struct {
	feed       *feed
	partition  partition
	from, end  int // the entity's events in the partition
	time       []int64
	fence      fence
	epoch      int
	selections []window.Selection
	selected   []int // epoch in which a selection was built
	lanes      []window.Lane
	laned      []int
	cursors    []cursor       // by window
	spans      []window.Range // by window, of the row that is read
	holes      []int32        // scratch, with room for every pending position
	trueHoles  []int32
	served     []int64 // scratch: from when on each event counts for a task
}

// cursor remembers where a window's ends were for the previous label: they never go back. It is
// valid for the rows of one task and entity only.
type cursor struct{ from, to int }

func newReader(f *feed) *reader {
	return &reader{
		feed:       f,
		selections: make([]window.Selection, len(f.selections)), selected: make([]int, len(f.selections)),
		lanes: make([]window.Lane, len(f.lanes)), laned: make([]int, len(f.lanes)),
	}
}

// enter makes the events [from, end) of the partition the current entity. Positions in times,
// fences, selections and lanes all count from from.
func (r *reader) enter(from, end int) {
	r.from, r.end = from, end
	r.time = r.partition.rows.time[from:end]
	r.epoch++
	if len(r.partition.rows.visible) == 0 {
		r.fence.enter(r.time, pickRange(r.partition.rows.ready, from, end))
	}
}

// pickRange returns a part of a list that may be absent.
func pickRange(list []int64, from, end int) []int64 {
	if len(list) == 0 {
		return nil
	}
	return list[from:end]
}

// enterServed puts up the fence for a task that sees only what serving saw. Tasks differ in that,
// so each has a fence of its own.
func (r *reader) enterServed(t *taskFold) {
	rows := &r.partition.rows
	ready, set := pickRange(rows.ready, r.from, r.end), t.task.bound
	r.served = resized(r.served, len(r.time))
	for i, visible := range rows.visible[r.from:r.end] {
		at := r.time[i]
		if ready != nil {
			at = ready[i]
		}
		if visible > set.since {
			at = max(at, visible-set.delay)
		}
		r.served[i] = at
	}
	r.fence.enter(r.time, r.served)
}

// selection returns a selection of the current entity, building it on first use. It is valid until
// the next entity is entered.
func (r *reader) selection(i int) *window.Selection {
	s := &r.selections[i]
	if r.selected[i] != r.epoch {
		r.selected[i] = r.epoch
		stride := r.feed.stride()
		s.Build(r.end-r.from, r.partition.rows.words[r.from*stride:r.end*stride], stride, i)
	}
	return s
}

// lane returns a lane of the current entity, building it on first use. Resetting a lane forgets
// what its distinct counters have seen, so it must not happen twice for an entity.
func (r *reader) lane(i int) *window.Lane {
	l := &r.lanes[i]
	if r.laned[i] == r.epoch {
		return l
	}
	r.laned[i] = r.epoch
	spec := r.feed.lanes[i]
	value, rows := r.feed.values[spec.value], &r.partition.rows
	s := r.selection(spec.selection)
	switch value.kind {
	case window.Ints:
		l.ResetInts(s, rows.ints[value.at][r.from:r.end])
	case window.Floats:
		l.ResetFloats(s, rows.floats[value.at][r.from:r.end])
	default:
		l.ResetDecimals(s, rows.decimals[value.at][r.from:r.end])
	}
	return l
}

// foldRows reads every window for a task's rows of the current entity.
func (r *reader) foldRows(t *taskFold, entity int) {
	rows, first := t.rowsOf(entity)
	r.foldRun(t, rows, first, allReads)
}

// reads says what of a task is read.
type reads struct{ windows, newest bool }

var allReads = reads{true, true} // it is never written

// foldRun reads rows that follow each other by boundary, the first of them at a place. In this order
// cursors, fence and distinct counters only move forward, and all labels of an entity cost about
// one pass over its events.
func (r *reader) foldRun(t *taskFold, rows []int32, first int, what reads) {
	r.cursors = resized(r.cursors, len(t.windows))
	clear(r.cursors)
	r.spans = resized(r.spans, len(t.windows))
	if len(r.partition.rows.visible) > 0 {
		r.enterServed(t)
	}
	r.fence.restart()
	bound, trace := t.task.bound.at, t.task.evaluation.options.Trace
	for i, row := range rows {
		b, at := bound[row], first+i
		r.fence.advance(b)
		r.holes = resized(r.holes, len(r.fence.pending))
		r.trueHoles = resized(r.trueHoles, len(r.fence.pending))
		if t.newest != nil && what.newest {
			r.readNewest(t, at, b+t.shift)
		}
		if !what.windows {
			continue
		}
		for w := range t.windows {
			r.spans[w] = r.span(t, w, b)
		}
		for _, g := range t.groups {
			r.readGroup(g, r.spans[g.window], at)
		}
		if trace != nil {
			trace.record(r, t, row)
		}
	}
}

// span returns the events of a window as of b. The ends of a window must grow with the boundary, as
// they do for every kind of window.
func (r *reader) span(t *taskFold, number int, b int64) window.Range {
	start, end := windowEnds(t.windows[number], b, t.shift)
	c := &r.cursors[number]
	c.from, c.to = advance(r.time, c.from, start), advance(r.time, c.to, end)
	return r.fence.split(c.from, c.to)
}

// windowEnds returns the instants [start, end) of a window as of b; shift is 1 with edge at. Both
// ends move by the shift, and after they are rounded to the hop. A window without a length and
// without a since begins before all events.
func windowEnds(w plan.Window, b, shift int64) (start, end int64) {
	end = b - w.Offset
	start = math.MinInt64
	switch {
	case w.Kind == plan.Sliding:
		start = end - w.Length
		if w.Hop > 0 {
			start, end = schema.FloorDiv(start, w.Hop)*w.Hop, schema.FloorDiv(end, w.Hop)*w.Hop
		}
		start += shift
	case w.Since != nil:
		start = *w.Since
	}
	return start, end + shift
}

// advance returns the first position from i on whose time is at least t, by doubling steps. Labels
// are often close to each other, so that it starts with small steps from where the previous one
// was; a far one still costs a logarithm only.
func advance(times []int64, i int, t int64) int {
	if i >= len(times) || times[i] >= t {
		return i
	}
	step := 1
	for i+step < len(times) && times[i+step] < t {
		i += step
		step *= 2
	}
	// times[i] < t, and times[i+step], if any, is not.
	low, high := i+1, min(i+step, len(times))
	return low + sort.Search(high-low, func(k int) bool { return times[low+k] >= t })
}

// readGroup reads the aggregates of one window and filter for the row at a place in the order of
// rows. A row without an event in the group keeps NoTime and the value that its columns began with.
func (r *reader) readGroup(g *group, events window.Range, at int) {
	base := r.selection(g.base)
	in := base.Ranks(events, r.holes)
	if in.Count() == 0 {
		return
	}
	g.time[at] = r.time[base.Event(in.Newest())]
	for _, rd := range g.reads {
		r.readLane(rd, events, at)
	}
}

// readLane reads the aggregates of one argument for the row at a place. Where all arguments are
// null it writes nothing: counts stay 0 and everything else stays null.
func (r *reader) readLane(rd *read, events window.Range, at int) {
	in := r.selection(rd.selection).Ranks(events, r.holes)
	n := in.Count()
	if n == 0 {
		return
	}
	if rd.count != nil {
		rd.count.setInt(at, int64(n))
	}
	if rd.whenTrue >= 0 {
		r.readTruth(rd, events, n, at)
	}
	if rd.lane < 0 {
		return
	}
	lane := r.lane(rd.lane)
	switch lane.Kind {
	case window.Floats:
		readFloats(rd, lane, in, at)
	case window.Ints:
		readInts(rd, lane, in, at)
	default:
		readDecimals(rd, lane, in, at)
	}
	readSpread(rd, lane, in, at)
	if rd.of == nil {
		return
	}
	if d := lane.Distinct(rd.slot, in); d > window.DistinctCap {
		rd.of.failed[at] = true
	} else {
		rd.of.setInt(at, int64(d))
	}
}

// readTruth reads any and all, of n events whose condition is not null. The trues have holes of
// their own in a scratch of their own, because the range of the others is still in use.
func (r *reader) readTruth(rd *read, events window.Range, n int, at int) {
	trues := r.selection(rd.whenTrue).Ranks(events, r.trueHoles).Count()
	if rd.anyTrue != nil {
		rd.anyTrue.setInt(at, truthValue(trues > 0))
	}
	if rd.allTrue != nil {
		rd.allTrue.setInt(at, truthValue(trues == n))
	}
}

func truthValue(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// readFloats reads a lane of floats. avg divides the rounded sum, so that it is null wherever the
// sum is not finite and equals what a user gets by dividing the two.
func readFloats(rd *read, lane *window.Lane, in window.Range, at int) {
	if rd.sum != nil || rd.avg != nil {
		sum := exact.Float(lane.Sum(in))
		if rd.sum != nil {
			rd.sum.setFloat(at, sum)
		}
		if rd.avg != nil {
			rd.avg.setFloat(at, sum/float64(in.Count()))
		}
	}
	if rd.least != nil {
		rd.least.setFloat(at, lane.ExtremeFloat(in, false))
	}
	if rd.most != nil {
		rd.most.setFloat(at, lane.ExtremeFloat(in, true))
	}
	if rd.first != nil {
		rd.first.setFloat(at, lane.Floats[in.Oldest()])
	}
	if rd.last != nil {
		rd.last.setFloat(at, lane.Floats[in.Newest()])
	}
}

// readInts reads a lane of integers or of ranks; sums are never asked of ranks. avg divides the
// exact sum and rounds once, so it is there even when the sum does not fit.
func readInts(rd *read, lane *window.Lane, in window.Range, at int) {
	if rd.sum != nil || rd.avg != nil {
		acc, _ := lane.Sum(in)
		if rd.sum != nil {
			sum, fits := exact.Int64(acc)
			rd.sum.setInt64(at, sum, fits)
		}
		if rd.avg != nil {
			rd.avg.setFloat(at, exact.IntMean(acc, int64(in.Count())))
		}
	}
	if rd.least != nil {
		rd.least.setInt(at, lane.ExtremeInt(in, false))
	}
	if rd.most != nil {
		rd.most.setInt(at, lane.ExtremeInt(in, true))
	}
	if rd.first != nil {
		rd.first.setInt(at, lane.Ints[in.Oldest()])
	}
	if rd.last != nil {
		rd.last.setInt(at, lane.Ints[in.Newest()])
	}
}

// readDecimals reads a lane of digits. Extremes and first or last come from a lane of ranks
// instead. A mean has more digits behind the point than its argument, so it is divided to that
// many.
func readDecimals(rd *read, lane *window.Lane, in window.Range, at int) {
	if rd.sum == nil && rd.avg == nil {
		return
	}
	acc, _ := lane.Sum(in)
	if rd.sum != nil {
		sum, fits := exact.Decimal(acc)
		rd.sum.setDecimal(at, sum, fits)
	}
	if rd.avg != nil {
		digits := rd.avg.kind.Size - rd.scale
		mean, fits := exact.DecimalMean(acc, int64(in.Count()), digits)
		rd.avg.setDecimal(at, mean, fits)
	}
}

// readSpread reads the variances: (n*S2 - S1*S1), rounded once, over n(n-1) or n*n. A sample
// variance of one value is null.
func readSpread(rd *read, lane *window.Lane, in window.Range, at int) {
	if rd.varSamp == nil && rd.varPop == nil && rd.devS == nil && rd.devP == nil {
		return
	}
	n := int64(in.Count())
	spread := lane.Spread(in, rd.scale)
	if n > 1 {
		variance := spread / float64(n*(n-1))
		setVariance(rd.varSamp, rd.devS, at, variance)
	}
	setVariance(rd.varPop, rd.devP, at, spread/float64(n*n))
}

// setVariance stores a variance and its root, where they are wanted.
func setVariance(variance, deviation *leaf, at int, x float64) {
	if variance != nil {
		variance.setFloat(at, x)
	}
	if deviation != nil {
		deviation.setFloat(at, math.Sqrt(x))
	}
}

// readNewest finds the newest row before end that is available. The filter is applied to the row
// that was found. Looking for the newest row that passes it would bring back an older state that
// the source has replaced or deleted since.
func (r *reader) readNewest(t *taskFold, at int, end int64) {
	last := r.fence.newest(advance(r.time, 0, end))
	if last < 0 {
		return
	}
	if !r.selection(t.newest.live).Has(last) {
		t.newest.time[at] = NoTime // of an earlier part of the entity's events, perhaps
		return
	}
	t.newest.time[at] = r.time[last]
	t.newest.origin[at] = r.partition.rows.origin[r.from+last]
}
