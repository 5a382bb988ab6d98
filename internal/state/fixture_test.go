package state

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/store"
	"github.com/fettle-ml/fettle/internal/store/memory"
)

// The columns of the source that tests use.
const (
	colCard = iota
	colShop
	colAmount
	colNote
	colFlag
	colPrice
	colID
	colReady
	colNothing
	colUpper // computed
	columnCount
)

func columnType(i int) schema.Type {
	switch i {
	case colShop:
		return schema.Of(schema.Int64)
	case colAmount:
		return schema.Of(schema.Float64)
	case colFlag:
		return schema.Of(schema.Bool)
	case colPrice:
		return schema.DecimalOf(2)
	case colReady:
		return schema.Of(schema.Timestamp)
	case colNothing:
		return schema.Of(schema.Null)
	default:
		return schema.Of(schema.String)
	}
}

func columnOf(i int) *plan.Expr {
	return &plan.Expr{Op: plan.ColumnOf, Type: columnType(i), Index: i}
}

// rules are the variants of the source that tests use.
type rules struct{ available, where, deleteWhen bool }

// fixture is a plan of one source and its views.
type fixture struct {
	plan   *plan.Plan
	source *plan.Source
	card   *plan.View // by card
	both   *plan.View // by shop and card
	again  *plan.View // by card too, with a filter
	upper  *plan.View // by the computed column
}

const sourceID = 7

func newFixture(r rules) *fixture {
	f := &fixture{}
	f.source = &plan.Source{Name: "payments", Push: true, Sequence: -1, ID: colID, Dedup: schema.Hour}
	names := []string{"card", "shop", "amount", "note", "flag", "price", "id", "ready", "nothing", "upper"}
	for i, name := range names {
		f.source.Columns = append(f.source.Columns, plan.Column{Name: name, Type: columnType(i)})
	}
	f.source.Columns[colUpper].Expr = plan.CallOf("upper", schema.Of(schema.String), columnOf(colCard))
	if r.available {
		f.source.Available = columnOf(colReady)
	}
	if r.where {
		f.source.Where = columnOf(colFlag)
	}
	if r.deleteWhen {
		f.source.DeleteWhen = plan.CallOf("is_null", schema.Of(schema.Bool), columnOf(colAmount))
	}
	text, number := schema.Of(schema.String), schema.Of(schema.Int64)
	card := &plan.Entity{Name: "card", Key: []schema.Field{{Name: "card", Type: text}}}
	both := &plan.Entity{Name: "both", Key: []schema.Field{
		{Name: "shop", Type: number}, {Name: "card", Type: text}}}
	f.card = &plan.View{Name: "card", Entity: card, Source: f.source, Key: []*plan.Expr{columnOf(colCard)}}
	f.both = &plan.View{Name: "both", Entity: both, Source: f.source,
		Key: []*plan.Expr{columnOf(colShop), columnOf(colCard)}}
	f.again = &plan.View{Name: "again", Entity: card, Source: f.source,
		Key: []*plan.Expr{columnOf(colCard)}, Where: columnOf(colFlag)}
	f.upper = &plan.View{Name: "upper", Entity: card, Source: f.source, Key: []*plan.Expr{columnOf(colUpper)}}
	f.plan = &plan.Plan{
		Entities: []*plan.Entity{card, both}, Sources: []*plan.Source{f.source},
		Views: []*plan.View{f.card, f.both, f.again, f.upper},
	}
	return f
}

func (f *fixture) layout() Layout {
	return Layout{Plan: f.plan, Sources: []Source{{ID: sourceID, Plan: f.source}}}
}

// event is a row in the reference: everything about it in plain values.
type event struct {
	time, received, visible int64
	order                   uint64
	cells                   [columnCount]schema.Value
}

// column makes a column of the cells of events, now and then with a dictionary.
func column(events []*event, i int, rng *rand.Rand) *batch.Column {
	b := batch.NewBuilder(columnType(i))
	for _, e := range events {
		b.Append(e.cells[i])
	}
	c := b.Column()
	if columnType(i).Kind == schema.String && rng != nil && rng.IntN(2) == 0 {
		d := *c
		d.Dict = &batch.Column{Type: c.Type, Length: c.Length, Offsets: c.Offsets, Data: c.Data}
		d.Offsets, d.Data, d.Codes = nil, nil, make([]uint32, c.Length)
		for k := range d.Codes {
			d.Codes[k] = uint32(k)
		}
		return &d
	}
	return c
}

func columns(events []*event, rng *rand.Rand) []*batch.Column {
	out := make([]*batch.Column, columnCount)
	for i := range out {
		if i != colUpper {
			out[i] = column(events, i, rng)
		}
	}
	return out
}

// record makes a record of events of one request.
func record(events []*event, sequence uint64, rng *rand.Rand) Record {
	r := Record{
		Source: sourceID, Sequence: sequence, Rows: len(events), Columns: storedOnly(columns(events, rng)),
		Counts: Counts{In: int64(len(events)) + 3, Accepted: int64(len(events)), Duplicates: 1, Quarantined: 2},
	}
	for _, e := range events {
		r.EventTime = append(r.EventTime, e.time)
		r.ReceivedAt = e.received
	}
	return r
}

// chunk makes what a fill adds.
func chunk(events []*event, rng *rand.Rand) (*engine.Chunk, []uint64) {
	c := &engine.Chunk{Columns: columns(events, rng)}
	var orders []uint64
	for _, e := range events {
		c.EventTime = append(c.EventTime, e.time)
		c.ReceivedAt = append(c.ReceivedAt, e.received)
		c.Visible = append(c.Visible, e.visible)
		orders = append(orders, e.order)
	}
	return c, orders
}

func textOf(s string) schema.Value { return schema.StringValue(s) }

// randomEvent draws an event about now; few cards, few times, some nulls, some very late.
func randomEvent(rng *rand.Rand, now int64, span int64) *event {
	e := &event{received: now, visible: engine.NoTime}
	e.time = now - rng.Int64N(span)
	if rng.IntN(10) == 0 {
		e.time = now - rng.Int64N(40*span)
	}
	e.time -= e.time % 10 // ties
	e.cells = [columnCount]schema.Value{
		colCard: textOf([]string{"a", "b", "B", "c\x00", ""}[rng.IntN(5)]), colShop: schema.IntValue(rng.Int64N(3) - 1),
		colAmount: schema.FloatValue(float64(rng.IntN(1000)) / 8), colNote: textOf(fmt.Sprint("note ", rng.IntN(1e9))),
		colFlag:    schema.BoolValue(rng.IntN(3) > 0),
		colPrice:   {Type: schema.DecimalOf(2), Dec: schema.Int128{Hi: rng.Int64N(9) - 4, Lo: rng.Uint64()}},
		colID:      textOf(fmt.Sprint(rng.Uint64())),
		colReady:   {Type: schema.Of(schema.Timestamp), Int: e.time + rng.Int64N(2*span)},
		colNothing: schema.NullOf(schema.Of(schema.Null)),
	}
	for i := range e.cells {
		if i != colUpper && rng.IntN(12) == 0 {
			e.cells[i] = schema.NullOf(columnType(i))
		}
	}
	return e
}

// open opens a state over a store, uses the layout and fills what is missing with nothing.
func open(t testing.TB, db store.Online, f *fixture, options Options) *State {
	t.Helper()
	s, err := Open(t.Context(), db, options)
	if err != nil {
		t.Fatal(err)
	}
	missing, err := s.Use(t.Context(), f.layout())
	if err != nil {
		t.Fatal(err)
	}
	for _, feed := range missing {
		if err := s.Fill(t.Context(), feed, fillNothing); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func fillNothing(func(*engine.Chunk, []uint64) error) error { return nil }

// kept is a store that outlives the State above it.
type kept struct{ store.Online }

func (kept) Close() error { return nil }

func newMemory(*testing.T) store.Online { return kept{memory.New()} }

// scan reads the feeds of a request into chunks, in order of their ordinals.
func scan(ctx context.Context, events engine.Events, r *engine.ScanRequest) ([]*engine.Chunk, error) {
	var out []*engine.Chunk
	err := events.Scan(ctx, r, func(_ int, c *engine.Chunk) error {
		if n := len(out); n > 0 && c.Ordinal <= out[n-1].Ordinal {
			return fmt.Errorf("ordinal %d after %d", c.Ordinal, out[n-1].Ordinal)
		}
		out = append(out, c)
		return nil
	})
	return out, err
}

func keyColumns(kinds []schema.Field, keys ...[]schema.Value) []*batch.Column {
	out := make([]*batch.Column, len(kinds))
	for i, kind := range kinds {
		b := batch.NewBuilder(kind.Type)
		for _, key := range keys {
			b.Append(key[i])
		}
		out[i] = b.Column()
	}
	return out
}

// storedOnly leaves out the places of computed columns.
func storedOnly(columns []*batch.Column) []*batch.Column {
	var stored []*batch.Column
	for _, c := range columns {
		if c != nil {
			stored = append(stored, c)
		}
	}
	return stored
}
