"""Values of the wider types: lists, maps, vectors, documents, durations, bytes, places and titles."""

from __future__ import annotations

import datetime as dt
import json
from random import Random
from typing import Any

from .numbers import hard_float, nullable, odd_float

TAGS = ["new", "sale", "x", "é", ""]
KEYS = ["a", "b", "paid", "é", "B"]
TITLES = [
    "Crème brûlée", "the quick  brown fox", "A-1 b_2 c.3", "", "  lead", "tail\t", "ÀÉÎ", "e\u0301",
    "x" * 20, "order 66, then 7", "Ω≈ç√", "ﬁne", "a/b//c", "2024-05-01", "A12", "b7",
]
BLOBS = [b"", b"\x00", b"\xff\x00", b"abc", b"\xe9"]
SPANS = [0, 1, -1, 90_000_000, 86_400_000_000, -3_600_000_001, 2**62]
PLACES = [-90.0, 90.0, 0.0, 48.8566, -33.8688, 51.5, 95.5, -0.125]
FAMILIES = ["money", "tenths", "cancel"]
LENGTHS = [-180.0, 180.0, 0.0, 2.3522, 151.2093, -0.1278, -200.0, 10.40744]


def spoilt(rng: Random, value: float) -> float:
    """Rarely a number that is not finite."""
    return rng.choice([float("nan"), float("inf")]) if rng.random() < 0.01 else value


def few(rng: Random, make: Any, most: int = 4, share: float = 0.15) -> tuple[Any, ...]:
    """A short list, often empty, some of its elements null."""
    return tuple(nullable(rng, make(), share) for _ in range(rng.randrange(most + 1)))


def document(rng: Random) -> str:
    """JSON text with blanks, escapes, big numbers and nulls, as other programs write it."""
    whole: Any = {
        "n": rng.choice([1, -2.5, 1e300, 12345678901234567890, None, "7", 0.1]),
        "os": rng.choice(["ios", "andr\u00e9", 'q"q', "", None, 5]),
        "list": few(rng, lambda: rng.randrange(5)),
        "deep": {"a b": {"c": [rng.randrange(9), {"d": "x"}]}},
    }
    for name in list(whole):
        if rng.random() < 0.15:
            del whole[name]
    if rng.random() < 0.1:
        whole = rng.choice([[1, 2, [3]], "text", 5, True, -0.5, {}, []])
    if rng.random() < 0.4:
        return json.dumps(whole)
    spaced = rng.choice([(", ", ": "), (",", ":"), (" ,\n", " :\t")])
    return json.dumps(whole, ensure_ascii=rng.random() < 0.5, separators=spaced)


def wide_values(rng: Random) -> dict[str, Any]:
    """The wider columns of one event."""
    made: dict[str, Any] = {
        "tags": few(rng, lambda: rng.choice(TAGS)),
        "marks": few(rng, lambda: odd_float(rng, hard_float(rng, rng.choice(FAMILIES)))),
        "codes": few(rng, lambda: rng.randrange(-3, 5)),
        "attrs": {key: nullable(rng, rng.randrange(9)) for key in rng.sample(KEYS, 2)},
        "traits": {key: nullable(rng, rng.choice(TAGS)) for key in rng.sample(KEYS, 1)},
        "emb": tuple(spoilt(rng, rng.randrange(-16, 17) / 8) for _ in range(3)),
        "ref": tuple(rng.choice([0.0, 1.0, -2.5]) for _ in range(3)),
        "doc": document(rng),
        "blob": rng.choice(BLOBS),
        "span": rng.choice(SPANS),
        "title": rng.choice(TITLES),
        "born": dt.date(2000, 2, 29) + dt.timedelta(rng.randrange(-9000, 9000)),
        "lat": rng.choice([*PLACES, rng.uniform(-90, 90)]),
        "lon": rng.choice([*LENGTHS, rng.uniform(-180, 180)]),
    }
    return {name: nullable(rng, value, 0.12) for name, value in made.items()}


WIDE_KINDS = {
    "tags": "list<string>", "marks": "list<float64>", "codes": "list<int64>",
    "attrs": "map<int64>", "traits": "map<string>", "emb": "vector(3)", "ref": "vector(3)",
    "doc": "json", "blob": "bytes", "span": "duration", "title": "string", "born": "date",
    "lat": "float64", "lon": "float64",
}
