package expr

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// extent returns the place of row i's elements in the child of a list, vector or map.
func (o operand) extent(i int) (from, to int) {
	i &= o.mask
	return int(o.col.Offsets[i]), int(o.col.Offsets[i+1])
}

// become makes the result of a kernel the column, which has its rows and whose nulls are those that
// the kernel has found.
func (c *call) become(column *batch.Column) {
	column.Type = c.out.Type
	*c.out = *column
}

// picked is the kernel of a function that gives one row of the first argument's elements: place
// returns which, or batch.NoRow for a null.
func picked(place func(c *call, i int) uint32) kernel {
	return func(c *call) {
		rows := make([]uint32, c.n)
		for i := range rows {
			rows[i] = batch.NoRow
			if !c.out.IsNull(i) {
				rows[i] = place(c, i)
			}
		}
		c.become(batch.Gather(c.args[0].col.Child, rows))
	}
}

// selected is the kernel of a function that gives a list of the first argument's elements, or of
// what of returns for it: places appends row i's, which lie from one place up to another.
func selected(
	of func(*batch.Column) *batch.Column, places func(c *call, dst []uint32, i, from, to int) []uint32,
) kernel {
	return func(c *call) {
		var rows []uint32
		offsets := make([]uint32, 1, c.n+1)
		for i := range c.n {
			if !c.out.IsNull(i) {
				from, to := c.args[0].extent(i)
				rows = places(c, rows, i, from, to)
			}
			offsets = append(offsets, uint32(len(rows)))
		}
		c.out.Offsets, c.out.Child = offsets, batch.Gather(of(c.args[0].col), rows)
	}
}

func childOf(c *batch.Column) *batch.Column { return c.Child }

func keysOf(c *batch.Column) *batch.Column { return c.Keys }

// elementAt is for lists and vectors, whose index counts from 0, or from the end.
func elementAt(c *call, i int) uint32 {
	from, to := c.args[0].extent(i)
	index := c.args[1].col.Ints[i&c.args[1].mask]
	// Compared before they are added, so that no index overflows.
	switch length := int64(to - from); {
	case index >= length || index < -length:
		return batch.NoRow
	case index < 0:
		return uint32(int64(to) + index)
	default:
		return uint32(int64(from) + index)
	}
}

// valueUnder finds a key of a map by halves: keys ascend in every column.
func valueUnder(c *call, i int) uint32 {
	from, to := c.args[0].extent(i)
	keys, key := c.args[0].col.Keys, c.args[1].text(i)
	at := from + sort.Search(to-from, func(k int) bool { return keys.Text(from+k) >= key })
	if at == to || keys.Text(at) != key {
		return batch.NoRow
	}
	return uint32(at)
}

// everyPlace is the selection of all elements, or keys.
func everyPlace(_ *call, dst []uint32, _, from, to int) []uint32 {
	for at := from; at < to; at++ {
		dst = append(dst, uint32(at))
	}
	return dst
}

// slicePlaces cuts a list as Python does.
func slicePlaces(c *call, dst []uint32, i, from, to int) []uint32 {
	bound := func(arg operand) int {
		at, length := arg.col.Ints[i&arg.mask], int64(to-from)
		if at < 0 {
			at = max(at, -length) + length
		}
		return from + int(min(at, length))
	}
	end := to
	if len(c.args) == 3 {
		end = bound(c.args[2])
	}
	return everyPlace(c, dst, i, bound(c.args[1]), end)
}

// order compares two rows of two columns of one type that are not null.
type order func(a *batch.Column, i int, b *batch.Column, j int) int

// orderOf returns the order of a type; nil if it has none. It is that of threeWay, for rows that do
// not stand side by side.
func orderOf(t schema.Type) order {
	switch {
	case isInts(t.Kind):
		return func(a *batch.Column, i int, b *batch.Column, j int) int {
			return cmp.Compare(a.Ints[i], b.Ints[j])
		}
	case t.Kind == schema.Float64:
		return func(a *batch.Column, i int, b *batch.Column, j int) int {
			return cmp.Compare(a.Floats[i], b.Floats[j])
		}
	case t.Kind == schema.Decimal:
		return func(a *batch.Column, i int, b *batch.Column, j int) int {
			return a.Decimals[i].Compare(b.Decimals[j])
		}
	case t.Kind == schema.Bool:
		return func(a *batch.Column, i int, b *batch.Column, j int) int {
			return compareBools(a.Bools[i], b.Bools[j])
		}
	case t.Kind == schema.String || t.Kind == schema.Bytes:
		return func(a *batch.Column, i int, b *batch.Column, j int) int {
			return strings.Compare(a.Text(i), b.Text(j))
		}
	default:
		return nil
	}
}

// ofOrdered is the binder of a strict function of a list whose elements have an order.
func ofOrdered(k func(order) kernel) binder {
	return func(e *plan.Expr, args []evaluator) (evaluator, error) {
		if e.Args[0].Type.Kind != schema.List {
			return nil, unsupported(e)
		}
		o := orderOf(*e.Args[0].Type.Elem)
		if o == nil {
			return nil, unsupported(e)
		}
		return strict(args, e.Type, k(o)), nil
	}
}

// nullsFirst extends an order to nulls, which are equal to each other.
func (o order) nullsFirst(c *batch.Column, i, j int) int {
	switch {
	case c.IsNull(i) || c.IsNull(j):
		return compareBools(!c.IsNull(i), !c.IsNull(j))
	default:
		return o(c, i, c, j)
	}
}

func sortKernel(o order) kernel {
	return selected(childOf, func(c *call, dst []uint32, i, from, to int) []uint32 {
		start, child := len(dst), c.args[0].col.Child
		dst = everyPlace(c, dst, i, from, to)
		slices.SortFunc(dst[start:], func(a, b uint32) int { return o.nullsFirst(child, int(a), int(b)) })
		return dst
	})
}

// distinctKernel sorts the places by value and then by place, keeps the first of equals, and puts
// them back in their order, so that long lists cost no more than sorting.
func distinctKernel(o order) kernel {
	return selected(childOf, func(c *call, dst []uint32, i, from, to int) []uint32 {
		start, child := len(dst), c.args[0].col.Child
		dst = everyPlace(c, dst, i, from, to)
		slices.SortFunc(dst[start:], func(a, b uint32) int {
			return cmp.Or(o.nullsFirst(child, int(a), int(b)), cmp.Compare(a, b))
		})
		kept := slices.CompactFunc(dst[start:], func(a, b uint32) bool {
			return o.nullsFirst(child, int(a), int(b)) == 0
		})
		slices.Sort(kept)
		return dst[:start+len(kept)]
	})
}

// extremeKernel gives the greatest element, or with sign -1 the least; nulls are skipped.
func extremeKernel(sign int) func(order) kernel {
	return func(o order) kernel {
		return picked(func(c *call, i int) uint32 {
			child := c.args[0].col.Child
			best := batch.NoRow
			for at, to := c.args[0].extent(i); at < to; at++ {
				if !child.IsNull(at) && (best == batch.NoRow || o(child, at, child, int(best))*sign > 0) {
					best = uint32(at)
				}
			}
			return best
		})
	}
}

// bindContains binds contains for texts and for lists. Null elements equal nothing.
func bindContains(e *plan.Expr, args []evaluator) (evaluator, error) {
	if e.Args[0].Type.Kind == schema.String {
		return strict(args, e.Type, testText(strings.Contains)), nil
	}
	return ofOrdered(func(o order) kernel {
		return func(c *call) {
			child, x := c.args[0].col.Child, c.args[1]
			for i := range c.out.Bools {
				if c.out.IsNull(i) {
					continue
				}
				c.out.Bools[i] = false
				for at, to := c.args[0].extent(i); at < to && !c.out.Bools[i]; at++ {
					c.out.Bools[i] = !child.IsNull(at) && o(child, at, x.col, i&x.mask) == 0
				}
			}
		}
	})(e, args)
}

// lengthItems counts elements, null ones too.
func lengthItems(c *call) {
	for i := range c.out.Ints {
		if !c.out.IsNull(i) {
			from, to := c.args[0].extent(i)
			c.out.Ints[i] = int64(to - from)
		}
	}
}

// largestList is how many elements, and how many bytes of text, a list written out can hold at all
// depths. Features that each hold the one before twice would otherwise take all memory.
const largestList = 1 << 20

// weigh counts the elements at the bottom of a row, or the bytes of their texts if that
// is more. Equal values weigh the same, whether texts share a dictionary or not.
func weigh(c *batch.Column, row int) int {
	from, to := row, row+1
	if c.IsNull(row) {
		return 0
	}
	for c.Type.Nested() {
		from, to, c = int(c.Offsets[from]), int(c.Offsets[to]), c.Child
	}
	if c.Offsets == nil && c.Dict == nil || to-from > largestList {
		return to - from
	}
	size := 0
	for at := from; at < to && size <= largestList; at++ {
		if !c.IsNull(at) {
			size += len(c.Text(at))
		}
	}
	return max(size, to-from)
}

// bindList binds the list of its arguments, which have one type. It is null only if it would hold
// more than largestList.
func bindList(e *plan.Expr, args []evaluator) (evaluator, error) {
	return func(f *frame) operand {
		ops, mask := f.evaluateAll(args)
		n := f.length(mask)
		out := &batch.Column{Type: e.Type, Length: n, Offsets: make([]uint32, 1, n+1)}
		rows := make([]uint32, 0, n*len(ops))
		joined, first := joinOperands(ops)
		for i := range n {
			size := 0
			for _, o := range ops {
				size += weigh(o.col, i&o.mask)
			}
			for k, o := range ops {
				if size <= largestList {
					rows = append(rows, first[k]+uint32(i&o.mask))
				}
			}
			if size > largestList {
				c := call{n: n, out: out, counts: f.counts}
				c.overflow(i)
			}
			out.Offsets = append(out.Offsets, uint32(len(rows)))
		}
		out.Child = batch.Gather(joined, rows)
		return operand{col: out, mask: mask}
	}, nil
}

// joinOperands returns the columns one after the other, and where each begins. There is at least
// one, and the types are the same.
func joinOperands(ops []operand) (*batch.Column, []uint32) {
	columns, first := make([]*batch.Column, len(ops)), make([]uint32, len(ops))
	at := 0
	for k, o := range ops {
		columns[k], first[k] = o.col, uint32(at)
		at += o.col.Length
	}
	return batch.Concat(columns), first
}

// chooseNested is choose for lists, vectors and maps.
func chooseNested(branches []operand, pick []uint16) operand {
	joined, first := joinOperands(branches)
	rows := make([]uint32, len(pick))
	for i, k := range pick {
		rows[i] = first[k] + uint32(i&branches[k].mask)
	}
	return operand{col: batch.Gather(joined, rows), mask: -1}
}
