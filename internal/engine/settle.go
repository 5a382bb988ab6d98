package engine

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// settled is the values of one feature of a task.
type settled struct {
	datum  *batch.Column // after expiry, before default
	column *batch.Column // after default: what others see
	status []Status
	own    []int64 // newest contributing event of the view's own source; nil: reads none
	others []int64 // oldest event time of the contributing references; nil: reads none
	nulls  NullCounts
}

// time returns the event time: the oldest of the own part's and the references', or NoTime.
func (v *settled) time() []int64 { return oldestTimes(v.own, v.others) }

// mergeTimes combines two lists of event times, in which NoTime gives way to any other.
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

func newestTimes(a, b []int64) []int64 {
	return mergeTimes(a, b, func(x, y int64) int64 { return max(x, y) })
}

func oldestTimes(a, b []int64) []int64 {
	return mergeTimes(a, b, func(x, y int64) int64 { return min(x, y) })
}

// settle computes a feature of the task for every row, once.
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
// returns what can make a null datum an error or expired.
func (t *task) inputs(e *plan.Expr, v *settled) (*badInputs, error) {
	bad := &badInputs{}
	seen := map[string]bool{}
	var failed error
	e.Walk(func(node *plan.Expr) {
		if node.Op == plan.Const || node.Op == plan.Call || seen[node.Key()] || failed != nil {
			return
		}
		seen[node.Key()] = true
		failed = t.input(node, v, bad)
	})
	return bad, failed
}

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

// badInputs is what a null datum may be explained by.
type badInputs struct {
	failed [][]bool
	status [][]Status
}

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
// and without an event time. The event times are in others.
func (t *task) reference(index int) (*settled, error) {
	to := t.references[index]
	if err := to.task.keys.resolve(); err != nil {
		return nil, err
	}
	in, err := to.task.settle(to.feature)
	if err != nil {
		return nil, err
	}
	out := &settled{datum: in.datum, column: in.column, status: in.status, others: in.time()}
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

// judge expires, gives every row its status, and applies the default.
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
// and marks them.
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

// eval computes an expression of the value scope for every row.
func (t *task) eval(e *plan.Expr, nulls *NullCounts) (*batch.Column, error) {
	program, err := expr.Compile(e)
	if err != nil {
		return nil, err
	}
	scope := &valueScope{task: t}
	var counts expr.Counts
	column := program.Eval(scope, &counts)
	nulls.NonFinite += counts.NonFinite
	nulls.Overflow += counts.Overflow
	nulls.Cast += counts.Cast
	return column, scope.failed
}

// valueScope gives the leaves of a feature's expression.
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
		return batch.Repeat(schema.NullOf(e.Type), s.Rows())
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

// newest returns a column of the newest row, null where there is no row.
func (s *valueScope) newest(column int) *batch.Column {
	e := s.task.view.Source.Columns[column].Expr
	if e == nil {
		return s.task.fold.newestColumns[column]
	}
	var nulls NullCounts
	computed, err := s.task.eval(e, &nulls)
	if err != nil {
		s.failed = err
	}
	gone := make([]bool, computed.Length)
	for i, at := range s.task.fold.newest.time {
		gone[i] = at == NoTime
	}
	return withoutRows(computed, gone)
}

func instants(set *timeSet) *batch.Column {
	return &batch.Column{Type: schema.Of(schema.Timestamp), Length: len(set.at), Ints: set.at, Valid: set.valid}
}

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
