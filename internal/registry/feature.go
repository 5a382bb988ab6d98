package registry

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// readsFact begins the name of the fact that a feature reads another one. Its text is a version.
const readsFact = "reads "

// featureFacts takes one feature apart. It follows plan.Meaning: what enters the version of a
// feature has a fact, so that a changed version can be explained.
type featureFacts struct {
	view    *plan.View
	own     bool // reads the view's source
	columns []int
	windows []string
	filters []string
	request []int
	reads   facts
}

func describeFeature(view *plan.View, index int) Definition {
	feature := view.Features[index]
	d := &featureFacts{view: view}
	var f facts
	f.add("expression", plan.Text(view, d.bare(feature.Expr)))
	f.add("window", strings.Join(d.windows, ", "))
	f.add("filter", strings.Join(d.filters, ", "))
	f.add("type", feature.Type.String())
	if feature.Default != nil {
		f.add("default", feature.Default.String())
	}
	f.duration("expires", feature.Expires)
	f.add("freshness", view.Freshness.String())
	if d.own {
		d.source(&f)
	}
	for _, index := range d.request {
		f.add("request "+view.Request[index].Name, view.Request[index].Type.String())
	}
	f = append(f, d.reads...)
	f.add("engine", strconv.Itoa(plan.EngineSemantics))
	f.add("layer", feature.Layer.String())
	f.add("checks", checksText(view, feature.Checks))
	f.add("fallback", fallbackText(feature.Fallback))
	if deprecated := feature.Deprecated; deprecated != nil {
		text := "use " + deprecated.Use
		if deprecated.After != nil {
			text += " after " + schema.FormatTime(*deprecated.After)
		}
		f.add("deprecated", text)
	}
	f.meta(feature.Meta)
	return Definition{
		Kind: FeatureKind, Name: view.Name + "." + feature.Name, Version: feature.Version, Facts: f,
	}
}

// source adds the rules of the view and its source that decide which events are seen.
func (d *featureFacts) source(f *facts) {
	for _, key := range d.view.Key {
		d.event(key)
	}
	s := d.view.Source
	for _, e := range []*plan.Expr{d.view.Where, s.Available, s.Where, s.DeleteWhen} {
		d.event(e)
	}
	f.add("key", keyText(d.view))
	f.add("edge", edgeText(d.view.Edge))
	if d.view.Where != nil {
		f.add("view filter", plan.Text(d.view, d.view.Where))
	}
	sourceRules(f, s)
	rules := append([]int{s.EventTime.Column, s.EventTime.ZoneColumn, s.Sequence, s.ID}, s.Key...)
	for _, index := range rules {
		d.column(index)
	}
	slices.Sort(d.columns)
	for _, index := range d.columns {
		f.add("column "+s.Columns[index].Name, columnText(s, s.Columns[index]))
	}
}

// bare copies an expression without the windows and filters of its aggregates, which become facts
// of their own, and notes what it reads.
func (d *featureFacts) bare(e *plan.Expr) *plan.Expr {
	switch e.Op {
	case plan.AggregateOf:
		return d.aggregate(d.view.Aggregates[e.Index])
	case plan.ColumnOf, plan.EventTime, plan.ReceivedAt:
		d.event(e)
	case plan.FeatureOf:
		d.read(d.view, e.Index)
	case plan.ReferenceOf:
		d.reference(d.view.References[e.Index])
	case plan.RequestOf:
		if !slices.Contains(d.request, e.Index) {
			d.request = append(d.request, e.Index)
		}
	case plan.Call:
		c := *e
		c.Args = make([]*plan.Expr, len(e.Args))
		for i, arg := range e.Args {
			c.Args[i] = d.bare(arg)
		}
		return &c
	}
	return e
}

// aggregate returns the call without window and filter. Two calls that differ in those alone look
// the same in the expression, and have two windows or filters in the order of the calls.
func (d *featureFacts) aggregate(a *plan.Aggregate) *plan.Expr {
	d.own = true
	args := a.Args
	for _, arg := range args {
		d.event(arg)
	}
	d.event(a.Where)
	text := plan.AggregateText(d.view, &plan.Aggregate{Func: a.Func, Window: a.Window})
	d.windows = append(d.windows, strings.TrimPrefix(text, a.Func+"() over "))
	filter := "none"
	if a.Where != nil {
		filter = plan.Text(d.view, a.Where)
	}
	d.filters = append(d.filters, filter)
	if a.Distinct {
		args = []*plan.Expr{plan.CallOf("distinct", a.Type, args...)}
	}
	return plan.CallOf(a.Func, a.Type, args...)
}

// event notes the columns that an expression over the event reads.
func (d *featureFacts) event(e *plan.Expr) {
	e.Walk(func(e *plan.Expr) {
		switch e.Op {
		case plan.ColumnOf:
			d.own = true
			d.column(e.Index)
		case plan.EventTime, plan.ReceivedAt:
			d.own = true
		}
	})
}

// column notes a column, and those that it is computed from.
func (d *featureFacts) column(index int) {
	if index < 0 || index >= len(d.view.Source.Columns) || slices.Contains(d.columns, index) {
		return
	}
	d.columns = append(d.columns, index)
	d.event(d.view.Source.Columns[index].Expr)
}

// read notes a feature that this one depends on, once.
func (d *featureFacts) read(view *plan.View, index int) {
	feature := view.Features[index]
	name := readsFact + view.Name + "." + feature.Name
	for _, fact := range d.reads {
		if fact.Name == name {
			return
		}
	}
	d.reads.add(name, feature.Version)
}

// reference notes a feature of another view, and those that hold the keys on the way to it.
func (d *featureFacts) reference(r *plan.Reference) {
	for _, link := range r.Path {
		for _, key := range link.Key {
			if key.View != nil {
				d.read(key.View, key.Feature)
			}
		}
	}
	d.read(r.View, r.Feature)
}

// keyMapping is the canonical text of how events become entities: the lines of the meaning that
// speak of the key. It is "" for a view without a source.
func keyMapping(v *plan.View) string {
	if v.Source == nil {
		return ""
	}
	timestamp := schema.Of(schema.Timestamp)
	// Whatever reads the event has the key in its meaning.
	probe := *v
	probe.Features = []*plan.Feature{{
		Expr: &plan.Expr{Op: plan.EventTime, Type: timestamp}, Type: timestamp,
	}}
	var lines []string
	for _, line := range strings.Split(plan.Meaning(&probe, 0), "\n") {
		if key, found := strings.CutPrefix(line, "key "); found {
			lines = append(lines, key)
		}
	}
	return strings.Join(lines, "\n")
}
