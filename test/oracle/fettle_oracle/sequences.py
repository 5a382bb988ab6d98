"""Aggregates of values in the order of events, oldest first, and of their multiset as lists."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .exact import DISTINCT_CAP, CapError, fit_decimal, fit_float, fit_int
from .kinds import is_decimal

Values = list[Any]
VALUE_CAP = 10_000


def capped(values: Values) -> Values:
    """The values, if no more of them differ than an aggregate may hold."""
    if len(set(values)) > DISTINCT_CAP:
        raise CapError
    return values


def few(values: Values) -> Values:
    """The values, if there are no more than an aggregate may hold."""
    if len(values) > VALUE_CAP:
        raise CapError
    return values


def ranked(values: Values) -> list[tuple[Any, int]]:
    """Values with their counts: count descending, then value ascending."""
    return sorted(Counter(capped(values)).items(), key=lambda pair: (-pair[1], pair[0]))


def mode(values: Values) -> Any:
    """The most frequent value, the least of equals."""
    return ranked(values)[0][0] if values else None


def top_k(values: Values, count: int) -> tuple[Any, ...]:
    """The most frequent values."""
    return tuple(value for value, _ in ranked(values)[:count])


def collect_set(values: Values) -> tuple[Any, ...]:
    """The different values, ascending."""
    return tuple(sorted(set(capped(values))))


def first_distinct(values: Values, count: int) -> tuple[Any, ...]:
    """The different values that came first, in order."""
    return tuple(dict.fromkeys(values))[:count]


def last_distinct(values: Values, count: int) -> tuple[Any, ...]:
    """The different values that came last, the newest first."""
    return tuple(dict.fromkeys(reversed(values)))[:count]


def newest(values: Values, count: int) -> tuple[Any, ...]:
    """The newest values, the oldest of them first."""
    return tuple(values[-count:])


def best_by(rows: list[tuple[Any, Any]], greatest: bool) -> Any:
    """The v of the row with the least or greatest x, the newest of equals."""
    found = None
    for row in rows:
        if row[1] is None:
            continue
        if found is None or row[1] == found[1] or (row[1] > found[1]) == greatest:
            found = row
    return None if found is None else found[0]


def ewma(values: Values, share: float) -> float | None:
    """e = a*x + (1-a)*e from the first x on, each step in float64."""
    found = None
    for value in values:
        if found is None:
            found = value
        else:
            found = fit_float(share * value + (1.0 - share) * found)
            if found is None:
                return None
    return found


def lag(values: Values, back: int) -> Any:
    """The value so many before the newest."""
    return values[-1 - back] if back < len(values) else None


def delta(kind: str, values: Values) -> Any:
    """The newest value minus the one before."""
    if len(values) < 2:
        return None
    step = values[-1] - values[-2]
    if kind == "float64":
        return fit_float(step)
    return fit_decimal(step) if is_decimal(kind) else fit_int(step)


def streak(values: Values) -> int:
    """The length of the newest run of true."""
    count = 0
    for value in reversed(values):
        if not value:
            break
        count += 1
    return count
