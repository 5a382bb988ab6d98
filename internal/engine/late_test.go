package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/plan"
)

var errBad = errors.New("bad rows")

// twiceEvents can be read twice. A second pass may come short of a row, as where a cell of a column
// that was not read before is bad, and the first may fail.
type twiceEvents struct {
	memoryEvents
	short, fails bool
	passes       [3]int
	columns      [3]int
}

func (*twiceEvents) Later(_ *plan.Source, column int) bool { return column != colFlag }

func (e *twiceEvents) Scan(ctx context.Context, request *ScanRequest, emit func(int, *Chunk) error) error {
	e.passes[request.Pass]++
	e.columns[request.Pass] += len(request.Columns)
	from := e.memoryEvents
	if e.short && request.Pass == SecondPass {
		from.chunks = slices.Clone(from.chunks)
		from.chunks[0] = from.chunks[0][1:]
	}
	if e.fails && request.Pass == FirstPass {
		return errBad
	}
	return from.Scan(ctx, request, emit)
}

// TestTwice compares evaluations that read the columns of newest rows in a second pass with those
// that read all columns at a time, also where the second pass differs.
func TestTwice(t *testing.T) {
	t.Parallel()
	cells, second, anew := 0, 0, 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 9))
		c := randomCase(r)
		rows, wanted := randomRows(r, c)
		if len(c.events) == 0 || len(wanted) == 0 {
			continue
		}
		chunks := split(r, c.events)
		want, _, err := Evaluate(t.Context(), memoryEvents{chunks}, rows, wanted, Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		events := &twiceEvents{memoryEvents: memoryEvents{chunks}, short: r.IntN(3) == 0, fails: r.IntN(4) == 0}
		options := Options{Workers: 1 + r.IntN(2)}
		if r.IntN(2) == 0 {
			options.Memory, options.Spill = 1<<20, &memorySpill{}
		}
		var got []*Value
		if r.IntN(2) == 0 {
			got, _, err = Evaluate(t.Context(), events, rows, wanted, options)
		} else {
			_, err = EvaluateGroups(t.Context(), events, []Rows{rows}, wanted, options,
				func(_ int, values []*Value) error { got = values; return nil })
		}
		if events.fails && events.passes[Anew] == 0 && errors.Is(err, errBad) {
			continue // no column could wait
		}
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		cells += sameValues(t, seed, got, want)
		second += events.passes[SecondPass]
		anew += events.passes[Anew]
	}
	t.Logf("%d cells, %d second passes, %d anew", cells, second, anew)
	if cells < 20_000 || second < 40 || anew < 25 {
		t.Error("too little was compared")
	}
}
