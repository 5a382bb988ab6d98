"""Last events, sessions and hops, by hand."""

from __future__ import annotations

import unittest

from fettle_oracle.events import Event
from fettle_oracle.syntax import parse
from fettle_oracle.windows import Frame, select, timeline

MINUTE = 60_000_000


def event(minute: float, name: str, known: float | None = None, tombstone: bool = False) -> Event:
    """An event at a minute, available at another."""
    time = round(minute * MINUTE)
    return Event({"n": name}, time, time if known is None else round(known * MINUTE), None, 0,
                 tombstone)


class WindowTest(unittest.TestCase):
    def names(self, window: str, events: list[Event], at: float, shift: int = 0) -> str:
        """The names of the events of a window at a minute; capital letters pass."""
        node = parse(f"count() over {window}")
        frame = Frame(round(at * MINUTE), shift)
        line = timeline(frame, events)
        found = select(frame, node.window, line, lambda each: each.row["n"].isupper())
        return "".join(each.row["n"] for each in found.events)

    def test_last(self) -> None:
        events = [event(0, "A"), event(1, "b"), event(2, "C"), event(3, "D"), event(4, "E")]
        self.assertEqual(self.names("last 2", events, 10), "DE")
        self.assertEqual(self.names("last 2 offset 1", events, 10), "CD")
        self.assertEqual(self.names("last 3 offset 2", events, 10), "AC")
        self.assertEqual(self.names("last 2 offset 4", events, 10), "")
        self.assertEqual(self.names("last 2", events, 4), "CD", "nothing sees itself")
        self.assertEqual(self.names("last 2", events, 4, 1), "DE", "edge at")

    def test_last_sees_what_is_known(self) -> None:
        events = [event(0, "A"), event(1, "B", 9), event(2, "C", tombstone=True)]
        self.assertEqual(self.names("last 2", events, 8), "A")
        self.assertEqual(self.names("last 2", events, 9), "AB")

    def test_sessions(self) -> None:
        events = [event(0, "A"), event(29, "B"), event(59, "C"), event(60, "d"), event(61, "E")]
        self.assertEqual(self.names("session 30m", events, 90), "CE", "30 minutes split")
        self.assertEqual(self.names("session 30m", events, 91), "", "closed")
        self.assertEqual(self.names("session 30m offset 1", events, 90), "AB")
        self.assertEqual(self.names("session 30m offset 1", events, 91), "CE")
        self.assertEqual(self.names("session 30m offset 2", events, 91), "AB")
        self.assertEqual(self.names("session 30m offset 3", events, 91), "")
        self.assertEqual(self.names("session 31m", events, 62), "ABCE")
        self.assertEqual(self.names("session 31m max 2m", events, 62), "CE", "both ends count")
        self.assertEqual(self.names("session 31m max 1m", events, 62), "E")

    def test_events_that_do_not_pass_join_sessions(self) -> None:
        events = [event(0, "A"), event(20, "b"), event(40, "C")]
        self.assertEqual(self.names("session 30m", events, 41), "AC")
        late = [event(0, "A"), event(20, "b", 100), event(40, "C")]
        self.assertEqual(self.names("session 30m", late, 41), "C", "not known yet")

    def test_open_by_the_boundary_itself(self) -> None:
        events = [event(0, "A")]
        self.assertEqual(self.names("session 30m", events, 30, 1), "", "with edge at too")
        self.assertEqual(self.names("session 30m", events, 0, 1), "A")

    def test_hop(self) -> None:
        events = [event(minute, name) for minute, name in zip(range(55, 70, 5), "ABC")]
        self.assertEqual(self.names("10m hop 1h", events, 65), "A", "[0, 60) with both ends floored")
        self.assertEqual(self.names("10m hop 10m", events, 69), "A")
        self.assertEqual(self.names("10m hop 10m", events, 70), "BC")
        self.assertEqual(self.names("10m hop 10m", events, 69, 1), "AB")
        self.assertEqual(self.names("10m offset 5m hop 10m", events, 74), "A")

    def test_kinds(self) -> None:
        for text, want in [
            ("7d", "w"), ("7d offset 1d hop 1h", "w offset hop"), ("all", "all"),
            ("all since '2024-01-01' offset 1d", "since offset"), ("last 5", "last"),
            ("session 1h max 2h offset 1", "session max offset"),
        ]:
            self.assertEqual(parse(f"count() over {text}").window.kind(), want)


if __name__ == "__main__":
    unittest.main()
