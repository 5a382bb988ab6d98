package state

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Source is a source with the number that its records bear in the log. The number stands for its
// name and its stored columns: a source whose columns changed has another one.
type Source struct {
	ID   uint32
	Plan *plan.Source
}

// Layout is the views that are served and their sources. Views of sources that are not listed are
// not kept.
type Layout struct {
	Plan    *plan.Plan
	Sources []Source
}

// Feed is the rows of a source under one key mapping.
type Feed struct {
	Source  Source
	Mapping engine.Mapping
}

// inUse is a layout, compiled.
type inUse struct {
	plan    *plan.Plan
	sources map[uint32]*sourceUse
	served  map[*plan.View]served
}

// served is where the rows of a view are.
type served struct {
	source *sourceUse
	feed   *feed
}

// sourceUse is a source as one layout has it. It does not change.
type sourceUse struct {
	Source
	views    []*plan.View
	intake   *engine.Intake
	mappings []engine.Mapping
	texts    []string // of the mappings, valid in all plans
	feeds    []*feed  // by mapping; two mappings may be one feed
	stored   []int    // index in Plan.Columns, by stored column
	slots    []int    // stored column, by index in Plan.Columns; -1: none
	types    []schema.Type
	rules    *engine.Intake // tells when a row is surely known; nil: the defaults do
	filter   int            // mapping of rules that holds the source's filter, or -1
	ruleText string
}

// newSourceUse compiles what the views of a layout want of a source.
func newSourceUse(source Source, views []*plan.View) (*sourceUse, error) {
	u := &sourceUse{Source: source, views: views, filter: -1}
	for i, c := range source.Plan.Columns {
		u.slots = append(u.slots, -1)
		if c.Expr == nil {
			u.slots[i] = len(u.stored)
			u.stored = append(u.stored, i)
			u.types = append(u.types, c.Type)
		}
	}
	var err error
	if u.intake, err = engine.NewIntake(source.Plan, views); err != nil {
		return nil, fmt.Errorf("source %s: %w", source.Plan.Name, err)
	}
	u.mappings = u.intake.Mappings()
	for _, m := range u.mappings {
		u.texts = append(u.texts, mappingText(m.Views[0]))
	}
	return u, u.compileRules()
}

// compileRules prepares to tell when a row is surely known, for sources with rules of their own.
// The filter is read as if it were the key of a view: that gives its outcome row by row.
func (u *sourceUse) compileRules() error {
	p := u.Plan
	if p.Available == nil && p.Where == nil {
		return nil
	}
	var probes []*plan.View
	if p.Where != nil {
		probe := &plan.View{Source: p, Key: []*plan.Expr{p.Where}}
		if p.DeleteWhen != nil {
			probe.Key = append(probe.Key, p.DeleteWhen)
		}
		probes, u.filter = []*plan.View{probe}, 0
	}
	var err error
	if u.rules, err = engine.NewIntake(p, probes); err != nil {
		return fmt.Errorf("rules of source %s: %w", p.Name, err)
	}
	for _, e := range []*plan.Expr{p.Available, p.Where, p.DeleteWhen} {
		u.ruleText += expressionText(p, e) + ";"
	}
	return nil
}

// known returns when each row of a chunk is surely known to every view: math.MaxInt64 if never, or
// if the source's filter leaves the row out, for then it is never the newest. It is nil if the
// source has no rules of its own.
func (u *sourceUse) known(chunk *engine.Chunk) []int64 {
	if u.rules == nil {
		return nil
	}
	arrivals := u.rules.Read(chunk)
	if u.filter < 0 {
		return arrivals.Available
	}
	columns := arrivals.Keys[u.filter]
	for i := range arrivals.Available {
		// A tombstone is never filtered.
		passes := false
		for _, c := range columns {
			passes = passes || !c.IsNull(i) && c.Bools[i]
		}
		if !passes {
			arrivals.Available[i] = math.MaxInt64
		}
	}
	return arrivals.Available
}

// mappingText is equal for equal key mappings of a source, whatever plan they stand in. Computed
// columns are written out, because another plan may compute them otherwise under the same number.
func mappingText(view *plan.View) string {
	text := ""
	for i, e := range view.Key {
		text += view.Entity.Key[i].Type.String() + " " + expressionText(view.Source, e) + ";"
	}
	return text
}

func expressionText(source *plan.Source, e *plan.Expr) string {
	if e == nil {
		return ""
	}
	switch e.Op {
	case plan.ColumnOf:
		c := source.Columns[e.Index]
		if c.Expr != nil {
			return "(computed " + expressionText(source, c.Expr) + ")"
		}
		return "(column " + strconv.Quote(c.Name) + " " + c.Type.String() + ")"
	case plan.Call:
		text := "(" + e.Func + " " + e.Type.String()
		for _, arg := range e.Args {
			text += " " + expressionText(source, arg)
		}
		return text + ")"
	default:
		return e.Key()
	}
}

// widen gives a chunk the columns of a record at the places that this layout has for them. Layouts
// that are in use at the same time may compute other columns beside the same stored ones.
func (u *sourceUse) widen(c *engine.Chunk, columns []*batch.Column) (*engine.Chunk, error) {
	wide := *c
	wide.Columns = make([]*batch.Column, len(u.Plan.Columns))
	next := 0
	for i, column := range u.Plan.Columns {
		if column.Expr != nil {
			continue
		}
		if next < len(columns) {
			wide.Columns[i] = columns[next]
		}
		next++
	}
	if next != len(columns) {
		return nil, fmt.Errorf("rows of source %s have %d columns, it has %d", u.Plan.Name, len(columns), next)
	}
	return &wide, nil
}

// columns picks the stored columns of a chunk and checks that they are what the source declares.
// What is wrong with them is an error and no panic: they come from the log or from history.
func (u *sourceUse) columns(c *engine.Chunk) ([]*batch.Column, error) {
	rows := len(c.EventTime)
	if c.ReceivedAt != nil && len(c.ReceivedAt) != rows || c.Visible != nil && len(c.Visible) != rows {
		return nil, fmt.Errorf("rows of source %s: %d event times, but not as many times of receipt "+
			"or visibility", u.Plan.Name, rows)
	}
	if len(c.Columns) != len(u.slots) {
		return nil, fmt.Errorf("rows of source %s have %d columns, it has %d",
			u.Plan.Name, len(c.Columns), len(u.slots))
	}
	out := make([]*batch.Column, len(u.stored))
	for i, at := range u.stored {
		column := c.Columns[at]
		if column == nil || column.Length != rows || !column.Type.Equal(u.types[i]) {
			return nil, fmt.Errorf("rows of source %s: column %s is not %d values of %s",
				u.Plan.Name, u.Plan.Columns[at].Name, rows, u.types[i])
		}
		out[i] = column
	}
	return out, nil
}

// newInUse compiles a layout. Feeds are not found yet.
func newInUse(layout Layout) (*inUse, error) {
	u := &inUse{
		plan: layout.Plan, sources: map[uint32]*sourceUse{}, served: map[*plan.View]served{},
	}
	for _, source := range layout.Sources {
		if source.Plan == nil || u.sources[source.ID] != nil {
			return nil, fmt.Errorf("source number %d of the layout has no plan or is given twice", source.ID)
		}
		var views []*plan.View
		for _, view := range layout.Plan.Views {
			if view.Source == source.Plan {
				views = append(views, view)
			}
		}
		use, err := newSourceUse(source, views)
		if err != nil {
			return nil, err
		}
		u.sources[source.ID] = use
	}
	return u, nil
}

// ids returns the numbers of the sources in order.
func (u *inUse) ids() []uint32 {
	ids := make([]uint32, 0, len(u.sources))
	for id := range u.sources {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
