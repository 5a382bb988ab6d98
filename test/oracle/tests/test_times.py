"""Boundaries and zone-less times on the days that are hard."""

from __future__ import annotations

import unittest

from fettle_oracle.times import clock_instant, from_wall, parse_freshness, parse_timestamp


def utc(text: str) -> int:
    """An instant written in UTC."""
    return parse_timestamp(text + "Z", None)


def wall(text: str) -> int:
    """A zone-less time as microseconds."""
    return utc(text)


class WallTest(unittest.TestCase):
    def test_gap_and_fold(self) -> None:
        york = "America/New_York"
        self.assertEqual(from_wall(wall("2024-03-10 02:30:00"), york), utc("2024-03-10 07:30:00"))
        self.assertEqual(
            clock_instant(wall("2024-03-10 02:30:00"), york), utc("2024-03-10 07:00:00")
        )
        for read in (from_wall, clock_instant):
            self.assertEqual(read(wall("2024-11-03 01:30:00"), york), utc("2024-11-03 05:30:00"))

    def test_half_hour_gap(self) -> None:
        zone = "Australia/Lord_Howe"
        self.assertEqual(from_wall(wall("2024-10-06 02:10:00"), zone), utc("2024-10-05 15:40:00"))
        self.assertEqual(
            clock_instant(wall("2024-10-06 02:10:00"), zone), utc("2024-10-05 15:30:00")
        )

    def test_days_without_midnight(self) -> None:
        self.assertEqual(
            clock_instant(wall("2018-11-04 00:00:00"), "America/Sao_Paulo"),
            utc("2018-11-04 03:00:00"),
        )
        self.assertEqual(
            clock_instant(wall("2011-12-30 02:30:00"), "Pacific/Apia"), utc("2011-12-30 10:00:00")
        )

    def test_midnight_twice(self) -> None:
        self.assertEqual(
            clock_instant(wall("2024-11-03 00:00:00"), "America/Havana"),
            utc("2024-11-03 04:00:00"),
        )

    def test_offset_with_seconds(self) -> None:
        self.assertEqual(
            from_wall(wall("1972-01-06 00:00:00"), "Africa/Monrovia"), utc("1972-01-06 00:44:30")
        )


class BoundaryTest(unittest.TestCase):
    def check(self, freshness: str, ready: str | None, zone: str, at: str, want: str) -> None:
        boundary = parse_freshness(freshness, ready, zone).boundary(utc(at))
        self.assertEqual(boundary, utc(want))

    def test_grid(self) -> None:
        self.check("5m", None, "UTC", "2024-01-01 00:05:00", "2024-01-01 00:05:00")
        self.check("5m", None, "UTC", "2024-01-01 00:04:59.999999", "2024-01-01 00:00:00")
        self.check("hourly", "10m", "UTC", "2024-01-01 03:09:59.999999", "2024-01-01 02:00:00")
        self.check("hourly", "10m", "UTC", "2024-01-01 03:10:00", "2024-01-01 03:00:00")
        self.check("6h", None, "UTC", "1969-12-31 23:59:59", "1969-12-31 18:00:00")

    def test_daily(self) -> None:
        york = "America/New_York"
        self.check("daily", None, york, "2024-03-11 04:00:00", "2024-03-11 04:00:00")
        self.check("daily", None, york, "2024-03-11 03:59:59.999999", "2024-03-10 05:00:00")
        self.check("daily at 02:30", None, york, "2024-03-10 07:00:00", "2024-03-10 07:00:00")
        self.check("daily at 02:30", None, york, "2024-03-10 06:59:59", "2024-03-09 07:30:00")
        self.check("daily at 01:30", None, york, "2024-11-03 06:30:00", "2024-11-03 05:30:00")
        self.check("daily", "25h", "UTC", "2024-01-03 00:59:59", "2024-01-01 00:00:00")

    def test_weekly(self) -> None:
        self.check("weekly", None, "UTC", "2024-03-13 12:00:00", "2024-03-11 00:00:00")
        self.check("weekly", None, "Europe/Paris", "2024-04-01 12:00:00", "2024-03-31 22:00:00")
        self.check("weekly", None, "UTC", "2024-03-10 23:59:59", "2024-03-04 00:00:00")

    def test_skipped_day_shares_the_next(self) -> None:
        self.check("daily", None, "Pacific/Apia", "2011-12-30 10:00:00", "2011-12-30 10:00:00")
        self.check("daily", None, "Pacific/Apia", "2011-12-30 09:59:59", "2011-12-29 10:00:00")

    def test_live(self) -> None:
        self.check("realtime", None, "UTC", "2024-01-01 00:00:01", "2024-01-01 00:00:01")


if __name__ == "__main__":
    unittest.main()
