package engine

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// read is the aggregates of one argument within a group: they share a lane, so that a sum serves
// sum, avg and the variances. A leaf that is nil is not wanted. No two reads of a group have the
// same selection, truth and lane.
type read struct {
	selection int // filter and non-null argument
	whenTrue  int // any, all: selection of the true ones
	lane      int // -1: nothing but counts
	slot      int // of the distinct count
	scale     int // of a decimal argument

	count, anyTrue, allTrue      *leaf
	sum, avg                     *leaf
	varSamp, varPop, devS, devP  *leaf
	least, most, first, last, of *leaf // of: distinct
}

// addAggregate finds or makes the group and read of an aggregate and its leaf. It only declares
// what is wanted. Nothing is read before every task of the scan has done so, because the feed
// stores the union of their arguments in one pass.
func (t *taskFold) addAggregate(index int) error {
	a := t.task.view.Aggregates[index]
	where := conditions(t.task.view, a.Where)
	base, err := t.feed.selection(where, nil)
	if err != nil {
		return err
	}
	g := t.groupOf(t.window(a.Window), base)
	l := &leaf{kind: a.Type, group: g}
	t.aggregates[index] = l
	r, err := t.readOf(g, a, where)
	if err != nil {
		return fmt.Errorf("aggregate %s of view %s: %w", a.Func, t.task.view.Name, err)
	}
	return r.attach(a, l, t.feed)
}

// window returns the number of a window within the task. Equal windows share a number, and with it
// the cursor that a reader moves over the events.
func (t *taskFold) window(w plan.Window) int {
	for i, known := range t.windows {
		if equalWindows(known, w) {
			return i
		}
	}
	t.windows = append(t.windows, w)
	return len(t.windows) - 1
}

// equalWindows compares windows by value: Since is a pointer, and two windows that begin on one day
// may point to two copies of it.
func equalWindows(a, b plan.Window) bool {
	sinceA, sinceB := a.Since, b.Since
	a.Since, b.Since = nil, nil
	return a == b && (sinceA == nil) == (sinceB == nil) && (sinceA == nil || *sinceA == *sinceB)
}

// groupOf returns the group of a window and a base selection. The base is the filter alone: an
// event whose argument is null does not change the value, but it does contribute to the event time.
func (t *taskFold) groupOf(window, base int) *group {
	for _, g := range t.groups {
		if g.window == window && g.base == base {
			return g
		}
	}
	g := &group{window: window, base: base}
	t.groups = append(t.groups, g)
	return g
}

// readOf returns the read for an aggregate's selection and lane. any and all need two selections,
// the true events and those whose condition is not null, to compare their counts. The selections do
// not keep the list of conditions, so appending to where is safe.
func (t *taskFold) readOf(g *group, a *plan.Aggregate, where []*plan.Expr) (*read, error) {
	want := read{lane: -1, selection: g.base, whenTrue: -1}
	var err error
	switch {
	case len(a.Args) == 0:
	case a.Func == "count_if":
		want.selection, err = t.feed.selection(append(where, a.Args[0]), nil)
	case a.Func == "any" || a.Func == "all":
		want.whenTrue, err = t.feed.selection(append(where, a.Args[0]), nil)
		if err == nil {
			want.selection, err = t.feed.selection(where, a.Args[0])
		}
	default:
		want.selection, err = t.feed.selection(where, a.Args[0])
	}
	if err == nil && laned(a) {
		want.scale = decimalScale(a.Args[0].Type)
		want.lane, err = t.feed.lane(want.selection, a.Args[0], ordered(a))
	}
	if err != nil {
		return nil, err
	}
	for _, r := range g.reads {
		if r.selection == want.selection && r.whenTrue == want.whenTrue && r.lane == want.lane {
			return r, nil
		}
	}
	g.reads = append(g.reads, &want)
	return &want, nil
}

// laned reports whether the aggregate reads values, not only counts.
func laned(a *plan.Aggregate) bool {
	switch a.Func {
	case "count":
		return a.Distinct
	case "count_if", "any", "all":
		return false
	default:
		return true
	}
}

// ordered reports whether the aggregate compares or copies values, so that a number in their order
// can stand for them.
func ordered(a *plan.Aggregate) bool {
	switch a.Func {
	case "sum", "avg", "var_samp", "var_pop", "stddev_samp", "stddev_pop":
		return false
	default:
		return true
	}
}

// decimalScale returns the digits behind the point of a decimal. Other types need none to be summed
// exactly, so they have 0.
func decimalScale(t schema.Type) int {
	if t.Kind == schema.Decimal {
		return t.Size
	}
	return 0
}

// attach gives the leaf its place in the read. The leaf of an interned argument holds ranks until
// it is finished, whatever its type. Each distinct count takes a slot of its own: the counter of a
// slot only moves forward, so two windows that shared one would count wrongly.
func (r *read) attach(a *plan.Aggregate, l *leaf, f *feed) error {
	if r.lane >= 0 && ordered(a) && a.Func != "count" {
		l.interner = f.values[f.lanes[r.lane].value].interner
	}
	place, known := r.leafOf(a)
	if !known {
		return fmt.Errorf("the engine has no aggregate %s", a.Func)
	}
	*place = l
	switch {
	case a.Distinct:
		r.slot = f.slots
		f.slots++
		l.zero, l.capped = true, true
	case a.Func == "count" || a.Func == "count_if":
		l.zero = true
	}
	return nil
}

// leafOf returns the field of the read that holds the aggregate's leaf; false if the engine does
// not know the aggregate, which no plan that was compiled by this program can cause.
func (r *read) leafOf(a *plan.Aggregate) (**leaf, bool) {
	if a.Distinct && a.Func == "count" {
		return &r.of, true
	}
	switch a.Func {
	case "count", "count_if":
		return &r.count, true
	case "any":
		return &r.anyTrue, true
	case "all":
		return &r.allTrue, true
	case "sum":
		return &r.sum, true
	case "avg":
		return &r.avg, true
	case "var_samp":
		return &r.varSamp, true
	case "var_pop":
		return &r.varPop, true
	case "stddev_samp":
		return &r.devS, true
	case "stddev_pop":
		return &r.devP, true
	case "min":
		return &r.least, true
	case "max":
		return &r.most, true
	case "first":
		return &r.first, true
	case "last":
		return &r.last, true
	default:
		return nil, false
	}
}

// Aggregates returns the names of the aggregates the engine computes.
func Aggregates() []string {
	return []string{
		"count", "count_if", "sum", "avg", "min", "max", "var", "var_samp", "var_pop", "stddev",
		"stddev_samp", "stddev_pop", "first", "last", "any", "all",
	}
}

// finish turns what was folded into columns. Before it values lie at the places of rows, afterwards
// at the rows themselves. It runs when all workers are done, so it takes no lock, and no worker may
// touch the task afterwards.
func (t *taskFold) finish() {
	places := t.places()
	indexes := slices.Sorted(maps.Keys(t.aggregates))
	columns := make([]*batch.Column, len(indexes))
	workers := t.task.evaluation.options.Workers
	spares := make([]spare, max(1, workers))
	parallel(workers, len(t.groups)+len(indexes), func(worker, i int) {
		s := &spares[worker]
		if i < len(t.groups) {
			t.groups[i].time, s.ints = atRowsIn(s.ints, t.groups[i].time, places, NoTime), t.groups[i].time
			return
		}
		i -= len(t.groups)
		l := t.aggregates[indexes[i]]
		l.toRows(places, s)
		columns[i] = l.column()
	})
	t.columns = map[int]*batch.Column{}
	for i, index := range indexes {
		t.columns[index] = columns[i]
	}
	if t.newest == nil {
		return
	}
	t.newestColumns = map[int]*batch.Column{}
	from := t.newest.from
	for k, column := range t.feed.newest {
		switch {
		case column == receivedAt && t.task.received:
			t.newestColumns[column] = from.gather(k, schema.Of(schema.Timestamp))
		case t.task.newest[column]:
			t.newestColumns[column] = from.gather(k, t.feed.scan.source.Columns[column].Type)
		}
	}
}

// parallel calls work with each number below n, from so many goroutines; a few rows are worth none.
func parallel(workers, n int, work func(worker, i int)) {
	if workers <= 1 || n < 2 {
		for i := range n {
			work(0, i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for worker := range min(workers, n) {
		group.Go(func() {
			for i := next.Add(1) - 1; int(i) < n; i = next.Add(1) - 1 {
				work(worker, int(i))
			}
		})
	}
	group.Wait()
}

// arrange brings the newest rows from their places to their rows, and says where they lie.
func (t *taskFold) arrange() {
	if t.newest == nil {
		return
	}
	places := t.places()
	t.newest.time = atRows(t.newest.time, places, NoTime)
	t.newest.origin = atRows(t.newest.origin, places, 0)
	t.newest.from = t.sources()
	t.newest.origin = nil
}

// newestSources says where the newest rows lie: it is worked out once for all columns. The rows
// wanted are first cut out of each part, so that what is joined is as long as the labels and not as
// the chunks.
type newestSources struct {
	parts  []*part
	rows   []uint32          // of each task row among what is cut out, or batch.NoRow
	byPart []int32           // where the rows of each part begin in wanted, and the end
	wanted []uint32          // rows of parts
	direct []uint32          // rows of the only part, if there is one
	late   [][]*batch.Column // by place in feed.newest and part: the rows wanted; nil: of the parts
}

func (t *taskFold) sources() *newestSources {
	s := &newestSources{
		parts: t.feed.parts, rows: make([]uint32, len(t.newest.time)),
		byPart: make([]int32, len(t.feed.parts)+1),
	}
	for i, at := range t.newest.time {
		if at != NoTime {
			s.byPart[t.newest.origin[i]>>32+1]++
		}
	}
	for p := range s.parts {
		s.byPart[p+1] += s.byPart[p]
	}
	next := append([]int32(nil), s.byPart...)
	s.wanted = make([]uint32, s.byPart[len(s.parts)])
	for i, at := range t.newest.time {
		s.rows[i] = batch.NoRow
		if at == NoTime {
			continue
		}
		p := t.newest.origin[i] >> 32
		s.rows[i], s.wanted[next[p]] = uint32(next[p]), uint32(t.newest.origin[i])
		next[p]++
	}
	s.late = make([][]*batch.Column, len(t.feed.newest))
	if len(s.parts) == 1 { // nothing to join: rows are taken from where they are
		s.direct = make([]uint32, len(s.rows))
		for i, row := range s.rows {
			if s.direct[i] = row; row != batch.NoRow {
				s.direct[i] = s.wanted[row]
			}
		}
	}
	return s
}

// gather collects a column of the newest rows. The first piece has no row: it gives the column its
// type where no entity has a newest row at all.
func (s *newestSources) gather(newest int, kind schema.Type) *batch.Column {
	if s.direct != nil && s.late[newest] == nil {
		return batch.Gather(s.parts[0].newest[newest], s.direct)
	}
	pieces := []*batch.Column{batch.Repeat(schema.NullOf(kind), 0)}
	for p, part := range s.parts {
		from, to := s.byPart[p], s.byPart[p+1]
		switch {
		case from == to:
		case s.late[newest] != nil:
			pieces = append(pieces, s.late[newest][p])
		default:
			pieces = append(pieces, batch.Gather(part.newest[newest], s.wanted[from:to]))
		}
	}
	if len(pieces) == 2 { // nothing to join
		return batch.Gather(pieces[1], s.rows)
	}
	return batch.Gather(batch.Concat(pieces), s.rows)
}

// places returns the place of each row in the order of rows; -1: it has none. Rows have none if
// their key or time is null: those are in no entity's run.
func (t *taskFold) places() []int32 {
	places := make([]int32, len(t.numbers))
	for i := range places {
		places[i] = -1
	}
	for at, row := range t.order {
		places[row] = int32(at)
	}
	return places
}

// atRows brings values from their places to their rows; rows without a place get nothing's value.
func atRows[T any](values []T, places []int32, nothing T) []T {
	if values == nil {
		return nil
	}
	out := make([]T, len(places))
	for row, at := range places {
		if out[row] = nothing; at >= 0 {
			out[row] = values[at]
		}
	}
	return out
}

// spare is the memory of columns that were brought to their rows: the next ones take it. A thousand
// features would otherwise need fresh memory for each.
type spare struct {
	ints     []int64
	floats   []float64
	decimals []schema.Int128
	truths   []bool
}

// atRowsIn is atRows with memory to use, which must not be that of values.
func atRowsIn[T any](memory, values []T, places []int32, nothing T) []T {
	if values == nil {
		return nil
	}
	out := resized(memory, len(places))
	for row, at := range places {
		if out[row] = nothing; at >= 0 {
			out[row] = values[at]
		}
	}
	return out
}

// toRows puts the values at their rows, and leaves their memory as a spare. Slices that the leaf's
// type does not use are nil and stay so.
func (l *leaf) toRows(places []int32, s *spare) {
	swap(&l.ints, &s.ints, places)
	swap(&l.floats, &s.floats, places)
	swap(&l.decimals, &s.decimals, places)
	swap(&l.valid, &s.truths, places)
	swap(&l.failed, &s.truths, places)
}

// swap brings a column to its rows in spare memory, and its own becomes the spare.
func swap[T any](column, memory *[]T, places []int32) {
	if *column == nil {
		return
	}
	var nothing T
	*column, *memory = atRowsIn(*memory, *column, places, nothing), *column
}

// column returns the leaf as a column of its type. The column takes over the leaf's slices. Valid
// stays nil unless some row is null, since readers of columns skip the test for nulls when it is.
func (l *leaf) column() *batch.Column {
	c := &batch.Column{Type: l.kind, Length: len(l.valid)}
	if l.zero {
		// A count is null only where a cap was exceeded.
		for i, failed := range l.failed {
			l.valid[i] = !failed
		}
		if l.failed == nil {
			for i := range l.valid {
				l.valid[i] = true
			}
		}
	}
	for _, valid := range l.valid {
		if !valid {
			c.Valid = l.valid
			break
		}
	}
	switch {
	case l.interner != nil:
		c = l.interner.column(l.ints, l.valid)
		c.Type = l.kind
	case l.kind.Kind == schema.Bool:
		c.Bools = make([]bool, len(l.ints))
		for i, x := range l.ints {
			c.Bools[i] = x != 0
		}
	default:
		c.Ints, c.Floats, c.Decimals = l.ints, l.floats, l.decimals
	}
	return c
}
