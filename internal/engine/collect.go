package engine

import (
	"math"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// eventRows is events in columns: those of a part, or of a partition under work. Every slice that
// is set has an entry for each event; ints, floats and decimals are lists of such columns, numbered
// by valueSpec.at.
type eventRows struct {
	entity      []int32 // number within the partition
	time        []int64
	ready       []int64 // when each can be known; nil: at its time
	visible     []int64 // when serving could see each; nil: always
	sequence    []int64
	unsequenced []bool   // null sequence; nil: none
	words       []uint64 // selection bits, stride words an event
	stride      int
	ints        [][]int64
	floats      [][]float64
	decimals    [][]schema.Int128
	origin      []uint64 // part and row in its chunk; only if the feed keeps it
}

// part is one chunk's events for one feed, in the order of partitions. It is not changed once
// collected: while folding, all workers read all parts without a lock.
type part struct {
	ordinal int64
	starts  []int32 // of each partition, and the end
	rows    eventRows
	spilled *spilled        // where the events are if rows has only the shape of them
	bytes   int64           // held
	length  int             // of the chunk
	newest  []*batch.Column // of the chunk, as feed.newest; nil: read later
}

// stride is the number of words of selection bits an event has. All events have the same number, so
// that the words of an event are found by multiplication.
func (f *feed) stride() int { return (len(f.selections) + 63) / 64 }

// collect reduces one chunk to the rows of the feed's entities and orders them by partition.
// Several goroutines call it at once; the key table is only read by now, and the list of parts is
// guarded. Events of entities that no row asks about are dropped before anything of them is copied,
// so memory follows the labels and not the length of the history.
func (f *feed) collect(scope *chunkScope) error {
	columns := make([]*batch.Column, len(f.key))
	for i, program := range f.key {
		columns[i] = scope.eval(program)
	}
	numbers, nulls := f.table.numbers(columns, scope.keep, false)
	if scope.keep != nil {
		nulls = countNullKeys(numbers, scope.keep)
	}
	f.unneeded(numbers, scope.chunk.EventTime)
	order, starts := f.partition(numbers)
	p := &part{ordinal: scope.chunk.Ordinal, starts: starts, length: scope.Rows()}
	if len(order) > 0 {
		f.fill(p, scope, numbers, picked{order, len(order) == len(numbers) && f.partitionBits == 0})
		if err := f.hold(p); err != nil {
			return err
		}
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.noKey += nulls
	if len(order) > 0 {
		f.parts = append(f.parts, p)
	}
	return nil
}

// hold keeps the events of a part in memory, or writes them to the run if there are too many.
func (f *feed) hold(p *part) error {
	p.bytes = p.rows.bytes(len(p.rows.time))
	if f.scan.memory.takes(p.bytes) {
		return nil
	}
	var err error
	p.spilled, err = f.scan.memory.put(&p.rows, p.starts)
	p.rows, p.bytes = *p.rows.shaped(), 0
	return err
}

// events returns the number of events of a partition.
func (p *part) events(partition int) int { return int(p.starts[partition+1] - p.starts[partition]) }

// cut returns the events of a partition, in a buffer if they must be read for it.
func (p *part) cut(partition int, buffer *[]uint64) (*eventRows, error) {
	if p.spilled != nil {
		return p.spilled.get(partition, p.events(partition), &p.rows, buffer)
	}
	return p.rows.cut(int(p.starts[partition]), int(p.starts[partition+1])), nil
}

// countNullKeys counts null keys among the rows that are kept. It is needed because the key table
// gives the same number to a null key and to a row it was told to leave out.
func countNullKeys(numbers []int32, keep []bool) int64 {
	var nulls int64
	for i, number := range numbers {
		if number == nullKey && keep[i] {
			nulls++
		}
	}
	return nulls
}

// partition returns the rows that have an entity, in the order of partitions and then of position.
// The low bits of an entity's number are its partition: numbers are given in turn, so the
// partitions are even. This is a counting sort, which keeps events of one entity in the order of
// the chunk; ties of time and sequence are decided by that order.
func (f *feed) partition(numbers []int32) (order []uint32, starts []int32) {
	count := f.partitions()
	mask := int32(count - 1)
	starts = make([]int32, count+1)
	for _, number := range numbers {
		if number >= 0 {
			starts[number&mask+1]++
		}
	}
	for p := range count {
		starts[p+1] += starts[p]
	}
	order = make([]uint32, starts[count])
	next := append([]int32(nil), starts[:count]...)
	for row, number := range numbers {
		if number >= 0 {
			order[next[number&mask]] = uint32(row)
			next[number&mask]++
		}
	}
	return order, starts
}

// fill copies what the feed needs of the rows in order. Entities are numbered anew within their
// partition, by the bits that do not choose it. The columns of newest rows are not copied but kept
// whole, because only a few of their rows will be read.
func (f *feed) fill(p *part, scope *chunkScope, numbers []int32, order picked) {
	rows := &p.rows
	rows.entity = make([]int32, len(order.rows))
	for k, row := range order.rows {
		rows.entity[k] = numbers[row] >> f.partitionBits
	}
	rows.time = pick(scope.chunk.EventTime, order)
	if scope.ready != nil {
		rows.ready = pick(scope.ready, order)
	}
	if scope.chunk.Visible != nil && f.served {
		rows.visible = pick(scope.chunk.Visible, order)
	}
	if column := f.scan.source.Sequence; column >= 0 {
		f.fillSequence(rows, scope.chunk.Columns[f.scan.position[column]], order)
	}
	f.fillWords(rows, scope, order)
	rows.ints = make([][]int64, f.counts[window.Ints])
	rows.floats = make([][]float64, f.counts[window.Floats])
	rows.decimals = make([][]schema.Int128, f.counts[window.Decimals])
	for _, v := range f.values {
		f.fillValue(rows, v, scope, order)
	}
	if !f.keepOrigin {
		return
	}
	rows.origin = make([]uint64, len(order.rows))
	for k, row := range order.rows {
		rows.origin[k] = uint64(row)
	}
	for _, column := range f.newest {
		switch {
		case column == receivedAt:
			p.newest = append(p.newest, scope.Leaf(&plan.Expr{Op: plan.ReceivedAt}))
		case slices.Contains(f.scan.late, column):
			p.newest = append(p.newest, nil)
		default:
			p.newest = append(p.newest, scope.chunk.Columns[f.scan.position[column]])
		}
	}
}

// picked is the rows of a chunk that a feed takes, in its order. all says that it takes every row as
// it stands, as of a chunk of a single entity: then nothing need be copied.
type picked struct {
	rows []uint32
	all  bool
}

// pick returns the values of picked rows. They may be the column's own and must not be changed.
func pick[T any](values []T, order picked) []T {
	if order.all {
		return values
	}
	out := make([]T, len(order.rows))
	for k, row := range order.rows {
		out[k] = values[row]
	}
	return out
}

// fillValue stores one argument. Null and filtered rows are copied too: what they hold is never
// read, since their selection bits are not set, and copying all is cheaper than testing each.
func (f *feed) fillValue(rows *eventRows, v valueSpec, scope *chunkScope, order picked) {
	column := scope.eval(v.program)
	switch {
	case v.interner != nil:
		rows.ints[v.at] = pick(v.interner.numbers(column), order)
	case column.Type.Kind == schema.Bool:
		out := make([]int64, len(order.rows))
		for k, row := range order.rows {
			out[k] = intOf(column, int(row))
		}
		rows.ints[v.at] = out
	case v.kind == window.Floats:
		rows.floats[v.at] = pick(column.Floats, order)
	case v.kind == window.Decimals:
		rows.decimals[v.at] = pick(column.Decimals, order)
	default:
		rows.ints[v.at] = pick(column.Ints, order)
	}
}

// fillSequence stores the sequence as integers of the same order. Text and decimals are stored as
// numbers of arrival, which partitions replace by ranks when all of them are known.
func (f *feed) fillSequence(rows *eventRows, c *batch.Column, order picked) {
	switch c.Type.Kind {
	case schema.String, schema.Bytes, schema.Decimal:
		rows.sequence = pick(f.sequences.numbers(c), order)
	case schema.Float64:
		rows.sequence = make([]int64, len(order.rows))
		for k, row := range order.rows {
			rows.sequence[k] = orderedBits(c.Floats[row])
		}
	case schema.Bool:
		rows.sequence = make([]int64, len(order.rows))
		for k, row := range order.rows {
			rows.sequence[k] = intOf(c, int(row))
		}
	default:
		rows.sequence = pick(c.Ints, order)
	}
	if c.Valid == nil {
		return
	}
	rows.unsequenced = make([]bool, len(order.rows))
	for k, row := range order.rows {
		rows.unsequenced[k] = !c.Valid[row]
	}
}

// fillWords sets the selection bits. Filters are evaluated here, once for an event and for all
// tasks; a window then only counts bits.
func (f *feed) fillWords(rows *eventRows, scope *chunkScope, order picked) {
	stride := f.stride()
	rows.words, rows.stride = make([]uint64, len(order.rows)*stride), stride
	for bit, spec := range f.selections {
		word, mask := bit/64, uint64(1)<<(bit%64)
		tests := spec.tests(scope)
		switch len(tests) {
		case 0:
			for k := range order.rows {
				rows.words[k*stride+word] |= mask
			}
		case 1:
			setWords(rows.words[word:], stride, mask, tests[0], order.rows)
		default:
			both := append([]bool(nil), tests[0]...)
			for _, test := range tests[1:] {
				for i, ok := range test {
					both[i] = both[i] && ok
				}
			}
			setWords(rows.words[word:], stride, mask, both, order.rows)
		}
	}
}

// setWords sets a bit of the events whose row passes a test.
func setWords(words []uint64, stride int, mask uint64, test []bool, rows []uint32) {
	at := 0
	for _, row := range rows {
		if test[row] {
			words[at] |= mask
		}
		at += stride
	}
}

// tests returns the columns that must all be true of a selected event. No tests at all means that
// every event is selected.
func (s selectionSpec) tests(scope *chunkScope) [][]bool {
	var tests [][]bool
	for _, condition := range s.conditions {
		tests = append(tests, truth(scope.eval(condition)))
	}
	if s.notNull != nil {
		if valid := scope.eval(s.notNull).Valid; valid != nil {
			tests = append(tests, valid)
		}
	}
	if s.live && scope.deleted != nil {
		live := make([]bool, len(scope.deleted))
		for i, deleted := range scope.deleted {
			live[i] = !deleted
		}
		tests = append(tests, live)
	}
	return tests
}

// orderedBits maps floats to integers of the same order. The bits of negative floats ascend as the
// floats descend, so these are mirrored. Columns hold neither NaN nor a negative zero, so equal
// floats have equal numbers.
func orderedBits(x float64) int64 {
	bits := int64(math.Float64bits(x))
	if bits < 0 {
		return math.MinInt64 - bits - 1
	}
	return bits
}
