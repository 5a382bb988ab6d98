package engine

import (
	"cmp"
	"slices"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// generalLeaf is what a leaf of package aggregate has besides numbers. Values whose type no lane
// holds are kept by their origin. The values of lists lie in arenas, one for each partition: one
// worker folds it, so that lists of any length need no lock.
type generalLeaf struct {
	asked   *generalAggregate
	copied  int       // column of the chunks that has the values; -1: they are held
	origins []uint64  // by place; nil: of results that are no such values
	runs    []listRun // by place, the zero run is an empty list; nil: of results that are no lists
	arenas  []arena
	failing sync.Once
}

// allocate makes room for results, which begin with the value of no events. It reports whether that is
// all that the leaf needs; values that lanes hold are the leaf's to make room for.
func (g *generalLeaf) allocate(l *leaf, rows int) bool {
	if g.asked.zero {
		for i := range l.valid {
			l.valid[i] = true
		}
	}
	switch {
	case g.asked.lists:
		g.runs = make([]listRun, rows)
	case g.copied >= 0:
		g.origins = make([]uint64, rows)
	default:
		return false
	}
	return true
}

// fail marks a value whose cap was exceeded. Workers may do so at once, each at its own places.
func (l *leaf) fail(at int) {
	l.made.failing.Do(func() { l.failed = make([]bool, len(l.valid)) })
	l.failed[at], l.valid[at] = true, false
}

// arena is values of lists, one after the other, held as the lane of their argument holds them.
type arena struct {
	length   int
	ints     []int64
	floats   []float64
	decimals []schema.Int128
	origins  []uint64
	counts   []int64 // of maps
}

// listRun is where the values of one list lie.
type listRun struct{ arena, from, to int }

// listColumn joins the lists into one column, in the order of rows. It comes after the leaf's
// validity is at its rows, and lets go of the arenas. The items become a leaf of their own for a
// moment, since values of lists and single values are held alike.
func (t *taskFold) listColumn(l *leaf, places []int32) *batch.Column {
	items := &leaf{kind: *l.kind.Elem, interner: l.interner}
	if l.kind.Kind == schema.Map {
		items.kind = l.made.asked.specification.Arguments[0]
	}
	column := &batch.Column{Type: l.kind, Length: len(places), Valid: validOrNil(l.valid)}
	column.Offsets = make([]uint32, 1, len(places)+1)
	var counts []int64
	var origins []uint64
	total := 0
	for row, at := range places {
		if at >= 0 && l.valid[row] {
			run := l.made.runs[at]
			a := &l.made.arenas[run.arena]
			items.ints = appendRun(items.ints, a.ints, run)
			items.floats = appendRun(items.floats, a.floats, run)
			items.decimals = appendRun(items.decimals, a.decimals, run)
			origins = appendRun(origins, a.origins, run)
			counts = appendRun(counts, a.counts, run)
			total += run.to - run.from
		}
		column.Offsets = append(column.Offsets, uint32(total))
	}
	l.made.arenas, l.made.runs = nil, nil
	if items.valid = make([]bool, total); l.made.copied >= 0 {
		column.Child = t.gatherCopies(l.made.copied, items.kind, origins, nil)
	} else {
		for i := range items.valid {
			items.valid[i] = true
		}
		items.settle(total)
		column.Child = items.column()
	}
	if l.kind.Kind == schema.Map {
		toMap(column, l.made.asked.keys, counts)
	}
	return column
}

// settle gives a leaf without any value the slice of its kind, which readers of columns expect.
func (l *leaf) settle(total int) {
	if total > 0 {
		return
	}
	l.ints, l.floats, l.decimals = []int64{}, []float64{}, []schema.Int128{}
	switch {
	case l.interner != nil:
	case l.kind.Kind == schema.Float64:
		l.ints, l.decimals = nil, nil
	case l.kind.Kind == schema.Decimal:
		l.ints, l.floats = nil, nil
	default:
		l.floats, l.decimals = nil, nil
	}
}

// appendRun copies one list. Slices that the type of the items does not use are empty.
func appendRun[T any](dst, values []T, run listRun) []T {
	if len(values) == 0 {
		return dst
	}
	return append(dst, values[run.from:run.to]...)
}

// validOrNil returns nil if every row is valid, as readers of columns expect.
func validOrNil(valid []bool) []bool {
	if slices.Contains(valid, false) {
		return valid
	}
	return nil
}

// toMap makes a column of lists one of maps: the values become keys, in the order of their text,
// which for numbers is another than their own. No two values of a type have one text.
func toMap(column *batch.Column, write *expr.Program, counts []int64) {
	keys := column.Child
	if write != nil {
		var nulls expr.Counts
		keys = write.Eval(oneColumn{keys}, &nulls)
	}
	order := make([]uint32, keys.Length)
	for i := range order {
		order[i] = uint32(i)
	}
	for row := range column.Length {
		slices.SortFunc(order[column.Offsets[row]:column.Offsets[row+1]], func(a, b uint32) int {
			return cmp.Compare(keys.Text(int(a)), keys.Text(int(b)))
		})
	}
	column.Keys = batch.Gather(keys, order)
	column.Child = &batch.Column{Type: schema.Of(schema.Int64), Length: len(order)}
	column.Child.Ints = make([]int64, len(order))
	for i, from := range order {
		column.Child.Ints[i] = counts[from]
	}
}

// oneColumn is the environment of an expression over one column.
type oneColumn struct{ column *batch.Column }

// Rows implements expr.Environment.
func (o oneColumn) Rows() int { return o.column.Length }

// Leaf implements expr.Environment.
func (o oneColumn) Leaf(*plan.Expr) *batch.Column { return o.column }
