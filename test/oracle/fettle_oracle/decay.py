"""Sums of values that lose half their weight every half-life, by tiles of 64 half-lives."""

from __future__ import annotations

from .exact import fit_float, sum_floats
from .mathematics import exp2

TILE = 64


def weighed(value: float, ahead: int, half_life: int) -> float | None:
    """float64(value * exp2(ahead / half_life)), the quotient in float64; null if not finite."""
    weight = exp2(float(ahead) / float(half_life))
    return None if weight is None else fit_float(value * weight)


def decayed(rows: list[tuple[float, int]], half_life: int, boundary: int) -> float | None:
    """The sum at a boundary of values with the times of their events."""
    tiles: dict[int, list[float]] = {}
    for value, time in rows:
        number = time // (TILE * half_life)
        term = weighed(value, time - number * TILE * half_life, half_life)
        if term is None:
            return None
        tiles.setdefault(number, []).append(term)
    found = []
    for number, terms in tiles.items():
        tile = sum_floats(terms)
        if tile is None:
            return None
        term = weighed(tile, number * TILE * half_life - boundary, half_life)
        if term is None:
            return None
        found.append(term)
    return sum_floats(found)
