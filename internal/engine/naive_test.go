package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// The columns of the test's source.
const (
	colKey = iota
	colFloat
	colInt
	colText
	colFlag
	colReady
	colSequence
	colDecimal
	colDoc
	colTags
	colVector
	colMap
)

var testColumns = []plan.Column{
	{Name: "key", Type: schema.Of(schema.String)}, {Name: "x", Type: schema.Of(schema.Float64)},
	{Name: "n", Type: schema.Of(schema.Int64)}, {Name: "s", Type: schema.Of(schema.String)},
	{Name: "ok", Type: schema.Of(schema.Bool)}, {Name: "ready", Type: schema.Of(schema.Timestamp)},
	{Name: "seq", Type: schema.Of(schema.Int64)}, {Name: "d", Type: schema.DecimalOf(2)},
	{Name: "doc", Type: schema.Of(schema.JSON)}, {Name: "tags", Type: schema.ListOf(schema.Of(schema.String))},
	{Name: "vec", Type: schema.Type{Kind: schema.Vector, Size: 2}},
	{Name: "map", Type: schema.MapOf(schema.Of(schema.Int64))},
}

// testEvent is one row of the test's source.
type testEvent struct {
	time   int64
	values []schema.Value
}

// memoryEvents are events in chunks, in the order of position.
type memoryEvents struct{ chunks [][]testEvent }

func (m memoryEvents) Scan(ctx context.Context, request *ScanRequest,
	emit func(int, *Chunk) error) error {
	for ordinal, rows := range m.chunks {
		chunk := &Chunk{Ordinal: int64(ordinal)}
		for _, row := range rows {
			chunk.EventTime = append(chunk.EventTime, row.time)
		}
		for _, column := range request.Columns {
			b := batch.NewBuilder(request.Source.Columns[column].Type)
			for _, row := range rows {
				b.Append(row.values[column])
			}
			chunk.Columns = append(chunk.Columns, b.Column())
		}
		if err := emit(0, chunk); err != nil {
			return err
		}
	}
	return nil
}

func columnOf(i int) *plan.Expr {
	return &plan.Expr{Op: plan.ColumnOf, Type: testColumns[i].Type, Index: i}
}

// testCase is a random history, view and label times.
type testCase struct {
	events []testEvent
	view   *plan.View
	keys   []schema.Value
	times  []int64
	sorted []testEvent
}

// aggregateCalls are function, argument (-1: none), distinct and result type.
var aggregateCalls = []struct {
	name     string
	column   int
	distinct bool
	result   schema.Type
}{
	{"count", -1, false, schema.Of(schema.Int64)}, {"count", colFloat, false, schema.Of(schema.Int64)},
	{"count", colText, true, schema.Of(schema.Int64)}, {"count", colFloat, true, schema.Of(schema.Int64)},
	{"count", colDecimal, true, schema.Of(schema.Int64)},
	{"count_if", colFlag, false, schema.Of(schema.Int64)},
	{"sum", colFloat, false, schema.Of(schema.Float64)}, {"avg", colFloat, false, schema.Of(schema.Float64)},
	{"sum", colInt, false, schema.Of(schema.Int64)}, {"avg", colInt, false, schema.Of(schema.Float64)},
	{"sum", colDecimal, false, schema.DecimalOf(2)}, {"avg", colDecimal, false, schema.DecimalOf(8)},
	{"min", colFloat, false, schema.Of(schema.Float64)}, {"max", colText, false, schema.Of(schema.String)},
	{"min", colDecimal, false, schema.DecimalOf(2)}, {"max", colInt, false, schema.Of(schema.Int64)},
	{"first", colText, false, schema.Of(schema.String)}, {"last", colFloat, false, schema.Of(schema.Float64)},
	{"last", colFlag, false, schema.Of(schema.Bool)}, {"first", colInt, false, schema.Of(schema.Int64)},
	{"var_samp", colFloat, false, schema.Of(schema.Float64)}, {"stddev_pop", colInt, false, schema.Of(schema.Float64)},
	{"var_pop", colDecimal, false, schema.Of(schema.Float64)}, {"stddev_samp", colFloat, false, schema.Of(schema.Float64)},
	{"any", colFlag, false, schema.Of(schema.Bool)}, {"all", colFlag, false, schema.Of(schema.Bool)},
}

func randomCase(r *rand.Rand) *testCase {
	c := &testCase{}
	source := &plan.Source{Name: "events", Columns: testColumns, Sequence: -1, ID: -1}
	if r.IntN(2) == 0 {
		source.Sequence = colSequence
	}
	if r.IntN(3) > 0 {
		source.Available = columnOf(colReady)
	}
	c.view = &plan.View{
		Name: "v", Source: source, Key: []*plan.Expr{columnOf(colKey)},
		Entity: &plan.Entity{Name: "e", Key: []schema.Field{{Name: "key", Type: schema.Of(schema.String)}}},
		Edge:   plan.Edge(r.IntN(2)),
	}
	if r.IntN(3) == 0 {
		source.DeleteWhen = plan.CallOf("eq", schema.Of(schema.Bool), columnOf(colInt), plan.Constant(schema.IntValue(3)))
	}
	if r.IntN(4) == 0 {
		c.view.Where = plan.CallOf("gt", schema.Of(schema.Bool), columnOf(colInt), plan.Constant(schema.IntValue(-3)))
	}
	spread := int64(1 + r.IntN(400))
	for range r.IntN(150) {
		c.events = append(c.events, randomEvent(r, spread))
	}
	windows := []plan.Window{
		{Kind: plan.Sliding, Length: 1 + r.Int64N(100)}, {Kind: plan.Sliding, Length: 40, Offset: r.Int64N(50)},
		{Kind: plan.All}, {Kind: plan.All, Offset: r.Int64N(30)}, {Kind: plan.Sliding, Length: 60, Hop: 7},
	}
	since := r.Int64N(spread)
	windows = append(windows, plan.Window{Kind: plan.All, Since: &since})
	windows = append(windows, rowWindows(r)...)
	for range 12 {
		a := randomAggregate(r)
		a.Window = windows[r.IntN(len(windows))]
		if r.IntN(2) == 0 {
			a.Where = columnOf(colFlag)
		}
		same := func(other *plan.Aggregate) bool {
			return plan.AggregateText(c.view, other) == plan.AggregateText(c.view, a)
		}
		if slices.ContainsFunc(c.view.Aggregates, same) { // a plan has no two equal aggregates
			continue
		}
		name := fmt.Sprint("f", len(c.view.Features))
		c.view.Features = append(c.view.Features, &plan.Feature{
			Name: name, Type: a.Type, Expr: &plan.Expr{Op: plan.AggregateOf, Type: a.Type, Index: len(c.view.Aggregates)},
		})
		c.view.Aggregates = append(c.view.Aggregates, a)
	}
	for range 20 {
		c.keys = append(c.keys, schema.StringValue(string("aaabbbcccd"[r.IntN(10)])))
		t := r.Int64N(spread + 60)
		if len(c.events) > 0 && r.IntN(2) == 0 { // on an edge
			t = c.events[r.IntN(len(c.events))].time + []int64{0, 1, 40, 60}[r.IntN(4)]
		}
		c.times = append(c.times, t)
	}
	return c
}

func randomEvent(r *rand.Rand, spread int64) testEvent {
	e := testEvent{time: r.Int64N(spread), values: make([]schema.Value, len(testColumns))}
	for i, column := range testColumns {
		v := schema.Value{Type: column.Type}
		switch i {
		case colKey:
			v.Text = string(rune('a' + r.IntN(3)))
		case colFloat:
			v.Float = []float64{0.1, 0.2, 1e16, -1e16, 1, 3e-320, 1e300, -7.25}[r.IntN(8)]
		case colInt:
			v.Int = []int64{1, -2, 3, math.MaxInt64, math.MinInt64, -5}[r.IntN(6)]
		case colText:
			v.Text = []string{"", "x", "yy", "é", "z"}[r.IntN(5)]
		case colFlag:
			v.Int = r.Int64N(2)
		case colReady:
			v.Int = e.time + []int64{-5, 0, 3, r.Int64N(80)}[r.IntN(4)]
		case colSequence:
			v.Int = r.Int64N(5)
		case colDecimal:
			v.Dec = schema.Int128From(r.Int64N(2000) - 1000)
		case colDoc:
			v.Text = []string{"1", "{\"a\":2}", "[]"}[r.IntN(3)]
		case colVector:
			v.Items = []schema.Value{schema.FloatValue(float64(r.IntN(9))), schema.FloatValue(0.5)}
		case colMap:
			v.Items = []schema.Value{schema.StringValue("k"), schema.IntValue(r.Int64N(5))}[:2*r.IntN(2)]
		case colTags:
			v.Items = []schema.Value{schema.StringValue("t"), schema.NullOf(schema.Of(schema.String))}[:r.IntN(3)]
		}
		if i != colKey && r.IntN(8) == 0 {
			v = schema.NullOf(column.Type)
		}
		e.values[i] = v
	}
	return e
}

// ordered returns the events in total order.
func (c *testCase) ordered() []testEvent {
	if c.sorted != nil {
		return c.sorted
	}
	events := slices.Clone(c.events)
	defer func() { c.sorted = events }()
	slices.SortStableFunc(events, func(a, b testEvent) int {
		if a.time != b.time || c.view.Source.Sequence < 0 {
			return cmp.Compare(a.time, b.time)
		}
		x, y := a.values[colSequence], b.values[colSequence]
		if x.Null || y.Null {
			return cmp.Compare(boolInt(!x.Null), boolInt(!y.Null))
		}
		return cmp.Compare(x.Int, y.Int)
	})
	return events
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func naiveAggregate(a *plan.Aggregate, in []testEvent) schema.Value {
	if naive := naiveGenerals[a.Func]; naive != nil && isGeneral(a) {
		return naive(a, in)
	}
	if len(a.Args) == 0 {
		return schema.IntValue(int64(len(in)))
	}
	var values []schema.Value
	for _, e := range in {
		if v := e.values[a.Args[0].Index]; !v.Null {
			values = append(values, v)
		}
	}
	if a.Func == "count" || a.Func == "count_if" {
		return schema.IntValue(naiveCount(a, values))
	}
	if len(values) == 0 {
		return schema.NullOf(a.Type)
	}
	slices.SortStableFunc(values, func(x, y schema.Value) int {
		switch a.Func {
		case "min":
			return naiveCompare(x, y)
		case "max":
			return -naiveCompare(x, y)
		}
		return 0
	})
	switch a.Func {
	case "last":
		return values[len(values)-1]
	case "first", "min", "max":
		return values[0]
	case "any", "all":
		trues := naiveCount(&plan.Aggregate{Func: "count_if"}, values)
		return schema.BoolValue(trues > 0 && a.Func == "any" || trues == int64(len(values)))
	default:
		return naiveMoments(a, values)
	}
}

func naiveCount(a *plan.Aggregate, values []schema.Value) int64 {
	n, seen := int64(0), map[string]bool{}
	for _, v := range values {
		if a.Func == "count_if" && v.Int == 0 || a.Distinct && seen[v.String()] {
			continue
		}
		seen[v.String()] = true
		n++
	}
	return n
}

// TestAgainstNaive compares random views with the definition, whatever the chunks and workers.
func TestAgainstNaive(t *testing.T) {
	t.Parallel()
	cells, nonNull, decayed := 0, 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := randomCase(r)
		keys := batch.NewBuilder(schema.Of(schema.String))
		for _, key := range c.keys {
			keys.Append(key)
		}
		role := Keys{Entity: c.view.Entity, Columns: []*batch.Column{keys.Column()}}
		rows := Rows{Count: len(c.times), Times: c.times, Roles: []Keys{role}}
		var wanted []Wanted
		for i := range c.view.Features {
			wanted = append(wanted, Wanted{View: c.view, Feature: i})
		}
		options := Options{Workers: 1 + r.IntN(3)}
		values, _, err := Evaluate(t.Context(), memoryEvents{split(r, c.events)}, rows, wanted, options)
		if err != nil {
			t.Fatal(err)
		}
		for f, v := range values {
			for i := range c.times {
				if a := c.view.Aggregates[f]; !naiveKnows(a) {
					if want, known := naiveDecay(a, c.naiveWindow(a, c.keys[i], c.times[i]), c.times[i]); known {
						decayed++
						if got := v.Column.Value(i); math.Abs(got.Float-want) > 1e-9 {
							t.Fatalf("seed %d row %d: %s = %s, want about %v", seed, i, plan.AggregateText(c.view, a), got, want)
						}
					}
					continue
				}
				got, want := v.Column.Value(i), c.naive(c.view.Aggregates[f], c.keys[i], c.times[i])
				if !sameValue(got, want) {
					t.Fatalf("seed %d row %d: %s = %s, want %s", seed, i,
						plan.AggregateText(c.view, c.view.Aggregates[f]), got, want)
				}
				cells++
				if !want.Null {
					nonNull++
				}
			}
		}
	}
	t.Logf("%d cells, %d not null, %d decayed", cells, nonNull, decayed)
	if cells < 60_000 || nonNull < cells*6/10 || decayed < 500 {
		t.Errorf("too little was compared: %d cells, %d not null, %d decayed", cells, nonNull, decayed)
	}
}

func split(r *rand.Rand, events []testEvent) [][]testEvent {
	var chunks [][]testEvent
	for len(events) > 0 {
		n := 1 + r.IntN(len(events))
		chunks, events = append(chunks, events[:n]), events[n:]
	}
	return chunks
}

func sameValue(a, b schema.Value) bool {
	return a.Null == b.Null && (a.Null || a.Type.Equal(b.Type) && a.Int == b.Int && a.Dec == b.Dec &&
		a.Text == b.Text && math.Float64bits(a.Float) == math.Float64bits(b.Float) &&
		slices.EqualFunc(a.Items, b.Items, sameValue))
}
