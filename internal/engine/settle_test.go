package engine

import (
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

var (
	floatType = schema.Of(schema.Float64)
	intType   = schema.Of(schema.Int64)
	textType  = schema.Of(schema.String)
)

func constant(x float64) *plan.Expr { return plan.Constant(schema.FloatValue(x)) }

func orElse(e *plan.Expr, x float64) *plan.Expr {
	return plan.CallOf("coalesce", floatType, e, constant(x))
}

func floatPointer(x float64) *schema.Value {
	v := schema.FloatValue(x)
	return &v
}

func lastOver(view *plan.View, column int, length int64) *plan.Expr {
	return aggregateOf(view, plan.Aggregate{
		Func: "last", Type: testColumns[column].Type, Args: []*plan.Expr{columnOf(column)},
		Window: plan.Window{Kind: plan.Sliding, Length: length},
	})
}

// inView returns an expression that reads an earlier feature of the view.
func inView(view *plan.View, index int) *plan.Expr {
	return &plan.Expr{Op: plan.FeatureOf, Type: view.Features[index].Type, Index: index}
}

// settleEvents are of a: 1.0 at 10, null at 20, 3.0 at 30; of b: 5.0 at 12.
var settleEvents = memoryEvents{[][]testEvent{{
	eventAt(10, "a", map[int]schema.Value{colFloat: schema.FloatValue(1), colText: schema.StringValue("b")}),
	eventAt(30, "a", map[int]schema.Value{colFloat: schema.FloatValue(3)}),
	eventAt(20, "a", map[int]schema.Value{colText: schema.StringValue("c")}),
}, {
	eventAt(12, "b", map[int]schema.Value{colFloat: schema.FloatValue(5)}),
}}}

// TestStatus has the value, status and event time of one feature for rows of a.
func TestStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		build func(view *plan.View) *plan.Feature
		times []int64
		want  []string
	}{
		{
			"a null with an event is fresh, without one missing",
			func(v *plan.View) *plan.Feature { return featureOf("f", lastOver(v, colFloat, 5)) },
			[]int64{10, 11, 15, 16, 21, 31, 35, 36},
			[]string{"null missing -", "1.0 fresh 10", "1.0 fresh 10", "null missing -", "null fresh 20",
				"3.0 fresh 30", "3.0 fresh 30", "null missing -"},
		},
		{
			"a count of nothing is fresh",
			func(v *plan.View) *plan.Feature {
				return featureOf("f", aggregateOf(v, plan.Aggregate{
					Func: "count", Type: intType, Window: plan.Window{Kind: plan.Sliding, Length: 5},
				}))
			},
			[]int64{10, 11, 21}, []string{"0 fresh -", "1 fresh 10", "1 fresh 20"},
		},
		{
			"a default replaces any null but an error",
			func(v *plan.View) *plan.Feature {
				f := featureOf("f", lastOver(v, colFloat, 5))
				f.Default = floatPointer(7)
				return f
			},
			[]int64{10, 11, 21}, []string{"7.0 default -", "1.0 fresh 10", "7.0 default 20"},
		},
		{
			"expiry is more than its length before the boundary",
			func(v *plan.View) *plan.Feature {
				f := featureOf("f", columnOf(colFloat))
				f.Expires = 5
				return f
			},
			[]int64{10, 15, 16, 25, 26, 35, 36},
			[]string{"null missing -", "1.0 fresh 10", "null expired 10", "null fresh 20", "null expired 20",
				"3.0 fresh 30", "null expired 30"},
		},
		{
			"an expired value gets its default",
			func(v *plan.View) *plan.Feature {
				f := featureOf("f", columnOf(colFloat))
				f.Expires, f.Default = 5, floatPointer(7)
				return f
			},
			[]int64{10, 16, 35}, []string{"7.0 default -", "7.0 default 10", "3.0 fresh 30"},
		},
		{
			"an expired input makes a null expired, and nothing else",
			func(v *plan.View) *plan.Feature {
				expiring := featureOf("e", columnOf(colFloat))
				expiring.Expires = 5
				v.Features = append(v.Features, expiring)
				return featureOf("f", plan.CallOf("neg", floatType, inView(v, 0)))
			},
			[]int64{10, 15, 16}, []string{"null missing -", "-1.0 fresh 10", "null expired 10"},
		},
		{
			"an expired input that is replaced",
			func(v *plan.View) *plan.Feature {
				expiring := featureOf("e", columnOf(colFloat))
				expiring.Expires = 5
				v.Features = append(v.Features, expiring)
				return featureOf("f", orElse(inView(v, 0), 9))
			},
			[]int64{10, 16}, []string{"9.0 fresh -", "9.0 fresh 10"},
		},
		{
			"others see a default",
			func(v *plan.View) *plan.Feature {
				inner := featureOf("d", columnOf(colFloat))
				inner.Default = floatPointer(7)
				v.Features = append(v.Features, inner)
				return featureOf("f", plan.CallOf("neg", floatType, inView(v, 0)))
			},
			[]int64{10, 11, 21}, []string{"-7.0 fresh -", "-1.0 fresh 10", "-7.0 fresh 20"},
		},
		{
			"the own part is as new as the newest it reads",
			func(v *plan.View) *plan.Feature {
				return featureOf("f", plan.CallOf("add", floatType, orElse(lastOver(v, colFloat, 5), 0), columnOf(colFloat)))
			},
			[]int64{11, 18, 33}, []string{"2.0 fresh 10", "1.0 fresh 10", "6.0 fresh 30"},
		},
		{
			"nothing read: missing when null, else fresh",
			func(v *plan.View) *plan.Feature {
				return featureOf("f", plan.CallOf("nullif", floatType, constant(1), constant(1)))
			},
			[]int64{11}, []string{"null missing -"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			view := testView("v", testSource())
			f := c.build(view)
			view.Features = append(view.Features, f)
			keys := slices.Repeat([]string{"a"}, len(c.times))
			values, _ := evaluateAll(t, settleEvents, view, rowsAt(keys, c.times...), Options{})
			if got := cells(values[len(values)-1]); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			for i, at := range c.times { // one row alone takes other ways through expressions
				values, _ := evaluateAll(t, settleEvents, view, rowsAt([]string{"a"}, at), Options{})
				if got := cells(values[len(values)-1]); got[0] != c.want[i] {
					t.Errorf("row %d alone: got %q, want %q", i, got[0], c.want[i])
				}
			}
		})
	}
}

// TestCap has one value more than a distinct count takes, and one that takes them all.
func TestCap(t *testing.T) {
	t.Parallel()
	var rows []testEvent
	for i := range int64(10_001) {
		rows = append(rows, eventAt(i, "a", map[int]schema.Value{colInt: schema.IntValue(i)}))
	}
	view := testView("v", testSource())
	distinct := aggregateOf(view, plan.Aggregate{
		Func: "count", Distinct: true, Args: []*plan.Expr{columnOf(colInt)}, Type: intType,
		Window: plan.Window{Kind: plan.All},
	})
	zero := schema.IntValue(0)
	defaulted := featureOf("defaulted", distinct)
	defaulted.Default = &zero
	view.Features = []*plan.Feature{
		featureOf("f", distinct), defaulted,
		featureOf("reads", &plan.Expr{Op: plan.FeatureOf, Type: intType}),
		featureOf("replaced", plan.CallOf("coalesce", intType, distinct, plan.Constant(schema.IntValue(-1)))),
	}
	asked := rowsAt([]string{"a", "a"}, 10_000, 10_001)
	values, _ := evaluateAll(t, memoryEvents{[][]testEvent{rows}}, view, asked, Options{})
	for i, want := range [][]string{
		{"10000 fresh 9999", "null error 10000"}, {"10000 fresh 9999", "null error 10000"},
		{"10000 fresh 9999", "null error 10000"}, {"10000 fresh 9999", "-1 fresh 10000"},
	} {
		if got := cells(values[i]); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", view.Features[i].Name, got, want)
		}
	}
}

// TestMaxAge measures age at the label's time, before the default, and leaves errors alone.
func TestMaxAge(t *testing.T) {
	t.Parallel()
	view := testView("v", testSource())
	count := aggregateOf(view, plan.Aggregate{Func: "count", Type: intType, Window: plan.Window{Kind: plan.All}})
	defaulted := featureOf("defaulted", columnOf(colFloat))
	defaulted.Default = floatPointer(7)
	view.Features = []*plan.Feature{
		featureOf("count", count), defaulted,
		featureOf("reads", plan.CallOf("neg", floatType, &plan.Expr{Op: plan.FeatureOf, Type: floatType, Index: 1})),
	}
	rows := rowsAt([]string{"a", "a", "a", ""}, 11, 11, 10, 11)
	rows.AgeTimes = []int64{15, 16, 100, 100}
	values, _ := evaluateAll(t, settleEvents, view, rows, Options{MaxAge: 5})
	for i, want := range [][]string{
		{"1 fresh 10", "null expired 10", "0 fresh -", "null missing -"},
		{"1.0 fresh 10", "7.0 default 10", "7.0 default -", "null missing -"},
		{"-1.0 fresh 10", "null expired 10", "-7.0 fresh -", "null missing -"},
	} {
		if got := cells(values[i]); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", view.Features[i].Name, got, want)
		}
	}
}

// TestReferences has a view that reads another one at the end of a link and of the same entity.
func TestReferences(t *testing.T) {
	t.Parallel()
	other := testView("other", testSource())
	text := featureOf("next", lastOver(other, colText, 100))
	defaulted := featureOf("x", columnOf(colFloat))
	defaulted.Default = floatPointer(7)
	other.Features = []*plan.Feature{text, defaulted}
	other.Freshness = plan.Freshness{Kind: plan.Grid, Period: 10}
	link := &plan.Link{Name: "next", Entity: testEntity, Key: []plan.LinkKey{{View: other, Feature: 0}}}
	view := testView("v", testSource())
	view.References = []*plan.Reference{
		{View: other, Feature: 1}, {View: other, Feature: 1, Path: []*plan.Link{link}},
	}
	same := &plan.Expr{Op: plan.ReferenceOf, Type: floatType}
	linked := &plan.Expr{Op: plan.ReferenceOf, Type: floatType, Index: 1}
	view.Features = []*plan.Feature{
		featureOf("same", same), featureOf("linked", linked),
		featureOf("both", plan.CallOf("add", floatType, orElse(linked, 0), orElse(columnOf(colFloat), 0))),
	}
	rows := rowsAt([]string{"a", "a", "a", "b", "", "a"}, 11, 20, 25, 25, 25, NoTime)
	values, _ := evaluateAll(t, settleEvents, view, rows, Options{})
	// other sees as of 10, 20, 20, 20; a links to b by the event at 10, from the grid instant 20 on.
	for i, want := range [][]string{
		{"7.0 fresh -", "1.0 fresh 10", "1.0 fresh 10", "5.0 fresh 12", "null missing -", "null missing -"},
		{"null missing -", "5.0 fresh 12", "5.0 fresh 12", "null missing -", "null missing -", "null missing -"},
		{"1.0 fresh 10", "6.0 fresh 10", "5.0 fresh 12", "5.0 fresh 12", "null missing -", "null missing -"},
	} {
		if got := cells(values[i]); !slices.Equal(got, want) {
			t.Errorf("%s: got %q\nwant %q", view.Features[i].Name, got, want)
		}
	}
}

// TestNewestRow has a table whose rows are deleted and filtered.
func TestNewestRow(t *testing.T) {
	t.Parallel()
	source := testSource()
	source.Mode, source.DeleteWhen = plan.Table, columnOf(colFlag)
	source.Columns = append(source.Columns, plan.Column{
		Name: "double", Type: floatType, Expr: plan.CallOf("add", floatType, columnOf(colFloat), columnOf(colFloat)),
	})
	view := testView("v", source)
	view.Edge = plan.At
	view.Where = plan.CallOf("gt", schema.Of(schema.Bool), columnOf(colFloat), constant(0))
	double := &plan.Expr{Op: plan.ColumnOf, Type: floatType, Index: len(testColumns)}
	view.Features = []*plan.Feature{
		featureOf("text", columnOf(colText)), featureOf("double", double),
		featureOf("at", &plan.Expr{Op: plan.EventTime, Type: schema.Of(schema.Timestamp)}),
		featureOf("count", aggregateOf(view, plan.Aggregate{
			Func: "count", Type: intType, Window: plan.Window{Kind: plan.All},
		})),
	}
	yes, no := schema.BoolValue(true), schema.BoolValue(false)
	events := memoryEvents{[][]testEvent{{
		eventAt(10, "a", map[int]schema.Value{colFloat: schema.FloatValue(1), colText: schema.StringValue("p"), colFlag: no}),
		eventAt(20, "a", map[int]schema.Value{
			colFloat: schema.FloatValue(-1), colText: schema.StringValue("q"), colFlag: no}),
		eventAt(30, "a", map[int]schema.Value{colFloat: schema.FloatValue(2)}),
		eventAt(40, "a", map[int]schema.Value{
			colFloat: schema.FloatValue(9), colText: schema.StringValue("r"), colFlag: yes}),
		eventAt(50, "a", map[int]schema.Value{colFloat: schema.FloatValue(3), colText: schema.StringValue("s")}),
	}}}
	rows := rowsAt(slices.Repeat([]string{"a"}, 6), 9, 10, 20, 30, 40, 50)
	values, _ := evaluateAll(t, events, view, rows, Options{})
	for i, want := range [][]string{
		{"null missing -", "p fresh 10", "null missing -", "null fresh 30", "null missing -", "s fresh 50"},
		{"null missing -", "2.0 fresh 10", "null missing -", "4.0 fresh 30", "null missing -", "6.0 fresh 50"},
		{"null missing -", "1970-01-01T00:00:00.000010Z fresh 10", "null missing -",
			"1970-01-01T00:00:00.000030Z fresh 30", "null missing -", "1970-01-01T00:00:00.000050Z fresh 50"},
		{"0 fresh -", "1 fresh 10", "1 fresh 10", "2 fresh 30", "2 fresh 30", "3 fresh 50"},
	} {
		if got := cells(values[i]); !slices.Equal(got, want) {
			t.Errorf("%s: got %q\nwant %q", view.Features[i].Name, got, want)
		}
	}
}
