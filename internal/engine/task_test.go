package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// reading returns a view without a source whose features read one feature along paths.
func reading(view *plan.View, feature int, paths ...[]*plan.Link) *plan.View {
	reader := testView("reader", nil)
	for i, path := range paths {
		reader.References = append(reader.References, &plan.Reference{Path: path, View: view, Feature: feature})
		kind := view.Features[feature].Type
		reader.Features = append(reader.Features,
			featureOf(string(rune('a'+i)), &plan.Expr{Op: plan.ReferenceOf, Type: kind, Index: i}))
	}
	return reader
}

// TestLinks follows a link once, twice and three times, also where it leads nowhere.
func TestLinks(t *testing.T) {
	t.Parallel()
	view := testView("v", testSource())
	view.Features = []*plan.Feature{featureOf("boss", columnOf(colText)), featureOf("x", columnOf(colFloat))}
	boss := &plan.Link{Name: "boss", Entity: testEntity, Key: []plan.LinkKey{{View: view, Feature: 0}}}
	row := func(at int64, key, boss string, x float64) testEvent {
		values := map[int]schema.Value{colFloat: schema.FloatValue(x)}
		if boss != "" {
			values[colText] = schema.StringValue(boss)
		}
		return eventAt(at, key, values)
	}
	// From 10 on a has the boss b, from 50 on c; b has c from 20 on; c is its own, and knows d of nobody.
	events := memoryEvents{[][]testEvent{
		{row(10, "a", "b", 1), row(12, "b", "", 2), row(14, "c", "d", 3)},
		{row(20, "b", "c", 4), row(30, "c", "c", 5), row(50, "a", "c", 6)},
	}}
	reader := reading(view, 1, nil, []*plan.Link{boss}, []*plan.Link{boss, boss}, []*plan.Link{boss, boss, boss})
	rows := rowsAt([]string{"a", "a", "a", "a", "a", "z", ""}, 10, 13, 21, 31, 51, 51, 51)
	values, _ := evaluateAll(t, events, reader, rows, Options{})
	missing := "null missing -"
	for i, want := range [][]string{
		{missing, "1.0 fresh 10", "1.0 fresh 10", "1.0 fresh 10", "6.0 fresh 50", missing, missing},
		{missing, "2.0 fresh 12", "4.0 fresh 20", "4.0 fresh 20", "5.0 fresh 30", missing, missing},
		{missing, missing, "3.0 fresh 14", "5.0 fresh 30", "5.0 fresh 30", missing, missing},
		{missing, missing, missing, "5.0 fresh 30", "5.0 fresh 30", missing, missing},
	} {
		if got := cells(values[i]); !slices.Equal(got, want) {
			t.Errorf("%d hops: got %q\nwant %q", i, got, want)
		}
	}
}

// TestLinkOfTwoColumns has a link with a column of the entity's own key and a feature.
func TestLinkOfTwoColumns(t *testing.T) {
	t.Parallel()
	pair := &plan.Entity{Name: "pair", Key: []schema.Field{{Name: "key", Type: textType}, {Name: "n", Type: intType}}}
	source := testSource()
	own := testView("own", source)
	own.Features = []*plan.Feature{featureOf("n", columnOf(colInt))}
	other := testView("other", source)
	other.Entity, other.Key = pair, []*plan.Expr{columnOf(colKey), columnOf(colInt)}
	other.Features = []*plan.Feature{featureOf("count", aggregateOf(other, plan.Aggregate{
		Func: "count", Type: intType, Window: plan.Window{Kind: plan.All},
	}))}
	link := &plan.Link{Name: "pair", Entity: pair, Key: []plan.LinkKey{{Column: 0}, {View: own, Feature: 0}}}
	numbered := func(at int64, key string, n int64) testEvent {
		return eventAt(at, key, map[int]schema.Value{colInt: schema.IntValue(n)})
	}
	events := memoryEvents{[][]testEvent{{
		numbered(1, "a", 1), numbered(2, "a", 2), numbered(3, "a", 1), numbered(4, "b", 1), eventAt(5, "a", nil),
	}}}
	values, report := evaluateAll(t, events, reading(other, 0, []*plan.Link{link}),
		rowsAt([]string{"a", "a", "a", "b", "a"}, 2, 3, 4, 5, 6), Options{})
	want := []string{"1 fresh 1", "1 fresh 2", "2 fresh 3", "1 fresh 4", "null missing -"}
	if got := cells(values[0]); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := report.NoKey["other"]; got != 1 {
		t.Errorf("%d events without a key, want 1", got)
	}
}

func TestMissingRequest(t *testing.T) {
	t.Parallel()
	view := testView("v", nil, featureOf("f", &plan.Expr{Op: plan.RequestOf, Type: floatType}))
	view.Request = []schema.Field{{Name: "amount", Type: floatType}}
	rows := rowsAt([]string{"a", "b"}, 1, 2)
	_, _, err := Evaluate(t.Context(), memoryEvents{}, rows, []Wanted{{View: view}}, Options{})
	if err == nil || !strings.Contains(err.Error(), "request.amount") {
		t.Errorf("the error is %v", err)
	}
	amounts := valuesColumn(floatType, schema.FloatValue(2), schema.NullOf(floatType))
	rows.Request = map[string]*batch.Column{"amount": amounts}
	values, _ := evaluateAll(t, memoryEvents{}, view, rows, Options{})
	if got, want := cells(values[0]), []string{"2.0 fresh -", "null missing -"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestTraceOfALink shows both evaluations of a view that a link reads and leads to.
func TestTraceOfALink(t *testing.T) {
	t.Parallel()
	view := testView("v", testSource())
	view.Features = []*plan.Feature{featureOf("boss", columnOf(colText)), featureOf("x", columnOf(colFloat))}
	boss := &plan.Link{Name: "boss", Entity: testEntity, Key: []plan.LinkKey{{View: view, Feature: 0}}}
	events := memoryEvents{[][]testEvent{{
		eventAt(1, "a", map[int]schema.Value{colText: schema.StringValue("nobody")}),
	}}}
	trace := &Trace{}
	evaluateAll(t, events, reading(view, 1, []*plan.Link{boss}), rowsAt([]string{"a"}, 5), Options{Trace: trace})
	var got []int
	for _, read := range trace.Reads {
		got = append(got, len(read.Events))
	}
	if want := []int{1, 0}; !slices.Equal(got, want) {
		t.Errorf("reads have %v events, want %v", got, want)
	}
}
