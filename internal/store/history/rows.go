package history

import (
	"fmt"
	"math"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Never is the Available of a row that can never be known.
const Never = int64(math.MaxInt64)

// live marks the order of rows that came through the log: they come after all rows of files.
const live = 1 << 63

// rowBits is how many bits of an order number the row within its record.
const rowBits = 20

// Order returns the place of a row among all rows of its source: it rises with the sequence of the
// row's record, and within the record with the row, which is below 1<<20.
func Order(sequence uint64, row int) uint64 { return live | sequence<<rowBits | uint64(row) }

// Sequence returns the sequence of the record that a row came in.
func Sequence(order uint64) uint64 { return (order &^ live) >> rowBits }

// Rows is a run of rows of one source, in the order of the log. All slices have one length.
type Rows struct {
	Orders    []uint64 // by Order, rising
	EventTime []int64
	// ReceivedAt is when a row arrived, Available when it can be known, VisibleAt from when on reads
	// saw it.
	ReceivedAt, Available, VisibleAt []int64
	// Ops are operations as in the log; nil: all insert.
	Ops []uint8
	// Columns are in the order of the fields that the part has, or that were asked for.
	Columns []*batch.Column
}

// insert is the operation of a row that is an event.
const insert = 1

// The columns that every part begins with, before those of the source.
const (
	seqColumn = iota
	eventTimeColumn
	receivedAtColumn
	availableColumn
	opColumn
	visibleAtColumn
	ownColumns
)

// ownFields are the columns that every part begins with.
func ownFields() []schema.Field {
	number, instant := schema.Of(schema.Int64), schema.Of(schema.Timestamp)
	return []schema.Field{
		{Name: "_seq", Type: number}, {Name: "_event_time", Type: instant},
		{Name: "_received_at", Type: instant}, {Name: "_available", Type: instant},
		{Name: "_op", Type: number}, {Name: "_visible_at", Type: instant},
	}
}

// check refuses rows that do not lie in a range behind an order, or do not have the fields.
func (r *Rows) check(after, from, to uint64, fields []schema.Field) error {
	n := len(r.Orders)
	for _, times := range [][]int64{r.EventTime, r.ReceivedAt, r.Available, r.VisibleAt} {
		if len(times) != n {
			return fmt.Errorf("%w: %d times for %d rows", ErrInvalid, len(times), n)
		}
	}
	if r.Ops != nil && len(r.Ops) != n {
		return fmt.Errorf("%w: %d operations for %d rows", ErrInvalid, len(r.Ops), n)
	}
	if len(r.Columns) != len(fields) {
		return fmt.Errorf("%w: %d columns for %d fields", ErrInvalid, len(r.Columns), len(fields))
	}
	for i, c := range r.Columns {
		if c.Length != n || !c.Type.Equal(fields[i].Type) {
			return fmt.Errorf("%w: column %s has %d rows of %s; wanted are %d of %s",
				ErrInvalid, fields[i].Name, c.Length, c.Type, n, fields[i].Type)
		}
	}
	for _, order := range r.Orders {
		if order <= after || order < Order(from, 0) || Sequence(order) > to {
			return fmt.Errorf("%w: a row of sequence %d is out of order, or not in %d to %d",
				ErrInvalid, Sequence(order), from, to)
		}
		after = order
	}
	return nil
}

// batch returns the rows as they are written.
func (r *Rows) batch(fields []schema.Field) *batch.Batch {
	n := len(r.Orders)
	own := ownFields()
	columns := make([]*batch.Column, ownColumns, ownColumns+len(r.Columns))
	put := func(place int, values []int64) {
		columns[place] = &batch.Column{Type: own[place].Type, Length: n, Ints: values}
	}
	sequences, ops := make([]int64, n), make([]int64, n)
	for i, order := range r.Orders {
		sequences[i], ops[i] = int64(order&^live), insert
		if r.Ops != nil {
			ops[i] = int64(r.Ops[i])
		}
	}
	put(seqColumn, sequences)
	put(eventTimeColumn, r.EventTime)
	put(receivedAtColumn, r.ReceivedAt)
	put(opColumn, ops)
	put(visibleAtColumn, r.VisibleAt)
	columns[availableColumn] = knownTimes(r.Available)
	return batch.New(append(own, fields...), append(columns, r.Columns...))
}

// knownTimes makes nulls of the times that never come.
func knownTimes(times []int64) *batch.Column {
	c := &batch.Column{Type: schema.Of(schema.Timestamp), Length: len(times), Ints: times}
	for i, t := range times {
		if t != Never {
			continue
		}
		if c.Valid == nil {
			c.Valid = make([]bool, len(times))
			c.Ints = make([]int64, len(times))
			for k, t := range times {
				c.Valid[k], c.Ints[k] = t != Never, t
			}
		}
		c.Ints[i] = 0
	}
	return c
}

// rowsOf takes rows apart that were read, and says what is wrong with them.
func rowsOf(b *batch.Batch) (*Rows, error) {
	for i, name := range []string{"_seq", "_event_time", "_received_at"} {
		if b.Columns[i].NullCount() > 0 {
			return nil, fmt.Errorf("column %s has nulls", name)
		}
	}
	if b.Columns[opColumn].NullCount() > 0 || b.Columns[visibleAtColumn].NullCount() > 0 {
		return nil, fmt.Errorf("column _op or _visible_at has nulls")
	}
	r := &Rows{
		Orders: make([]uint64, b.Rows), EventTime: b.Columns[eventTimeColumn].Ints,
		ReceivedAt: b.Columns[receivedAtColumn].Ints, Available: make([]int64, b.Rows),
		VisibleAt: b.Columns[visibleAtColumn].Ints, Columns: b.Columns[ownColumns:],
	}
	available := b.Columns[availableColumn]
	for i := range r.Orders {
		sequence, op := b.Columns[seqColumn].Ints[i], b.Columns[opColumn].Ints[i]
		if sequence < 0 || op < insert || op > math.MaxUint8 {
			return nil, fmt.Errorf("row %d has _seq %d and _op %d", i, sequence, op)
		}
		r.Orders[i] = live | uint64(sequence)
		if op != insert && r.Ops == nil {
			r.Ops = make([]uint8, b.Rows)
			for k := range i {
				r.Ops[k] = insert
			}
		}
		if r.Ops != nil {
			r.Ops[i] = uint8(op)
		}
		r.Available[i] = Never
		if !available.IsNull(i) {
			r.Available[i] = available.Ints[i]
		}
	}
	return r, nil
}

// slice returns the first rows.
func (r *Rows) slice(to int) *Rows {
	s := &Rows{
		Orders: r.Orders[:to], EventTime: r.EventTime[:to], ReceivedAt: r.ReceivedAt[:to],
		Available: r.Available[:to], VisibleAt: r.VisibleAt[:to],
	}
	if r.Ops != nil {
		s.Ops = r.Ops[:to]
	}
	for _, c := range r.Columns {
		s.Columns = append(s.Columns, c.Slice(0, to))
	}
	return s
}
