"""Microsecond times, time zones and the boundaries of refreshed views."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from . import OracleError
from .syntax import parse_duration

EPOCH = dt.datetime(1970, 1, 1)
DAY = 86_400_000_000
FIRST_TIME, LAST_TIME = -2_208_988_800_000_000, 7_289_654_400_000_000  # 1900 until 2201


@lru_cache(maxsize=None)
def zone(name: str) -> ZoneInfo:
    """The zone of the pinned tzdata package, never the one of the machine."""
    import importlib.resources

    path = importlib.resources.files("tzdata.zoneinfo").joinpath(*name.split("/"))
    with path.open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def naive(micros: int) -> dt.datetime:
    """The zone-less date and time of microseconds since the epoch."""
    return EPOCH + dt.timedelta(microseconds=micros)


def micros_of(value: dt.datetime) -> int:
    """Whole microseconds of a zone-less date and time, as an exact integer."""
    delta = value - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def offset_at(instant: int, name: str) -> int:
    """The zone's offset from UTC at an instant, in microseconds."""
    moment = naive(instant).replace(tzinfo=dt.timezone.utc).astimezone(zone(name))
    delta = moment.utcoffset() or dt.timedelta()
    return (delta.days * 86_400 + delta.seconds) * 1_000_000


def _wall_offset(wall: int, name: str, fold: int) -> int:
    moment = naive(wall).replace(tzinfo=zone(name), fold=fold)
    delta = moment.utcoffset() or dt.timedelta()
    return (delta.days * 86_400 + delta.seconds) * 1_000_000


def from_wall(wall: int, name: str) -> int:
    """The instant of a zone-less time: the earlier one in a fold, moved forward in a gap."""
    return wall - _wall_offset(wall, name, 0)


def clock_instant(wall: int, name: str) -> int:
    """When a clock shows `wall`: the earlier one in a fold, the end of a gap in a gap."""
    before, after = _wall_offset(wall, name, 0), _wall_offset(wall, name, 1)
    if after <= before:
        return wall - before
    low, high = wall - after, wall - before  # the change of offset lies in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(middle, name) == offset_at(high, name):
            high = middle
        else:
            low = middle
    return high


def parse_date(text: str) -> int:
    """Days since the epoch of YYYY-MM-DD."""
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days


TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?\s*(Z|[+-]\d\d:?\d\d)?"
)


def parse_timestamp(text: str, zone_name: str | None) -> int:
    """Microseconds of a written time; one without an offset needs a zone."""
    match = TIMESTAMP.fullmatch(text)
    if not match:
        raise OracleError(f"not a time: {text!r}")
    year, month, day, hour, minute = (int(match[i]) for i in range(1, 6))
    fraction = int(((match[7] or "") + "000000")[:6])
    wall = micros_of(dt.datetime(year, month, day, hour, minute, int(match[6] or 0))) + fraction
    if match[8] is None:
        if zone_name is None:
            raise OracleError(f"time without a zone: {text!r}")
        return from_wall(wall, zone_name)
    if match[8] == "Z":
        return wall
    sign = -1 if match[8][0] == "-" else 1
    digits = match[8][1:].replace(":", "")
    return wall - sign * (int(digits[:2]) * 60 + int(digits[2:])) * 60_000_000


@dataclass(frozen=True)
class Freshness:
    """When a view's values are settled: `live`, a UTC `grid`, `daily` or `weekly`."""

    kind: str
    period: int = 0  # of a grid
    clock: int = 0  # of daily: microseconds after local midnight
    zone: str = "UTC"
    ready_after: int = 0

    @lru_cache(maxsize=100_000)
    def boundary(self, instant: int) -> int:
        """b(T): the newest settled instant r with r + ready_after <= T."""
        if self.kind == "live":
            return instant
        latest = instant - self.ready_after
        if self.kind == "grid":
            return latest // self.period * self.period
        local_day = (latest + offset_at(latest, self.zone)) // DAY
        found = None
        for day in range(local_day - 9, local_day + 3):
            if self.kind == "weekly" and (day + 3) % 7 != 0:
                continue
            moment = clock_instant(day * DAY + self.clock, self.zone)
            if moment <= latest and (found is None or moment > found):
                found = moment
        if found is None:
            raise OracleError(f"no boundary before {instant}")
        return found


def parse_freshness(text: str, ready_after: str | None, zone_name: str) -> Freshness:
    """Read `freshness` and `ready_after` of a view."""
    ready = parse_duration(ready_after) if ready_after else 0
    text = text.strip()
    if text in ("realtime", "static"):
        return Freshness("live")
    if text == "hourly":
        return Freshness("grid", 3_600_000_000, ready_after=ready)
    if text == "daily":
        return Freshness("daily", zone=zone_name, ready_after=ready)
    if text == "weekly":
        return Freshness("weekly", zone=zone_name, ready_after=ready)
    if match := re.fullmatch(r"daily at (\d\d):(\d\d)", text):
        clock = (int(match[1]) * 60 + int(match[2])) * 60_000_000
        return Freshness("daily", clock=clock, zone=zone_name, ready_after=ready)
    period = parse_duration(text)
    if DAY % period:
        raise OracleError(f"freshness {text} does not divide a day")
    return Freshness("grid", period, ready_after=ready)
