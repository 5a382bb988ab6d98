package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/aggregate"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestNoEvents gives each aggregate no event, no event that passes its filter, and only null
// arguments: it is the same value, 0 or an empty list if that is not null.
func TestNoEvents(t *testing.T) {
	t.Parallel()
	no := schema.BoolValue(false)
	null := eventAt(1, "null", nil)
	null.values[colSequence] = schema.IntValue(1)
	events := memoryEvents{[][]testEvent{{
		null, eventAt(1, "filtered", map[int]schema.Value{colFlag: no, colText: schema.StringValue("x")}),
	}}}
	zeros := 0
	for _, call := range theGeneralCalls {
		a := call.aggregate()
		a.Window = plan.Window{Kind: plan.Last, Count: 5}
		view := testView("v", testSource())
		view.Features = []*plan.Feature{featureOf("f", aggregateOf(view, *a))}
		a.Where = columnOf(colFlag)
		view.Features = append(view.Features, featureOf("where", aggregateOf(view, *a)))
		values, _ := evaluateAll(t, events, view, rowsAt([]string{"nobody", "null", "filtered", ""}, 5, 5, 5, 5), Options{})
		want := "null"
		switch {
		case call.result.Kind == schema.List && !call.result.Equal(testColumns[call.columns[0]].Type):
			want, zeros = "[]", zeros+1
		case call.name == "histogram":
			want, zeros = "{}", zeros+1
		case call.name == "approx_distinct" || call.name == "streak":
			want, zeros = "0", zeros+1
		case call.name == "decayed_count":
			want, zeros = "0.0", zeros+1
		}
		missing, fresh := want+" fresh", want+" fresh 1"
		if want == "null" {
			missing = "null missing"
		}
		got := cells(values[0])[:2]
		if call.name == "decayed_count" {
			fresh = got[1] // it has no argument that is null
		}
		if want := []string{missing + " -", fresh}; !slices.Equal(got, want) {
			t.Errorf("%s of %v: got %q, want %q", call.name, call.columns, got, want)
		}
		if got := cells(values[1])[2]; got != missing+" -" {
			t.Errorf("%s of %v where: got %q, want %q", call.name, call.columns, got, missing+" -")
		}
		if got := cells(values[0])[3]; got != "null missing -" {
			t.Errorf("%s of %v for a null key: got %q", call.name, call.columns, got)
		}
	}
	if zeros < 40 {
		t.Errorf("only %d aggregates with a value of no events", zeros)
	}
}

// TestGeneralCap has one different value more than a histogram takes: there is no map, and the
// status says so.
func TestGeneralCap(t *testing.T) {
	t.Parallel()
	var rows []testEvent
	for i := range int64(aggregate.Cap + 1) {
		rows = append(rows, eventAt(i, "a", map[int]schema.Value{colInt: schema.IntValue(i % aggregate.Cap)}))
	}
	rows = append(rows, eventAt(aggregate.Cap+1, "a", map[int]schema.Value{colInt: schema.IntValue(-1)}))
	view := testView("v", testSource())
	for _, call := range []generalCall{
		{"collect_set", []int{colInt}, nil, schema.ListOf(intType)},
		{"histogram", []int{colInt}, nil, schema.MapOf(intType)},
		{"mode", []int{colInt}, nil, intType},
	} {
		a := call.aggregate()
		a.Window = plan.Window{Kind: plan.All}
		view.Features = append(view.Features, featureOf(call.name, aggregateOf(view, *a)))
	}
	asked := rowsAt([]string{"a", "a", "b"}, aggregate.Cap+1, aggregate.Cap+2, 5)
	values, _ := evaluateAll(t, memoryEvents{[][]testEvent{rows}}, view, asked, Options{})
	for i, want := range [][]Status{{Fresh, Failed, Fresh}, {Fresh, Failed, Fresh}, {Fresh, Failed, Missing}} {
		v := values[i]
		if !slices.Equal(v.Status, want) || v.Column.IsNull(0) || !v.Column.IsNull(1) || v.Column.IsNull(2) != (i == 2) {
			t.Errorf("%s: %v, nulls %v, want %v", view.Features[i].Name, v.Status, v.Column.Valid, want)
		}
	}
	if n := len(values[0].Column.Value(0).Items); n != aggregate.Cap {
		t.Errorf("a set of %d values, want %d", n, aggregate.Cap)
	}
}

// shuffledEvents gives the chunks from two goroutines and in another order than that of position.
type shuffledEvents struct {
	memoryEvents
	order []int
}

func (s shuffledEvents) Scan(ctx context.Context, request *ScanRequest, emit func(int, *Chunk) error) error {
	var chunks []*Chunk
	err := s.memoryEvents.Scan(ctx, request, func(_ int, c *Chunk) error {
		chunks = append(chunks, c)
		return nil
	})
	var group sync.WaitGroup
	for worker := range 2 {
		group.Go(func() {
			for i := worker; i < len(chunks); i += 2 {
				if failed := emit(worker, chunks[s.order[i]]); failed != nil {
					panic(failed)
				}
			}
		})
	}
	group.Wait()
	return err
}

// TestNoRoadChangesAValue has many entities in many partitions, whose values depend neither on the
// number of workers nor on how the history is cut, nor on which piece comes first.
func TestNoRoadChangesAValue(t *testing.T) {
	t.Parallel()
	compared := 0
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 16))
		c := randomCase(r)
		c.events, c.times = nil, nil
		var keys []schema.Value
		for range 1_500 {
			e := randomEvent(r, 200)
			e.values[colKey] = schema.StringValue(fmt.Sprint(r.IntN(90)))
			c.events = append(c.events, e)
		}
		for range 400 {
			keys = append(keys, schema.StringValue(fmt.Sprint(r.IntN(100))))
			c.times = append(c.times, r.Int64N(260))
		}
		rows := rowsOf(c.view, keys, c.times)
		want, _ := evaluateAll(t, memoryEvents{[][]testEvent{c.events}}, c.view, rows, Options{Workers: 1})
		chunks := split(r, c.events)
		events := shuffledEvents{memoryEvents{chunks}, r.Perm(len(chunks))}
		got, _ := evaluateAll(t, events, c.view, rows, Options{Workers: 3})
		for f := range want {
			for i := range rows.Count {
				if x, y := got[f].Column.Value(i), want[f].Column.Value(i); !sameValue(x, y) {
					t.Fatalf("seed %d row %d: %s = %s, want %s", seed, i, plan.AggregateText(c.view, c.view.Aggregates[f]), x, y)
				}
				compared++
			}
		}
	}
	if compared < 100_000 {
		t.Errorf("only %d cells were compared", compared)
	}
}

// TestListsAreColumns checks the form of nested results, which readers of columns rely on.
func TestListsAreColumns(t *testing.T) {
	t.Parallel()
	view := testView("v", testSource())
	list := schema.Value{Type: testColumns[colTags].Type}
	list.Items = []schema.Value{schema.StringValue("u"), schema.NullOf(textType)}
	for _, call := range []generalCall{
		{"last", []int{colText}, []schema.Value{schema.IntValue(2)}, schema.ListOf(textType)},
		{"collect", []int{colTags}, []schema.Value{schema.IntValue(2)}, schema.ListOf(list.Type)},
		{"histogram", []int{colInt}, nil, schema.MapOf(intType)},
		{"max_by", []int{colTags, colInt}, nil, list.Type},
	} {
		a := call.aggregate()
		a.Window = plan.Window{Kind: plan.All}
		view.Features = append(view.Features, featureOf(call.name, aggregateOf(view, *a)))
	}
	row := func(at int64, text string, n int64) testEvent {
		values := map[int]schema.Value{colText: schema.StringValue(text), colInt: schema.IntValue(n), colTags: list}
		return eventAt(at, "a", values)
	}
	first := row(1, "x", 10)
	first.values[colTags] = schema.NullOf(list.Type)
	events := memoryEvents{[][]testEvent{{first, row(2, "y", 9)}, {row(3, "z", 9)}}}
	values, _ := evaluateAll(t, events, view, rowsAt([]string{"a", "", "b", "a"}, 9, 9, 9, 2), Options{})
	for i, want := range [][]string{
		{"[z, y] fresh 3", "null missing -", "[] fresh -", "[x] fresh 1"},
		{"[[u, null], [u, null]] fresh 3", "null missing -", "[] fresh -", "[] fresh 1"},
		{"{10: 1, 9: 2} fresh 3", "null missing -", "{} fresh -", "{10: 1} fresh 1"},
		{"null fresh 3", "null missing -", "null missing -", "null fresh 1"},
	} {
		if got := cells(values[i]); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", view.Features[i].Name, got, want)
		}
		c := values[i].Column
		if !c.Type.Equal(view.Features[i].Type) || len(c.Offsets) != 5 || c.Child == nil {
			t.Errorf("%s is a %s of %d offsets", view.Features[i].Name, c.Type, len(c.Offsets))
		}
		// Whoever reads on joins and picks rows.
		joined := batch.Gather(batch.Concat([]*batch.Column{c, c}), []uint32{4, 3, batch.NoRow})
		if got, want := joined.Value(0), c.Value(0); !sameValue(got, want) {
			t.Errorf("%s joined: got %s, want %s", view.Features[i].Name, got, want)
		}
	}
}

// TestNoHistory has no chunk at all, so that nothing but the plan says what type a column has.
func TestNoHistory(t *testing.T) {
	t.Parallel()
	view := testView("v", testSource(), featureOf("newest", columnOf(colTags)))
	for i, call := range theGeneralCalls {
		a := call.aggregate()
		a.Window = plan.Window{Kind: plan.Session, Length: 5}
		view.Features = append(view.Features, featureOf(fmt.Sprint("f", i), aggregateOf(view, *a)))
	}
	values, _ := evaluateAll(t, memoryEvents{}, view, rowsAt([]string{"a", "b"}, 5, 6), Options{})
	for i, v := range values {
		if v.Column.Length != 2 || !v.Column.Type.Equal(view.Features[i].Type) {
			t.Errorf("feature %d is %d rows of %s", i, v.Column.Length, v.Column.Type)
		}
		if text := v.Column.Value(1).String(); !slices.Contains([]string{"null", "0", "0.0", "[]", "{}"}, text) {
			t.Errorf("feature %d of no history is %s", i, text)
		}
	}
}
