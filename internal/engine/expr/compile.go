package expr

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
	"github.com/fettle-ml/fettle/internal/schema"
)

// compiler gathers the leaves of an expression while it is compiled.
type compiler struct {
	leaves []*plan.Expr
}

// node is a compiled expression and what the optimisations ask of it.
type node struct {
	eval     evaluator
	constant bool
	// leaf is the only leaf the node reads; several is true if there are more.
	leaf    *plan.Expr
	several bool
}

// binder chooses the implementation of a call by the types of its arguments.
type binder func(e *plan.Expr, args []evaluator) (evaluator, error)

// compile chooses the evaluator of a node. What users get wrong was refused by the checker, so an
// error here means that the plan is of another version, or that we have a gap.
func (c *compiler) compile(e *plan.Expr) (node, error) {
	switch e.Op {
	case plan.Const:
		o := constant(e.Value)
		return node{eval: func(*frame) operand { return o }, constant: true}, nil
	case plan.Call:
		return c.compileCall(e)
	default:
		leaf := c.leaf(e)
		return node{
			eval: func(f *frame) operand { return operand{col: f.env.Leaf(leaf), mask: -1} },
			leaf: leaf,
		}, nil
	}
}

// leaf returns the node that stands for equal leaves. An environment is so asked by one pointer for
// each leaf. There are few, so a list will do.
func (c *compiler) leaf(e *plan.Expr) *plan.Expr {
	for _, known := range c.leaves {
		if known.Op == e.Op && known.Index == e.Index {
			return known
		}
	}
	c.leaves = append(c.leaves, e)
	return e
}

// compileCall compiles a call and its arguments, and wraps what can be computed with less than a
// pass over the rows.
func (c *compiler) compileCall(e *plan.Expr) (node, error) {
	bind, found := registry[e.Func]
	if !found {
		return node{}, fmt.Errorf("the engine has no function %s", e.Func)
	}
	if f, known := builtin.Lookup(e.Func); known && f.ReadsAsOf {
		e = withAsOf(e)
	}
	n := node{constant: true}
	args := make([]evaluator, len(e.Args))
	for i, arg := range e.Args {
		compiled, err := c.compile(arg)
		if err != nil {
			return node{}, err
		}
		args[i] = compiled.eval
		n.include(compiled)
	}
	var err error
	if n.eval, err = bind(e, args); err != nil {
		return node{}, fmt.Errorf("%s: %w", e.Func, err)
	}
	switch {
	case n.constant:
		n.eval = folded(n.eval)
	// A call that is not constant reads a leaf, so there is one here.
	case !n.several && isText(n.leaf.Type.Kind):
		n.eval = overDictionary(n.leaf, n.eval)
	}
	return n, nil
}

// include is called for each argument. A call of constants is constant; one with a single leaf
// stays one if other arguments are constants.
func (n *node) include(arg node) {
	n.constant = n.constant && arg.constant
	n.several = n.several || arg.several || n.leaf != nil && arg.leaf != nil && n.leaf != arg.leaf
	if n.leaf == nil {
		n.leaf = arg.leaf
	}
}

// withAsOf hands the boundary to a function that reads it, as a last argument. The node of the plan
// stays as it is.
func withAsOf(e *plan.Expr) *plan.Expr {
	asOf := &plan.Expr{Op: plan.AsOf, Type: schema.Of(schema.Timestamp)}
	wide := *e
	wide.Args = append(append([]*plan.Expr(nil), e.Args...), asOf)
	return &wide
}

// folded computes a call of constants now, unless it makes a null that each row must count. Its
// operand is shared by all evaluations, which change no argument.
func folded(eval evaluator) evaluator {
	var counts Counts
	f := &frame{env: noLeaves{}, rows: 1, counts: &counts}
	o := eval(f)
	if counts != (Counts{}) || !o.scalar() {
		return eval
	}
	return func(*frame) operand { return o }
}

// isText reports whether a kind is kept as offsets and bytes.
func isText(k schema.Kind) bool {
	return k == schema.String || k == schema.Bytes || k == schema.JSON
}

// isInts reports whether a kind is kept as int64.
func isInts(k schema.Kind) bool {
	return k == schema.Int64 || k == schema.Timestamp || k == schema.Date || k == schema.Duration
}

// kernelOf is the binder of a strict function with one kernel for all types.
func kernelOf(k kernel) binder {
	return func(e *plan.Expr, args []evaluator) (evaluator, error) {
		return strict(args, e.Type, k), nil
	}
}

// byKind is the binder of a strict function with a kernel for each kind of its first argument. That
// is enough where the checker has made the types of all arguments one.
func byKind(kernels map[schema.Kind]kernel) binder {
	return func(e *plan.Expr, args []evaluator) (evaluator, error) {
		k, found := kernels[e.Args[0].Type.Kind]
		if !found {
			return nil, unsupported(e)
		}
		return strict(args, e.Type, k), nil
	}
}

// unsupported is the error of a binder that has no kernel for the types of a call.
func unsupported(e *plan.Expr) error {
	types := make([]string, len(e.Args))
	for i, arg := range e.Args {
		types[i] = arg.Type.String()
	}
	return fmt.Errorf("no implementation for %v giving %s", types, e.Type)
}
