package engine

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

var testEntity = &plan.Entity{Name: "e", Key: []schema.Field{{Name: "key", Type: schema.Of(schema.String)}}}

// testSource returns a source of the test's columns, in which every event is known at its time.
func testSource() *plan.Source {
	return &plan.Source{Name: "events", Columns: slices.Clone(testColumns), Sequence: -1, ID: -1}
}

// testView returns a realtime view of the test's entity.
func testView(name string, source *plan.Source, features ...*plan.Feature) *plan.View {
	return &plan.View{
		Name: name, Entity: testEntity, Source: source, Key: []*plan.Expr{columnOf(colKey)}, Features: features,
	}
}

func featureOf(name string, e *plan.Expr) *plan.Feature {
	return &plan.Feature{Name: name, Type: e.Type, Expr: e}
}

// aggregateOf appends an aggregate to the view and returns an expression that reads it.
func aggregateOf(view *plan.View, a plan.Aggregate) *plan.Expr {
	view.Aggregates = append(view.Aggregates, &a)
	return &plan.Expr{Op: plan.AggregateOf, Type: a.Type, Index: len(view.Aggregates) - 1}
}

// eventAt returns an event with nulls but for the values given.
func eventAt(t int64, key string, values map[int]schema.Value) testEvent {
	e := testEvent{time: t, values: make([]schema.Value, len(testColumns))}
	for i, column := range testColumns {
		e.values[i] = schema.NullOf(column.Type)
	}
	e.values[colKey] = schema.StringValue(key)
	for i, v := range values {
		e.values[i] = v
	}
	return e
}

func timeValue(t int64) schema.Value { return schema.Value{Type: schema.Of(schema.Timestamp), Int: t} }

// rowsAt returns rows for text keys; the key "" is null, and so is the time NoTime.
func rowsAt(keys []string, times ...int64) Rows {
	b := batch.NewBuilder(schema.Of(schema.String))
	rows := Rows{Count: len(times), Times: times}
	for i, key := range keys {
		v := schema.StringValue(key)
		v.Null = key == ""
		b.Append(v)
		rows.Valid = append(rows.Valid, times[i] != NoTime)
	}
	rows.Roles = []Keys{{Entity: testEntity, Columns: []*batch.Column{b.Column()}}}
	return rows
}

// evaluateAll settles every feature of the view.
func evaluateAll(t *testing.T, events Events, view *plan.View, rows Rows, options Options) ([]*Value, *Report) {
	t.Helper()
	var wanted []Wanted
	for i := range view.Features {
		wanted = append(wanted, Wanted{View: view, Feature: i})
	}
	values, report, err := Evaluate(t.Context(), events, rows, wanted, options)
	if err != nil {
		t.Fatal(err)
	}
	return values, report
}

// cells writes values as text: value, status and event time of each row.
func cells(v *Value) []string {
	var out []string
	for i := range v.Column.Length {
		at := "-"
		if v.Time != nil && v.Time[i] != NoTime {
			at = fmt.Sprint(v.Time[i])
		}
		out = append(out, fmt.Sprint(v.Column.Value(i), " ", v.Status[i], " ", at))
	}
	return out
}

// recordingEvents notes which columns are asked for.
type recordingEvents struct {
	memoryEvents
	asked *[][]int
}

func (r recordingEvents) Scan(ctx context.Context, request *ScanRequest,
	emit func(int, *Chunk) error) error {
	*r.asked = append(*r.asked, slices.Clone(request.Columns))
	return r.memoryEvents.Scan(ctx, request, emit)
}

// TestColumnsAreAskedForInOneOrder guards what depends on it: the order in which bad cells are listed.
func TestColumnsAreAskedForInOneOrder(t *testing.T) {
	t.Parallel()
	view := testView("v", testSource(), featureOf("a", columnOf(colFloat)), featureOf("b", columnOf(colInt)),
		featureOf("c", columnOf(colText)), featureOf("d", columnOf(colFlag)), featureOf("e", columnOf(colDecimal)))
	var asked [][]int
	events := recordingEvents{memoryEvents{}, &asked}
	for range 30 {
		evaluateAll(t, events, view, rowsAt([]string{"a"}, 5), Options{})
	}
	for _, columns := range asked {
		if !slices.Equal(columns, asked[0]) {
			t.Fatalf("asked for %v and for %v", asked[0], columns)
		}
	}
}

// TestDeepLinkKey has a link whose key doubles the paths to it at each of many features.
func TestDeepLinkKey(t *testing.T) {
	t.Parallel()
	view := testView("chain", testSource(), featureOf("f0", columnOf(colText)))
	for i := range 60 {
		in := &plan.Expr{Op: plan.FeatureOf, Type: schema.Of(schema.String), Index: i}
		view.Features = append(view.Features,
			featureOf(fmt.Sprint("f", i+1), plan.CallOf("coalesce", in.Type, in, in)))
	}
	link := &plan.Link{Name: "next", Entity: testEntity, Key: []plan.LinkKey{{View: view, Feature: 60}}}
	asks := testView("asks", nil)
	asks.References = []*plan.Reference{{Path: []*plan.Link{link}, View: view, Feature: 0}}
	asks.Features = []*plan.Feature{featureOf("r", &plan.Expr{Op: plan.ReferenceOf, Type: schema.Of(schema.String)})}
	events := memoryEvents{[][]testEvent{{
		eventAt(1, "a", map[int]schema.Value{colText: schema.StringValue("b")}),
		eventAt(2, "b", map[int]schema.Value{colText: schema.StringValue("c")}),
	}}}
	done := make(chan []string)
	go func() {
		values, _, err := Evaluate(t.Context(), events, rowsAt([]string{"a"}, 5), []Wanted{{View: asks}}, Options{})
		if err != nil {
			done <- []string{err.Error()}
			return
		}
		done <- cells(values[0])
	}()
	select {
	case got := <-done:
		if want := []string{"c fresh 2"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
}

// TestFilteredRowsAreNotCounted has rows that the source's filter leaves out before their
// availability matters.
func TestFilteredRowsAreNotCounted(t *testing.T) {
	t.Parallel()
	source := testSource()
	source.Where, source.Available = columnOf(colFlag), columnOf(colReady)
	view := testView("v", source)
	view.Features = []*plan.Feature{featureOf("n", aggregateOf(view, plan.Aggregate{
		Func: "count", Type: schema.Of(schema.Int64), Window: plan.Window{Kind: plan.All},
	}))}
	yes, no := schema.BoolValue(true), schema.BoolValue(false)
	events := memoryEvents{[][]testEvent{{
		eventAt(10, "a", map[int]schema.Value{colFlag: yes, colReady: timeValue(5)}),
		eventAt(10, "a", map[int]schema.Value{colFlag: no, colReady: timeValue(5)}),
		eventAt(10, "a", map[int]schema.Value{colFlag: yes}),
		eventAt(10, "a", map[int]schema.Value{colFlag: no}),
	}}}
	values, report := evaluateAll(t, events, view, rowsAt([]string{"a"}, 20), Options{})
	if got := cells(values[0]); got[0] != "1 fresh 10" {
		t.Errorf("got %v", got)
	}
	want := SourceCounts{Events: 4, Filtered: 2, Raised: 1, Never: 1}
	if got := *report.Sources["events"]; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestFoldedEventsAreLetGo keeps the memory of one source from staying until the last is read.
func TestFoldedEventsAreLetGo(t *testing.T) {
	t.Parallel()
	view := testView("v", testSource())
	view.Features = []*plan.Feature{featureOf("s", columnOf(colText)), featureOf("m", lastOver(view, colText, 10))}
	e := newEvaluation(rowsAt([]string{"a"}, 15), Options{}.withDefaults(), &programs{})
	for i := range view.Features {
		if _, err := e.root(Wanted{View: view, Feature: i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.foldAll(t.Context(), settleEvents); err != nil {
		t.Fatal(err)
	}
	for _, task := range e.order {
		if task.fold == nil || task.fold.feed != nil {
			t.Errorf("the task of %s is %+v", task.view.Name, task.fold)
		}
	}
}

// TestTraceOrder has as many aggregates as make a random order unlikely to be the right one.
func TestTraceOrder(t *testing.T) {
	t.Parallel()
	view := testView("v", testSource())
	for i := range 12 {
		view.Features = append(view.Features, featureOf(fmt.Sprint("f", i), lastOver(view, colFloat, int64(i+1))))
	}
	trace := &Trace{}
	evaluateAll(t, settleEvents, view, rowsAt([]string{"a"}, 11), Options{Trace: trace})
	var got []int
	for _, read := range trace.Reads {
		got = append(got, read.Aggregate)
	}
	if len(got) != 12 || !slices.IsSorted(got) {
		t.Errorf("aggregates are traced in the order %v", got)
	}
}
