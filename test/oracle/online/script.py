"""What happens to a project, step by step: requests in an order drawn from the seed, and ends.

Rows come shuffled; 30 % of those with an id come again; 5 % are held back until reads were
answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from .derive import Feed, Row

AGAIN = 0.30
HELD = 0.05
MISFITS = 0.02


@dataclass
class Delivery:
    """The rows of one request, and how it is sent."""

    feed: Feed
    rows: list[Row | None]
    key: str | None = None
    atomic: bool = False
    kill: bool = False  # while it is under way


@dataclass
class Step:
    """One thing that happens: a request, one that was sent before, a read now, or an end."""

    action: str  # send, repeat, look, stop, kill
    delivery: Delivery | None = None


@dataclass
class Script:
    """The steps before the first compared reads, and those after."""

    early: list[Step] = field(default_factory=list)
    late: list[Step] = field(default_factory=list)
    held: int = 0


def pieces(feed: Feed, rows: list[Row | None], rng: Random) -> list[Delivery]:
    """Requests of many sizes, some with a copy of a row of their own."""
    largest = 4000 if len(rows) > 5000 else max(12, len(rows) // 8)
    found, at = [], 0
    while at < len(rows):
        size = rng.choice([1, rng.randrange(1, largest + 1), rng.randrange(1, largest + 1)])
        part = rows[at : at + size]
        for row in list(part):
            if row is not None and feed.identity(row) is not None and rng.random() < AGAIN / 3:
                part.insert(rng.randrange(len(part) + 1), row)
        found.append(Delivery(feed, part))
        at += size
    return found


def again(feed: Feed, rows: list[Row], rng: Random, share: float) -> list[Row]:
    """Rows that are sent once more: only those that an id makes known."""
    return [row for row in rows if feed.identity(row) is not None and rng.random() < share]


def merged(lists: list[list[Delivery]], rng: Random) -> list[Delivery]:
    """The requests of all sources in one order that keeps that of each."""
    waiting = [list(reversed(each)) for each in lists if each]
    found = []
    while waiting:
        chosen = rng.choice(waiting)
        found.append(chosen.pop())
        waiting = [each for each in waiting if each]
    return found


def steps(deliveries: list[Delivery], name: str, rng: Random) -> list[Step]:
    """Requests as steps; those with a key may come again at any later point."""
    found = [Step("send", each) for each in deliveries]
    for number, each in enumerate(deliveries):
        each.atomic = rng.random() < 0.08
        if rng.random() < 0.3 and not each.atomic:
            each.key = f"{name}-{number}"
            if rng.random() < 0.6:
                at = next(i for i, step in enumerate(found) if step.delivery is each)
                found.insert(rng.randrange(at + 1, len(found) + 1), Step("repeat", each))
    return found


def interrupt(found: list[Step], rng: Random) -> None:
    """A graceful end, a kill between requests, a kill during one, and reads at any time."""
    for action in ("stop", "kill"):
        if rng.random() < 0.75:
            found.insert(rng.randrange(1, len(found) + 1), Step(action))
    keyed = [step.delivery for step in found if step.action == "send" and step.delivery.key]
    if keyed and rng.random() < 0.75:
        rng.choice(keyed).kill = True
    for _ in range(9):
        found.insert(rng.randrange(1, len(found) + 1), Step("look"))


def plan(feeds: dict[str, Feed], rng: Random) -> Script:
    """The script of a project."""
    script = Script()
    early, late = [], []
    for feed in feeds.values():
        rows = list(feed.rows)
        rng.shuffle(rows)
        held = [row for row in rows if rng.random() < HELD] or rows[-1:]
        gone = {id(row) for row in held}
        kept = [row for row in rows if id(row) not in gone]
        script.held += len(held)
        first: list[Row | None] = [*kept, *again(feed, kept, rng, AGAIN * 2 / 3)]
        first += [None for _ in kept[:1000] if rng.random() < MISFITS]
        rng.shuffle(first)
        early.append(pieces(feed, first, rng))
        then: list[Row | None] = [*held, *again(feed, kept, rng, HELD)]
        rng.shuffle(then)
        late.append(pieces(feed, then, rng))
    script.early = steps(merged(early, rng), "early", rng)
    script.late = steps(merged(late, rng), "late", rng)
    interrupt(script.early, rng)
    if rng.random() < 0.5:
        script.late.insert(rng.randrange(len(script.late) + 1), Step(rng.choice(["stop", "kill"])))
    return script
