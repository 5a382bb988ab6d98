package expr

import (
	"fmt"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Environment gives the leaves of an expression as columns of one length.
type Environment interface {
	// Rows is the number of rows of every leaf.
	Rows() int
	// Leaf returns the column of a leaf: ColumnOf, EventTime, ReceivedAt, AggregateOf, FeatureOf,
	// ReferenceOf, RequestOf, AsOf or RequestAt. It is not changed by the evaluation, and results
	// may share its memory.
	Leaf(e *plan.Expr) *batch.Column
}

// Counts is how many nulls operations made, by cause. Eval adds to it.
type Counts struct {
	// NonFinite counts float64 results that were not finite.
	NonFinite int64 `json:"non_finite,omitempty"`
	// Overflow counts results too large for int64, 38 digits or the accepted years.
	Overflow int64 `json:"overflow,omitempty"`
	// Cast counts casts and readings of text that failed.
	Cast int64 `json:"cast,omitempty"`
}

// Add adds other to c.
func (c *Counts) Add(other Counts) {
	c.NonFinite += other.NonFinite
	c.Overflow += other.Overflow
	c.Cast += other.Cast
}

// addTimes adds what one result counted that stands for n rows.
func (c *Counts) addTimes(other Counts, n int64) {
	c.NonFinite += other.NonFinite * n
	c.Overflow += other.Overflow * n
	c.Cast += other.Cast * n
}

// Program is a compiled expression.
type Program struct {
	root   evaluator
	result schema.Type
	leaves []*plan.Expr
	frames sync.Pool // of *frame: scratch, so that one row costs little
}

// arenaSize is how many columns of one row a frame keeps: most expressions need fewer.
const arenaSize = 8

// Compile resolves every function of an expression to its implementation. An error is a function
// that has none, or not for the types at hand.
func Compile(e *plan.Expr) (*Program, error) {
	c := &compiler{}
	root, err := c.compile(e)
	if err != nil {
		return nil, err
	}
	p := &Program{root: root.eval, result: e.Type, leaves: c.leaves}
	p.frames.New = func() any { return &frame{arena: make([]single, arenaSize)} }
	return p, nil
}

// Type returns the type of the result.
func (p *Program) Type() schema.Type { return p.result }

// Leaves returns each leaf that the program reads once. as_of is among them if a function reads it.
func (p *Program) Leaves() []*plan.Expr { return p.leaves }

// Eval computes the expression for every row and adds the nulls that operations made to counts. The
// result may share memory with leaves.
func (p *Program) Eval(env Environment, counts *Counts) *batch.Column {
	f := p.begin(env, counts)
	o, rows := p.root(f), f.rows
	if rows == 1 && inSingle(p.result.Kind) {
		o = operand{col: keep(o), mask: -1}
	}
	p.end(f)
	return spread(o, rows)
}

// EvalValue is Eval for an environment of one row: a number costs no allocation.
func (p *Program) EvalValue(env Environment, counts *Counts) schema.Value {
	f := p.begin(env, counts)
	if f.rows != 1 {
		panic(fmt.Sprintf("BUG: one value of %d rows", f.rows))
	}
	v := p.root(f).col.Value(0)
	p.end(f)
	return v
}

// begin takes a frame from the pool; end must give it back, or the next evaluation allocates one.
func (p *Program) begin(env Environment, counts *Counts) *frame {
	f := p.frames.Get().(*frame)
	f.env, f.rows, f.counts = env, env.Rows(), counts
	return f
}

// end forgets the columns of an evaluation, so that the pool keeps none alive.
func (p *Program) end(f *frame) {
	f.env, f.counts, f.call, f.used = nil, nil, call{}, 0
	clear(f.stack[:cap(f.stack)])
	p.frames.Put(f)
}

// EvalConst computes an expression without leaves, such as a literal with a sign or a cast.
func EvalConst(e *plan.Expr) (schema.Value, Counts, error) {
	p, err := Compile(e)
	if err != nil {
		return schema.Value{}, Counts{}, err
	}
	if len(p.leaves) > 0 {
		return schema.Value{}, Counts{}, fmt.Errorf("the expression is not constant")
	}
	var counts Counts
	return p.Eval(noLeaves{}, &counts).Value(0), counts, nil
}

// noLeaves is the environment of constants.
type noLeaves struct{}

func (noLeaves) Rows() int { return 1 }

func (noLeaves) Leaf(e *plan.Expr) *batch.Column {
	panic(fmt.Sprintf("BUG: leaf %d in a constant", e.Op))
}
