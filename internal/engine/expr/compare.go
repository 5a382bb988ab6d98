package expr

import (
	"cmp"
	"strings"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// comparison says which signs of a comparison are true: less, equal, greater.
type comparison [3]bool

// comparisons are indexed by the sign of a three-way comparison plus one.
var comparisons = map[string]comparison{
	"eq": {false, true, false}, "ne": {true, false, true},
	"lt": {true, false, false}, "le": {true, true, false},
	"gt": {false, false, true}, "ge": {false, true, true},
}

// comparer compares row i of two operands that are not null there.
type comparer func(a, b operand, i int) int

// bindComparison binds the six comparisons; all are null if an argument is.
func bindComparison(e *plan.Expr, args []evaluator) (evaluator, error) {
	k, err := compareKernel(e.Func, e.Args[0].Type, e.Args[1].Type)
	if err != nil {
		return nil, err
	}
	return strict(args, e.Type, k), nil
}

// compareKernel returns the kernel of a comparison of two types. The loops over numbers compute
// null rows too, because that costs less than asking. For text and decimals it is the other way
// round.
func compareKernel(name string, a, b schema.Type) (kernel, error) {
	switch {
	case isInts(a.Kind) && a.Kind == b.Kind:
		return func(c *call) {
			x, xm := c.ints(0)
			y, ym := c.ints(1)
			compareRows(name, c.out.Bools, x, xm, y, ym)
		}, nil
	case a.Kind == schema.Float64 && b.Kind == schema.Float64:
		return func(c *call) {
			x, xm := c.floats(0)
			y, ym := c.floats(1)
			compareRows(name, c.out.Bools, x, xm, y, ym)
		}, nil
	case a.Kind == schema.Int64 && b.Kind == schema.Float64:
		return mixedKernel(comparisons[name], 0, 1), nil
	case a.Kind == schema.Float64 && b.Kind == schema.Int64:
		// With the sides swapped, less and greater change places.
		truth := comparisons[name]
		return mixedKernel(comparison{truth[2], truth[1], truth[0]}, 1, 0), nil
	case isText(a.Kind) && a.Kind == b.Kind && (name == "eq" || name == "ne"):
		return func(c *call) { equalText(c, name == "eq") }, nil
	}
	compare, err := threeWay(a, b)
	if err != nil {
		return nil, err
	}
	truth := comparisons[name]
	return func(c *call) {
		x, y := c.args[0], c.args[1]
		for i := range c.out.Bools {
			if !c.out.IsNull(i) {
				c.out.Bools[i] = truth[1+compare(x, y, i)]
			}
		}
	}, nil
}

// compareRows is a loop for each comparison, so that no row costs a choice. No column holds NaN, so
// the operators of Go are an order.
func compareRows[T int64 | float64](name string, out []bool, x []T, xm int, y []T, ym int) {
	switch name {
	case "eq":
		for i := range out {
			out[i] = x[i&xm] == y[i&ym]
		}
	case "ne":
		for i := range out {
			out[i] = x[i&xm] != y[i&ym]
		}
	case "lt":
		for i := range out {
			out[i] = x[i&xm] < y[i&ym]
		}
	case "le":
		for i := range out {
			out[i] = x[i&xm] <= y[i&ym]
		}
	case "gt":
		for i := range out {
			out[i] = x[i&xm] > y[i&ym]
		}
	case "ge":
		for i := range out {
			out[i] = x[i&xm] >= y[i&ym]
		}
	}
}

// mixedKernel compares an int64 argument with a float64 argument by exact value. Rounding to
// float64 keeps the order, so a difference after it is a real one; only a tie needs more.
func mixedKernel(truth comparison, ints, floats int) kernel {
	return func(c *call) {
		a, am := c.ints(ints)
		b, bm := c.floats(floats)
		for i := range c.out.Bools {
			n, x := a[i&am], b[i&bm]
			switch r := float64(n); {
			case r < x:
				c.out.Bools[i] = truth[0]
			case r > x:
				c.out.Bools[i] = truth[2]
			default:
				c.out.Bools[i] = truth[1+compareIntFloat(n, x)]
			}
		}
	}
}

// equalText is apart from the other comparisons because of its common case, a column of text and a
// literal.
func equalText(c *call, want bool) {
	x, y := c.args[0], c.args[1]
	if x.scalar() {
		x, y = y, x
	}
	if y.scalar() && !x.scalar() && x.col.Dict == nil {
		equalToText(c, y.text(0), want)
		return
	}
	for i := range c.out.Bools {
		if !c.out.IsNull(i) {
			c.out.Bools[i] = (x.text(i) == y.text(i)) == want
		}
	}
}

// equalToText compares plain text with one text. The values of nulls are read too: offsets always
// hold.
func equalToText(c *call, text string, want bool) {
	x := c.args[0].col
	if c.args[0].scalar() {
		x = c.args[1].col
	}
	from := x.Offsets[0]
	for i := range c.out.Bools {
		to := x.Offsets[i+1]
		c.out.Bools[i] = (string(x.Data[from:to]) == text) == want
		from = to
	}
}

// threeWay returns how two types compare: by exact value. Types without an order are an error here,
// before any row is read.
func threeWay(a, b schema.Type) (comparer, error) {
	switch {
	case isInts(a.Kind) && a.Kind == b.Kind:
		return func(x, y operand, i int) int {
			return cmp.Compare(x.col.Ints[i&x.mask], y.col.Ints[i&y.mask])
		}, nil
	case isText(a.Kind) && a.Kind == b.Kind:
		return func(x, y operand, i int) int { return strings.Compare(x.text(i), y.text(i)) }, nil
	case a.Kind == schema.Bool && b.Kind == schema.Bool:
		return func(x, y operand, i int) int {
			return compareBools(x.col.Bools[i&x.mask], y.col.Bools[i&y.mask])
		}, nil
	case a.Numeric() && b.Numeric():
		return numericComparer(a, b), nil
	default:
		return nil, unsupported(&plan.Expr{
			Args: []*plan.Expr{{Type: a}, {Type: b}}, Type: schema.Of(schema.Bool),
		})
	}
}

// numericComparer compares numbers of any two types, of which an int64 is a decimal of scale 0.
func numericComparer(a, b schema.Type) comparer {
	switch {
	case a.Kind == schema.Float64 && b.Kind == schema.Float64:
		return func(x, y operand, i int) int {
			return cmp.Compare(x.col.Floats[i&x.mask], y.col.Floats[i&y.mask])
		}
	case b.Kind == schema.Float64:
		return func(x, y operand, i int) int {
			return compareExact(decimalAt(x, i), a.Size, y.col.Floats[i&y.mask])
		}
	case a.Kind == schema.Float64:
		return func(x, y operand, i int) int {
			return -compareExact(decimalAt(y, i), b.Size, x.col.Floats[i&x.mask])
		}
	default:
		return func(x, y operand, i int) int {
			return compareScaled(decimalAt(x, i), a.Size, decimalAt(y, i), b.Size)
		}
	}
}

// decimalAt reads an int64 or decimal as an unscaled value.
func decimalAt(o operand, i int) schema.Int128 {
	if o.col.Decimals != nil {
		return o.col.Decimals[i&o.mask]
	}
	return schema.Int128From(o.col.Ints[i&o.mask])
}

// compareBools puts false before true.
func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}
