"""Exponentials, logarithms, powers and angles: computed with 60 digits, then rounded once.

The pages promise the float64 nearest to the true value, ties to even.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Callable

from mpmath import mp, mpf

from .exact import fit_float

mp.prec = 240
ANGLE_PREC = 1400  # bits that reduce the largest float64 to an angle


def rounded(value: mpf) -> float | None:
    """The nearest float64, half to even; null beyond the largest, subnormals included."""
    if not mp.isfinite(value):
        return None
    if value == 0:
        return 0.0
    sign, mantissa, exponent, bits = value._mpf_
    keep = 53 if bits + exponent > -1021 else bits + exponent + 1074
    drop = bits - keep
    digits = int(mantissa)
    if drop > 0:
        if drop > bits + 1:
            return 0.0
        half, rest = 1 << (drop - 1), digits & ((1 << drop) - 1)
        digits >>= drop
        digits += rest > half or (rest == half and digits & 1)
        exponent += drop
    try:
        return fit_float(math.ldexp(-digits if sign else digits, exponent))
    except OverflowError:
        return None


def exp(value: float) -> float | None:
    """e to the power of x; null if it is too large."""
    if value > 800:
        return None
    return 0.0 if value < -800 else rounded(mp.exp(mpf(value)))


def exp2(value: float) -> float | None:
    """2 to the power of x."""
    if value > 1100:
        return None
    return 0.0 if value < -1200 else rounded(mpf(2) ** mpf(value))


def logarithm(base: int | None) -> Callable[[float], float | None]:
    """A logarithm; null at zero and below."""

    def run(value: float) -> float | None:
        if value <= 0:
            return None
        found = mp.log(mpf(value))
        return rounded(found if base is None else found / mp.log(base))

    return run


def log1p(value: float) -> float | None:
    """ln(1 + x); the sum is exact."""
    if value <= -1:
        return None
    with mp.workprec(ANGLE_PREC):
        return rounded(mp.log(mpf(1) + mpf(value))) if value else 0.0


def power(base: float, exponent: float) -> float | None:
    """x to the power of y; null if that is no finite number."""
    if exponent == 0 or base == 1:
        return 1.0
    if base == 0:
        return 0.0 if exponent > 0 else None
    whole = exponent == math.floor(exponent)
    if base < 0 and not whole:
        return None
    if base == -1:
        return -1.0 if exponent % 2 else 1.0
    size = mp.log(abs(mpf(base)), 2) * mpf(exponent)
    if size > 1025:
        return None
    if size < -1080:
        return 0.0
    value = abs(mpf(base)) ** (int(exponent) if whole else mpf(exponent))
    return rounded(-value if base < 0 and exponent % 2 else value)


def angle(function: Callable[[mpf], mpf]) -> Callable[[float], float | None]:
    """A function of an angle in radians, reduced exactly."""

    def run(value: float) -> float | None:
        with mp.workprec(ANGLE_PREC):
            return rounded(function(mpf(value)))

    return run


def atan2(y: float, x: float) -> float | None:
    """The angle of (x, y); of the origin 0."""
    if y == 0 and x >= 0:
        return 0.0
    return rounded(mp.atan2(mpf(y), mpf(x)))


def cycle(function: Callable[[mpf], mpf]) -> Callable[[float, float], float | None]:
    """A function of 2 pi x / period, of the exact quotient and the true pi."""

    def run(value: float, period: float) -> float | None:
        turns = Fraction(value) / Fraction(period)
        turns -= math.floor(turns)
        if turns.denominator in (1, 2, 4):
            return float(mp.nint(function(2 * mp.pi * turns.numerator / turns.denominator))) + 0.0
        with mp.workprec(ANGLE_PREC):
            return rounded(function(2 * mp.pi * mpf(turns.numerator) / mpf(turns.denominator)))

    return run


def asin(value: float) -> float | None:
    """The angle whose sine is x."""
    return rounded(mp.asin(mpf(value)))


REAL_FUNCTIONS: dict[str, Callable[..., float | None]] = {
    "exp": exp, "ln": logarithm(None), "log10": logarithm(10), "log2": logarithm(2),
    "log1p": log1p, "sin": angle(mp.sin), "cos": angle(mp.cos), "tan": angle(mp.tan),
}
PAIR_FUNCTIONS: dict[str, Callable[..., float | None]] = {
    "pow": power, "atan2": atan2, "sin_cycle": cycle(mp.sin), "cos_cycle": cycle(mp.cos),
}
