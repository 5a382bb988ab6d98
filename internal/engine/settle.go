package engine

import (
	"fmt"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// settled is the values of one feature of a task. Columns and times are shared with whoever reads
// the feature, and are not changed once settled. The status belongs to column, that is, after the
// default.
type settled struct {
	datum  *batch.Column // after expiry, before default
	column *batch.Column // after default: what others see
	status []Status
	own    []int64 // newest contributing event of the view's own source; nil: reads none
	others []int64 // oldest event time of the contributing references; nil: reads none
	nulls  NullCounts
}

// time returns the event time: the oldest of the own part's and the references', or NoTime. A value
// is as old as its oldest part, or expiry would keep alive what rests on stale input.
func (v *settled) time() []int64 { return oldestTimes(v.own, v.others) }

// mergeTimes combines two lists of event times, in which NoTime gives way to any other. nil means
// that there is nothing to contribute. The result may be a or b itself.
func mergeTimes(a, b []int64, better func(a, b int64) int64) []int64 {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	out := make([]int64, len(a))
	for i, x := range a {
		switch y := b[i]; {
		case x == NoTime:
			out[i] = y
		case y == NoTime:
			out[i] = x
		default:
			out[i] = better(x, y)
		}
	}
	return out
}

// newestTimes merges within a source: the newest event that contributes decides.
func newestTimes(a, b []int64) []int64 {
	return mergeTimes(a, b, func(x, y int64) int64 { return max(x, y) })
}

// oldestTimes merges what comes from different views, each of which can grow stale on its own.
func oldestTimes(a, b []int64) []int64 {
	return mergeTimes(a, b, func(x, y int64) int64 { return min(x, y) })
}

// settle computes a feature of the task for every row, once. All that it reads must be folded.
// Features of a view cannot read each other in a circle, which the compiler has checked, so the
// recursion ends.
func (t *task) settle(feature int) (*settled, error) {
	if v := t.settledF[feature]; v != nil {
		return v, nil
	}
	f := t.view.Features[feature]
	v := &settled{}
	inputs, err := t.inputs(f.Expr, v)
	if err != nil {
		return nil, err
	}
	if v.datum, err = t.eval(f.Expr, &v.nulls); err != nil {
		return nil, fmt.Errorf("feature %s.%s: %w", t.view.Name, f.Name, err)
	}
	t.judge(f, v, inputs)
	t.settledF[feature] = v
	return v, nil
}

// inputs settles the features that an expression reads, adds up event times and null counts, and
// returns what can make a null datum an error or expired. Each leaf counts once however often it is
// written. A constant or a call has no time of its own.
func (t *task) inputs(e *plan.Expr, v *settled) (*badInputs, error) {
	bad := &badInputs{}
	var seen []leafKey
	var failed error
	e.Walk(func(node *plan.Expr) {
		key := leafKey{node.Op, node.Index}
		if node.Op == plan.Const || node.Op == plan.Call || failed != nil || slices.Contains(seen, key) {
			return
		}
		seen = append(seen, key)
		failed = t.input(node, v, bad)
	})
	return bad, failed
}

// leafKey identifies a leaf within an expression.
type leafKey struct {
	op    plan.Op
	index int
}

// input adds what one leaf brings. Features and references bring times and statuses, and no
// null counts: those are reported with the feature that made them.
func (t *task) input(node *plan.Expr, v *settled, bad *badInputs) error {
	switch node.Op {
	case plan.ColumnOf, plan.EventTime, plan.ReceivedAt:
		v.own = newestTimes(v.own, t.fold.newest.time)
	case plan.AggregateOf:
		l := t.fold.aggregates[node.Index]
		v.own = newestTimes(v.own, l.group.time)
		v.nulls.NonFinite += l.nonFinite.Load()
		v.nulls.Overflow += l.overflow.Load()
		if l.failed != nil {
			bad.failed = append(bad.failed, l.failed)
		}
	case plan.FeatureOf:
		in, err := t.settle(node.Index)
		if err != nil {
			return err
		}
		v.own, v.others = newestTimes(v.own, in.own), oldestTimes(v.others, in.others)
		bad.status = append(bad.status, in.status)
	case plan.ReferenceOf:
		in, err := t.reference(node.Index)
		if err != nil {
			return err
		}
		v.others = oldestTimes(v.others, in.others)
		bad.status = append(bad.status, in.status)
	}
	return nil
}

// badInputs is what a null datum may be explained by. Each list has an entry for every row.
type badInputs struct {
	failed [][]bool
	status [][]Status
}

// has reports whether any input of the row has the status, or exceeded a cap if it is Failed.
func (b *badInputs) has(row int, s Status) bool {
	if s == Failed {
		for _, failed := range b.failed {
			if failed[row] {
				return true
			}
		}
	}
	for _, status := range b.status {
		if status[row] == s {
			return true
		}
	}
	return false
}

// reference returns the values at the end of a reference; rows whose link is null are null, missing
// and without an event time. The event times are in others. The values of the other task are shared
// with other links to it, so rows are blanked in a copy, once for all features that read it.
func (t *task) reference(index int) (*settled, error) {
	if v := t.linked[index]; v != nil {
		return v, nil
	}
	to := t.references[index]
	if err := to.task.keys.resolve(); err != nil {
		return nil, err
	}
	in, err := to.task.settle(to.feature)
	if err != nil {
		return nil, err
	}
	out := &settled{datum: in.datum, column: in.column, status: in.status, others: in.time()}
	t.linked[index] = out
	if to.task.keys.valid == nil {
		return out, nil
	}
	value := &Value{Column: in.column, Status: in.status}
	blank(value, to.task.keys.valid, nil)
	out.column, out.status = value.Column, value.Status
	if out.others != nil {
		out.others = append([]int64(nil), out.others...)
		for i, valid := range to.task.keys.valid {
			if !valid {
				out.others[i] = NoTime
			}
		}
	}
	return out, nil
}

// judge expires, gives every row its status, and applies the default. The order is fixed by the
// language: expiry sees the datum before its default, and the default replaces an expired value
// too. A null that has contributing events is fresh: it is what they say.
func (t *task) judge(f *plan.Feature, v *settled, bad *badInputs) {
	times := v.time()
	v.status = make([]Status, v.datum.Length)
	if f.Expires > 0 && times != nil {
		v.datum = t.expire(f, v, times)
	}
	if v.datum.Valid != nil {
		for i, valid := range v.datum.Valid {
			switch {
			case valid:
			case bad.has(i, Failed):
				v.status[i] = Failed
			case v.status[i] == Expired || bad.has(i, Expired):
				v.status[i] = Expired
			case times == nil || times[i] == NoTime:
				v.status[i] = Missing
			}
		}
	}
	v.column, v.status = applyDefault(f, v.datum, v.status)
}

// expire makes values null whose event time is more than the feature's expiry before the boundary,
// and marks them. A value exactly as old as its expiry is kept.
func (t *task) expire(f *plan.Feature, v *settled, times []int64) *batch.Column {
	gone := make([]bool, len(times))
	found := false
	for i, at := range times {
		if at != NoTime && t.bound.at[i]-at > f.Expires {
			gone[i], found = true, true
			v.status[i] = Expired
		}
	}
	if !found {
		return v.datum
	}
	return withoutRows(v.datum, gone)
}

// eval computes an expression of the value scope for every row. The leaves must be settled or
// folded before. Nulls that arithmetic makes are added to nulls.
func (t *task) eval(e *plan.Expr, nulls *NullCounts) (*batch.Column, error) {
	scope := &valueScope{task: t}
	if e.Op != plan.Const && e.Op != plan.Call { // a bare leaf is its own value
		column := scope.Leaf(e)
		return column, scope.failed
	}
	c, err := t.evaluation.programs.compile(e)
	if err != nil {
		return nil, err
	}
	return c.program.Eval(scope, nulls), scope.failed
}

// valueScope gives the leaves of a feature's expression. An environment cannot return an error, so
// the first failure waits in failed for eval to pick it up.
type valueScope struct {
	task   *task
	failed error
}

// Rows implements expr.Environment.
func (s *valueScope) Rows() int { return s.task.evaluation.rows.Count }

// Leaf implements expr.Environment.
func (s *valueScope) Leaf(e *plan.Expr) *batch.Column {
	t := s.task
	switch e.Op {
	case plan.ColumnOf:
		return s.newest(e.Index)
	case plan.EventTime:
		return timesColumn(t.fold.newest.time)
	case plan.ReceivedAt:
		return t.fold.newestColumns[receivedAt]
	case plan.AggregateOf:
		return t.fold.columns[e.Index]
	case plan.FeatureOf:
		return t.settledF[e.Index].column
	case plan.ReferenceOf:
		in, err := t.reference(e.Index)
		if err != nil {
			s.failed = err
			return batch.Repeat(schema.NullOf(e.Type), s.Rows())
		}
		return in.column
	case plan.RequestOf:
		return t.evaluation.rows.Request[t.view.Request[e.Index].Name]
	case plan.AsOf:
		return instants(t.bound)
	case plan.RequestAt:
		return instants(t.at)
	default:
		panic("BUG: a value has no such leaf")
	}
}

// newest returns a column of the newest row, null where there is no row. A computed column is
// evaluated for every row, so a constant in it must be made null again where there is no row. Nulls
// that its arithmetic makes are not the feature's own and are not counted with it.
func (s *valueScope) newest(column int) *batch.Column {
	known := s.task.fold.newestColumns
	if c := known[column]; c != nil {
		return c
	}
	e := s.task.view.Source.Columns[column].Expr
	var nulls NullCounts
	computed, err := s.task.eval(e, &nulls)
	if err != nil {
		s.failed = err
		return batch.Repeat(schema.NullOf(e.Type), s.Rows())
	}
	gone := make([]bool, computed.Length)
	for i, at := range s.task.fold.newest.time {
		gone[i] = at == NoTime
	}
	known[column] = withoutRows(computed, gone)
	return known[column]
}

// instants returns the times as a column that shares their memory.
func instants(set *timeSet) *batch.Column {
	return &batch.Column{Type: schema.Of(schema.Timestamp), Length: len(set.at), Ints: set.at, Valid: set.valid}
}

// timesColumn returns event times as a column, in which NoTime is null.
func timesColumn(times []int64) *batch.Column {
	c := &batch.Column{Type: schema.Of(schema.Timestamp), Length: len(times), Ints: times}
	for i, at := range times {
		if at == NoTime {
			if c.Valid == nil {
				c.Valid = make([]bool, len(times))
				for k := range i {
					c.Valid[k] = true
				}
			}
		} else if c.Valid != nil {
			c.Valid[i] = true
		}
	}
	return c
}
