package expr

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
)

// registry holds the implementation of every scalar function, operator and special form. Its names
// must be those that package builtin says are ready, which a test compares. It is not written after
// start.
var registry = map[string]binder{
	"add": bindSum(addInts, addFloats, addDecimals),
	"sub": bindSum(subtractInts, subtractFloats, subtractDecimals),
	"mul": bindProduct,
	"divide": byKind(map[schema.Kind]kernel{
		schema.Int64: divideInts, schema.Float64: divideFloats, schema.Decimal: divideDecimals,
	}),
	"div": byKind(map[schema.Kind]kernel{
		schema.Int64: truncateInts, schema.Float64: truncateFloats, schema.Decimal: truncateDecimals,
	}),
	"mod": byKind(map[schema.Kind]kernel{
		schema.Int64: remainderInts, schema.Float64: remainderFloats, schema.Decimal: remainderDecimals,
	}),
	"neg": byKind(map[schema.Kind]kernel{
		schema.Int64: negateInts, schema.Duration: negateInts, schema.Float64: negateFloats,
		schema.Decimal: negateDecimals,
	}),
	"eq": bindComparison, "ne": bindComparison, "lt": bindComparison,
	"le": bindComparison, "gt": bindComparison, "ge": bindComparison,
	"and": bindConnective(false), "or": bindConnective(true), "not": kernelOf(notKernel),
	"is_null": bindIsNull, "is_distinct": bindIsDistinct, "in": bindIn, "like": bindLike,
	"case": bindCase, "if": bindCase, "coalesce": bindCoalesce, "ifnull": bindCoalesce,
	"nullif": bindNullIf, "cast": bindCast, "greatest": bindExtreme(1), "least": bindExtreme(-1),

	"abs": byKind(map[schema.Kind]kernel{
		schema.Int64: absoluteInts, schema.Float64: eachFloat(math.Abs), schema.Decimal: absoluteDecimals,
	}),
	"sign": kernelOf(signKernel), "sqrt": kernelOf(eachFloat(math.Sqrt)), "round": bindRound,
	"floor": bindRounding(math.Floor, towardsFloor), "ceil": bindRounding(math.Ceil, towardsCeiling),
	"trunc": bindRounding(math.Trunc, towardsZero), "clip": bindClip, "safe_div": bindSafeDiv,
	"bucket": bindBucket,

	"concat": kernelOf(textRows(concatRow)), "replace": kernelOf(textRows(replaceRow)),
	"substr": kernelOf(textRows(substrRow)), "lower": kernelOf(eachText(lowerText)),
	"upper": kernelOf(eachText(upperText)), "trim": kernelOf(eachText(trimText)),
	"ltrim": kernelOf(eachText(trimLeft)), "rtrim": kernelOf(eachText(trimRight)),
	"length": byKind(map[schema.Kind]kernel{
		schema.String: lengthText, schema.Bytes: lengthBytes,
	}),
	"starts_with": kernelOf(testText(strings.HasPrefix)),
	"ends_with":   kernelOf(testText(strings.HasSuffix)),
	"contains":    kernelOf(testText(strings.Contains)),

	"seconds_since": bindSince(schema.Second), "minutes_since": bindSince(schema.Minute),
	"hours_since": bindSince(schema.Hour), "days_since": bindSince(schema.Day),
	"age_years":       kernelOf(ageYears),
	"seconds_between": kernelOf(differences(1, 0, schema.Second)),
	"year":            bindDay(yearOf), "month": bindDay(monthOf), "day": bindDay(dayOfMonth),
	"day_of_week": bindDay(weekday), "day_of_year": bindDay(dayOfYear), "week": bindDay(isoWeek),
	"hour": bindWall(hourOf), "minute": bindWall(minuteOf), "is_weekend": bindIsWeekend,
	"date":       bindWall(func(wall int64) int64 { return schema.FloorDiv(wall, schema.Day) }),
	"date_trunc": bindDateTrunc, "epoch_seconds": kernelOf(epochSeconds),
	"to_timestamp": bindToTimestamp,
	"seconds":      bindUnit(schema.Second), "minutes": bindUnit(schema.Minute),
	"hours": bindUnit(schema.Hour), "days": bindUnit(schema.Day),
}

// Names returns the names that have an implementation, sorted.
func Names() []string { return slices.Sorted(maps.Keys(registry)) }
