"""Moments, correlations, entropy and quantiles of exact numbers."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from mpmath import mp, mpf

from .exact import FLOAT_SHIFT, fit_float, ratio, sum_floats, units
from .kinds import is_decimal, scale_of
from .mathematics import rounded

Pair = tuple[Any, Any]


def exactly(kind: str, values: list[Any]) -> tuple[list[int], int]:
    """Numbers as integers over one denominator."""
    if kind == "float64":
        return [units(value) for value in values], 1 << FLOAT_SHIFT
    return list(values), 10 ** scale_of(kind) if is_decimal(kind) else 1


def as_float(kind: str, value: Any) -> float | None:
    """A number as float64, rounded once."""
    if is_decimal(kind):
        return ratio(value, 10 ** scale_of(kind))
    return float(value)


def product_sums(
    left: tuple[list[int], int], right: tuple[list[int], int]
) -> float | None:
    """n * Sxy - Sx * Sy, formed exactly and rounded once."""
    (xs, over_x), (ys, over_y) = left, right
    exact = len(xs) * sum(x * y for x, y in zip(xs, ys)) - sum(xs) * sum(ys)
    return ratio(exact, over_x * over_y)


def quotient(numerator: float | None, denominator: float | None) -> float | None:
    """A quotient of rounded numbers; null by zero."""
    if numerator is None or denominator is None or denominator == 0:
        return None
    return fit_float(numerator / denominator)


def joint(name: str, kinds: tuple[str, ...], pairs: list[Pair]) -> float | None:
    """covar, corr and slope of pairs (y, x)."""
    if len(pairs) < 2:
        return None
    y = exactly(kinds[0], [pair[0] for pair in pairs])
    x = exactly(kinds[1], [pair[1] for pair in pairs])
    a, b, c = product_sums(x, y), product_sums(x, x), product_sums(y, y)
    if name == "covar":
        return quotient(a, float(len(pairs) ** 2))
    if name == "slope":
        return quotient(a, b)
    if b is None or c is None:
        return None
    found = quotient(a, math.sqrt(b) * math.sqrt(c))
    return None if found is None else max(-1.0, min(1.0, found))


def central(kind: str, values: list[Any], order: int) -> float | None:
    """A central moment, formed exactly and rounded once."""
    exact, over = exactly(kind, values)
    count, total = len(exact), sum(exact)
    top = sum((count * value - total) ** order for value in exact)
    return ratio(top, count ** (order + 1) * over**order)


def skew(kind: str, values: list[Any]) -> float | None:
    """m3 / (m2 * sqrt(m2)), null for fewer than three values."""
    if len(values) < 3:
        return None
    second, third = central(kind, values, 2), central(kind, values, 3)
    if not second or third is None:
        return None
    below = second * math.sqrt(second)
    return quotient(third, below) if math.isfinite(below) else None


def kurtosis(kind: str, values: list[Any]) -> float | None:
    """m4 / (m2 * m2) - 3, null for fewer than four values."""
    if len(values) < 4:
        return None
    second, fourth = central(kind, values, 2), central(kind, values, 4)
    if not second or fourth is None or not math.isfinite(second * second):
        return None
    found = quotient(fourth, second * second)
    return None if found is None else fit_float(found - 3.0)


def entropy(values: list[Any]) -> float | None:
    """Minus the exact sum of the rounded terms p * ln p, rounded once."""
    if not values:
        return None
    shares = [count / len(values) for count in Counter(values).values()]
    return sum_floats([-(share * rounded(mp.log(mpf(share)))) for share in shares])


def percentile(values: list[float], share: float) -> float | None:
    """Linear interpolation at position p(n - 1) of the sorted values."""
    if not values:
        return None
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    part = position - below
    low, high = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
    if part == 0:
        return fit_float(low)
    step = high - low
    if math.isfinite(step):
        return fit_float(low + part * step)
    return fit_float(low * (1 - part) + high * part)
