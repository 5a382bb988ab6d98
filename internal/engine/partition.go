package engine

import (
	"math"
	"sort"

	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/schema"
)

// partition is the events of some entities, grouped by entity and in total order. It belongs to one
// worker, which fills it again and again. Its columns are reused, so whoever reads them must be
// done before the next load. Those that no part has are empty, not nil.
type partition struct {
	rows    eventRows
	offsets []int32 // of each entity of the partition, and the end
	to      []int32 // scratch: where each row of a part goes
	next    []int32
	buffer  []uint64 // of what is read back
	sorter  rowSorter
}

// extent is which events of a partition are loaded: of the entities [from, to), at the times [start,
// end).
type extent struct {
	from, to   int32
	start, end int64
}

// everything is all events of a partition.
// It is never written.
var everything = extent{0, math.MaxInt32, math.MinInt64, math.MaxInt64}

// has reports whether an event belongs to the extent.
func (e *extent) has(rows *eventRows, i int) bool {
	return rows.entity[i] >= e.from && rows.entity[i] < e.to && rows.time[i] >= e.start &&
		(rows.time[i] < e.end || e.end == math.MaxInt64)
}

// entities returns how many entities a partition has.
func (f *feed) entities(p int) int {
	return (int(f.table.count) - p + f.partitions() - 1) / f.partitions()
}

// count sets offsets to the events of each entity of partition number p.
func (w *partition) count(f *feed, p int, only extent) error {
	entities := f.entities(p)
	w.offsets = resized(w.offsets, entities+1)
	clear(w.offsets)
	for _, part := range f.parts {
		if part.events(p) == 0 {
			continue
		}
		rows, err := part.cut(p, &w.buffer)
		if err != nil {
			return err
		}
		for i, entity := range rows.entity {
			if only == everything || only.has(rows, i) {
				w.offsets[entity+1]++
			}
		}
	}
	for e := range entities {
		w.offsets[e+1] += w.offsets[e]
	}
	return nil
}

// load gathers an extent of partition number p of the feed from all parts. Parts are taken in the
// order of their chunks, so that the events of an entity lie in the order of position before they
// are sorted by time: the sort is stable and ties keep that order.
func (w *partition) load(f *feed, p int, only extent) error {
	if err := w.count(f, p, only); err != nil {
		return err
	}
	entities := f.entities(p)
	w.allocate(f, int(w.offsets[entities]))
	w.next = append(w.next[:0], w.offsets[:entities]...)
	for number, part := range f.parts {
		if part.events(p) == 0 {
			continue
		}
		rows, err := part.cut(p, &w.buffer)
		if err != nil {
			return err
		}
		if only != everything {
			rows = rows.within(&only)
		}
		w.scatter(f, number, rows)
	}
	w.correct(f)
	for e := range entities {
		w.order(int(w.offsets[e]), int(w.offsets[e+1]))
	}
	return nil
}

// within returns the events of an extent.
func (r *eventRows) within(only *extent) *eventRows {
	var rows []uint32
	for i := range r.time {
		if only.has(r, i) {
			rows = append(rows, uint32(i))
		}
	}
	return r.picked(rows)
}

// resized returns a slice of length n with the old memory if it is enough. Its content is anything.
// Growing by a quarter more spares the next, slightly larger partition an allocation.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// allocate makes room for n events with the columns that some part has. A column that only some
// parts have is filled for the others by scatter, with what its absence means: a time for when
// events are known, and no null for sequences.
func (w *partition) allocate(f *feed, n int) {
	r := &w.rows
	r.entity, r.time = resized(r.entity, n), resized(r.time, n)
	r.ready, r.visible = r.ready[:0], r.visible[:0]
	r.sequence, r.unsequenced = r.sequence[:0], r.unsequenced[:0]
	for _, part := range f.parts {
		if part.rows.ready != nil {
			r.ready = resized(r.ready, n)
		}
		if part.rows.visible != nil {
			r.visible = resized(r.visible, n)
		}
		if part.rows.sequence != nil {
			r.sequence = resized(r.sequence, n)
		}
		if part.rows.unsequenced != nil {
			r.unsequenced = resized(r.unsequenced, n)
		}
	}
	r.words = resized(r.words, n*f.stride())
	r.ints = resizedAll(r.ints, f.counts[window.Ints], n)
	r.floats = resizedAll(r.floats, f.counts[window.Floats], n)
	r.decimals = resizedAll(r.decimals, f.counts[window.Decimals], n)
	r.identity = r.identity[:0]
	if f.scan.changes != nil {
		r.identity = resized(r.identity, n)
	}
	r.origin = r.origin[:0] // of another feed, perhaps
	if f.keepOrigin {
		r.origin = resized(r.origin, n)
	}
}

func resizedAll[T any](columns [][]T, count, n int) [][]T {
	columns = resized(columns, count)
	for i := range columns {
		columns[i] = resized(columns[i], n)
	}
	return columns
}

// scatter moves rows of one part to their entities. Values that are held by number get their
// rank on the way: all numbers are known by now. An origin becomes the number of the part in the
// upper half and the row in its chunk in the lower.
func (w *partition) scatter(f *feed, number int, in *eventRows) {
	w.to = resized(w.to, len(in.time))
	for i, entity := range in.entity {
		w.to[i] = w.next[entity]
		w.next[entity]++
	}
	out := &w.rows
	place(out.time, in.time, w.to)
	if len(out.ready) > 0 {
		// A part without availability is one whose events are all known at their own time.
		ready := in.ready
		if ready == nil {
			ready = in.time
		}
		place(out.ready, ready, w.to)
	}
	if len(out.visible) > 0 {
		w.scatterVisible(in)
	}
	if in.sequence != nil {
		w.scatterSequence(f, in)
	}
	if in.identity != nil {
		place(out.identity, in.identity, w.to)
	}
	w.scatterWords(in.words, f.stride())
	for _, v := range f.values {
		switch {
		case v.interner != nil:
			placeRanks(out.ints[v.at], in.ints[v.at], w.to, v.interner.rank)
		case v.kind == window.Ints:
			place(out.ints[v.at], in.ints[v.at], w.to)
		case v.kind == window.Floats:
			place(out.floats[v.at], in.floats[v.at], w.to)
		default:
			place(out.decimals[v.at], in.decimals[v.at], w.to)
		}
	}
	if f.keepOrigin {
		for i, row := range in.origin {
			out.origin[w.to[i]] = uint64(number)<<32 | row
		}
	}
}

// A part without visibility is one whose events could always be seen.
func (w *partition) scatterVisible(in *eventRows) {
	if in.visible != nil {
		place(w.rows.visible, in.visible, w.to)
		return
	}
	for _, to := range w.to {
		w.rows.visible[to] = NoTime
	}
}

// A part without a list of null sequences has none that is null.
func (w *partition) scatterSequence(f *feed, in *eventRows) {
	if f.sequences != nil {
		placeRanks(w.rows.sequence, in.sequence, w.to, f.sequences.rank)
	} else {
		place(w.rows.sequence, in.sequence, w.to)
	}
	if len(w.rows.unsequenced) == 0 {
		return
	}
	for i := range w.to {
		w.rows.unsequenced[w.to[i]] = in.unsequenced != nil && in.unsequenced[i]
	}
}

// scatterWords moves the selection bits. One word for each event is by far the most common case, up
// to 64 selections, and needs no inner loop.
func (w *partition) scatterWords(words []uint64, stride int) {
	if stride == 1 {
		place(w.rows.words, words, w.to)
		return
	}
	for i, to := range w.to {
		copy(w.rows.words[int(to)*stride:(int(to)+1)*stride], words[i*stride:(i+1)*stride])
	}
}

// place puts each value where it goes; to has an entry for every value.
func place[T any](out, in []T, to []int32) {
	for i, x := range in {
		out[to[i]] = x
	}
}

// placeRanks stores the rank of each number; the number of a null may have none.
func placeRanks(out, in []int64, to []int32, rank []int64) {
	for i, x := range in {
		if int(x) < len(rank) {
			out[to[i]] = rank[x]
		} else {
			out[to[i]] = 0
		}
	}
}

// order puts the events [from, end) of one entity in total order: time, sequence (null first), and
// position, in which they lie already. Files are mostly written in the order of time, so that is
// tested first and nothing is moved then.
func (w *partition) order(from, end int) {
	r := &w.rows
	w.sorter.rows, w.sorter.from = r, from
	ordered := true
	for i := from + 1; i < end && ordered; i++ {
		ordered = !w.sorter.before(i, i-1)
	}
	if ordered {
		return
	}
	n := end - from
	w.to = resized(w.to, n)
	for i := range w.to {
		w.to[i] = int32(i)
	}
	w.sorter.order = w.to
	sort.Stable(&w.sorter)
	w.permute(from, end)
}

// rowSorter sorts positions, relative to from, by time and sequence. It sorts a list of positions
// and not the columns, of which there are many, so that each column is moved once. It lives in the
// partition so that handing it to sort.Stable, as an interface, allocates nothing.
type rowSorter struct {
	rows  *eventRows
	from  int
	order []int32
}

// before reports whether event i comes strictly before event j; events that are equal in time and
// sequence, or both without a sequence, stay in the order of position.
func (s *rowSorter) before(i, j int) bool {
	r := s.rows
	if r.time[i] != r.time[j] || len(r.sequence) == 0 {
		return r.time[i] < r.time[j]
	}
	if len(r.unsequenced) > 0 && r.unsequenced[i] != r.unsequenced[j] {
		return r.unsequenced[i]
	}
	if len(r.unsequenced) > 0 && r.unsequenced[i] {
		return false
	}
	return r.sequence[i] < r.sequence[j]
}

// Len implements sort.Interface.
func (s *rowSorter) Len() int { return len(s.order) }

// Less implements sort.Interface.
func (s *rowSorter) Less(i, j int) bool {
	return s.before(s.from+int(s.order[i]), s.from+int(s.order[j]))
}

// Swap implements sort.Interface.
func (s *rowSorter) Swap(i, j int) { s.order[i], s.order[j] = s.order[j], s.order[i] }

// permute brings the rows [from, end) of every column into the order in w.to. Every column that
// load fills must be named here too, or its values would belong to other events.
func (w *partition) permute(from, end int) {
	r := &w.rows
	permuteColumn(r.time[from:end], w.to, 1)
	if len(r.ready) > 0 {
		permuteColumn(r.ready[from:end], w.to, 1)
	}
	if len(r.visible) > 0 {
		permuteColumn(r.visible[from:end], w.to, 1)
	}
	if len(r.sequence) > 0 {
		permuteColumn(r.sequence[from:end], w.to, 1)
	}
	if len(r.unsequenced) > 0 {
		permuteColumn(r.unsequenced[from:end], w.to, 1)
	}
	if len(r.words) > 0 {
		stride := len(r.words) / len(r.time)
		permuteColumn(r.words[from*stride:end*stride], w.to, stride)
	}
	permuteAll(r.ints, from, end, w.to)
	permuteAll(r.floats, from, end, w.to)
	permuteAll(r.decimals, from, end, w.to)
	if len(r.origin) > 0 {
		permuteColumn(r.origin[from:end], w.to, 1)
	}
	if len(r.until) > 0 {
		permuteColumn(r.until[from:end], w.to, 1)
	}
}

func permuteAll[T int64 | float64 | schema.Int128](columns [][]T, from, end int, order []int32) {
	for _, column := range columns {
		permuteColumn(column[from:end], order, 1)
	}
}

// permuteColumn moves values of stride entries each; order[i] is where the i-th of them comes from.
func permuteColumn[T any](values []T, order []int32, stride int) {
	old := append([]T(nil), values...)
	for i, from := range order {
		copy(values[i*stride:(i+1)*stride], old[int(from)*stride:(int(from)+1)*stride])
	}
}
