package builtin

import "strings"

const truncUnits = "second minute hour day week month quarter year"

func timeFunctions() []Function {
	return slicesOf("time", sinceFunctions(), calendarFunctions(), conversions(), durations(), cycles())
}

func sinceFunctions() []Function {
	var rows []Function
	for _, unit := range []string{"seconds", "minutes", "hours", "days"} {
		rows = append(rows, Function{
			Name: unit + "_since", Ready: true, ReadsAsOf: true,
			Signatures: []string{unit + "_since(t: timestamp) -> float64", unit + "_since(t: date) -> float64"},
			Doc: "The " + unit + " from t to as_of: the microseconds divided by those of one unit. " +
				"A date is midnight UTC.",
			Nulls: nullIfAnyNull, Errors: "none; negative if t is after as_of",
			Example: unit + "_since(last(event_time) over all)",
		})
	}
	return append(rows, Function{
		Name: "age_years", Ready: true, ReadsAsOf: true,
		Signatures: []string{"age_years(birth: date) -> int64"},
		Doc: "The birthdays since birth, up to and with the date of as_of in UTC. In a year without " +
			"29 February that birthday is 1 March.",
		Nulls: nullIfAnyNull, Errors: "none; negative if birth is after as_of", Example: "age_years(birth_date)",
	}, Function{
		Name: "seconds_between", Ready: true,
		Signatures: []string{"seconds_between(from: timestamp, to: timestamp) -> float64"},
		Doc:        "The seconds from the first time to the second.", Nulls: nullIfAnyNull,
		Errors: "none; negative if to is before from", Example: "seconds_between(ordered_at, paid_at)",
	})
}

func calendarFunctions() []Function {
	row := func(name, result, doc string) Function {
		return Function{
			Name: name, Ready: true,
			Signatures: []string{
				name + "(t: timestamp, [zone: zone]) -> " + result, name + "(t: date) -> " + result,
			},
			Doc: doc, Nulls: nullIfAnyNull, Errors: "none", Example: name + "(event_time, 'Europe/Paris')",
		}
	}
	hour := row("hour", "int64", "The hour, 0 to 23, in the zone (UTC).")
	minute := row("minute", "int64", "The minute, 0 to 59, in the zone (UTC).")
	hour.Signatures, minute.Signatures = hour.Signatures[:1], minute.Signatures[:1]
	date := row("date", "date", "The calendar day in the zone (UTC).")
	date.Signatures = date.Signatures[:1]
	return []Function{{
		Name: "date_trunc", Ready: true,
		Signatures: []string{
			"date_trunc(unit: literal string one of " + truncUnits + ", t: timestamp, [zone: zone]) -> timestamp",
			"date_trunc(unit: literal string one of " + lastWords(truncUnits, 5) + ", t: date) -> date",
		},
		Doc: "The beginning of the second, minute, hour, day, week (Monday), month, quarter or year " +
			"in the zone (UTC). A beginning that a clock change skips is moved forward by the gap, of " +
			"one that comes twice the earlier is taken; seconds, minutes and hours begin within t's own offset.",
		Nulls: nullIfAnyNull, Errors: "null, counted, if the beginning lies before 1900",
		Example: "date_trunc('month', event_time)",
	},
		row("year", "int64", "The year in the zone (UTC)."),
		row("month", "int64", "The month, 1 to 12, in the zone (UTC)."),
		row("day", "int64", "The day of the month, 1 to 31, in the zone (UTC)."),
		hour, minute,
		row("day_of_week", "int64", "The day of the week, 1 for Monday to 7 for Sunday, in the zone (UTC)."),
		row("day_of_year", "int64", "The day of the year, 1 to 366, in the zone (UTC)."),
		row("week", "int64", "The ISO 8601 week, 1 to 53, in the zone (UTC)."),
		row("is_weekend", "bool", "Whether the day is a Saturday or Sunday in the zone (UTC)."),
		date,
	}
}

// lastWords drops all but the last n words.
func lastWords(text string, n int) string {
	words := strings.Fields(text)
	return strings.Join(words[len(words)-n:], " ")
}

func conversions() []Function {
	return []Function{{
		Name: "epoch_seconds", Ready: true, Signatures: []string{"epoch_seconds(t: timestamp) -> float64"},
		Doc: "The seconds since 1970-01-01 00:00 UTC.", Nulls: nullIfAnyNull, Errors: "none",
		Example: "epoch_seconds(event_time)",
	}, {
		Name: "to_timestamp", Ready: true,
		Signatures: []string{
			"to_timestamp(seconds: number) -> timestamp", "to_timestamp(text: string, [zone: zone]) -> timestamp",
		},
		Doc: "The time so many seconds after 1970-01-01 00:00 UTC, floored to the microsecond; or the " +
			"time a text names. A text without offset is read in the zone: twice-told times as the " +
			"earlier, skipped ones moved forward by the gap.",
		Nulls:   nullIfAnyNull,
		Errors:  "null, counted, outside the years 1900-2200, for malformed text and for text without offset if no zone is given",
		Example: "to_timestamp(1714566600.5)",
	}}
}

func durations() []Function {
	var rows []Function
	for _, unit := range []string{"seconds", "minutes", "hours", "days"} {
		rows = append(rows, Function{
			Name: unit, Ready: true, Signatures: []string{unit + "(x: number) -> duration"},
			Doc: "The duration of so many " + unit + ", floored to the microsecond. A float64 is " +
				"multiplied by the microseconds of one unit in float64, then floored.",
			Nulls: nullIfAnyNull, Errors: "null, counted, if it does not fit in int64 microseconds",
			Example: "event_time + " + unit + "(delay)",
		})
	}
	return rows
}

func cycles() []Function {
	row := func(name, function string) Function {
		return Function{
			Name: name, Ready: true,
			Signatures: []string{name + "(x: float64, period: literal float64 1e-300..1e300) -> float64"},
			Doc: "A place on a circle that x runs around once in each period: the " + function + " of 2 pi x / period, " +
				"of the exact quotient and the true pi." + nearest + " Quarters of a period so give exactly -1, 0 or 1.",
			Nulls: nullIfAnyNull, Errors: "none", Example: name + "(hour(event_time), 24)",
		}
	}
	return []Function{row("sin_cycle", "sine"), row("cos_cycle", "cosine")}
}
