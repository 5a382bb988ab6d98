package expr

import (
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// farthestDay bounds the dates whose midnight is an int64 of microseconds with room for a
// difference.
const farthestDay = 50_000_000

// bindSince binds seconds_since and its kin: (as_of - t) in units. The boundary is the last
// argument.
func bindSince(unit int64) binder {
	return func(e *plan.Expr, args []evaluator) (evaluator, error) {
		if e.Args[0].Type.Kind == schema.Date {
			args = []evaluator{strict(args[:1], schema.Of(schema.Timestamp), midnights), args[1]}
		}
		return strict(args, e.Type, differences(1, 0, unit)), nil
	}
}

// midnights turns dates into timestamps. The years of the result are the caller's to check.
func midnights(c *call) {
	a, m := c.ints(0)
	for i := range c.out.Ints {
		days := a[i&m]
		if days < -farthestDay || days > farthestDay {
			c.overflow(i)
			continue
		}
		c.out.Ints[i] = days * schema.Day
	}
}

// differences is the kernel of argument x minus argument y in units. Timestamps are far from the
// ends of int64.
func differences(x, y int, unit int64) kernel {
	return func(c *call) {
		a, am := c.ints(x)
		b, bm := c.ints(y)
		for i := range c.out.Floats {
			c.out.Floats[i] = float64(a[i&am]-b[i&bm]) / float64(unit)
		}
	}
}

// ageYears counts birthdays up to the day of the boundary, the second argument. A birthday on
// February 29th is counted on March 1st of other years.
func ageYears(c *call) {
	births, bm := c.ints(0)
	asOf, am := c.ints(1)
	for i := range c.out.Ints {
		if c.out.IsNull(i) {
			continue
		}
		year, month, day := civil(births[i&bm])
		nowYear, nowMonth, nowDay := civil(schema.FloorDiv(asOf[i&am], schema.Day))
		age := nowYear - year
		if nowMonth < month || nowMonth == month && nowDay < day {
			age--
		}
		c.out.Ints[i] = age
	}
}

// epochSeconds keeps the fraction of a second.
func epochSeconds(c *call) {
	a, m := c.ints(0)
	for i := range c.out.Floats {
		c.out.Floats[i] = float64(a[i&m]) / float64(schema.Second)
	}
}
