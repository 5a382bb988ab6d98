package engine

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

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
		columns[i] = t.finishLeaf(t.aggregates[indexes[i]], places, s)
	})
	t.columns = map[int]*batch.Column{}
	for i, index := range indexes {
		t.columns[index] = columns[i]
	}
	if t.newest == nil {
		return
	}
	t.newestColumns = map[int]*batch.Column{}
	for k, column := range t.feed.newest {
		switch {
		case column == receivedAt && t.task.received:
			t.newestColumns[column] = t.newestColumn(k, schema.Of(schema.Timestamp))
		case t.task.newest[column]:
			t.newestColumns[column] = t.newestColumn(k, t.feed.scan.source.Columns[column].Type)
		}
	}
}

// finishLeaf turns one aggregate into a column.
func (t *taskFold) finishLeaf(l *leaf, places []int32, s *spare) *batch.Column {
	l.toRows(places, s)
	switch {
	case l.made != nil && l.made.runs != nil:
		return t.listColumn(l, places)
	case l.made != nil && l.made.origins != nil:
		return t.gatherCopies(l.made.copied, l.kind, l.made.origins, l.valid)
	default:
		return l.column()
	}
}

// newestColumn returns a column of the newest rows, of which the pieces may have been read later.
func (t *taskFold) newestColumn(k int, kind schema.Type) *batch.Column {
	from := t.newest.from
	if late := from.late[k]; late != nil {
		return from.join(late, kind)
	}
	return from.gather(func(p *part) *batch.Column { return p.newest[k] }, kind)
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
	t.newest.time = atRowsIn(nil, t.newest.time, places, NoTime)
	t.newest.origin = atRowsIn(nil, t.newest.origin, places, 0)
	present := func(i int) bool { return t.newest.time[i] != NoTime }
	t.newest.from = sourcesOf(t.feed.parts, t.newest.origin, present)
	t.newest.from.late = make([][]*batch.Column, len(t.feed.newest))
	t.newest.origin = nil
}

// gatherCopies collects values of an argument that stayed in the columns of chunks. present, if
// set, says which origins there are.
func (t *taskFold) gatherCopies(copied int, kind schema.Type, origins []uint64,
	present []bool) *batch.Column {
	from := sourcesOf(t.feed.parts, origins, func(i int) bool { return present == nil || present[i] })
	return from.gather(func(p *part) *batch.Column { return p.copies[copied] }, kind)
}

// rowSources says where rows lie, by their origins: it is worked out once for all columns. The rows
// wanted are first cut out of each part, so that what is joined is as long as what is wanted of it
// and not as the chunks.
type rowSources struct {
	parts  []*part
	rows   []uint32          // of each one wanted among what is cut out, or batch.NoRow
	byPart []int32           // where the rows of each part begin in wanted, and the end
	wanted []uint32          // rows of parts
	direct []uint32          // rows of the only part, if there is one
	late   [][]*batch.Column // by place in feed.newest and part: the rows wanted; nil: of the parts
}

func sourcesOf(parts []*part, origins []uint64, present func(i int) bool) *rowSources {
	s := &rowSources{
		parts: parts, rows: make([]uint32, len(origins)), byPart: make([]int32, len(parts)+1),
	}
	for i, origin := range origins {
		if present(i) {
			s.byPart[origin>>32+1]++
		}
	}
	for p := range s.parts {
		s.byPart[p+1] += s.byPart[p]
	}
	next := append([]int32(nil), s.byPart...)
	s.wanted = make([]uint32, s.byPart[len(s.parts)])
	for i, origin := range origins {
		s.rows[i] = batch.NoRow
		if !present(i) {
			continue
		}
		p := origin >> 32
		s.rows[i], s.wanted[next[p]] = uint32(next[p]), uint32(origin)
		next[p]++
	}
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

// gather collects the rows of a column that parts have whole.
func (s *rowSources) gather(of func(*part) *batch.Column, kind schema.Type) *batch.Column {
	if s.direct != nil {
		return batch.Gather(of(s.parts[0]), s.direct)
	}
	pieces := make([]*batch.Column, len(s.parts))
	for p, part := range s.parts {
		if from, to := s.byPart[p], s.byPart[p+1]; from < to {
			pieces[p] = batch.Gather(of(part), s.wanted[from:to])
		}
	}
	return s.join(pieces, kind)
}

// join puts the pieces of parts into the order of rows; parts of which nothing is wanted have none. The
// first piece has no row: it gives the column its type where no row is wanted at all.
func (s *rowSources) join(pieces []*batch.Column, kind schema.Type) *batch.Column {
	all := []*batch.Column{batch.Repeat(schema.NullOf(kind), 0)}
	for p, piece := range pieces {
		if s.byPart[p] < s.byPart[p+1] {
			all = append(all, piece)
		}
	}
	if len(all) == 2 { // nothing to join
		return batch.Gather(all[1], s.rows)
	}
	return batch.Gather(batch.Concat(all), s.rows)
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

// spare is the memory of columns that were brought to their rows: the next ones take it. A thousand
// features would otherwise need fresh memory for each.
type spare struct {
	ints     []int64
	floats   []float64
	decimals []schema.Int128
	truths   []bool
	origins  []uint64
}

// atRowsIn brings values from their places to their rows, in memory that must not be that of values; nil:
// new memory. Rows without a place get nothing's value.
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
	if l.made != nil {
		swap(&l.made.origins, &s.origins, places)
	}
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
