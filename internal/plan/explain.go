package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Explanation says where and how a feature is computed, and what an event and a read cost.
type Explanation struct {
	View    *View
	Feature int
	// Columns are the stored columns of the view's source that the feature reads, through computed
	// columns, filters and other features of the view, too; the key and the source's own rules are read
	// for every feature, and are not among them.
	Columns []string
	// Lanes are what its aggregates read, each once.
	Lanes []Lane
	// References are the features of other views that it reads, and Request the request fields.
	References []string
	Request    []string
	// Filters is how many conditions are evaluated for each event, once for all features that have them.
	Filters int
	// Bytes is about how many bytes of each event are kept for it; text counts as 16.
	Bytes int
	// Windows is how many different windows a read looks at, and Reach how far the longest goes back, in
	// microseconds; -1: without end.
	Windows int
	Reach   int64
	// Newest is true if the newest row is read.
	Newest bool
}

// Lane is one argument of aggregates under one filter. Whatever windows and aggregates there are over a
// lane, its events are stored and ordered once.
type Lane struct {
	Text string
	// Aggregates are the calls of the feature over it; Shared counts the other features of the view that
	// read it too.
	Aggregates []string
	Shared     int
}

// Explain explains every feature of a view.
func Explain(view *View) []Explanation {
	sharing := map[string]int{}
	all := make([]*explainer, len(view.Features))
	for i := range view.Features {
		e := &explainer{view: view, lanes: map[string]*Lane{}, windows: map[Window]bool{}}
		e.feature(i, map[int]bool{})
		for _, text := range e.order {
			sharing[text]++
		}
		all[i] = e
	}
	out := make([]Explanation, len(all))
	for i, e := range all {
		out[i] = e.explanation(i, sharing)
	}
	return out
}

// explainer follows what one feature reads of its view.
type explainer struct {
	view       *View
	columns    []int
	order      []string
	lanes      map[string]*Lane
	filters    []string
	windows    map[Window]bool
	reach      int64
	newest     bool
	references []string
	request    []string
}

func (e *explainer) feature(index int, seen map[int]bool) {
	if seen[index] {
		return
	}
	seen[index] = true
	e.view.Features[index].Expr.Walk(func(x *Expr) {
		switch x.Op {
		case ColumnOf:
			e.newest = true
			e.column(x.Index)
		case EventTime, ReceivedAt:
			e.newest = true
		case AggregateOf:
			e.aggregate(e.view.Aggregates[x.Index])
		case FeatureOf:
			e.feature(x.Index, seen)
		case ReferenceOf:
			e.references = appendOnce(e.references, referenceText(e.view.References[x.Index]))
		case RequestOf:
			e.request = appendOnce(e.request, e.view.Request[x.Index].Name)
		}
	})
}

func appendOnce[T comparable](list []T, x T) []T {
	if slices.Contains(list, x) {
		return list
	}
	return append(list, x)
}

// column notes a stored column, or those that a computed one reads.
func (e *explainer) column(index int) {
	if computed := e.view.Source.Columns[index].Expr; computed != nil {
		e.reads(computed)
		return
	}
	e.columns = appendOnce(e.columns, index)
}

func (e *explainer) reads(x *Expr) {
	x.Walk(func(leaf *Expr) {
		if leaf.Op == ColumnOf {
			e.column(leaf.Index)
		}
	})
}

func (e *explainer) aggregate(a *Aggregate) {
	var args, filters []string
	for _, arg := range a.Args {
		e.reads(arg)
		args = append(args, Text(e.view, arg))
	}
	for _, condition := range []*Expr{e.view.Where, a.Where} {
		if condition == nil {
			continue
		}
		e.reads(condition)
		text := Text(e.view, condition)
		filters = append(filters, text)
		e.filters = appendOnce(e.filters, text)
	}
	text := "events"
	if len(args) > 0 {
		text = strings.Join(args, ", ")
	}
	if len(filters) > 0 {
		text += " where " + strings.Join(filters, " and ")
	}
	if e.lanes[text] == nil {
		e.order = append(e.order, text)
		e.lanes[text] = &Lane{Text: text}
	}
	e.lanes[text].Aggregates = appendOnce(e.lanes[text].Aggregates, AggregateText(e.view, a))
	w := a.Window
	w.Since = nil // two copies of a day are one window
	e.windows[w] = true
	if reach := reachOf(a.Window); e.reach >= 0 && (reach < 0 || reach > e.reach) {
		e.reach = reach
	}
}

// reachOf returns how far back a window looks; -1: without end.
func reachOf(w Window) int64 {
	switch {
	case w.Kind == Sliding:
		return w.Length + w.Offset + w.Hop
	case w.Kind == Session && w.Max > 0 && w.Offset == 0:
		return w.Max + w.Length
	default:
		return -1
	}
}

func (e *explainer) explanation(index int, sharing map[string]int) Explanation {
	x := Explanation{
		View: e.view, Feature: index, References: e.references, Request: e.request,
		Filters: len(e.filters), Windows: len(e.windows), Reach: e.reach, Newest: e.newest,
	}
	for _, column := range e.columns {
		c := e.view.Source.Columns[column]
		x.Columns = append(x.Columns, c.Name)
		x.Bytes += bytesOf(c.Type)
	}
	if len(e.order) > 0 || e.newest {
		x.Bytes += 8 // its time
	}
	for _, text := range e.order {
		lane := *e.lanes[text]
		lane.Shared = sharing[text] - 1
		x.Lanes = append(x.Lanes, lane)
	}
	return x
}

// bytesOf is about what a value takes.
func bytesOf(t schema.Type) int {
	switch t.Kind {
	case schema.Bool:
		return 1
	case schema.Decimal, schema.String, schema.Bytes:
		return 16
	case schema.Vector:
		return 8 * t.Size
	case schema.List, schema.Map, schema.JSON:
		return 64
	default:
		return 8
	}
}

// Where says where a feature is computed when it is served, and in training.
func (x *Explanation) Where() (served, trained string) {
	of := x.View.Entity.Name
	switch {
	case x.View.Source == nil || len(x.Lanes) == 0 && !x.Newest:
		return "at each request, from what it reads", "from what it reads"
	case x.View.Freshness.Kind == Realtime:
		served = "at each request"
	case x.View.Freshness.Kind == Static:
		served = "at each request; its rows rarely change"
	default:
		served = "as of the newest boundary (" + x.View.Freshness.String() + ")"
	}
	what := "the newest row"
	switch {
	case len(x.Lanes) > 0 && x.Reach >= 0:
		what = "the events of the last " + schema.FormatDuration(x.Reach)
	case len(x.Lanes) > 0:
		what = "the events"
	}
	return fmt.Sprintf("%s, from %s of the %s in online state", served, what, of),
		fmt.Sprintf("in one scan of %s, together with every feature that reads it", x.View.Source.Name)
}
