package app

import (
	"context"
	"fmt"
	"sort"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/source/file"
	"github.com/fettle-ml/fettle/internal/train"
	"github.com/fettle-ml/fettle/internal/wire"
)

// WhyOptions says which value is explained. Key and Request hold text as it was typed; a column
// that is missing or too many is an error.
type WhyOptions struct {
	Dir     string
	Feature string            // view.feature
	Key     map[string]string // typed by the entity's key
	Request map[string]string // typed by the view's request
	At      string            // RFC 3339, or a date in the project's zone; "": now
	Limit   int               // events listed for each part, the newest; 0: 100
	Clock   clock.Clock       // default: the system's
	// Node, if set, has the project's data, and what was pushed counts too. Applied asks for the
	// definitions that it serves instead of those in the folder. Served leaves out what serving
	// could not see at the time.
	Node    *Node
	Applied bool
	Served  bool
}

// Why computes one value from history and shows the events behind it. It is the same evaluation
// that a training set gets, on one row and with a trace, so that it cannot explain another value
// than the one that was trained on.
func Why(ctx context.Context, o WhyOptions) (*wire.Why, error) {
	if o.Limit <= 0 {
		o.Limit = 100
	}
	q, err := o.prepare(ctx, o.Feature)
	if err != nil {
		return nil, err
	}
	if len(q.selection.Features) != 1 {
		return nil, asError(&train.InvalidError{
			Message: o.Feature + " is not one feature", Hint: "write VIEW.FEATURE", Usage: true,
		})
	}
	return q.project.explain(ctx, q.selection, q.rows, o)
}

// question is the one row that is asked about, and what of it.
type question struct {
	project   *Project
	plan      *plan.Plan
	selection *plan.Selection
	rows      engine.Rows
}

// prepare finds the features that are asked for, and makes the row that they are computed for.
func (o *WhyOptions) prepare(ctx context.Context, features string) (*question, error) {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Node != nil {
		o.Clock = o.Node.options.Clock
	}
	q := &question{}
	var err error
	if q.project, err = OpenProject(o.Dir); err != nil {
		return nil, err
	}
	if q.plan, err = q.project.planOf(ctx, o.Node, o.Applied); err != nil {
		return nil, err
	}
	if q.selection, err = plan.ForFeatures(q.plan, []string{features}); err != nil {
		return nil, asError(err)
	}
	if err := checkColumns(q.selection); err != nil {
		return nil, err
	}
	q.rows, err = o.rows(q.plan, q.selection)
	return q, err
}

// rows makes the one row that is asked about. Every column of the key must be given, and nothing
// else: a misspelt one would explain the value of another entity, or of none.
func (o WhyOptions) rows(p *plan.Plan, s *plan.Selection) (engine.Rows, error) {
	rows := engine.Rows{Count: 1, Request: map[string]*batch.Column{}}
	at, err := o.instant(p.Timezone)
	if err != nil {
		return rows, err
	}
	rows.Times = []int64{at}
	entity := s.Roles[0].Entity
	keys := engine.Keys{Entity: entity}
	left := map[string]bool{}
	for name := range o.Key {
		left[name] = true
	}
	for _, field := range entity.Key {
		text, given := o.Key[field.Name]
		if !given {
			hint := fmt.Sprintf("add %s=VALUE", field.Name)
			for name := range left {
				// A near miss among what was given is more likely than a forgotten column.
				if schema.Nearest(name, []string{field.Name}) != "" {
					hint = fmt.Sprintf("write %s instead of %s", field.Name, name)
				}
			}
			return rows, usageError(fmt.Sprintf("the key of %s needs %s", entity.Name, field.Name), hint)
		}
		delete(left, field.Name)
		value, err := lang.ParseValue(text, field.Type)
		if err != nil {
			return rows, usageError(fmt.Sprintf("%s=%s: %v", field.Name, text, err), "")
		}
		keys.Columns = append(keys.Columns, batch.Repeat(value, 1))
	}
	for name := range left {
		return rows, usageError(fmt.Sprintf("%s is no key column of %s", name, entity.Name), "")
	}
	rows.Roles = []engine.Keys{keys}
	return rows, o.request(s, &rows)
}

// usageError blames the command line and not the data: the exit code is that of wrong arguments.
func usageError(message, hint string) error {
	return &Error{Code: ExitUsage, Message: message, Hint: hint}
}

// request adds the request fields that the feature reads. Others that are given are ignored, so
// that one command line can be used for several features.
func (o WhyOptions) request(s *plan.Selection, rows *engine.Rows) error {
	fields, needed, err := s.Requests()
	if err != nil {
		return asError(err)
	}
	for _, field := range fields {
		text, given := o.Request[field.Name]
		if !given {
			return usageError(fmt.Sprintf("%s reads request.%s", needed[field.Name], field.Name),
				fmt.Sprintf("add --request %s=VALUE", field.Name))
		}
		value, err := lang.ParseValue(text, field.Type)
		if err != nil {
			return usageError(fmt.Sprintf("--request %s=%s: %v", field.Name, text, err), "")
		}
		rows.Request[field.Name] = batch.Repeat(value, 1)
	}
	return nil
}

// instant reads --at. A date is its midnight in the project's zone, moved to the end of the gap if
// clocks skip it. A time without a zone is refused and not guessed.
func (o WhyOptions) instant(timezone string) (int64, error) {
	if o.At == "" {
		return o.Clock.Now(), nil
	}
	at, err := instantOf(o.At, timezone)
	if err != nil {
		return 0, usageError("--at: "+err.Error(), "")
	}
	return at, nil
}

// places remembers where the rows of chunks come from. The workers of a scan add to it; it is read
// when the evaluation is done. A source that is scanned again has the same chunks under the same
// ordinals.
type places struct {
	mutex  sync.Mutex
	chunks map[string]map[int64]*file.Chunk // by source and ordinal
	orders map[int64][]uint64               // of pushed rows, by ordinal
}

func (p *places) noteOrders(_ *plan.Source, ordinal int64, orders []uint64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.orders[ordinal] = orders
}

func (p *places) note(source *plan.Source, c *file.Chunk) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.chunks[source.Name] == nil {
		p.chunks[source.Name] = map[int64]*file.Chunk{}
	}
	p.chunks[source.Name][c.Ordinal] = c
}

// explain evaluates the row and describes what the trace recorded. No bad row is allowed: one that
// was left out could be the very event that is asked about.
func (p *Project) explain(ctx context.Context, s *plan.Selection, rows engine.Rows, o WhyOptions) (
	*wire.Why, error) {
	f, trace := s.Features[0], &engine.Trace{}
	history := p.events(o.Node, s, 0)
	if o.Served {
		rows.Served = history.served
	}
	place := history.placesOf()
	values, _, err := engine.Evaluate(ctx, history, rows,
		[]engine.Wanted{{Role: f.Role, View: f.View, Feature: f.Feature}}, engine.Options{Trace: trace})
	if err != nil {
		return nil, asError(err)
	}
	feature, v := f.View.Features[f.Feature], values[0]
	result := &wire.Why{
		Feature: o.Feature, Version: feature.Version, Type: feature.Type.String(), Expression: feature.Text,
		Value: wire.AppendCell(nil, v.Column, 0), Status: v.Status[0].String(),
		At: schema.FormatTime(rows.Times[0]), Boundary: schema.FormatTime(v.Boundary[0]), Parts: []wire.WhyPart{},
	}
	if v.Time != nil && v.Time[0] != engine.NoTime {
		text, age := schema.FormatTime(v.Time[0]), float64(rows.Times[0]-v.Time[0])/float64(schema.Second)
		result.EventTime, result.AgeSeconds = &text, &age
	}
	for _, read := range trace.Reads {
		result.Parts = append(result.Parts, partOf(read, o.Limit, func(e engine.TraceEvent) string {
			return place(read.View.Source.Name, e.Ordinal, e.ChunkRow)
		}))
	}
	sort.SliceStable(result.Parts, func(i, j int) bool {
		a, b := result.Parts[i], result.Parts[j]
		return a.View < b.View || a.View == b.View && a.Reads < b.Reads
	})
	return result, nil
}

// paths returns the files of each source in their order. It must not be called while a scan runs,
// since it takes no lock.
func (h *history) paths() map[string][]string {
	paths := map[string][]string{}
	for name, report := range h.reports {
		for _, f := range report.Files {
			paths[name] = append(paths[name], f.Path)
		}
	}
	return paths
}

// partOf tells the events of one read apart, and lists limit of each. It sorts the events of the
// read in place, by how near to the window they lie.
func partOf(read engine.TraceRead, limit int, position func(engine.TraceEvent) string) wire.WhyPart {
	part := wire.WhyPart{
		View: read.View.Name, Reads: "newest row", Boundary: schema.FormatTime(read.Boundary),
		To: schema.FormatTime(read.End), Events: []wire.WhyEvent{}, Left: []wire.WhyEvent{},
		Reasons: map[string]int{},
	}
	if read.Aggregate >= 0 {
		part.Reads = plan.AggregateText(read.View, read.View.Aggregates[read.Aggregate])
	}
	if read.Start > schema.MinTime {
		part.From = schema.FormatTime(read.Start)
	}
	sort.SliceStable(read.Events, func(i, j int) bool { return outside(read, i) < outside(read, j) })
	for _, e := range read.Events {
		if e.Reason == engine.Contributes {
			if part.Contributing++; len(part.Events) < limit {
				part.Events = append(part.Events, eventOf(e, position))
			}
			continue
		}
		part.Reasons[e.Reason.String()]++
		if part.Excluded++; len(part.Left) < limit {
			part.Left = append(part.Left, eventOf(e, position))
		}
	}
	return part
}

// outside returns how far event i lies outside the window; events inside come
// before all others, the newest first.
func outside(read engine.TraceRead, i int) int64 {
	switch e := read.Events[i]; e.Reason {
	case engine.BeforeWindow:
		return read.Start - e.Time
	case engine.AfterWindow:
		return e.Time - read.End + 1
	default:
		return -schema.MaxTime - e.Time // before all others, the newest first
	}
}

// eventOf makes an event ready to print. position is asked for listed events only.
func eventOf(e engine.TraceEvent, position func(engine.TraceEvent) string) wire.WhyEvent {
	event := wire.WhyEvent{
		Time: schema.FormatTime(e.Time), Available: schema.FormatTime(e.Available), Position: position(e),
	}
	if e.Argument != nil {
		event.Argument = wire.AppendValue(nil, *e.Argument)
	}
	if e.Reason != engine.Contributes {
		event.Reason = e.Reason.String()
	}
	return event
}
