package expr

import (
	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// overDictionary returns an evaluator that computes a call whose only leaf is a dictionary-encoded
// text column once per entry of the dictionary, and hands the results out by code. It steps back
// when the dictionary is not much smaller than the rows, and when an entry makes a null that is to
// be counted, because how many rows have that entry is then needed.
func overDictionary(leaf *plan.Expr, eval evaluator) evaluator {
	return func(f *frame) operand {
		if f.rows < 16 {
			// For so few rows the detour costs more than it saves.
			return eval(f)
		}
		col := f.env.Leaf(leaf)
		if col.Dict == nil || col.Dict.Length > f.rows/2 {
			return eval(f)
		}
		var counts Counts
		entries := dictionaryEnvironment{column: withNullEntry(col)}
		// All that is asked of the counts is whether they are zero.
		o := eval(f.within(entries, &counts, true))
		if counts != (Counts{}) {
			return eval(f)
		}
		if o.scalar() {
			return o
		}
		return operand{col: gatherCodes(o.col, col), mask: -1}
	}
}

// dictionaryEnvironment has the entries of a dictionary for rows.
type dictionaryEnvironment struct{ column *batch.Column }

func (d dictionaryEnvironment) Rows() int { return d.column.Length }

func (d dictionaryEnvironment) Leaf(*plan.Expr) *batch.Column { return d.column }

// withNullEntry returns the dictionary of a column, with a null after its last entry if the column
// has nulls. A call can give something else than null for a null, so null needs a result of its
// own.
func withNullEntry(col *batch.Column) *batch.Column {
	dict := col.Dict
	if col.Valid == nil {
		return dict
	}
	wide := *dict
	wide.Length++
	wide.Offsets = make([]uint32, wide.Length+1)
	copy(wide.Offsets, dict.Offsets)
	wide.Offsets[wide.Length] = wide.Offsets[dict.Length]
	wide.Valid = make([]bool, wide.Length)
	for i := range dict.Length {
		wide.Valid[i] = true
	}
	return &wide
}

// gatherCodes gives each row of coded the result of its entry.
func gatherCodes(results, coded *batch.Column) *batch.Column {
	codes := coded.Codes
	if coded.Valid != nil {
		null := uint32(results.Length - 1)
		codes = make([]uint32, coded.Length)
		for i, valid := range coded.Valid {
			codes[i] = null
			if valid {
				codes[i] = coded.Codes[i]
			}
		}
	}
	return gather(results, codes[:coded.Length])
}

// gather returns the rows of a column at the given places, in their order. Text is returned as
// codes of the column's own entries. The result shares memory with the column and with the places,
// so neither may be changed later.
func gather(c *batch.Column, at []uint32) *batch.Column {
	out := &batch.Column{Type: c.Type, Length: len(at)}
	if c.Valid != nil {
		out.Valid = take(c.Valid, at)
	}
	switch {
	case c.Codes != nil:
		out.Codes, out.Dict = take(c.Codes, at), c.Dict
	case isText(c.Type.Kind):
		dict := *c
		dict.Valid = nil
		out.Codes, out.Dict = at, &dict
	case c.Type.Kind == schema.Bool:
		out.Bools = take(c.Bools, at)
	case isInts(c.Type.Kind):
		out.Ints = take(c.Ints, at)
	case c.Type.Kind == schema.Float64:
		out.Floats = take(c.Floats, at)
	case c.Type.Kind == schema.Decimal:
		out.Decimals = take(c.Decimals, at)
	case c.Type.Nested():
		return batch.Gather(c, at)
	}
	return out
}

// spread returns the column of an operand with all its rows. Only what leaves the package, or is
// changed row by row, must be spread.
func spread(o operand, rows int) *batch.Column {
	if o.scalar() {
		return gather(o.col, make([]uint32, rows))
	}
	return o.col
}

// take gathers one slice of a column; a place may occur any number of times.
func take[T any](values []T, at []uint32) []T {
	out := make([]T, len(at))
	for i, j := range at {
		out[i] = values[j]
	}
	return out
}
