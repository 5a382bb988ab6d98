package engine

import (
	"fmt"
	"slices"

	"github.com/fettle-ml/fettle/internal/engine/aggregate"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// read is the aggregates of one argument within a group: they share a lane, so that a sum serves
// sum, avg and the variances. A leaf that is nil is not wanted. No two reads of a group have the
// same selection, truth and lane.
type read struct {
	selection int // filter and non-null argument
	whenTrue  int // any, all: selection of the true ones
	lane      int // -1: nothing but counts
	slot      int // of the distinct count
	scale     int // of a decimal argument

	count, anyTrue, allTrue      *leaf
	sum, avg                     *leaf
	varSamp, varPop, devS, devP  *leaf
	least, most, first, last, of *leaf // of: distinct
}

// addAggregate finds or makes the group and read of an aggregate and its leaf. It only declares
// what is wanted. Nothing is read before every task of the scan has done so, because the feed
// stores the union of their arguments in one pass.
func (t *taskFold) addAggregate(index int) error {
	a := t.task.view.Aggregates[index]
	where := conditions(t.task.view, a.Where)
	base, err := t.feed.selection(where)
	if err != nil {
		return err
	}
	number, err := t.window(a.Window)
	if err != nil {
		return err
	}
	g := t.groupOf(number, base)
	l := &leaf{kind: a.Type, group: g}
	t.aggregates[index] = l
	if isGeneral(a) {
		if err := t.addGeneral(a, g, l, where); err != nil {
			return fmt.Errorf("aggregate %s of view %s: %w", a.Func, t.task.view.Name, err)
		}
		return nil
	}
	r, err := t.readOf(g, a, where)
	if err != nil {
		return fmt.Errorf("aggregate %s of view %s: %w", a.Func, t.task.view.Name, err)
	}
	return r.attach(a, l, t.feed)
}

// window returns the number of a window within the task. Equal windows share a number, and with it
// the cursor that a reader moves over the events.
func (t *taskFold) window(w plan.Window) (int, error) {
	for i, known := range t.windows {
		if equalWindows(known.Window, w) {
			return i, nil
		}
	}
	session, err := t.feed.session(w)
	if err != nil {
		return 0, err
	}
	t.windows = append(t.windows, foldWindow{w, session})
	return len(t.windows) - 1, nil
}

// equalWindows compares windows by value: Since is a pointer, and two windows that begin on one day
// may point to two copies of it.
func equalWindows(a, b plan.Window) bool {
	sinceA, sinceB := a.Since, b.Since
	a.Since, b.Since = nil, nil
	return a == b && (sinceA == nil) == (sinceB == nil) && (sinceA == nil || *sinceA == *sinceB)
}

// groupOf returns the group of a window and a base selection. The base is the filter alone: an
// event whose argument is null does not change the value, but it does contribute to the event time.
func (t *taskFold) groupOf(window, base int) *group {
	for _, g := range t.groups {
		if g.window == window && g.base == base {
			return g
		}
	}
	g := &group{window: window, base: base}
	t.groups = append(t.groups, g)
	return g
}

// readOf returns the read for an aggregate's selection and lane. any and all need two selections,
// the true events and those whose condition is not null, to compare their counts. The selections do
// not keep the list of conditions, so appending to where is safe.
func (t *taskFold) readOf(g *group, a *plan.Aggregate, where []*plan.Expr) (*read, error) {
	want := read{lane: -1, selection: g.base, whenTrue: -1}
	var err error
	switch {
	case len(a.Args) == 0:
	case a.Func == "count_if":
		want.selection, err = t.feed.selection(append(where, a.Args[0]))
	case a.Func == "any" || a.Func == "all":
		want.whenTrue, err = t.feed.selection(append(where, a.Args[0]))
		if err == nil {
			want.selection, err = t.feed.selection(where, a.Args[0])
		}
	default:
		want.selection, err = t.feed.selection(where, a.Args[0])
	}
	if err == nil && laned(a) {
		want.scale = decimalScale(a.Args[0].Type)
		want.lane, err = t.feed.lane(want.selection, a.Args[0], ordered(a))
	}
	if err != nil {
		return nil, err
	}
	for _, r := range g.reads {
		if r.selection == want.selection && r.whenTrue == want.whenTrue && r.lane == want.lane {
			return r, nil
		}
	}
	g.reads = append(g.reads, &want)
	return &want, nil
}

// laned reports whether the aggregate reads values, not only counts.
func laned(a *plan.Aggregate) bool {
	switch a.Func {
	case "count":
		return a.Distinct
	case "count_if", "any", "all":
		return false
	default:
		return true
	}
}

// ordered reports whether the aggregate compares or copies values, so that a number in their order
// can stand for them.
func ordered(a *plan.Aggregate) bool {
	switch a.Func {
	case "sum", "avg", "var_samp", "var_pop", "stddev_samp", "stddev_pop":
		return false
	default:
		return true
	}
}

// decimalScale returns the digits behind the point of a decimal. Other types need none to be summed
// exactly, so they have 0.
func decimalScale(t schema.Type) int {
	if t.Kind == schema.Decimal {
		return t.Size
	}
	return 0
}

// attach gives the leaf its place in the read. The leaf of an interned argument holds ranks until
// it is finished, whatever its type. Each distinct count takes a slot of its own: the counter of a
// slot only moves forward, so two windows that shared one would count wrongly.
func (r *read) attach(a *plan.Aggregate, l *leaf, f *feed) error {
	if r.lane >= 0 && ordered(a) && a.Func != "count" {
		l.interner = f.values[f.lanes[r.lane].value].interner
	}
	place, known := r.leafOf(a)
	if !known {
		return fmt.Errorf("the engine has no aggregate %s", a.Func)
	}
	*place = l
	switch {
	case a.Distinct:
		r.slot = f.slots
		f.slots++
		l.zero, l.capped = true, true
	case a.Func == "count" || a.Func == "count_if":
		l.zero = true
	}
	return nil
}

// leafOf returns the field of the read that holds the aggregate's leaf; false if the engine does
// not know the aggregate, which no plan that was compiled by this program can cause.
func (r *read) leafOf(a *plan.Aggregate) (**leaf, bool) {
	if a.Distinct && a.Func == "count" {
		return &r.of, true
	}
	switch a.Func {
	case "count", "count_if":
		return &r.count, true
	case "any":
		return &r.anyTrue, true
	case "all":
		return &r.allTrue, true
	case "sum":
		return &r.sum, true
	case "avg":
		return &r.avg, true
	case "var_samp":
		return &r.varSamp, true
	case "var_pop":
		return &r.varPop, true
	case "stddev_samp":
		return &r.devS, true
	case "stddev_pop":
		return &r.devP, true
	case "min":
		return &r.least, true
	case "max":
		return &r.most, true
	case "first":
		return &r.first, true
	case "last":
		return &r.last, true
	default:
		return nil, false
	}
}

// Aggregates returns the names of the aggregates the engine computes: those that share lanes, and
// all of package aggregate.
func Aggregates() []string {
	names := []string{
		"count", "count_if", "sum", "avg", "min", "max", "var", "var_samp", "var_pop", "stddev",
		"stddev_samp", "stddev_pop", "first", "last", "any", "all",
	}
	for _, name := range aggregate.Names() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
