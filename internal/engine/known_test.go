package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// chunks are the chunks of a source, one after the other.
type chunks []*Chunk

func (c chunks) Scan(_ context.Context, r *ScanRequest, emit func(int, *Chunk) error) error {
	for _, chunk := range c {
		read := *chunk
		read.Columns = nil
		for _, column := range r.Columns {
			read.Columns = append(read.Columns, chunk.Columns[column])
		}
		if err := emit(0, &read); err != nil {
			return err
		}
	}
	return nil
}

// TestKnown compares with the definition: the first instant at which a kept event is available.
func TestKnown(t *testing.T) {
	t.Parallel()
	text, number, truth := schema.Of(schema.String), schema.Of(schema.Int64), schema.Of(schema.Bool)
	column := func(i int, of schema.Type) *plan.Expr { return &plan.Expr{Op: plan.ColumnOf, Type: of, Index: i} }
	when := schema.Of(schema.Timestamp)
	source := &plan.Source{
		Name: "s", Sequence: -1, ID: -1, Columns: []plan.Column{
			{Name: "user", Type: text}, {Name: "late", Type: when}, {Name: "gone", Type: truth}, {Name: "n", Type: number},
		},
		Available: column(1, when), DeleteWhen: column(2, truth),
	}
	entity := &plan.Entity{Name: "user", Key: []schema.Field{{Name: "user", Type: text}, {Name: "n", Type: number}}}
	view := &plan.View{Name: "v", Entity: entity, Source: source, Key: []*plan.Expr{column(0, text), column(3, number)}}
	dict := &batch.Column{Type: text, Length: 3, Offsets: []uint32{0, 1, 2, 3}, Data: []byte("bac")}
	events := chunks{
		{
			EventTime: []int64{10, 20, 30, 40},
			Columns: []*batch.Column{
				{Type: text, Length: 4, Codes: []uint32{0, 1, 0, 2}, Dict: dict},
				{Type: when, Length: 4, Ints: []int64{15, 5, 12, 50}},
				{Type: truth, Length: 4, Bools: []bool{false, false, true, true}},
				{Type: number, Length: 4, Ints: []int64{2, 1, 2, 1}},
			},
		},
		{
			Ordinal: 1, EventTime: []int64{1, 2, 3},
			Columns: []*batch.Column{
				{Type: text, Length: 3, Offsets: []uint32{0, 1, 2, 3}, Data: []byte("bab"), Valid: []bool{true, true, false}},
				{Type: when, Length: 3, Ints: []int64{14, 0, 0}, Valid: []bool{true, false, true}},
				{Type: truth, Length: 3, Bools: make([]bool, 3)},
				{Type: number, Length: 3, Ints: []int64{2, 9, 2}},
			},
		},
	}
	known, err := Known(t.Context(), events, []*plan.View{view, view}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	// a 1 at its own time, since available is raised; b 2 by the second chunk; c is deleted, a 9 is
	// never available, and a null is no entity.
	got := ""
	for i, since := range known.Since {
		got += fmt.Sprintln(known.Columns[0].Text(i), known.Columns[1].Ints[i], since)
	}
	if want := "a 1 20\nb 2 14\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if _, err := Known(t.Context(), events, []*plan.View{view}, Options{Memory: keyBytes}); !errors.Is(err, ErrMemory) {
		t.Errorf("too many keys: %v", err)
	}
}
