"""Scalar functions that are null if an argument is null."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Callable

from . import dates
from .exact import fit_float, fit_int
from .times import DAY


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


def safe_div(left: float, right: float, other: float) -> float | None:
    """x / y, or the other value if y is 0."""
    return other if right == 0 else fit_float(left / right)


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


def substr(text: str, start: int, length: int) -> str:
    """1-based substring of a start >= 1 and a length >= 0."""
    return text[start - 1 : start - 1 + length]


def since(micros: float) -> Callable[[int, int], float | None]:
    """The time from x to as_of in some unit, one rounding."""
    return lambda as_of, moment: fit_float(float(as_of - moment) / micros)


NUMBERS = {("int64",): "int64", ("float64",): "float64"}
REALS = {("int64",): "float64", ("float64",): "float64"}
TEXT = {("string",): "string"}
TIMED = {("timestamp",): "float64"}
SPANS = {("int64",): "duration", ("float64",): "duration"}
ZONED = [("timestamp",), ("timestamp", "string")]

FUNCTIONS: dict[str, Function] = {
    "abs": Function(NUMBERS, lambda v: fit_int(abs(v)) if isinstance(v, int) else abs(v)),
    "round": Function(NUMBERS, half_away),
    "floor": Function(NUMBERS, keep(math.floor)),
    "ceil": Function(NUMBERS, keep(math.ceil)),
    "trunc": Function(NUMBERS, keep(math.trunc)),
    "sign": Function({("int64",): "int64", ("float64",): "int64"}, sign),
    "safe_div": Function({("float64", "float64", "float64"): "float64"}, safe_div),
    "sqrt": Function(REALS, lambda v: fit_float(math.sqrt(v)) if v >= 0 else None),
    "lower": Function(TEXT, str.lower),
    "upper": Function(TEXT, str.upper),
    "length": Function({("string",): "int64"}, len),
    "substr": Function({("string", "int64", "int64"): "string"}, substr),
    "starts_with": Function({("string", "string"): "bool"}, str.startswith),
    "contains": Function({("string", "string"): "bool"}, lambda a, b: b in a),
    "seconds_since": Function(TIMED, since(1e6)),
    "minutes_since": Function(TIMED, since(6e7)),
    "hours_since": Function(TIMED, since(3.6e9)),
    "days_since": Function(TIMED, since(8.64e10)),
    "ends_with": Function({("string", "string"): "bool"}, str.endswith),
    "replace": Function(
        {("string", "string", "string"): "string"}, lambda a, b, c: a.replace(b, c) if b else a
    ),
    "trim": Function(TEXT, str.strip),
    "seconds": Function(SPANS, duration_of(1_000_000)),
    "minutes": Function(SPANS, duration_of(60_000_000)),
    "hours": Function(SPANS, duration_of(3_600_000_000)),
    "days": Function(SPANS, duration_of(DAY)),
    "epoch_seconds": Function(TIMED, lambda t: fit_float(t / 1e6)),
    "date": Function(dict.fromkeys(ZONED, "date"), dates.date_of),
    "hour": Function(dict.fromkeys(ZONED, "int64"), dates.clock_part("hour")),
    "minute": Function(dict.fromkeys(ZONED, "int64"), dates.clock_part("minute")),
    "date_trunc": Function(
        {("string", *kinds): "timestamp" for kinds in ZONED}, dates.truncate
    ),
    **{
        name: Function(
            dict.fromkeys(ZONED, "bool" if name == "is_weekend" else "int64"), dates.part(name)
        )
        for name in dates.PARTS
    },
}

ROUNDED = Function({("int64", "int64"): "int64", ("float64", "int64"): "float64"}, rounded)
