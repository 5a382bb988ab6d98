"""Random events: times on a lattice, ties, duplicates, delays, nulls and hard numbers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from .numbers import big_int, hard_float, nullable, odd_float
from .themes import DAY, HOUR, MINUTE, Theme, eps
from .wide import wide_values

Row = dict[str, Any]

STATUSES = ["paid", "open", "void", "Paid", ""]
NOTES = ["x", "xy", "é", "zz", "a,b", 'q"q', "Ω≈", "x%y", " "]
GROUPS = ["g1", "g2", "g3"]


@dataclass(frozen=True)
class Storage:
    """How a source's times are stored and when its events become known."""

    format: str  # parquet or csv
    time: str  # tz_us, tz_ns, naive, int_us, int_ms, int_s, int_ns
    delay: str  # none, constant, column, minutes, mixed


def event_time(theme: Theme, rng: Random, storage: Storage) -> int:
    """An event's time, coarse where the column is."""
    time = rng.choice(theme.hot) + eps(rng, theme.unit)
    coarse = {"int_ms": 1000, "int_s": 1_000_000}.get(storage.time, 1)
    return time // coarse * coarse


def known_at(theme: Theme, rng: Random, time: int) -> int | None:
    """A per-row availability: near, exactly on a hot time, in a late tail, too early, or never."""
    draw = rng.random()
    if draw < 0.08:
        return None
    if draw < 0.16:
        return time - rng.randrange(HOUR)
    if draw < 0.70:
        return time + rng.choice([0, 1, MINUTE, HOUR, 2 * HOUR])
    if draw < 0.9:
        later = [moment for moment in theme.hot if moment >= time] or [time]
        return later[0] + rng.choice([-1, 0, 1])
    return time + rng.randrange(DAY, 4 * DAY)


def event_rows(theme: Theme, storage: Storage, count: int, money: str, wild: str) -> list[Row]:
    """Rows of the main source; `_time` is the instant."""
    rng = theme.rng
    rows: list[Row] = []
    for number in range(count):
        time = event_time(theme, rng, storage)
        row: Row = {
            "_time": time,
            "eid": nullable(rng, f"e{number}", 0.1),
            "seq": nullable(rng, rng.randrange(4), 0.3),
            "avail": known_at(theme, rng, time),
            "wait": nullable(rng, rng.choice([0, 5, 60, 120, 1500]), 0.05),
            "amount": nullable(rng, odd_float(rng, hard_float(rng, money))),
            "ratio": nullable(rng, odd_float(rng, hard_float(rng, wild))),
            "qty": nullable(rng, rng.randrange(-3, 8)),
            "big": nullable(rng, big_int(rng)),
            "price": nullable(rng, Decimal(rng.randrange(-99999, 999999)).scaleb(-2)),
            "status": nullable(rng, rng.choice(STATUSES)),
            "note": nullable(rng, rng.choice(NOTES), 0.3),
            "flag": nullable(rng, rng.random() < 0.6, 0.2),
            "day": nullable(rng, dt.date(2024, 2, 27) + dt.timedelta(rng.randrange(-4, 4))),
            "seen": nullable(rng, time - rng.randrange(5 * DAY)),
            "grp": nullable(rng, rng.choice(GROUPS), 0.1),
        }
        if theme.wide:
            row.update(wide_values(rng))
        for name, part in zip(theme.key_names, rng.choice(theme.keys)):
            row[name] = nullable(rng, part, 0.03)
        rows.append(row)
    return with_copies(rng, rows)


def spoil(rng: Random, rows: list[Row]) -> None:
    """Give some rows no time, one long ago, or, if they are copies, another one."""
    for row in rows:
        draw = rng.random()
        if draw < 0.02:
            row["_time"] = None
        elif draw < 0.03:
            row["_time"] = -3_786_912_000_000_000 + rng.randrange(DAY)  # in the year 1850
        elif draw < 0.10:
            row["_time"] += HOUR


def correct(theme: Theme, storage: Storage, rows: list[Row], spoiled: bool) -> None:
    """Add rows that replace or delete events by id; all columns of a replacement may differ."""
    rng = theme.rng
    named = [row for row in rows if row["eid"] is not None]
    for row in rows:
        row["opc"] = rng.choice([None, None, "insert"])
    for _ in range(len(rows) // 5):
        old, other = rng.choice(named), rng.choice(rows)
        time = old["_time"] if rng.random() < 0.6 else event_time(theme, rng, storage)
        new = {**other, "eid": old["eid"], "_time": time, "seq": nullable(rng, rng.randrange(4))}
        new["opc"] = rng.choice(["replace", "replace", "delete"])
        if time is not None:
            new["avail"] = known_at(theme, rng, time)
        if spoiled and rng.random() < 0.1:
            new.update(rng.choice([{"opc": "upsert"}, {"eid": None}]))
        rows.append(new)
    # Half of the projects hold corrections behind what they correct, as a log does.
    if rng.random() < 0.5:
        rng.shuffle(rows)


def with_copies(rng: Random, rows: list[Row]) -> list[Row]:
    """Add duplicates by id that differ in everything but the time, and shuffle."""
    copies = []
    for row in rows:
        if row["eid"] is not None and rng.random() < 0.1:
            other = rng.choice(rows)
            copies.append({**other, "eid": row["eid"], "_time": row["_time"]})
    rows = rows + copies
    rng.shuffle(rows)
    return rows


def table_rows(theme: Theme, storage: Storage, count: int) -> list[Row]:
    """Rows of the profile table: versions, deletes and nulls."""
    rng = theme.rng
    rows: list[Row] = []
    for _ in range(count):
        time = event_time(theme, rng, storage)
        if rng.random() < 0.35:
            time -= 2 * DAY
        row: Row = {
            "_time": time,
            "eid": None,
            "seq": nullable(rng, rng.randrange(3), 0.3),
            "avail": known_at(theme, rng, time),
            "op": nullable(rng, "d" if rng.random() < 0.15 else "u", 0.1),
            "level": nullable(rng, rng.randrange(5)),
            "score": nullable(rng, odd_float(rng, hard_float(rng, "tenths"))),
            "home": nullable(rng, rng.choice(GROUPS), 0.15),
        }
        for name, part in zip(theme.key_names, rng.choice(theme.keys)):
            row[name] = part
        rows.append(row)
    return rows
