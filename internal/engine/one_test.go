package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// heldEvents give one chunk that was made before, as a store does that holds an entity decoded.
type heldEvents struct {
	times, received []int64
	columns         []*batch.Column // by column of the source
}

func (h heldEvents) Scan(_ context.Context, request *ScanRequest, emit func(int, *Chunk) error) error {
	for i := range request.Feeds {
		c := &Chunk{Feed: i + 1, EventTime: h.times, ReceivedAt: h.received}
		for _, column := range request.Columns {
			c.Columns = append(c.Columns, h.columns[column])
		}
		if err := emit(0, c); err != nil {
			return err
		}
	}
	return nil
}

// servedView has 20 windowed features, as a card of a payment network has.
func servedView(events int) (*plan.View, heldEvents) {
	r := rand.New(rand.NewPCG(1, 1))
	source := testSource()
	source.Sequence = -1
	view := testView("v", source)
	for _, days := range []int64{1, 7, 30, 90} {
		for _, call := range aggregateCalls {
			if call.column != colFloat || call.distinct || len(view.Features) >= 20 {
				continue
			}
			a := plan.Aggregate{
				Func: call.name, Type: call.result, Args: []*plan.Expr{columnOf(colFloat)},
				Window: plan.Window{Kind: plan.Sliding, Length: days * schema.Day},
			}
			view.Features = append(view.Features, featureOf(fmt.Sprint("f", len(view.Features)), aggregateOf(view, a)))
		}
	}
	held := heldEvents{columns: make([]*batch.Column, len(testColumns))}
	builders := make([]*batch.Builder, len(testColumns))
	for i, c := range testColumns {
		builders[i] = batch.NewBuilder(c.Type)
	}
	for i := range events {
		e := randomEvent(r, 10)
		e.values[colKey] = schema.StringValue("a")
		held.times = append(held.times, int64(i)*90*schema.Day/int64(events))
		held.received = append(held.received, held.times[i]+1)
		for k, b := range builders {
			b.Append(e.values[k])
		}
	}
	for i, b := range builders {
		held.columns[i] = b.Column()
	}
	return view, held
}

// BenchmarkOneRow is the engine's part of serving one entity.
func BenchmarkOneRow(b *testing.B) {
	for _, events := range []int{10, 100, 1_000, 5_000} {
		b.Run(fmt.Sprint("events=", events), func(b *testing.B) {
			view, held := servedView(events)
			var wanted []Wanted
			for i := range view.Features {
				wanted = append(wanted, Wanted{View: view, Feature: i})
			}
			rows := rowsOf(view, []schema.Value{schema.StringValue("a")}, []int64{90 * schema.Day})
			prepared := Prepare(wanted)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := prepared.Evaluate(b.Context(), held, rows, Options{Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkWindows is the cost of a label in each kind of window, over one entity of many events.
func BenchmarkWindows(b *testing.B) {
	const events = 50_000
	view, held := servedView(events)
	keys, times := make([]schema.Value, events), make([]int64, events)
	for i := range events {
		keys[i], times[i] = schema.StringValue("a"), held.times[i]+5
	}
	rows := rowsOf(view, keys, times)
	gap := held.times[1] - held.times[0]
	for _, w := range []plan.Window{
		{Kind: plan.Sliding, Length: 20 * gap}, {Kind: plan.Sliding, Length: 20 * gap, Hop: gap},
		{Kind: plan.Last, Count: 20}, {Kind: plan.Last, Count: 10_000, Offset: 5},
		{Kind: plan.Session, Length: 2 * gap, Max: 20 * gap}, {Kind: plan.Session, Length: gap, Offset: 1},
	} {
		for _, a := range []*plan.Aggregate{
			{Func: "sum", Type: floatType}, {Func: "count", Distinct: true, Type: intType}, {Func: "median", Type: floatType},
		} {
			a.Args, a.Window = []*plan.Expr{columnOf(colFloat)}, w
			b.Run(plan.AggregateText(view, a), func(b *testing.B) {
				one := testView("v", view.Source)
				one.Features = []*plan.Feature{featureOf("f", aggregateOf(one, *a))}
				wanted := []Wanted{{View: one}}
				for b.Loop() {
					if _, _, err := Evaluate(b.Context(), held, rows, wanted, Options{Workers: 1}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/label")
			})
		}
	}
}
