"""What the generated projects exercised, and whether that is enough."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .events import Event
from .times import offset_at
from .training import Expected
from .values import Moment

LEAST_PAIRS = 20
LEAST_NOT_NULL = 0.60
LEAST_EDGES = 0.20
DAY = 86_400_000_000


@dataclass
class Coverage:
    """Counts over all projects of a run."""

    wanted: list[tuple[str, str]]
    projects: int = 0
    cells: int = 0
    not_null: int = 0
    reads: int = 0
    edges: int = 0
    changed_days: int = 0
    pairs: Counter = field(default_factory=Counter)
    numbers: Counter = field(default_factory=Counter)
    statuses: Counter = field(default_factory=Counter)

    def add(self, expected: Expected) -> None:
        """Count one project."""
        self.projects += 1
        engine = expected.engine
        for index, output in enumerate(expected.outputs):
            compiled = engine.compiled(engine.project.views[output.view], output.feature)
            for cell in expected.cells[index]:
                self.cells += 1
                self.not_null += cell.settled.datum is not None
                self.statuses[cell.settled.status] += 1
                if cell.moment is not None:
                    self.changed_days += offset_changes(cell.moment)
                    self.count_reads(engine.fold, compiled.reads.aggregates, cell.moment)
            if any(cell.moment for cell in expected.cells[index]):
                for call in compiled.reads.aggregates:
                    self.pairs[(pair_name(call), call.window.kind())] += 1
        for source in engine.project.sources.values():
            loaded = engine.loaded(source.name)
            self.numbers["rows"] += loaded.rows
            self.numbers["bad rows left out"] += loaded.bad
            self.numbers["duplicates dropped"] += loaded.duplicates
            self.numbers["filtered by sources"] += loaded.filtered
            self.numbers["tables"] += source.table
            self.numbers["deletes"] += sum(event.tombstone for event in loaded.events)
            self.numbers["late events"] += sum(is_late(event) for event in loaded.events)
        self.numbers["null label rows"] += sum(
            all(column[row].moment is None for column in expected.cells)
            for row in range(expected.rows)
        )
        for events in engine.all_events():
            times = Counter(event.time for event in events)
            self.numbers["events in ties"] += sum(n for n in times.values() if n > 1)

    def count_reads(self, fold, aggregates, moment: Moment) -> None:
        """Each aggregate read at a cell, and whether an event was at an edge of its window."""
        for call in aggregates:
            self.reads += 1
            self.edges += fold(moment, call).edges

    def merge(self, other: "Coverage") -> None:
        """Add the counts of another run."""
        for name in ("projects", "cells", "not_null", "reads", "edges", "changed_days"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.pairs.update(other.pairs)
        self.numbers.update(other.numbers)
        self.statuses.update(other.statuses)

    def failures(self) -> list[str]:
        """Where the projects exercised too little."""
        found = [
            f"{aggregate} over {window}: {self.pairs[(aggregate, window)]} < {LEAST_PAIRS}"
            for aggregate, window in self.wanted
            if self.pairs[(aggregate, window)] < LEAST_PAIRS
        ]
        if self.not_null < LEAST_NOT_NULL * self.cells:
            found.append(f"cells not null: {share(self.not_null, self.cells)} < 60 %")
        if self.edges < LEAST_EDGES * self.reads:
            found.append(f"reads with an event at an edge: {share(self.edges, self.reads)} < 20 %")
        return found

    def report(self) -> str:
        """The counts as text."""
        lines = [
            f"projects {self.projects}, cells {self.cells}, not null "
            f"{share(self.not_null, self.cells)}",
            f"aggregate reads {self.reads}, with an event within a microsecond of an edge "
            f"{share(self.edges, self.reads)}",
            f"cells whose boundary is on a day with a change of offset: {self.changed_days}",
            ", ".join(f"{name} {count}" for name, count in sorted(self.numbers.items())),
            "statuses: " + ", ".join(f"{n} {c}" for n, c in sorted(self.statuses.items())),
            "features per aggregate and window:",
        ]
        windows = list(dict.fromkeys(window for _, window in self.wanted))
        lines.append("  " + " " * 16 + "".join(f"{window:>12}" for window in windows))
        for aggregate in dict.fromkeys(name for name, _ in self.wanted):
            counts = "".join(f"{self.pairs[(aggregate, window)]:>12}" for window in windows)
            lines.append(f"  {aggregate:<16}{counts}")
        return "\n".join(lines)


def share(part: int, whole: int) -> str:
    """A percentage."""
    return f"{100 * part / whole:.1f} %" if whole else "none"


def pair_name(call) -> str:
    """The aggregate as the table of pairs names it."""
    if call.name == "count":
        return "count" if call.argument else "count()"
    return "count(distinct)" if call.name == "count_distinct" else call.name


def is_late(event: Event) -> bool:
    """Whether an event was known later than it happened, or never."""
    return event.available is None or event.available > event.time


def offset_changes(moment: Moment) -> bool:
    """Whether the local day around a refreshed boundary has a change of offset."""
    fresh = moment.view.freshness
    if fresh.kind not in ("daily", "weekly"):
        return False
    before = offset_at(moment.boundary - DAY, fresh.zone)
    return before != offset_at(moment.boundary + DAY, fresh.zone)
