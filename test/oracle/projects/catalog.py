"""What a project may exercise: aggregates, windows, and what is not available yet."""

from __future__ import annotations

from math import gcd

WINDOWS = [
    "w", "w offset", "w hop", "w offset hop", "all", "all offset", "since", "since offset",
    "last", "last offset", "session", "session offset", "session max", "session max offset",
]
IN_ROWS = ["last", "last offset"]
AGGREGATES = [
    "count()", "count", "count_if", "count(distinct)", "sum", "avg", "min", "max", "var_samp",
    "var_pop", "stddev_samp", "stddev_pop", "first", "last", "any", "all", "approx_distinct",
    "mode", "top_k", "histogram", "largest", "smallest", "collect_set", "first n", "last n",
    "first_distinct", "last_distinct", "collect", "min_by", "max_by", "covar", "corr", "slope",
    "skew", "kurtosis", "entropy", "percentile", "median", "approx_percentile", "decayed_sum",
    "decayed_count", "ewma", "lag", "delta", "streak",
]
ONLY_IN_ROWS = ("ewma", "lag", "delta", "streak")

# Names of aggregates, windows, functions and types that the binary does not accept yet.
WAITING: frozenset[str] = frozenset()
PUSHES_NESTED = True  # whether columns of lists, maps and vectors can be pushed

PAIRS = [
    (aggregate, window)
    for window in WINDOWS
    for aggregate in AGGREGATES
    if (window in IN_ROWS or aggregate not in ONLY_IN_ROWS)
    and window not in WAITING and aggregate not in WAITING
]
PER_PROJECT = 40


def step() -> int:
    """A stride that has no factor in common with the number of pairs."""
    sizes = range(len(PAIRS) * 3 // 8, len(PAIRS))
    return next(size for size in sizes if gcd(size, len(PAIRS)) == 1)


def pairs_of(seed: int) -> list[tuple[str, str]]:
    """The aggregates of a project: consecutive seeds share all pairs evenly."""
    first, stride = seed * PER_PROJECT, step()
    return [PAIRS[(first + place) * stride % len(PAIRS)] for place in range(PER_PROJECT)]
