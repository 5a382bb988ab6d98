package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestIntake compares the keys, counts and availability of random events with the definitions of
// sources and views, event by event.
func TestIntake(t *testing.T) {
	t.Parallel()
	boolean := schema.Of(schema.Bool)
	var events, filtered, noKey, never int64
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 3))
		source := testSource()
		source.Available, source.Where, source.DeleteWhen = nil, nil, nil
		if r.IntN(2) == 0 {
			source.Where = columnOf(colFlag)
		}
		if r.IntN(2) == 0 {
			source.Available = columnOf(colReady)
		}
		if r.IntN(2) == 0 {
			source.DeleteWhen = plan.CallOf("eq", boolean, columnOf(colText), plan.Constant(schema.StringValue("x")))
		}
		a, b, other := testView("a", source), testView("b", source), testView("c", source)
		b.Where = plan.CallOf("gt", boolean, columnOf(colInt), plan.Constant(schema.IntValue(0)))
		other.Key = []*plan.Expr{columnOf(colText)}
		in, err := NewIntake(source, []*plan.View{a, other, b})
		if err != nil {
			t.Fatal(err)
		}
		if m := in.Mappings(); len(m) != 2 || len(m[0].Views) != 2 || m[1].Views[0] != other || m[0].Text == m[1].Text {
			t.Fatalf("mappings %v", m)
		}
		chunk, rows := randomChunk(r)
		got, want := in.Read(chunk), &Arrivals{Filtered: make([]int64, 3), NoKey: make([]int64, 3)}
		for i, e := range rows {
			deleted := source.DeleteWhen != nil && !e.values[colText].Null && e.values[colText].Text == "x"
			out := source.Where != nil && !deleted && (e.values[colFlag].Null || e.values[colFlag].Int == 0)
			positive := !e.values[colInt].Null && e.values[colInt].Int > 0
			for v, at := range []struct {
				out, noKey bool
			}{{out, false}, {out, e.values[colText].Null}, {out || !positive && !deleted, false}} {
				if at.out {
					want.Filtered[v]++
				} else if at.noKey {
					want.NoKey[v]++
				}
			}
			ready := max(e.time, chunk.ReceivedAt[i])
			if source.Available != nil {
				if ready = max(e.time, e.values[colReady].Int); e.values[colReady].Null {
					ready = 1<<63 - 1
				}
			}
			if !out && got.Available[i] != ready {
				t.Fatalf("seed %d row %d: available at %d, want %d", seed, i, got.Available[i], ready)
			}
			if !out && ready == 1<<63-1 {
				never++
			}
			if key := got.Keys[1][0].Value(i); fmt.Sprint(key) != fmt.Sprint(e.values[colText]) {
				t.Fatalf("seed %d row %d: key %v, want %v", seed, i, key, e.values[colText])
			}
			events++
		}
		if fmt.Sprint(got.Filtered, got.NoKey) != fmt.Sprint(want.Filtered, want.NoKey) {
			t.Fatalf("seed %d: filtered and without key %v %v, want %v %v",
				seed, got.Filtered, got.NoKey, want.Filtered, want.NoKey)
		}
		filtered, noKey = filtered+want.Filtered[2], noKey+want.NoKey[1]
	}
	if events < 1_000 || filtered < 100 || noKey < 50 || never < 20 {
		t.Errorf("exercised %d events, %d filtered, %d without key, %d never available", events, filtered, noKey, never)
	}
}

func randomChunk(r *rand.Rand) (*Chunk, []testEvent) {
	chunk := &Chunk{}
	var rows []testEvent
	builders := make([]*batch.Builder, len(testColumns))
	for i, column := range testColumns {
		builders[i] = batch.NewBuilder(column.Type)
	}
	for range 1 + r.IntN(60) {
		e := randomEvent(r, 100)
		rows = append(rows, e)
		chunk.EventTime = append(chunk.EventTime, e.time)
		chunk.ReceivedAt = append(chunk.ReceivedAt, r.Int64N(150))
		for i, b := range builders {
			b.Append(e.values[i])
		}
	}
	for _, b := range builders {
		chunk.Columns = append(chunk.Columns, b.Column())
	}
	return chunk, rows
}
