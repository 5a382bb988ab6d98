package expr

import (
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/zone"
)

// civil returns the proleptic Gregorian date of a day: eras of 400 years, years that begin in
// March, so that the leap day comes last. 719468 days lead from March 1st of the year 0 to the
// epoch, 146097 are an era, and 153 are any five months from March or August on.
func civil(days int64) (year, month, day int64) {
	days += 719468
	era := schema.FloorDiv(days, 146097)
	dayOfEra := days - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	day = dayOfYear - (153*shifted+2)/5 + 1
	month = shifted + 3
	if month > 12 {
		month -= 12
	}
	year = yearOfEra + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

// dayOf is the inverse of civil.
func dayOf(year, month, day int64) int64 {
	if month <= 2 {
		year--
	}
	era := schema.FloorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := (153*((month+9)%12)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146097 + dayOfEra - 719468
}

// weekday returns 1 for Monday to 7 for Sunday; the epoch was a Thursday.
func weekday(days int64) int64 {
	return days + 3 - 7*schema.FloorDiv(days+3, 7) + 1
}

func yearOf(days int64) int64 { year, _, _ := civil(days); return year }

func monthOf(days int64) int64 { _, month, _ := civil(days); return month }

func dayOfMonth(days int64) int64 { _, _, day := civil(days); return day }

func dayOfYear(days int64) int64 { return days - dayOf(yearOf(days), 1, 1) + 1 }

// isoWeek returns the ISO week: that of the year in which the week's Thursday lies.
func isoWeek(days int64) int64 {
	thursday := days - weekday(days) + 4
	return (thursday-dayOf(yearOf(thursday), 1, 1))/7 + 1
}

// zoneOf returns the zone of argument i; nil stands for UTC. It must be a literal, so that it is
// loaded once and not for each row.
func zoneOf(e *plan.Expr, i int) (*zone.Zone, error) {
	if i >= len(e.Args) {
		return nil, nil
	}
	if e.Args[i].Op != plan.Const || e.Args[i].Value.Null {
		return nil, unsupported(e)
	}
	if e.Args[i].Value.Text == "UTC" {
		return nil, nil
	}
	return zone.Load(e.Args[i].Value.Text)
}

// wallClock returns the function from an instant to the wall clock of a zone. Both are microseconds
// since the epoch, the wall clock as if it were UTC.
func wallClock(z *zone.Zone) func(int64) int64 {
	if z == nil {
		return func(t int64) int64 { return t }
	}
	return z.ToWall
}

// bindDay binds a property of a calendar day to timestamps, in a zone, and dates. A zone behind a
// date has no effect.
func bindDay(of func(days int64) int64) binder {
	return func(e *plan.Expr, args []evaluator) (evaluator, error) {
		if e.Args[0].Type.Kind == schema.Date {
			return strict(args[:1], e.Type, eachInt(of)), nil
		}
		return bindWall(func(wall int64) int64 { return of(schema.FloorDiv(wall, schema.Day)) })(e, args)
	}
}

// bindWall binds a property of a wall clock. UTC has no zone, which saves a call for each row.
func bindWall(of func(wall int64) int64) binder {
	return func(e *plan.Expr, args []evaluator) (evaluator, error) {
		z, err := zoneOf(e, 1)
		if err != nil {
			return nil, err
		}
		if z == nil {
			return strict(args[:1], e.Type, eachInt(of)), nil
		}
		return strict(args[:1], e.Type, eachInt(func(t int64) int64 { return of(z.ToWall(t)) })), nil
	}
}

// eachInt is the kernel of a function of one value kept as an integer. Null rows are passed over,
// because the function may not take whatever their slots hold.
func eachInt(of func(int64) int64) kernel {
	return func(c *call) {
		a, m := c.ints(0)
		for i := range c.out.Ints {
			if !c.out.IsNull(i) {
				c.out.Ints[i] = of(a[i&m])
			}
		}
	}
}

func hourOf(wall int64) int64 { return remainder(wall, schema.Day) / schema.Hour }

func minuteOf(wall int64) int64 { return remainder(wall, schema.Hour) / schema.Minute }

// remainder is what floor division leaves: never negative.
func remainder(x, d int64) int64 { return x - d*schema.FloorDiv(x, d) }

// bindIsWeekend binds is_weekend.
func bindIsWeekend(e *plan.Expr, args []evaluator) (evaluator, error) {
	z, err := zoneOf(e, 1)
	if err != nil {
		return nil, err
	}
	wall := wallClock(z)
	dates := e.Args[0].Type.Kind == schema.Date
	return strict(args[:1], e.Type, func(c *call) {
		a, m := c.ints(0)
		for i := range c.out.Bools {
			days := a[i&m]
			if !dates {
				days = schema.FloorDiv(wall(days), schema.Day)
			}
			c.out.Bools[i] = weekday(days) >= 6
		}
	}), nil
}

// truncateDays are the units of whole days: each gives the first day of a day's unit.
var truncateDays = map[string]func(days int64) int64{
	"day":     func(days int64) int64 { return days },
	"week":    func(days int64) int64 { return days - weekday(days) + 1 },
	"month":   func(days int64) int64 { y, m, _ := civil(days); return dayOf(y, m, 1) },
	"quarter": func(days int64) int64 { y, m, _ := civil(days); return dayOf(y, (m-1)/3*3+1, 1) },
	"year":    func(days int64) int64 { y, _, _ := civil(days); return dayOf(y, 1, 1) },
}

// truncateClock are the units below a day, in microseconds.
var truncateClock = map[string]int64{
	"second": schema.Second, "minute": schema.Minute, "hour": schema.Hour,
}

// bindDateTrunc binds date_trunc(unit, t, [zone]).
func bindDateTrunc(e *plan.Expr, args []evaluator) (evaluator, error) {
	z, err := zoneOf(e, 2)
	if err != nil {
		return nil, err
	}
	if e.Args[0].Op != plan.Const {
		return nil, unsupported(e)
	}
	wall, unit := wallClock(z), e.Args[0].Value.Text
	first, whole := truncateDays[unit]
	step, part := truncateClock[unit]
	var of func(t int64) int64
	switch {
	case e.Type.Kind == schema.Date && whole:
		return strict(args[1:2], e.Type, eachInt(first)), nil
	case part:
		// What the wall clock shows beyond the unit is taken from the instant itself. Turning a
		// wall clock back into an instant could end on the other side of a change of offset.
		of = func(t int64) int64 { return t - remainder(wall(t), step) }
	case whole && z == nil:
		of = func(t int64) int64 { return first(schema.FloorDiv(t, schema.Day)) * schema.Day }
	case whole:
		of = func(t int64) int64 {
			utc, _, _ := z.ToUTC(first(schema.FloorDiv(wall(t), schema.Day)) * schema.Day)
			return utc
		}
	default:
		return nil, unsupported(e)
	}
	return strict(args[1:2], e.Type, inYears(eachInt(of))), nil
}
