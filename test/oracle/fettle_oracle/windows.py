"""Which events of an entity lie in a window."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Callable

from .events import Event
from .syntax import Window

Passes = Callable[[Event], bool]


@dataclass(frozen=True)
class Frame:
    """Where a window ends: the view's boundary, and a microsecond more with edge `at`."""

    boundary: int
    shift: int


@dataclass
class Selection:
    """The contributing events, oldest first, and whether one lay at an edge of the window."""

    events: list[Event] = field(default_factory=list)
    edges: bool = False



def ends(frame: Frame, window: Window) -> tuple[int | None, int]:
    """The half-open range of event times of a window by time."""
    high = frame.boundary - window.offset
    low = window.since
    if window.length is not None:
        low = high - window.length
    if window.hop:
        high = high // window.hop * window.hop
        low = low if window.length is None else low // window.hop * window.hop
    if low is not None and window.length is not None:
        low += frame.shift
    return low, high + frame.shift


@dataclass(frozen=True)
class Timeline:
    """The events of an entity: the times of all, and those that may be seen from a boundary."""

    times: list[int]
    known: list[Event]

    def near(self, low: int | None, high: int) -> bool:
        """Whether an event lies within a microsecond of an end."""
        ends = (high,) if low is None else (low, high)
        return any(
            bisect_right(self.times, end + 1) > bisect_left(self.times, end - 1) for end in ends
        )


def timeline(frame: Frame, events: list[Event]) -> Timeline:
    """Known are events before the boundary that are available, and no tombstones."""
    alive = [event for event in events if not event.tombstone]
    end = frame.boundary + frame.shift
    known = [event for event in alive if event.time < end and event.known(frame.boundary)]
    return Timeline([event.time for event in alive], known)


def select(frame: Frame, window: Window, line: Timeline, passes: Passes) -> Selection:
    """The events of a window that pass; `passes` holds the view's where and the aggregate's."""
    if window.rows is not None:
        return last_rows(frame, window, line, passes)
    if window.session is not None:
        return session(frame, window, line.known, passes)
    low, high = ends(frame, window)
    found = Selection(edges=line.near(low, high))
    found.events = [
        event for event in line.known
        if event.time < high and (low is None or event.time >= low) and passes(event)
    ]
    return found


def last_rows(frame: Frame, window: Window, line: Timeline, passes: Passes) -> Selection:
    """The newest N events that pass, after the newest `offset` of them."""
    matching = [event for event in line.known if passes(event)]
    end = len(matching) - window.offset
    start = max(0, end - window.rows)
    found = Selection(matching[start:end] if end > 0 else [])
    # An edge is met when an event is left out, or when the boundary is at an event.
    found.edges = start > 0 or line.near(None, frame.boundary + frame.shift)
    return found


def session(frame: Frame, window: Window, known: list[Event], passes: Passes) -> Selection:
    """The open session, or with an offset the n-th newest closed one; each cut to its end."""
    found = Selection()
    gap = window.session
    runs: list[list[Event]] = []
    for event in known:
        if runs:
            apart = event.time - runs[-1][-1].time
            found.edges = found.edges or abs(apart - gap) <= 1
        if runs and apart < gap:
            runs[-1].append(event)
        else:
            runs.append([event])
    is_open = bool(runs) and frame.boundary - runs[-1][-1].time < gap
    if runs:
        found.edges = found.edges or abs(frame.boundary - runs[-1][-1].time - gap) <= 1
    closed = runs[:-1] if is_open else runs
    if window.offset:
        run = closed[-window.offset] if window.offset <= len(closed) else []
    else:
        run = runs[-1] if is_open else []
    if run and window.longest is not None:
        first = run[-1].time - window.longest
        run = [event for event in run if event.time >= first]
    found.events = [event for event in run if passes(event)]
    return found
