package engine

import (
	"context"
	"sync"

	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
)

// Prepared is wanted features whose expressions are compiled once, for many evaluations of a few
// rows each. It is safe for concurrent use.
type Prepared struct {
	wanted   []Wanted
	programs *programs
}

// Prepare returns an evaluation of the wanted features that can be repeated. What cannot be computed
// is found by the first Evaluate.
func Prepare(wanted []Wanted) *Prepared {
	return &Prepared{wanted: wanted, programs: &programs{}}
}

// Evaluate settles the features for the rows, as Evaluate of this package does.
func (p *Prepared) Evaluate(ctx context.Context, events Events, rows Rows, options Options) (
	[]*Value, *Report, error) {
	return evaluate(ctx, events, newEvaluation(rows, options.withDefaults(), p.programs), p.wanted)
}

// programs keeps what was compiled of a plan's expressions, by their node. A plan does not change,
// and there are as many entries as it has expressions.
type programs struct {
	known sync.Map
	// aggregates are what is asked of package aggregate, by the aggregate of the plan.
	aggregates sync.Map
	readers    sync.Pool // of *reader: their memory is most of what a request needs
}

// largestReader bounds the memory that a reader may keep for the next evaluation, in events of an
// entity: one huge entity must not cost its memory for ever.
const largestReader = 1 << 16

// reader takes a reader for a feed; release gives it back.
func (p *programs) reader(f *feed) *reader {
	r, reused := p.readers.Get().(*reader)
	if !reused {
		return newReader(f)
	}
	r.bind(f)
	r.selections, r.selected = grown(r.selections, len(f.selections)), grown(r.selected, len(f.selections))
	r.lanes, r.laned = grown(r.lanes, len(f.lanes)), grown(r.laned, len(f.lanes))
	return r
}

// release gives a reader back. The epoch stays: entries of another feed are older than any of the
// next, and are built anew.
func (p *programs) release(r *reader) {
	if cap(r.partition.rows.time) > largestReader {
		return
	}
	r.feed, r.time = nil, nil
	p.readers.Put(r)
}

// grown returns a slice of at least n entries; those that are there are kept with their memory.
func grown[T any](s []T, n int) []T {
	if len(s) >= n {
		return s
	}
	return append(s, make([]T, n-len(s))...)
}

// compiled is one expression, its text and its program.
type compiled struct {
	key     string
	program *expr.Program
}

// compile compiles an expression, or returns what was compiled before.
func (p *programs) compile(e *plan.Expr) (*compiled, error) {
	if known, found := p.known.Load(e); found {
		return known.(*compiled), nil
	}
	program, err := expr.Compile(e)
	if err != nil {
		return nil, err
	}
	c := &compiled{e.Key(), program}
	p.known.Store(e, c)
	return c, nil
}
