"""Sketches as their definitions say: registers of hashes, and buckets of fixed boundaries."""

from __future__ import annotations

import math

PRECISION = 14
REGISTERS = 1 << PRECISION
TWICE_LN_2 = 1.3862943611198906
RANKS = 64 - PRECISION + 1  # the greatest rank: all other bits are 0


def registers(hashes: set[int]) -> dict[int, int]:
    """The greatest rank of each register: the first 14 bits name it, the rank is of the others."""
    found: dict[int, int] = {}
    for value in hashes:
        place = value >> (64 - PRECISION)
        rest = value & ((1 << (64 - PRECISION)) - 1)
        rank = (64 - PRECISION) - rest.bit_length() + 1
        found[place] = max(found.get(place, 0), rank)
    return found


def sigma(share: float) -> float:
    """Ertl's correction for registers that are empty."""
    if share == 1.0:
        return math.inf
    step, found = 1.0, share
    while True:
        share *= share
        before = found
        found += share * step
        step += step
        if found == before:
            return found


def tau(share: float) -> float:
    """Ertl's correction for registers that are full."""
    if share in (0.0, 1.0):
        return 0.0
    step, found = 1.0, 1.0 - share
    while True:
        share = math.sqrt(share)
        before = found
        step *= 0.5
        found -= (1.0 - share) ** 2 * step
        if found == before:
            return found / 3.0


def approx_distinct(hashes: set[int]) -> int:
    """Ertl's improved estimate in float64, to the nearest whole number, half to even."""
    found = registers(hashes)
    counts = [0] * (RANKS + 1)
    for rank in found.values():
        counts[rank] += 1
    counts[0] = REGISTERS - len(found)
    size = float(REGISTERS)
    total = size * tau(1.0 - counts[RANKS] / size)
    for rank in range(RANKS - 1, 0, -1):
        total = 0.5 * (total + counts[rank])
    total += size * sigma(counts[0] / size)
    return round(size * size / TWICE_LN_2 / total)


STEPS = 64


def middle(value: float) -> float:
    """The middle of a number's bucket: 64 of equal width in each power of two; tiny ones are 0."""
    if abs(value) < 2.0**-1022:
        return 0.0
    fraction, exponent = math.frexp(abs(value))  # 0.5 <= fraction < 1
    step = math.floor((fraction - 0.5) * 2 * STEPS)
    return math.copysign(math.ldexp(0.5 + (step + 0.5) / (2 * STEPS), exponent), value)
