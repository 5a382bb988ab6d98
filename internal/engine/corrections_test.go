package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// correctedCase is a random case whose events carry an id and what they do to it.
type correctedCase struct {
	*testCase
	id, op    int // columns
	corrected int // rows that replace or delete
}

func randomCorrections(r *rand.Rand) *correctedCase {
	c := &correctedCase{testCase: randomCase(r)}
	source := c.view.Source
	c.id, c.op = len(source.Columns), len(source.Columns)+1
	source.Columns = append(slices.Clone(source.Columns), plan.Column{Name: "id", Type: schema.Of(schema.String)},
		plan.Column{Name: "op", Type: schema.Of(schema.String)})
	source.ID, source.Op = c.id, &c.op
	if r.IntN(3) == 0 { // a correction takes effect even if the filter leaves it out
		two := plan.Constant(schema.IntValue(2))
		source.Where = plan.CallOf("lt", schema.Of(schema.Bool), columnOf(colInt), two)
	}
	ids := 1 + r.IntN(60)
	seen := map[string]bool{}
	kept := c.events[:0]
	for _, e := range c.events {
		id := schema.StringValue(strconv.Itoa(r.IntN(ids)))
		op := schema.StringValue([]string{"insert", "replace", "delete"}[r.IntN(3)])
		switch {
		case r.IntN(6) == 0:
			id, op = schema.NullOf(id.Type), schema.NullOf(op.Type)
		case op.Text == "insert" && seen[id.Text]:
			continue // a copy, which a reader of files has left out
		case op.Text != "insert":
			c.corrected++
		}
		if !id.Null {
			seen[id.Text] = true
		}
		e.values = append(slices.Clone(e.values), id, op)
		kept = append(kept, e)
	}
	c.events, c.sorted = kept, nil
	return c
}

// states replays the rows, inserts first and corrections in the order of their places, and returns
// those in force as of b: the last
// available row of each id, unless it deletes, and every row without an id.
func (c *correctedCase) states(b int64) []testEvent {
	order := make([]int, len(c.events))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		inserts := [2]bool{c.events[i].values[c.op].Text == "insert", c.events[j].values[c.op].Text == "insert"}
		if inserts[0] || inserts[1] {
			return boolInt(!inserts[0]) - boolInt(!inserts[1])
		}
		if c.view.Source.Sequence < 0 {
			return 0
		}
		x, y := c.events[i].values[colSequence], c.events[j].values[colSequence]
		switch {
		case x.Null || y.Null:
			return boolInt(!x.Null) - boolInt(!y.Null)
		case x.Int < y.Int:
			return -1
		default:
			return boolInt(x.Int > y.Int)
		}
	})
	last := map[string]int{}
	for _, i := range order {
		e := c.events[i]
		ready := e.time
		if c.view.Source.Available != nil {
			if e.values[colReady].Null {
				continue
			}
			ready = max(ready, e.values[colReady].Int)
		}
		if ready <= b && !e.values[c.id].Null {
			last[e.values[c.id].Text] = i
		}
	}
	var out []testEvent
	for i, e := range c.events {
		id := e.values[c.id]
		at, known := last[id.Text]
		if id.Null || known && at == i && e.values[c.op].Text != "delete" {
			out = append(out, e)
		}
	}
	return out
}

func (c *correctedCase) evaluate(ctx context.Context, t *testing.T, events Events, times []int64,
	first int) []*Value {
	t.Helper()
	values, err := c.tryEvaluate(ctx, events, times, first, Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func (c *correctedCase) tryEvaluate(ctx context.Context, events Events, times []int64, first int,
	options Options) ([]*Value, error) {
	keys := batch.NewBuilder(schema.Of(schema.String))
	for i := range times {
		keys.Append(c.keys[first+i])
	}
	role := Keys{Entity: c.view.Entity, Columns: []*batch.Column{keys.Column()}}
	rows := Rows{Count: len(times), Times: times, Roles: []Keys{role}}
	var wanted []Wanted
	for i := range c.view.Features {
		wanted = append(wanted, Wanted{View: c.view, Feature: i})
	}
	values, _, err := Evaluate(ctx, events, rows, wanted, options)
	return values, err
}

// TestSpilledCorrections spills the events of corrected histories: no bit changes.
func TestSpilledCorrections(t *testing.T) {
	t.Parallel()
	spilled, cells := 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 78))
		c := randomCorrections(r)
		events := memoryEvents{split(r, c.events)}
		want := c.evaluate(t.Context(), t, events, c.times, 0)
		disk := &memorySpill{}
		options := Options{Workers: 1, Memory: 8000 + r.Int64N(8000), Spill: disk}
		got, err := c.tryEvaluate(t.Context(), events, c.times, 0, options)
		if errors.Is(err, ErrMemory) {
			continue // windows without an end need all events of an entity at a time
		}
		if err != nil {
			t.Fatal(err)
		}
		spilled += boolInt(disk.written > 0)
		for f := range got {
			for i := range c.times {
				if cells++; !sameValue(got[f].Column.Value(i), want[f].Column.Value(i)) {
					t.Fatalf("seed %d row %d: %s = %s, want %s", seed, i, plan.AggregateText(c.view, c.view.Aggregates[f]),
						got[f].Column.Value(i), want[f].Column.Value(i))
				}
			}
		}
	}
	t.Logf("%d cells, %d histories spilled", cells, spilled)
	if spilled < 20 {
		t.Errorf("only %d histories spilled", spilled)
	}
}

// TestCorrections compares a history with corrections, evaluated once, with one history for each label
// that holds just the states in force at its time and knows of no corrections.
func TestCorrections(t *testing.T) {
	t.Parallel()
	cells, different, corrected := 0, 0, 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 77))
		c := randomCorrections(r)
		corrected += c.corrected
		newest := len(c.view.Features)
		c.view.Features = append(c.view.Features, &plan.Feature{
			Name: "newest", Type: testColumns[colInt].Type, Expr: columnOf(colInt),
		})
		got := c.evaluate(t.Context(), t, memoryEvents{split(r, c.events)}, c.times, 0)
		ignored := *c.view.Source
		ignored.Op = nil
		corrections := c.view.Source
		for i, at := range c.times {
			c.view.Source = &ignored
			want := c.evaluate(t.Context(), t, memoryEvents{[][]testEvent{c.states(at)}}, c.times[i:i+1], i)
			plain := c.evaluate(t.Context(), t, memoryEvents{[][]testEvent{c.events}}, c.times[i:i+1], i)
			c.view.Source = corrections
			for f := range got {
				if !sameValue(got[f].Column.Value(i), want[f].Column.Value(0)) {
					name := "the newest row"
					if f != newest {
						name = plan.AggregateText(c.view, c.view.Aggregates[f])
					}
					t.Fatalf("seed %d row %d: %s = %s, want %s", seed, i, name, got[f].Column.Value(i),
						want[f].Column.Value(0))
				}
				cells++
				different += boolInt(!sameValue(want[f].Column.Value(0), plain[f].Column.Value(0)))
			}
		}
	}
	t.Logf("%d cells, %d of them changed by %d corrections", cells, different, corrected)
	if cells < 20_000 || different < 5_000 || corrected < 3_000 {
		t.Errorf("only %d cells, %d of them changed by %d corrections", cells, different, corrected)
	}
}
