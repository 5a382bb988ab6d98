package expr

import (
	"math"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// undecided marks a row whose branch is not known yet. It is the greatest number of its type, which
// bounds the number of branches, and on which the min of the binders relies.
const undecided = ^uint16(0)

// bindCase binds case(when, then, .., [else]). A batch computes every branch over all rows and
// picks afterwards, because a loop over columns is cheaper than sorting rows out; errors of rows
// that took another branch are not counted. A single row computes only what it takes.
func bindCase(e *plan.Expr, args []evaluator) (evaluator, error) {
	if len(args) >= int(undecided) {
		return nil, unsupported(e)
	}
	var conditions, values []evaluator
	for len(args) >= 2 {
		conditions, values = append(conditions, args[0]), append(values, args[1])
		args = args[2:]
	}
	none := nullScalar(e.Type)
	last := func(*frame) operand { return none }
	if len(args) == 1 {
		last = args[0]
	}
	values = append(values, last)
	return func(f *frame) operand {
		if f.rows == 1 {
			return firstTrue(f, conditions, values)
		}
		pick := undecidedRows(f.rows)
		for k, condition := range conditions {
			o := f.branch(condition, pick, undecided)
			for i := range pick {
				if pick[i] == undecided && o.col.Bools[i&o.mask] && !o.isNull(i) {
					pick[i] = uint16(k)
				}
			}
		}
		for i := range pick {
			// Rows that no condition took get the last value, which is else or null.
			pick[i] = min(pick[i], uint16(len(conditions)))
		}
		branches := make([]operand, len(values))
		for k, value := range values {
			branches[k] = f.branch(value, pick, uint16(k))
		}
		return choose(e.Type, branches, pick)
	}, nil
}

// firstTrue computes one row: no branch but the one taken.
func firstTrue(f *frame, conditions, values []evaluator) operand {
	for k, condition := range conditions {
		if o := condition(f); o.col.Bools[0] && !o.isNull(0) {
			return values[k](f)
		}
	}
	return values[len(values)-1](f)
}

// bindCoalesce binds coalesce and ifnull: the first that is not null. Arguments behind the one that
// leaves no row null are not computed.
func bindCoalesce(e *plan.Expr, args []evaluator) (evaluator, error) {
	if len(args) >= int(undecided) {
		return nil, unsupported(e)
	}
	return func(f *frame) operand {
		if f.rows == 1 {
			return firstPresent(f, args)
		}
		pick := undecidedRows(f.rows)
		var branches []operand
		for k, arg := range args {
			o := f.branch(arg, pick, undecided)
			if k == 0 && o.col.Valid == nil {
				return o
			}
			branches = append(branches, o)
			open := false
			for i := range pick {
				if pick[i] == undecided && !o.isNull(i) {
					pick[i] = uint16(k)
				}
				open = open || pick[i] == undecided
			}
			if !open {
				return choose(e.Type, branches, pick)
			}
		}
		// Rows in which every argument is null pick this one.
		branches = append(branches, nullScalar(e.Type))
		for i := range pick {
			pick[i] = min(pick[i], uint16(len(args)))
		}
		return choose(e.Type, branches, pick)
	}, nil
}

// firstPresent computes one row: no argument after the first that is not null.
func firstPresent(f *frame, args []evaluator) (o operand) {
	for _, arg := range args {
		if o = arg(f); !o.isNull(0) {
			break
		}
	}
	return o
}

// undecidedRows returns a pick for each row that no branch has taken yet.
func undecidedRows(n int) []uint16 {
	pick := make([]uint16, n)
	for i := range pick {
		pick[i] = undecided
	}
	return pick
}

// branch evaluates over every row, and counts only what happens in the rows whose pick is k: when
// anything is counted at all, it is counted again over those rows alone. Only batches in which
// something went wrong pay for the second time.
func (f *frame) branch(eval evaluator, pick []uint16, k uint16) operand {
	if f.speculative {
		// The caller throws the counts away unless they are zero, so they need not be precise.
		return eval(f)
	}
	counts := f.counts
	f.probe = Counts{}
	f.counts, f.speculative = &f.probe, true
	o := eval(f)
	f.counts, f.speculative = counts, false
	if f.probe == (Counts{}) {
		return o
	}
	var at []uint32
	for i, p := range pick {
		if p == k {
			at = append(at, uint32(i))
		}
	}
	if len(at) > 0 {
		eval(f.within(selection{env: f.env, at: at}, f.counts, false))
	}
	return o
}

// selection is some rows of another environment.
type selection struct {
	env Environment
	at  []uint32
}

func (s selection) Rows() int { return len(s.at) }

func (s selection) Leaf(e *plan.Expr) *batch.Column { return gather(s.env.Leaf(e), s.at) }

// choose returns, for each row, the value of the branch picked for it. The number of a branch
// indexes branches. Text is joined by codes if that is cheaper than copying the text of every row.
func choose(t schema.Type, branches []operand, pick []uint16) operand {
	if isText(t.Kind) && entries(branches) <= max(len(pick)/2, len(branches)) {
		return chooseCoded(t, branches, pick)
	}
	if t.Nested() {
		return chooseNested(branches, pick)
	}
	out := newColumn(t, len(pick))
	out.Valid = chooseValid(branches, pick)
	switch {
	case t.Kind == schema.Bool:
		blend(out.Bools, branches, pick, func(c *batch.Column) []bool { return c.Bools })
	case t.Kind == schema.Float64:
		blend(out.Floats, branches, pick, func(c *batch.Column) []float64 { return c.Floats })
	case t.Kind == schema.Decimal:
		blend(out.Decimals, branches, pick, func(c *batch.Column) []schema.Int128 { return c.Decimals })
	case isInts(t.Kind):
		blend(out.Ints, branches, pick, func(c *batch.Column) []int64 { return c.Ints })
	case isText(t.Kind):
		for i, k := range pick {
			if !out.IsNull(i) {
				out.Data = append(out.Data, branches[k].text(i)...)
			}
			out.Offsets = append(out.Offsets, uint32(len(out.Data)))
		}
	}
	return operand{col: out, mask: -1}
}

// blend fills out by the picks, through the masks. Null rows get whatever their branch holds, so
// Valid must be set apart.
func blend[T any](out []T, branches []operand, pick []uint16, of func(*batch.Column) []T) {
	values := make([][]T, len(branches))
	for k, o := range branches {
		values[k] = of(o.col)
	}
	for i, k := range pick {
		out[i] = values[k][i&branches[k].mask]
	}
}

// chooseValid returns which rows are not null; nil if no branch has a null.
func chooseValid(branches []operand, pick []uint16) []bool {
	if !slices.ContainsFunc(branches, func(o operand) bool { return o.col.Valid != nil }) {
		return nil
	}
	valid := make([]bool, len(pick))
	for i, k := range pick {
		valid[i] = !branches[k].isNull(i)
	}
	return valid
}

// entries returns how many dictionary entries the branches have together; beyond any limit if one
// is plain text.
func entries(branches []operand) int {
	n := 0
	for _, o := range branches {
		switch {
		case o.scalar():
			n++
		case o.col.Dict != nil:
			n += o.col.Dict.Length
		default:
			return math.MaxInt
		}
	}
	return n
}

// chooseCoded joins the dictionaries of the branches, one entry for a scalar, and copies no text.
func chooseCoded(t schema.Type, branches []operand, pick []uint16) operand {
	dict := &batch.Column{Type: t, Offsets: []uint32{0}}
	first := make([]uint32, len(branches))
	for k, o := range branches {
		first[k] = uint32(dict.Length)
		if o.scalar() {
			// A null has an entry too, because its rows have a code like all others.
			text := ""
			if !o.isNull(0) {
				text = o.text(0)
			}
			appendText(dict, text)
			continue
		}
		for i := range o.col.Dict.Length {
			appendText(dict, o.col.Dict.Text(i))
		}
	}
	out := &batch.Column{Type: t, Length: len(pick), Codes: make([]uint32, len(pick)), Dict: dict}
	for i, k := range pick {
		code := first[k]
		if o := branches[k]; !o.scalar() {
			code += o.col.Codes[i]
		}
		out.Codes[i] = code
	}
	out.Valid = chooseValid(branches, pick)
	return operand{col: out, mask: -1}
}

// appendText adds a row to a column of plain text without nulls.
func appendText(c *batch.Column, text string) {
	c.Data = append(c.Data, text...)
	c.Offsets = append(c.Offsets, uint32(len(c.Data)))
	c.Length++
}
