package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
)

// Rows is what values are wanted for: one row per label.
type Rows struct {
	Count int
	Times []int64 // the time T of each row
	Valid []bool  // false where T is null; nil if no T is
	Roles []Keys
	// Request gives the column of a request field; features that read it fail without.
	Request map[string]*batch.Column
	// AgeTimes is what MaxAge measures from; nil: Times.
	AgeTimes []int64
	// Served, if set, leaves out what serving had not seen yet at each time: mode as_served.
	Served *Served
}

// Known reports whether a row has a time and every key of every role.
func (r *Rows) Known(row int) bool {
	if r.Valid != nil && !r.Valid[row] {
		return false
	}
	for _, role := range r.Roles {
		for _, c := range role.Columns {
			if c.IsNull(row) {
				return false
			}
		}
	}
	return true
}

// Served says what serving had seen. An event counts for a realtime view only if it was visible at
// T, and for a refreshed one only if it was visible when r was published: at r + ready_after, or
// when the view was first applied if that was later.
type Served struct {
	Since func(view *plan.View) int64 // when the view was first applied
}

// Keys is the key columns of one entity, in the order of the entity's key.
type Keys struct {
	Entity  *plan.Entity
	Columns []*batch.Column
}

// Wanted names one output: a feature of a view, for the entity of a role.
type Wanted struct {
	Role    int
	View    *plan.View
	Feature int
}

// Options tunes an evaluation; none but MaxAge changes a value.
type Options struct {
	Workers int // goroutines; default: one per processor
	// Memory bounds the bytes of events that are held at a time; 0: no bound. What is beyond it goes
	// to Spill, which must be there then.
	Memory int64
	Spill  Spill
	MaxAge int64 // microseconds; outputs older than this at AgeTimes expire; 0: none
	// Progress, if set, is called now and then with rows of sources read so far.
	Progress func(source string, rows int64)
	// Trace, if set, receives the events behind the outputs; only for a few rows.
	Trace *Trace
}

func (o Options) withDefaults() Options {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Trace != nil {
		o.Workers = 1 // a trace is written by one goroutine
	}
	return o
}

// NoTime marks the event time of a value without a contributing event.
const NoTime = int64(-1 << 63)

// Status is what a value is worth.
type Status uint8

// The statuses that training knows, in no order of precedence.
const (
	Fresh Status = iota
	Missing
	Expired
	Default
	Failed // printed as error
)

// String returns the status as it is printed.
func (s Status) String() string {
	return [...]string{"fresh", "missing", "expired", "default", "error"}[s]
}

// Value is the settled values of one feature, a row each.
type Value struct {
	Column   *batch.Column
	Status   []Status
	Time     []int64 // of the newest contributing event, or NoTime
	Boundary []int64 // what the view was evaluated as of
	Nulls    NullCounts
}

// NullCounts counts nulls that arithmetic made, in this feature's own expressions.
type NullCounts = expr.Counts

// SourceCounts says what became of a source's events in an evaluation.
type SourceCounts struct {
	Events   int64 // read
	Filtered int64 // by the source's where
	Raised   int64 // availability below the event time, raised to it
	Never    int64 // availability null
	Made     NullCounts
}

// Report is what an evaluation saw besides its values.
type Report struct {
	Sources map[string]*SourceCounts
	NoKey   map[string]int64 // by view: events with a null in the key
}

// Evaluate settles the wanted features for the rows. The values come in the order of wanted, with
// their rows in the order given; columns may share memory with each other and with the request. On
// an error there are no values, not some of them.
func Evaluate(ctx context.Context, events Events, rows Rows, wanted []Wanted, options Options) (
	[]*Value, *Report, error) {
	return evaluate(ctx, events, newEvaluation(rows, options.withDefaults(), &programs{}), wanted)
}

func evaluate(ctx context.Context, events Events, e *evaluation, wanted []Wanted) (
	_ []*Value, _ *Report, err error) {
	if err := e.want(wanted); err != nil {
		return nil, nil, err
	}
	e.memory = newMemory(e.options)
	defer func() { err = errors.Join(err, e.memory.close()) }()
	if err := e.foldAll(ctx, events); err != nil {
		return nil, nil, err
	}
	values, err := e.values(wanted)
	return values, e.report, err
}

// want makes the tasks of all outputs. It comes before anything is folded.
func (e *evaluation) want(wanted []Wanted) error {
	for _, w := range wanted {
		t, err := e.root(w)
		if err != nil {
			return err
		}
		e.outputs = append(e.outputs, t)
	}
	return nil
}

// values settles the outputs, whose tasks are folded.
func (e *evaluation) values(wanted []Wanted) ([]*Value, error) {
	values := make([]*Value, len(wanted))
	for i, w := range wanted {
		v, err := e.outputs[i].settle(w.Feature)
		if err != nil {
			return nil, err
		}
		values[i] = e.output(e.outputs[i], w.Feature, v)
	}
	return values, nil
}

// evaluation is the state of one Evaluate.
type evaluation struct {
	rows     Rows
	options  Options
	programs *programs
	report   *Report
	roots    []*keySet // by role
	start    *timeSet
	tasks    map[taskKey]*task
	order    []*task // in the order of creation
	outputs  []*task // by wanted
	memory   *memory
	links    map[linkKey]*keySet
	bounds   map[boundKey]*timeSet
}

func newEvaluation(rows Rows, options Options, programs *programs) *evaluation {
	e := &evaluation{
		rows: rows, options: options, programs: programs,
		report: &Report{Sources: map[string]*SourceCounts{}, NoKey: map[string]int64{}},
		start:  &timeSet{at: rows.Times, valid: rows.Valid, since: NoTime},
		tasks:  map[taskKey]*task{}, links: map[linkKey]*keySet{}, bounds: map[boundKey]*timeSet{},
	}
	for _, role := range rows.Roles {
		e.roots = append(e.roots, &keySet{entity: role.Entity, columns: role.Columns, known: true})
	}
	return e
}

// root returns the task of an output, with all that it reads marked as wanted. It must be called
// for every output before anything is folded.
func (e *evaluation) root(w Wanted) (*task, error) {
	if w.Role >= len(e.roots) || e.roots[w.Role].entity != w.View.Entity {
		return nil, fmt.Errorf("BUG: view %s is asked for a role of another entity", w.View.Name)
	}
	t, err := e.task(w.View, e.roots[w.Role], e.start)
	if err != nil {
		return nil, err
	}
	return t, t.require(w.Feature)
}

// output applies what concerns only values that leave the engine: rows without key or time are
// null, and values older than MaxAge expire before their default.
func (e *evaluation) output(t *task, feature int, v *settled) *Value {
	out := &Value{Column: v.column, Status: v.status, Time: v.time(), Boundary: t.bound.at, Nulls: v.nulls}
	if out.Time == nil { // it reads no event at all
		out.Time = noTimes(e.rows.Count)
	}
	if e.options.MaxAge > 0 {
		e.expireOld(t.view.Features[feature], v, out)
	}
	if keys, times := t.keys.valid, t.at.valid; keys != nil || times != nil {
		blank(out, keys, times)
	}
	return out
}

// expireOld makes the values older than MaxAge null, then defaults.
func (e *evaluation) expireOld(f *plan.Feature, v *settled, out *Value) {
	from := e.rows.AgeTimes
	if from == nil {
		from = e.rows.Times
	}
	old := make([]bool, e.rows.Count)
	found := false
	for i, at := range out.Time {
		old[i] = at != NoTime && from[i]-at > e.options.MaxAge && v.status[i] != Failed
		found = found || old[i]
	}
	if !found {
		return
	}
	column := v.datum
	column = withoutRows(column, old)
	status := make([]Status, e.rows.Count)
	copy(status, v.status)
	for i := range status {
		if old[i] {
			status[i] = Expired
		}
	}
	out.Column, out.Status = applyDefault(f, column, status)
}

// blank makes rows without a key or time null, without default.
func blank(out *Value, keys, times []bool) {
	gone := make([]bool, len(out.Status))
	status := make([]Status, len(out.Status))
	copy(status, out.Status)
	for i := range gone {
		gone[i] = keys != nil && !keys[i] || times != nil && !times[i]
		if gone[i] {
			status[i] = Missing
		}
	}
	out.Column, out.Status = withoutRows(out.Column, gone), status
}

// withoutRows returns the column with the marked rows null.
func withoutRows(c *batch.Column, gone []bool) *batch.Column {
	copied := *c
	copied.Valid = make([]bool, c.Length)
	for i := range copied.Valid {
		copied.Valid[i] = !c.IsNull(i) && !gone[i]
	}
	return &copied
}

// applyDefault replaces nulls by the feature's default, except failed ones.
func applyDefault(f *plan.Feature, c *batch.Column, status []Status) (*batch.Column, []Status) {
	if f.Default == nil || c.Valid == nil {
		return c, status
	}
	replace := make([]bool, c.Length)
	found := false
	for i, valid := range c.Valid {
		replace[i] = !valid && status[i] != Failed
		found = found || replace[i]
	}
	if !found {
		return c, status
	}
	status = append([]Status(nil), status...)
	for i, r := range replace {
		if r {
			status[i] = Default
		}
	}
	return batch.Choose(replace, batch.Repeat(*f.Default, c.Length), c), status
}
