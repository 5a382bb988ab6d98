"""What a project is about: its zone and days, its keys, and times that meet at edges."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fettle_oracle.times import clock_instant, micros_of

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# A zone and a local day on which a short timeline begins; most hold a change of offset.
CALENDARS = [
    ("UTC", "2024-02-27"),
    ("America/New_York", "2024-03-08"),
    ("America/New_York", "2024-11-01"),
    ("Europe/Paris", "2024-03-29"),
    ("Europe/Paris", "2024-10-25"),
    ("Australia/Lord_Howe", "2024-04-05"),
    ("Australia/Lord_Howe", "2024-10-04"),
    ("America/Sao_Paulo", "2018-11-02"),  # midnight does not exist on the 4th
    ("Pacific/Apia", "2011-12-28"),  # the 30th does not exist
    ("America/Havana", "2024-11-01"),  # midnight comes twice on the 3rd
    ("Africa/Cairo", "2024-04-24"),
    ("Asia/Kathmandu", "1969-12-29"),  # times before and after the epoch
    ("Africa/Monrovia", "1972-01-05"),  # an offset with seconds until the 7th
]

# Key columns of the main entity: types, and values that would collide without lengths.
DATE = dt.date(2024, 2, 29)
KEYS: list[tuple[tuple[str, ...], list[tuple[Any, ...]]]] = [
    (("string",), [("a",), ("b",), ("A",), ("",), ("é",)]),
    (("string", "string"), [("1", "23"), ("12", "3"), ("123", ""), ("", "123"), ("1", "2")]),
    (("int64",), [(0,), (1,), (-1,), (2**63 - 1,), (-(2**63),)]),
    (("string", "int64"), [("1", 23), ("12", 3), ("1", 2), ("", 123), ("123", 0)]),
    (("bool",), [(True,), (False,)]),
    (
        ("date",),
        [(DATE,), (dt.date(1969, 12, 31),), (dt.date(1970, 1, 1),), (dt.date(2038, 1, 19),)],
    ),
    (("string", "bool", "date"), [("x", True, DATE), ("x", False, DATE), ("y", True, DATE)]),
    (("int64", "int64"), [(1, 256), (256, 1), (1, 1), (0, 257)]),
    (("bytes", "int64"), [(b"", 1), (b"\x00", 1), (b"\x00\x01", 0), (b"\xff\x00", 1), (b"a", 1)]),
    (("string", "string"), [("a\x00", "b"), ("a", "\x00b"), ("a", "b"), ("a\x00b", "")]),
]

@dataclass
class Theme:
    """The frame of one project, drawn from the seed."""

    rng: Random
    seed: int
    zone: str
    start: int  # instant of the first local midnight
    unit: int
    hot: list[int]
    windows: list[int]
    offsets: list[int]
    key_types: tuple[str, ...]
    keys: list[tuple[Any, ...]]
    rows: int = 210
    clock: str = "00:00"
    wide: bool = True  # columns of the wider types
    ready: list[int] = field(default_factory=list)

    @property
    def key_names(self) -> list[str]:
        """Names of the key columns of the main entity."""
        return [f"k{index}" for index in range(len(self.key_types))]


def eps(rng: Random, unit: int) -> int:
    """Zero, a microsecond to either side, or anything within the unit."""
    draw = rng.random()
    if draw < 0.5:
        return 0
    if draw < 0.82:
        return 1 if draw < 0.66 else -1
    return rng.randrange(unit)


def random_key(rng: Random, types: tuple[str, ...]) -> tuple[Any, ...]:
    """A key of the given types."""
    parts: dict[str, Any] = {
        "string": "".join(rng.choice("ab01") for _ in range(rng.randrange(9))),
        "int64": rng.randrange(-(2**63), 2**63),
        "bytes": rng.randbytes(rng.randrange(4)),
        "bool": rng.random() < 0.5,
        "date": DATE + dt.timedelta(rng.randrange(-40_000, 30_000)),
    }
    return tuple(parts[kind] for kind in types)


def make_theme(seed: int) -> Theme:
    """Draw the frame of a project."""
    rng = Random(seed)
    zone, day = CALENDARS[seed % len(CALENDARS)]
    key_types, keys = KEYS[seed % len(KEYS)]
    unit = HOUR if zone in ("UTC", "Europe/Paris", "America/New_York") else HOUR // 2
    wall = micros_of(dt.datetime.fromisoformat(day))
    start = clock_instant(wall, zone)
    clock = rng.choice(["00:30", "01:30", "02:00", "02:30", "03:00", "12:00"])
    hour, minute = map(int, clock.split(":"))
    settled = [clock_instant(wall + d * DAY, zone) for d in range(7)]
    settled += [
        clock_instant(wall + d * DAY + hour * HOUR + minute * MINUTE, zone) for d in range(7)
    ]
    lattice = sorted({start + step * unit for step in range(6 * DAY // unit)})
    hot = sorted({*settled, *rng.sample(lattice, 22)})
    rows = 210
    if seed % 10 == 3:  # many entities
        rows, keys = 2000, keys + [random_key(rng, key_types) for _ in range(60)]
    elif seed % 20 == 15:  # many events of few entities
        rows, keys = 900, keys[:2]
    return Theme(
        rows=rows,
        rng=rng,
        seed=seed,
        zone=zone,
        start=start,
        unit=unit,
        hot=hot,
        windows=[rng.choice([6, 8, 12]) * HOUR, rng.choice([24, 30, 36]) * HOUR, 48 * HOUR],
        offsets=[rng.choice([2, 3]) * HOUR, rng.choice([12, 24]) * HOUR],
        key_types=key_types,
        keys=list(keys),
        clock=clock,
        wide=seed % 6 != 5,
        ready=[0, 10 * MINUTE, HOUR, 90 * MINUTE],
    )


def duration(micros: int) -> str:
    """A duration as the language writes it, in the largest unit that divides it."""
    for name, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", 1_000_000), ("ms", 1000)):
        if micros and micros % size == 0:
            return f"{micros // size}{name}"
    return f"{micros}us"
