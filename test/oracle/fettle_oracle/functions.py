"""Scalar functions that are null if an argument is null, by the types of their arguments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Callable

from . import dates, jsontext
from .exact import fit_float, fit_int
from .geo import geohash, haversine_km
from .mathematics import PAIR_FUNCTIONS, REAL_FUNCTIONS
from .texts import TEXT
from .times import DAY, FIRST_TIME, LAST_TIME


@dataclass(frozen=True)
class Function:
    """Argument types to result type, and the function of non-null values."""

    types: dict[tuple[str, ...], str]
    apply: Callable[..., Any]


def half_away(value: Any) -> Any:
    """round(x): half away from zero."""
    if isinstance(value, int):
        return value
    whole, part = math.floor(abs(value)), abs(value) - math.floor(abs(value))
    rounded = float(whole + (1 if part >= 0.5 else 0))
    return fit_float(math.copysign(rounded, value))


def rounded(value: Any, places: int) -> Any:
    """round(x, n): of floats in three steps of float64, of integers exactly."""
    if isinstance(value, int):
        unit = 10 ** max(0, -places)
        return fit_int((abs(value) * 2 + unit) // (2 * unit) * unit * (-1 if value < 0 else 1))
    if places < 0:  # powers of ten below one are not exact
        return fit_float(half_away(value / 10.0**-places) * 10.0**-places)
    scaled = value * 10.0**places
    return fit_float(half_away(scaled) / 10.0**places) if math.isfinite(scaled) else value


def sign(value: Any) -> int:
    """-1, 0 or 1."""
    return (value > 0) - (value < 0)


def duration_of(unit: int) -> Callable[[Any], int | None]:
    """seconds(x) and the like: of a float in float64, then floored."""

    def run(value: Any) -> int | None:
        if isinstance(value, int):
            return fit_int(value * unit)
        product = value * float(unit)
        return fit_int(math.floor(product)) if math.isfinite(product) else None

    return run


def keep(function: Callable[[float], int]) -> Callable[[Any], Any]:
    """floor, ceil and trunc keep the type of their argument."""
    return lambda v: v if isinstance(v, int) else fit_float(float(function(v)))


def since(micros: float) -> Callable[[int, int], float | None]:
    """The time from x to as_of in some unit, one rounding."""
    return lambda as_of, moment: fit_float(float(as_of - moment) / micros)


def to_timestamp(seconds: Any) -> int | None:
    """The time so many seconds after the epoch, floored to the microsecond."""
    span = duration_of(1_000_000)(seconds)
    return span if span is not None and FIRST_TIME <= span < LAST_TIME else None


REALS = [("float64",)]
INSTANTS = [("timestamp",)]
PAIR_OF_TIMES = [("timestamp", "timestamp")]
ZONED = [("timestamp",), ("timestamp", "string")]
NUMBERS = [("int64",), ("float64",)]


def on(kinds: list[tuple[str, ...]], result: str, apply: Callable[..., Any]) -> Function:
    """A function with one result type."""
    return Function(dict.fromkeys(kinds, result), apply)


def kept(apply: Callable[..., Any]) -> Function:
    """A function that keeps the type of a number."""
    return Function({("int64",): "int64", ("float64",): "float64"}, apply)


def real(name: str) -> Function:
    """An elementary function of one float64."""
    return on(REALS, "float64", REAL_FUNCTIONS[name])


TEXT_ARGUMENTS = {
    "length": [("string",), ("bytes",)],
    "substr": [("string", "int64"), ("string", "int64", "int64")],
    "replace": [("string",) * 3],
    "regexp_extract": [("string", "string"), ("string", "string", "int64")],
    "ngrams": [("string", "int64")],
    **{name: [("string", "string")] for name in (
        "starts_with", "ends_with", "contains", "split", "regexp_matches", "normalize",
        "levenshtein",
    )},
}

FUNCTIONS: dict[str, Function] = {
    "abs": kept(lambda v: fit_int(abs(v)) if isinstance(v, int) else abs(v)),
    "round": kept(half_away),
    "floor": kept(keep(math.floor)),
    "ceil": kept(keep(math.ceil)),
    "trunc": kept(keep(math.trunc)),
    "sign": on(NUMBERS, "int64", sign),
    "sqrt": on(REALS, "float64", lambda v: fit_float(math.sqrt(v)) if v >= 0 else None),
    **{name: real(name) for name in REAL_FUNCTIONS},
    **{name: on([("float64",) * 2], "float64", apply) for name, apply in PAIR_FUNCTIONS.items()},
    **{
        name: on(TEXT_ARGUMENTS.get(name, [("string",)]), result, apply)
        for name, (result, apply) in TEXT.items()
    },
    "haversine_km": on([("float64",) * 4], "float64", haversine_km),
    "geohash": on([("float64", "float64", "int64")], "string", geohash),
    "json_get": on([("json", "string")], "json", jsontext.part),
    "json_string": on([("json",)], "string", jsontext.string),
    "json_number": on([("json",)], "float64", jsontext.number),
    "seconds_since": on(PAIR_OF_TIMES, "float64", since(1e6)),
    "minutes_since": on(PAIR_OF_TIMES, "float64", since(6e7)),
    "hours_since": on(PAIR_OF_TIMES, "float64", since(3.6e9)),
    "days_since": on(PAIR_OF_TIMES, "float64", since(8.64e10)),
    "seconds_between": on(PAIR_OF_TIMES, "float64", lambda a, b: since(1e6)(b, a)),
    "age_years": on([("timestamp", "date")], "int64", dates.age_years),
    "seconds": on(NUMBERS, "duration", duration_of(1_000_000)),
    "minutes": on(NUMBERS, "duration", duration_of(60_000_000)),
    "hours": on(NUMBERS, "duration", duration_of(3_600_000_000)),
    "days": on(NUMBERS, "duration", duration_of(DAY)),
    "epoch_seconds": on(INSTANTS, "float64", lambda t: fit_float(t / 1e6)),
    "to_timestamp": on(NUMBERS, "timestamp", to_timestamp),
    "date": on(ZONED, "date", dates.date_of),
    "hour": on(ZONED, "int64", dates.clock_part("hour")),
    "minute": on(ZONED, "int64", dates.clock_part("minute")),
    "date_trunc": Function(
        {("string", *kinds): "timestamp" for kinds in ZONED}, dates.truncate
    ),
    **{
        name: on(ZONED, "bool" if name == "is_weekend" else "int64", dates.part(name))
        for name in dates.PARTS
    },
}

ROUNDED = Function({("int64", "int64"): "int64", ("float64", "int64"): "float64"}, rounded)
