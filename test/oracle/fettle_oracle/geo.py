"""Places on the globe."""

from __future__ import annotations

import math
from fractions import Fraction

from .mathematics import REAL_FUNCTIONS, asin

DIAMETER_KM = 12742.0176
DEGREE = 0.017453292519943295
DIGITS = "0123456789bcdefghjkmnpqrstuvwxyz"


def on_earth(lat: float, lon: float) -> bool:
    """Whether a coordinate is in range."""
    return -90 <= lat <= 90 and -180 <= lon <= 180


def haversine_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float | None:
    """The great-circle distance, step by step in float64 as the page has it."""
    if not (on_earth(lat1, lon1) and on_earth(lat2, lon2)):
        return None
    sine, cosine = REAL_FUNCTIONS["sin"], REAL_FUNCTIONS["cos"]
    a = sine((lat2 - lat1) * DEGREE / 2)
    b = sine((lon2 - lon1) * DEGREE / 2)
    h = a * a + (cosine(lat1 * DEGREE) * cosine(lat2 * DEGREE)) * (b * b)
    return DIAMETER_KM * asin(math.sqrt(min(h, 1.0))) + 0.0


def geohash(lat: float, lon: float, precision: int) -> str | None:
    """The cell of the grid: bits of longitude and latitude by turns, five to a character."""
    if not on_earth(lat, lon):
        return None
    spans = [[Fraction(-180), Fraction(180)], [Fraction(-90), Fraction(90)]]
    places = [Fraction(lon), Fraction(lat)]
    bits = []
    for at in range(5 * precision):
        span = spans[at % 2]
        middle = (span[0] + span[1]) / 2
        upper = places[at % 2] >= middle
        bits.append(upper)
        span[0 if upper else 1] = middle
    found = ""
    for at in range(0, len(bits), 5):
        found += DIGITS[sum(bit << (4 - place) for place, bit in enumerate(bits[at : at + 5]))]
    return found
