"""Calendar functions of timestamps, in a zone, and of dates."""

from __future__ import annotations

import datetime as dt
from typing import Callable

from .times import DAY, from_wall, naive, offset_at

UNITS = {"second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000}
EPOCH_DATE = dt.date(1970, 1, 1)


def local(instant: int, zone: str = "UTC") -> dt.datetime:
    """What a clock in the zone shows."""
    return naive(instant + offset_at(instant, zone))


def day_of(days: int) -> dt.date:
    """The date of a count of days since the epoch."""
    return EPOCH_DATE + dt.timedelta(days=days)


PARTS: dict[str, Callable[[dt.date], int | bool]] = {
    "year": lambda d: d.year,
    "month": lambda d: d.month,
    "day": lambda d: d.day,
    "day_of_week": lambda d: d.isoweekday(),
    "day_of_year": lambda d: d.timetuple().tm_yday,
    "week": lambda d: d.isocalendar().week,
    "is_weekend": lambda d: d.isoweekday() > 5,
}


def part(name: str) -> Callable[..., int | bool]:
    """A part of the calendar day of a timestamp."""
    return lambda instant, zone="UTC": PARTS[name](local(instant, zone).date())


def clock_part(name: str) -> Callable[..., int]:
    """The hour or minute that a clock shows."""
    return lambda instant, zone="UTC": getattr(local(instant, zone), name)


def date_of(instant: int, zone: str = "UTC") -> int:
    """date(t): days since the epoch of the calendar day in the zone."""
    return (local(instant, zone).date() - EPOCH_DATE).days


def begin(unit: str, day: dt.date) -> dt.date:
    """The first day of a week, month, quarter or year."""
    match unit:
        case "week":
            return day - dt.timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day


def truncate(unit: str, instant: int, zone: str = "UTC") -> int:
    """date_trunc(unit, t, zone); up to the hour in the offset of t, as it was on the clock."""
    wall = instant + offset_at(instant, zone)
    if unit in UNITS:
        return instant - wall % UNITS[unit]
    first = begin(unit, day_of(wall // DAY))
    return from_wall((first - EPOCH_DATE).days * DAY, zone)


def age_years(as_of: int, birth: int) -> int:
    """Birthdays since birth up to the date of as_of in UTC; 29 February is else 1 March."""
    today, born = day_of(as_of // DAY), day_of(birth)
    years = today.year - born.year
    return years if (today.month, today.day) >= (born.month, born.day) else years - 1
