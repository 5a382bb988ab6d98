package expr

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/engine/elementary"
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
	"exp":    kernelOf(eachFloat(elementary.Exp)), "ln": kernelOf(eachFloat(elementary.Log)),
	"log10": kernelOf(eachFloat(elementary.Log10)), "log2": kernelOf(eachFloat(elementary.Log2)),
	"log1p": kernelOf(eachFloat(elementary.Log1p)), "pow": kernelOf(pairsOfFloats(elementary.Pow)),
	"sin": kernelOf(eachFloat(elementary.Sin)), "cos": kernelOf(eachFloat(elementary.Cos)),
	"tan": kernelOf(eachFloat(elementary.Tan)), "atan2": kernelOf(pairsOfFloats(elementary.Atan2)),
	"sin_cycle":    kernelOf(pairsOfFloats(elementary.SinTurn)),
	"cos_cycle":    kernelOf(pairsOfFloats(elementary.CosTurn)),
	"haversine_km": kernelOf(haversine), "geohash": kernelOf(textRows(geohashRow)),

	"concat": kernelOf(joinedRows(concatRow)), "replace": kernelOf(joinedRows(replaceRow)),
	"substr": kernelOf(textRows(substrRow)), "lower": kernelOf(eachText(lowerText)),
	"upper": kernelOf(eachText(upperText)), "trim": kernelOf(eachText(trimText)),
	"ltrim": kernelOf(eachText(trimLeft)), "rtrim": kernelOf(eachText(trimRight)),
	"length": byKind(map[schema.Kind]kernel{
		schema.String: lengthText, schema.Bytes: lengthBytes, schema.List: lengthItems,
		schema.Map: lengthItems,
	}),
	"starts_with": kernelOf(testText(strings.HasPrefix)),
	"ends_with":   kernelOf(testText(strings.HasSuffix)),
	"contains":    bindContains,
	"split":       kernelOf(textLists(splitRow)), "tokens": kernelOf(textLists(tokensRow)),
	"ngrams": kernelOf(textLists(ngramsRow)), "join": kernelOf(joinedRows(joinRow)),
	"regexp_matches": bindPattern(findPattern), "regexp_extract": bindPattern(extractPattern),
	"normalize": bindNormalize, "strip_accents": kernelOf(eachText(stripAccents)),
	"levenshtein": kernelOf(levenshtein),
	"hash64":      bindHash(func(hash uint64, _ *call, _ int) int64 { return int64(hash) }),
	"hash_mod":    bindHash(hashModulo),

	"list": bindList, "slice": kernelOf(selected(childOf, slicePlaces)),
	"element_at": byKind(map[schema.Kind]kernel{
		schema.List: picked(elementAt), schema.Vector: picked(elementAt), schema.Map: picked(valueUnder),
	}),
	"map_get": kernelOf(picked(valueUnder)), "map_keys": kernelOf(selected(keysOf, everyPlace)),
	"sort": ofOrdered(sortKernel), "distinct_list": ofOrdered(distinctKernel),
	"max_list": ofOrdered(extremeKernel(1)), "min_list": ofOrdered(extremeKernel(-1)),
	"sum_list": bindListNumber(eachWholeSum(sumInts), sumFloats(false), eachWholeSum(sumDecimals)),
	"avg_list": bindListNumber(eachWholeSum(meanInts), sumFloats(true), eachWholeSum(meanDecimals)),
	"json_get": bindJSONGet, "json_string": kernelOf(textRows(jsonString)),
	"json_number": kernelOf(jsonNumber),
	"dot":         kernelOf(vectors(dotProduct)), "norm": kernelOf(vectors(vectorLength)),
	"l2": kernelOf(vectors(distance)), "cosine": kernelOf(vectors(cosine)),

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
