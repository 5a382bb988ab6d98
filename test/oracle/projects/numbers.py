"""Numbers that are traps for inexact sums, and nulls."""

from __future__ import annotations

from random import Random
from typing import Any


def hard_float(rng: Random, mode: str) -> float:
    """A float64 of some family, each a trap for inexact sums."""
    if mode == "money":
        return round(rng.uniform(-50, 100), 2)
    if mode == "tenths":
        return rng.randrange(-20, 40) * 0.1
    if mode == "cancel":
        return rng.choice([1e16, -1e16, 1.0, -1.0, 1e16 + 2, 0.5, -(2.0**60), 2.0**60])
    if mode == "extreme":
        return rng.choice(
            [1e300, -1e300, 1e-300, 5e-324, -5e-324, 2.2250738585072014e-308, 1.0, 1e150,
             -1e150, 1.7976931348623157e308, 3.0e-320]
        )
    return rng.uniform(-1, 1) * 2.0 ** rng.randrange(-60, 60)


def odd_float(rng: Random, value: float) -> float:
    """Sometimes a value the engine must turn into null or into plain zero."""
    draw = rng.random()
    if draw < 0.05:
        return rng.choice([float("nan"), float("inf"), float("-inf")])
    return -0.0 if draw < 0.12 else value


def big_int(rng: Random) -> int:
    """An int64, often so large that a sum of two does not fit."""
    if rng.random() < 0.5:
        return rng.randrange(-1000, 1000)
    return rng.choice([2**63 - 1, -(2**63), 2**62, -(2**62), 2**53 + 1, 2**63 - 3])


def nullable(rng: Random, value: Any, share: float = 0.15) -> Any:
    """The value, or null."""
    return None if rng.random() < share else value
