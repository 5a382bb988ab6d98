package expr

import (
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// longList is the number of literals from which a set beats comparing with each.
const longList = 6

// bindIn binds in: true if a value is equal, else null if x or a value is null, else false. It is
// an or of comparisons, so connect settles the nulls.
func bindIn(e *plan.Expr, args []evaluator) (evaluator, error) {
	if len(args) > longList {
		if member := literalSet(e); member != nil {
			return strict(args[:1], e.Type, member), nil
		}
	}
	kernels := make([]kernel, len(args)-1)
	for i := range kernels {
		var err error
		if kernels[i], err = compareKernel("eq", e.Args[0].Type, e.Args[i+1].Type); err != nil {
			return nil, err
		}
	}
	return func(f *frame) operand {
		shared, mask := f.evaluateAll(args)
		// A copy, because what evaluateAll returns is scratch.
		ops := append([]operand(nil), shared...)
		out := f.column(e.Type, f.length(mask))
		for i, equal := range kernels {
			connect(out, f.run(equal, e.Type, []operand{ops[0], ops[i+1]}, ops[0].mask|ops[i+1].mask), true)
		}
		return operand{col: out, mask: mask}
	}, nil
}

// literalSet returns a kernel that looks x up among literals of its own type, or nil if they are
// not that. Floats and decimals are left to comparisons, which know that 1.0 equals 1.00.
func literalSet(e *plan.Expr) kernel {
	x := e.Args[0].Type
	texts, ints := map[string]bool{}, map[int64]bool{}
	for _, arg := range e.Args[1:] {
		if arg.Op != plan.Const || arg.Value.Null || arg.Type.Kind != x.Kind {
			return nil
		}
		texts[arg.Value.Text], ints[arg.Value.Int] = true, true
	}
	switch {
	case x.Kind == schema.String || x.Kind == schema.Bytes:
		return func(c *call) {
			for i := range c.out.Bools {
				c.out.Bools[i] = !c.out.IsNull(i) && texts[c.args[0].text(i)]
			}
		}
	case isInts(x.Kind):
		return func(c *call) {
			values, m := c.ints(0)
			for i := range c.out.Bools {
				c.out.Bools[i] = ints[values[i&m]]
			}
		}
	default:
		return nil
	}
}
