package engine

import (
	"fmt"
	"math/bits"
	"sync"

	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// feed is the events of one source under one key mapping, reduced to what its tasks read. One
// goroutine sets it up before the scan, the workers of the scan add parts under its mutex, and
// while it is folded it is only read. Views with the same key mapping share a feed, and with it the
// partitions and the arguments they have in common.
type feed struct {
	scan       *sourceScan
	key        []*expr.Program
	table      *keyTable
	needs      []needs // by entity; nil: every event may count
	tasks      []*taskFold
	selections []selectionSpec
	values     []valueSpec
	lanes      []laneSpec
	sessions   []sessionSpec
	functions  []functionSpec
	copies     []*expr.Program // arguments that stay in the columns of their chunks
	newest     []int           // stored columns of the source that are read of the newest row, or receivedAt
	served     bool            // some task looks at visibility
	keepOrigin bool            // some task reads the newest row, or the events are traced
	slots      int             // windows of distinct counts over all tasks
	counts     [kinds]int
	sequences  *interner // of a sequence that is text or decimal

	partitionBits int
	mutex         sync.Mutex
	parts         []*part
	noKey         int64
}

// receivedAt stands among the columns of newest rows for the time of receipt.
const receivedAt = -1

// kinds is how many kinds of lanes there are.
const kinds = 3

// selectionSpec is one bit of an event: every condition true, and some values not null. The key is the
// text of all of them: specs with equal keys select the same events and are shared.
type selectionSpec struct {
	key        string
	conditions []*expr.Program
	notNull    []*expr.Program
	live       bool // tombstones are out
}

// valueSpec is one argument stored with each event. A null has some value too; it is kept out by
// the selection, not by the value. The interner is set for values that are held by number.
type valueSpec struct {
	key      valueKey
	program  *expr.Program
	kind     window.Kind
	at       int // index among the values of its kind
	interner *interner
}

type valueKey struct {
	text     string
	interned bool
}

// laneSpec is a value under a selection. The selection excludes nulls of the value, so a lane has
// no holes of its own.
type laneSpec struct {
	selection, value int
}

// partitions returns how many partitions the entities fall into.
func (f *feed) partitions() int { return 1 << f.partitionBits }

// maxPartitionBits bounds the partitions: enough for an even load on two cores and for a part of
// ten million events to stay near the cache.
const maxPartitionBits = 6

// number gives the entities of all tasks their numbers. Rows whose key or time is null get no
// entity and are never folded. Partitions grow with the number of entities, at least two in each,
// so that a handful of entities does not pay for empty partitions. After this the table is read by
// many goroutines and must not change.
func (f *feed) number() error {
	f.table = newKeyTable()
	for _, t := range f.tasks {
		if err := t.task.keys.resolve(); err != nil {
			return err
		}
		valid := t.task.keys.valid
		if times := t.task.at.valid; times != nil {
			valid = bothValid(valid, times)
		}
		t.numbers, _ = f.table.numbers(t.task.keys.columns, valid, true)
	}
	f.needs = f.require()
	f.partitionBits = min(maxPartitionBits, bits.Len32(uint32(f.table.count)/4))
	for _, t := range f.tasks {
		t.group(int(f.table.count))
	}
	return nil
}

// bothValid joins two lists of which nil means that every row is valid. It never changes either.
func bothValid(a, b []bool) []bool {
	if a == nil {
		return b
	}
	both := make([]bool, len(a))
	for i := range both {
		both[i] = a[i] && b[i]
	}
	return both
}

// conditions returns the filter of a view and an aggregate. The slice is new, so the caller may
// append to it. Both conditions must be true; null is not.
func conditions(view *plan.View, where *plan.Expr) []*plan.Expr {
	var all []*plan.Expr
	for _, e := range []*plan.Expr{view.Where, where} {
		if e != nil {
			all = append(all, e)
		}
	}
	return all
}

// selection returns the number of a selection, making it if there is none like it. All tasks of the
// feed share selections, and every one costs a bit for each event. notNull is the arguments whose
// nulls are left out.
func (f *feed) selection(all []*plan.Expr, notNull ...*plan.Expr) (int, error) {
	key := ""
	for _, e := range notNull {
		c, err := f.scan.compiled.compile(e)
		if err != nil {
			return 0, err
		}
		key += "not null " + c.key + " "
	}
	for _, e := range all {
		c, err := f.scan.compiled.compile(e)
		if err != nil {
			return 0, err
		}
		key += "where " + c.key + " "
	}
	for i, s := range f.selections {
		if s.key == key {
			return i, nil
		}
	}
	spec := selectionSpec{key: key, live: f.scan.source.DeleteWhen != nil}
	var err error
	if spec.conditions, err = f.scan.programsOf(all); err != nil {
		return 0, err
	}
	if spec.notNull, err = f.scan.programsOf(notNull); err != nil {
		return 0, err
	}
	f.selections = append(f.selections, spec)
	return len(f.selections) - 1, nil
}

// lane returns the number of a lane; ordered asks for values that compare as their type does.
// Aggregates of one argument under one filter share a lane whatever their windows.
func (f *feed) lane(selection int, e *plan.Expr, ordered bool) (int, error) {
	value, err := f.value(e, ordered)
	if err != nil {
		return 0, err
	}
	for i, l := range f.lanes {
		if l.selection == selection && l.value == value {
			return i, nil
		}
	}
	f.lanes = append(f.lanes, laneSpec{selection, value})
	return len(f.lanes) - 1, nil
}

// value returns the number of an argument. A decimal that is both summed and compared is held
// twice, once by its digits and once by rank, so how it is held is part of its key.
func (f *feed) value(e *plan.Expr, ordered bool) (int, error) {
	kind, interned, err := holding(e.Type, ordered)
	if err != nil {
		return 0, err
	}
	c, err := f.scan.compiled.compile(e)
	if err != nil {
		return 0, err
	}
	key := valueKey{c.key, interned}
	for i, v := range f.values {
		if v.key == key {
			return i, nil
		}
	}
	program, err := f.scan.program(e)
	if err != nil {
		return 0, err
	}
	spec := valueSpec{key: key, program: program, kind: kind, at: f.counts[kind]}
	f.counts[kind]++
	if interned {
		spec.interner = newInterner(e.Type)
	}
	f.values = append(f.values, spec)
	return len(f.values) - 1, nil
}

// holding says how values of a type are held in a lane, and whether by number. Lanes hold numbers
// of fixed size only, so text is held by its rank. A decimal is compared by rank too, because one
// comparison of integers is all that the structures for extremes know.
func holding(t schema.Type, ordered bool) (kind window.Kind, interned bool, err error) {
	switch t.Kind {
	case schema.Bool, schema.Int64, schema.Timestamp, schema.Date, schema.Duration:
		return window.Ints, false, nil
	case schema.Float64:
		return window.Floats, false, nil
	case schema.Decimal:
		if ordered {
			return window.Ints, true, nil
		}
		return window.Decimals, false, nil
	case schema.String, schema.Bytes:
		return window.Ints, true, nil
	default:
		return 0, false, fmt.Errorf("aggregates of %s are not available", t)
	}
}
