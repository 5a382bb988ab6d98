package engine

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
)

// timeSet is one time per row. Two tasks with the same timeSet are asked at the same times. It is
// compared by address, so a set must not be made twice for the same purpose; evaluation.bound sees
// to that. Where valid is false the time says nothing.
type timeSet struct {
	at    []int64
	valid []bool // nil: all
	// An event is visible at a time if it was at the time plus delay, or at since. Both count only
	// if the evaluation is of what was served.
	delay, since int64
}

// keySet is one entity per row. Keys of the rows are known at once, those of links when the
// features they read are settled. Like a timeSet it is compared by address. resolve fills it once,
// on one goroutine.
type keySet struct {
	entity  *plan.Entity
	columns []*batch.Column
	valid   []bool // false where a key column is null; nil: all; set with columns of links
	known   bool
	parts   []keyPart // of links
	checked bool
}

// keyPart is where a key column of a linked entity comes from: column of parent, or feature of
// task.
type keyPart struct {
	parent  *keySet
	column  int
	task    *task
	feature int
}

// taskKey identifies a task. Two references that lead to one view over the same path share it.
type taskKey struct {
	view *plan.View
	keys *keySet
	at   *timeSet
}

// linkKey identifies the keys at the end of a link, as of the boundaries of the view that follows
// it.
type linkKey struct {
	link  *plan.Link
	keys  *keySet
	bound *timeSet
}

// boundKey identifies boundaries, so that views with one freshness share a timeSet and their tasks.
type boundKey struct {
	freshness plan.Freshness
	at        *timeSet
	since     int64
}

// task is the evaluation of one view for every row, at one entity and one time per row. What is
// wanted of it may grow until it is folded, and settled values are made after that.
type task struct {
	evaluation *evaluation
	view       *plan.View
	keys       *keySet
	at         *timeSet
	bound      *timeSet
	features   []bool // wanted, by index in view.Features
	aggregates []bool
	newest     map[int]bool // columns of the newest row that are read
	newestTime bool
	received   bool           // the time of receipt of the newest row is read
	references map[int]target // by index in view.References
	linked     map[int]*settled
	folded     bool

	fold     *taskFold
	settledF map[int]*settled
}

// target is the task and feature a reference leads to.
type target struct {
	task    *task
	feature int
}

// task returns the task of a view, keys and times, making it if there is none. The boundary is
// fixed with it: everything that the view reads is as of that time and not of at.
func (e *evaluation) task(view *plan.View, keys *keySet, at *timeSet) (*task, error) {
	key := taskKey{view, keys, at}
	if t := e.tasks[key]; t != nil {
		return t, nil
	}
	bound, err := e.bound(view, at)
	if err != nil {
		return nil, fmt.Errorf("view %s: %w", view.Name, err)
	}
	t := &task{
		evaluation: e, view: view, keys: keys, at: at, bound: bound,
		features: make([]bool, len(view.Features)), aggregates: make([]bool, len(view.Aggregates)),
		newest: map[int]bool{}, references: map[int]target{}, linked: map[int]*settled{}, settledF: map[int]*settled{},
	}
	e.tasks[key] = t
	e.order = append(e.order, t)
	return t, nil
}

// bound returns the boundaries of a view at the times; the times themselves if they are it. What a
// refreshed view may see was fixed when it was published, whoever reads it.
func (e *evaluation) bound(view *plan.View, at *timeSet) (*timeSet, error) {
	f := view.Freshness
	boundary, err := plan.NewBoundary(f)
	if err != nil {
		return nil, err
	}
	// The same set, not a copy: equal times must have one address, or tasks would not be shared.
	if boundary.Immediate() {
		return at, nil
	}
	key := boundKey{freshness: f, at: at}
	if e.rows.Served != nil {
		key.since = e.rows.Served.Since(view)
	}
	if set := e.bounds[key]; set != nil {
		return set, nil
	}
	set := &timeSet{at: make([]int64, len(at.at)), valid: at.valid, delay: f.ReadyAfter, since: key.since}
	for i, t := range at.at {
		if at.valid == nil || at.valid[i] {
			set.at[i] = boundary.At(t)
		}
	}
	e.bounds[key] = set
	return set, nil
}

// require marks a feature and all it reads as wanted. It must come before the task is folded, since
// nothing can be added to a scan that is over.
func (t *task) require(feature int) error {
	if t.features[feature] {
		return nil
	}
	t.features[feature] = true
	return t.requireExpr(t.view.Features[feature].Expr)
}

// requireExpr returns the first error, because Walk cannot be stopped.
func (t *task) requireExpr(e *plan.Expr) error {
	var failed error
	e.Walk(func(node *plan.Expr) {
		if err := t.requireLeaf(node); err != nil && failed == nil {
			failed = err
		}
	})
	return failed
}

func (t *task) requireLeaf(node *plan.Expr) error {
	switch node.Op {
	case plan.ColumnOf:
		t.newestTime = true // a computed column may read nothing else of the row
		if computed := t.view.Source.Columns[node.Index].Expr; computed != nil {
			return t.requireExpr(computed)
		}
		t.newest[node.Index] = true
	case plan.EventTime:
		t.newestTime = true
	case plan.ReceivedAt:
		t.newestTime, t.received = true, true
	case plan.AggregateOf:
		t.aggregates[node.Index] = true
	case plan.FeatureOf:
		return t.require(node.Index)
	case plan.ReferenceOf:
		return t.requireReference(node.Index)
	case plan.RequestOf:
		field := t.view.Request[node.Index]
		if t.evaluation.rows.Request[field.Name] == nil {
			return fmt.Errorf("view %s reads request.%s, and the rows have no such column", t.view.Name, field.Name)
		}
	}
	return nil
}

// Links and the view at their end are all evaluated as of this view's boundary, so that a value
// never mixes two states of the world.
func (t *task) requireReference(index int) error {
	if _, known := t.references[index]; known {
		return nil
	}
	reference := t.view.References[index]
	keys := t.keys
	for _, link := range reference.Path {
		next, err := t.evaluation.follow(link, keys, t.bound)
		if err != nil {
			return err
		}
		keys = next
	}
	other, err := t.evaluation.task(reference.View, keys, t.bound)
	if err != nil {
		return err
	}
	t.references[index] = target{other, reference.Feature}
	return other.require(reference.Feature)
}

// follow returns the keys at the end of a link, whose own features are evaluated as of bound. The
// keys are not known yet: they are values of features, which have to be folded first.
func (e *evaluation) follow(link *plan.Link, keys *keySet, bound *timeSet) (*keySet, error) {
	if set := e.links[linkKey{link, keys, bound}]; set != nil {
		return set, nil
	}
	set := &keySet{entity: link.Entity}
	e.links[linkKey{link, keys, bound}] = set
	for _, part := range link.Key {
		if part.View == nil {
			set.parts = append(set.parts, keyPart{parent: keys, column: part.Column})
			continue
		}
		t, err := e.task(part.View, keys, bound)
		if err != nil {
			return nil, err
		}
		if err := t.require(part.Feature); err != nil {
			return nil, err
		}
		set.parts = append(set.parts, keyPart{task: t, feature: part.Feature})
	}
	return set, nil
}

// ready reports whether the keys can be computed from what is folded so far. A part that leads back
// to a parent asks for the parent's keys, which links have made before.
func (k *keySet) ready() bool {
	if k.known {
		return true
	}
	for _, part := range k.parts {
		if part.parent != nil && !part.parent.ready() ||
			part.task != nil && !part.task.settleable(part.feature) {
			return false
		}
	}
	return true
}

// resolve computes the key columns, and which rows have a null among them. It may be called often
// and does its work once; keys that are not ready must not be resolved.
func (k *keySet) resolve() error {
	if !k.known {
		for _, part := range k.parts {
			column, err := part.resolve()
			if err != nil {
				return err
			}
			k.columns = append(k.columns, column)
		}
		k.known = true
	}
	if k.checked {
		return nil
	}
	k.checked = true
	for _, column := range k.columns {
		if column.Valid == nil {
			continue
		}
		if k.valid == nil {
			k.valid = append([]bool(nil), column.Valid...)
			continue
		}
		for i, valid := range column.Valid {
			k.valid[i] = k.valid[i] && valid
		}
	}
	return nil
}

// resolve returns the column: that of the parent, or the values of a feature after their default.
func (p keyPart) resolve() (*batch.Column, error) {
	if p.task == nil {
		if err := p.parent.resolve(); err != nil {
			return nil, err
		}
		return p.parent.visible(p.parent.columns[p.column]), nil
	}
	v, err := p.task.settle(p.feature)
	if err != nil {
		return nil, err
	}
	return p.task.keys.visible(v.column), nil
}

// visible hides the rows in which any column of the key is null: a link from nowhere leads nowhere.
func (k *keySet) visible(c *batch.Column) *batch.Column {
	if k.valid == nil {
		return c
	}
	gone := make([]bool, len(k.valid))
	for i, valid := range k.valid {
		gone[i] = !valid
	}
	return withoutRows(c, gone)
}

// settleable reports whether everything the feature reads is folded.
func (t *task) settleable(feature int) bool {
	return t.settleableBut(feature, map[target]bool{})
}

// settleableBut leaves out the features that were looked at before: many ways may lead to one.
// Without that list the cost would double with every feature that is read twice.
func (t *task) settleableBut(feature int, seen map[target]bool) bool {
	if seen[target{t, feature}] {
		return true
	}
	seen[target{t, feature}] = true
	ok := t.folded
	t.view.Features[feature].Expr.Walk(func(node *plan.Expr) {
		switch {
		case !ok:
		case node.Op == plan.FeatureOf:
			ok = t.settleableBut(node.Index, seen)
		case node.Op == plan.ReferenceOf:
			to := t.references[node.Index]
			ok = to.task.keys.ready() && to.task.settleableBut(to.feature, seen)
		}
	})
	return ok
}
