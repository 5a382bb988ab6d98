"""Faults planted in the comparison itself, to show that it can fail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fettle_oracle.events import Event

from .bodies import TYPES, Writer

if TYPE_CHECKING:
    from .life import Life

PLANTS = ("", "drop", "extra", "order")
SOURCE = "s0"


def telling(life: "Life") -> Event:
    """The oldest event that was taken with a key: windows over all time hold it."""
    names = [name for name in life.feeds[SOURCE].kinds if name[0] == "k" or name == "grp"]
    events = [
        event for event in life.taken[SOURCE].events
        if all(event.row[name] is not None for name in names)
        and event.row.get("avail", 0) is not None
    ]
    return min(events, key=Event.order)


def plant_in_requests(life: "Life") -> None:
    """extra: push one event more than the oracle is told of."""
    if life.plant != "extra":
        return
    row = dict(telling(life).row)
    if life.feeds[SOURCE].source.identity:
        row[life.feeds[SOURCE].source.identity] = "one more"
    body = Writer(life.feeds[SOURCE], [row], life.rng).body("jsonl")
    headers = {"Content-Type": TYPES["jsonl"]}
    _, answer = life.server.call("POST", f"/v1/events/{SOURCE}", body, headers)
    life.position = answer["position"]


def plant_in_events(life: "Life") -> None:
    """drop: the oracle forgets an event; order: it takes events of one time in another order."""
    taken = life.taken[SOURCE]
    if life.plant == "drop":
        gone = telling(life)
        life.taken[SOURCE] = replace(taken, events=[e for e in taken.events if e is not gone])
    elif life.plant == "order":
        for event in taken.events:
            event.position = -event.position
