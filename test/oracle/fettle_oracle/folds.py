"""The table of aggregates: types, literals, and the value of the contributing events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from . import OracleError
from .casts import text_of
from .decay import decayed
from .exact import FOLDS
from .hashes import hash64
from .kinds import is_decimal, is_number, is_ordered, scale_of
from .moments import as_float, entropy, joint, kurtosis, percentile, skew
from .sequences import (
    best_by, capped, collect_set, delta, ewma, few, first_distinct, lag, last_distinct, mode,
    newest, ranked, streak, top_k,
)
from .sketches import approx_distinct, middle

ALIASES = {"var": "var_samp", "stddev": "stddev_samp"}


@dataclass
class Selected:
    """The contributing events of one read: argument values, times, literals."""

    kinds: tuple[str, ...]
    literals: tuple[Any, ...]
    rows: list[tuple[Any, ...]]
    times: list[int]
    boundary: int

    @property
    def values(self) -> list[Any]:
        """The first argument, nulls left out; of a call without arguments, a value an event."""
        return [row[0] for row in self.rows if row[0] is not None] if self.kinds else self.rows

    @property
    def whole(self) -> list[tuple[Any, ...]]:
        """The arguments of events where none is null."""
        return [row for row in self.rows if None not in row]

    def floats(self) -> list[float]:
        """The first argument as float64."""
        return [as_float(self.kinds[0], value) for value in self.values]

    def timed(self) -> list[tuple[float, int]]:
        """Values that are not null with their times; 1.0 for an event without a value."""
        if not self.kinds:
            return [(1.0, time) for time in self.times]
        kind = self.kinds[0]
        return [(as_float(kind, row[0]), time)
                for row, time in zip(self.rows, self.times) if row[0] is not None]


@dataclass(frozen=True)
class Aggregation:
    """An aggregate: how many arguments are of events (the others are literals), type, value."""

    arguments: int
    result: Callable[[tuple[str, ...]], str]
    run: Callable[[Selected], Any]


def same(kinds: tuple[str, ...]) -> str:
    """The type of the first argument."""
    return kinds[0]


def ordered(kinds: tuple[str, ...]) -> str:
    """The type of a first argument that can be compared."""
    if not is_ordered(kinds[0]):
        raise OracleError(f"{kinds[0]} has no order")
    return kinds[0]


def listed(kinds: tuple[str, ...]) -> str:
    """A list of the first argument."""
    return f"list<{kinds[0]}>"


def fixed(kind: str) -> Callable[[tuple[str, ...]], str]:
    """Always one type."""
    return lambda kinds: kind


def real(kinds: tuple[str, ...]) -> str:
    """float64, of numbers only."""
    if not all(map(is_number, kinds)):
        raise OracleError(f"not numbers: {kinds}")
    return "float64"


def number(kinds: tuple[str, ...]) -> str:
    """The type of a number."""
    real(kinds)
    return kinds[0]


def mean(kinds: tuple[str, ...]) -> str:
    """float64, or a decimal of six digits more."""
    real(kinds)
    return f"decimal({scale_of(kinds[0]) + 6})" if is_decimal(kinds[0]) else "float64"


def plain(name: str, result: Callable[[tuple[str, ...]], str]) -> Aggregation:
    """An aggregate of the values of one argument."""
    fold = FOLDS[name]
    return Aggregation(1, result, lambda s: fold(s.kinds[0] if s.kinds else "", s.values))


def histogram(selected: Selected) -> dict[str, int]:
    """How often each value occurs, under its text."""
    counts = ranked(selected.values)
    return dict(sorted((text_of(selected.kinds[0], value), count) for value, count in counts))


def smallest(selected: Selected, greatest: bool) -> tuple[Any, ...]:
    """The k least values ascending, or the k greatest descending."""
    return tuple(sorted(selected.values, reverse=greatest)[: selected.literals[0]])


def firsts(selected: Selected) -> Any:
    """first(x) or first(x, n)."""
    if not selected.literals:
        return selected.values[0] if selected.values else None
    return tuple(selected.values[: selected.literals[0]])


def lasts(selected: Selected) -> Any:
    """last(x) or last(x, n), the newest first."""
    if not selected.literals:
        return selected.values[-1] if selected.values else None
    return tuple(reversed(selected.values))[: selected.literals[0]]


def distinct_hashes(selected: Selected) -> int:
    """approx_distinct."""
    return approx_distinct({hash64(selected.kinds[0], value) for value in selected.values})


def faded(selected: Selected) -> float | None:
    """decayed_sum and decayed_count."""
    rows = selected.timed()
    if not rows:
        return None if selected.kinds else 0.0
    return decayed(rows, selected.literals[0], selected.boundary)


def by_text(function: Callable[..., Any]) -> Callable[[Selected], Any]:
    """A function of the values and the literals."""
    return lambda selected: function(selected.values, *selected.literals)


AGGREGATIONS: dict[str, Aggregation] = {
    **{name: plain(name, fixed("int64")) for name in ("count", "count_if", "count_distinct")},
    **{name: plain(name, fixed("bool")) for name in ("any", "all")},
    **{name: plain(name, real) for name in ("var_samp", "var_pop", "stddev_samp", "stddev_pop")},
    **{name: plain(name, ordered) for name in ("min", "max")},
    "sum": plain("sum", number),
    "avg": plain("avg", mean),
    "first": Aggregation(1, same, firsts),
    "last": Aggregation(1, same, lasts),
    "approx_distinct": Aggregation(1, fixed("int64"), distinct_hashes),
    "mode": Aggregation(1, ordered, by_text(mode)),
    "top_k": Aggregation(1, listed, by_text(top_k)),
    "histogram": Aggregation(1, fixed("map<int64>"), histogram),
    "largest": Aggregation(1, listed, lambda s: smallest(s, True)),
    "smallest": Aggregation(1, listed, lambda s: smallest(s, False)),
    "collect_set": Aggregation(1, listed, by_text(collect_set)),
    "first_distinct": Aggregation(1, listed, by_text(first_distinct)),
    "last_distinct": Aggregation(1, listed, by_text(last_distinct)),
    "collect": Aggregation(1, listed, by_text(newest)),
    "min_by": Aggregation(2, same, lambda s: best_by(s.rows, False)),
    "max_by": Aggregation(2, same, lambda s: best_by(s.rows, True)),
    "ewma": Aggregation(1, real, lambda s: ewma(s.floats(), s.literals[0])),
    "lag": Aggregation(1, same, by_text(lag)),
    "delta": Aggregation(1, number, lambda s: delta(s.kinds[0], s.values)),
    "streak": Aggregation(1, fixed("int64"), by_text(streak)),
    **{
        name: Aggregation(2, real, lambda s, name=name: joint(name, s.kinds, s.whole))
        for name in ("covar", "corr", "slope")
    },
    "skew": Aggregation(1, real, lambda s: skew(s.kinds[0], s.values)),
    "kurtosis": Aggregation(1, real, lambda s: kurtosis(s.kinds[0], s.values)),
    "entropy": Aggregation(1, fixed("float64"), lambda s: entropy(capped(s.values))),
    "percentile": Aggregation(1, real, lambda s: percentile(few(s.floats()), s.literals[0])),
    "median": Aggregation(1, real, lambda s: percentile(few(s.floats()), 0.5)),
    "approx_percentile": Aggregation(
        1, real, lambda s: percentile(list(map(middle, s.floats())), s.literals[0])
    ),
    "decayed_sum": Aggregation(1, real, faded),
    "decayed_count": Aggregation(0, fixed("float64"), faded),
}


def result_type(name: str, kinds: tuple[str, ...], literals: tuple[Any, ...]) -> str:
    """The type of an aggregate call."""
    kind = AGGREGATIONS[name].result(kinds)
    if name in ("first", "last") and literals:
        return f"list<{kind}>"
    return kind
