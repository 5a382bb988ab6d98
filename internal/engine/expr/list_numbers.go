package expr

import (
	"math/bits"

	"github.com/fettle-ml/fettle/internal/engine/exact"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// bindListNumber binds a function of a list of numbers by the kind of its elements. Each kernel is
// null for a list without numbers.
func bindListNumber(ints, floats, decimals kernel) binder {
	return func(e *plan.Expr, args []evaluator) (evaluator, error) {
		if e.Args[0].Type.Kind != schema.List {
			return nil, unsupported(e)
		}
		switch e.Args[0].Type.Elem.Kind {
		case schema.Int64:
			return strict(args, e.Type, ints), nil
		case schema.Float64:
			return strict(args, e.Type, floats), nil
		case schema.Decimal:
			return strict(args, e.Type, decimals), nil
		default:
			return nil, unsupported(e)
		}
	}
}

// wholeSum is the exact sum of integers or unscaled decimals, and how many there are. 192 bits
// hold more terms than a column can have.
type wholeSum struct {
	words [3]uint64
	n     int64
}

func (s *wholeSum) add(v schema.Int128) {
	var carry uint64
	s.words[0], carry = bits.Add64(s.words[0], v.Lo, 0)
	s.words[1], carry = bits.Add64(s.words[1], uint64(v.Hi), carry)
	s.words[2] += uint64(v.Hi>>63) + carry
	s.n++
}

// eachWholeSum calls use with the sum of every row that has one; false is an overflow.
func eachWholeSum(use func(c *call, s *wholeSum, i int) bool) kernel {
	return func(c *call) {
		list := c.args[0]
		elements := operand{col: list.col.Child, mask: -1}
		for i := range c.n {
			if c.out.IsNull(i) {
				continue
			}
			var sum wholeSum
			for at, to := list.extent(i); at < to; at++ {
				if !elements.isNull(at) {
					sum.add(decimalAt(elements, at))
				}
			}
			switch {
			case sum.n == 0:
				c.fail(i)
			case !use(c, &sum, i):
				c.overflow(i)
			}
		}
	}
}

func sumInts(c *call, s *wholeSum, i int) (fits bool) {
	c.out.Ints[i], fits = exact.Int64(s.words[:])
	return fits
}

func sumDecimals(c *call, s *wholeSum, i int) (fits bool) {
	c.out.Decimals[i], fits = exact.Decimal(s.words[:])
	return fits
}

func meanInts(c *call, s *wholeSum, i int) bool {
	c.out.Floats[i] = exact.IntMean(s.words[:], s.n)
	return true
}

// meanDecimals gives as many digits more as the type of the result has.
func meanDecimals(c *call, s *wholeSum, i int) (fits bool) {
	digits := c.out.Type.Size - c.args[0].col.Type.Elem.Size
	c.out.Decimals[i], fits = exact.DecimalMean(s.words[:], s.n, digits)
	return fits
}

// sumFloats rounds the exact sum once; the mean divides what was rounded.
func sumFloats(mean bool) kernel {
	return func(c *call) {
		var total exact.Total
		child := c.args[0].col.Child
		for i := range c.n {
			if c.out.IsNull(i) {
				continue
			}
			total.Reset()
			n := 0
			for at, to := c.args[0].extent(i); at < to; at++ {
				if !child.IsNull(at) {
					total.Add(child.Floats[at], 1)
					n++
				}
			}
			if n == 0 {
				c.fail(i)
				continue
			}
			if c.out.Floats[i] = total.Float(); mean {
				c.out.Floats[i] /= float64(n)
			}
		}
		c.dropNonFinite()
	}
}
