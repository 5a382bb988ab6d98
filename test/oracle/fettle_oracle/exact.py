"""Aggregates of a list of values, exact and then rounded once.

A float64 is an integer times 2**-1074, so sums of floats and of their squares are sums of integers;
Python's division of integers is correctly rounded, half to even, down to the subnormals.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Callable

from .kinds import scale_of

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
DECIMAL_LIMIT = 10**38
DISTINCT_CAP = 10_000
FLOAT_SHIFT = 1074


class CapError(Exception):
    """An aggregate met more distinct values than it may hold."""


def fit_int(value: int) -> int | None:
    """The value, or null outside int64."""
    return value if INT_MIN <= value <= INT_MAX else None


def fit_decimal(value: int) -> int | None:
    """The unscaled value, or null above 38 digits."""
    return value if abs(value) < DECIMAL_LIMIT else None


def fit_float(value: float) -> float | None:
    """The value, null if not finite, a zero without a sign."""
    if not math.isfinite(value):
        return None
    return value + 0.0 if value else 0.0


def ratio(numerator: int, denominator: int) -> float | None:
    """numerator / denominator rounded once to float64; null if that is not finite."""
    try:
        return fit_float(numerator / denominator)
    except OverflowError:
        return None


def half_even(numerator: int, denominator: int) -> int:
    """numerator / denominator rounded half to even to an integer."""
    return round(Fraction(numerator, denominator))


def units(value: float) -> int:
    """A finite float64 as an exact count of 2**-1074."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << (FLOAT_SHIFT - denominator.bit_length() + 1)


def sum_floats(values: list[float]) -> float | None:
    """The exact sum rounded once: fsum, or exact integers where fsum overflows on its way."""
    try:
        return fit_float(math.fsum(values))
    except OverflowError:
        return ratio(sum(map(units, values)), 1 << FLOAT_SHIFT)


def total(kind: str, values: list[Any]) -> Any:
    """sum."""
    if not values:
        return None
    if kind == "float64":
        return sum_floats(values)
    exact = sum(values)
    return fit_int(exact) if kind == "int64" else fit_decimal(exact)


def average(kind: str, values: list[Any]) -> Any:
    """avg: of decimals to scale + 6, of others float64."""
    if not values:
        return None
    if kind == "float64":
        rounded = sum_floats(values)
        return None if rounded is None else fit_float(rounded / len(values))
    if kind == "int64":
        return ratio(sum(values), len(values))
    return fit_decimal(half_even(sum(values) * 10**6, len(values)))


def spread(kind: str, values: list[Any]) -> tuple[int, int]:
    """n*S2 - S1*S1 as an exact fraction: numerator and denominator."""
    if kind == "float64":
        exact, denominator = [units(value) for value in values], 1 << (2 * FLOAT_SHIFT)
    elif kind == "int64":
        exact, denominator = values, 1
    else:
        exact, denominator = values, 10 ** (2 * scale_of(kind))
    first = sum(exact)
    return len(exact) * sum(value * value for value in exact) - first * first, denominator


def variance(kind: str, values: list[Any], sample: bool, root: bool) -> float | None:
    """var_samp, var_pop, stddev_samp and stddev_pop."""
    count = len(values)
    if count == 0 or (sample and count == 1):
        return None
    rounded = ratio(*spread(kind, values))
    if rounded is None:
        return None
    result = rounded / float(count * (count - 1) if sample else count * count)
    return fit_float(math.sqrt(result) if root else result)


def distinct(values: list[Any]) -> int:
    """count(distinct x)."""
    count = len(set(values))
    if count > DISTINCT_CAP:
        raise CapError
    return count


def true_only(values: list[Any]) -> int:
    """count_if."""
    return sum(1 for value in values if value is True)


Fold = Callable[[str, list[Any]], Any]

# Each aggregate by name: a function of the argument's type and its non-null values in order.
FOLDS: dict[str, Fold] = {
    "count": lambda kind, values: len(values),
    "count_if": lambda kind, values: true_only(values),
    "count_distinct": lambda kind, values: distinct(values),
    "sum": total,
    "avg": average,
    "min": lambda kind, values: min(values, default=None),
    "max": lambda kind, values: max(values, default=None),
    "first": lambda kind, values: values[0] if values else None,
    "last": lambda kind, values: values[-1] if values else None,
    "any": lambda kind, values: any(values) if values else None,
    "all": lambda kind, values: all(values) if values else None,
    "var_samp": lambda kind, values: variance(kind, values, True, False),
    "var_pop": lambda kind, values: variance(kind, values, False, False),
    "stddev_samp": lambda kind, values: variance(kind, values, True, True),
    "stddev_pop": lambda kind, values: variance(kind, values, False, True),
}
