"""What the generated projects exercised, and whether that is enough."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

from .events import Event
from .syntax import Node, parse
from .times import offset_at
from .training import Cell, Expected
from .values import Aggregate, Compiled, Engine, Moment

# Least counts for a run of 300 projects; a shorter run has to reach its share.
PROJECTS = 300
LEAST_PAIRS = 12  # features of each aggregate over each window
LEAST_FUNCTIONS = 25  # features that use each function and operator of the page
LEAST_CROSSED = 60  # features of each window in each freshness, and with each edge
LEAST_LAYERS = 400
LEAST_NOT_NULL = 0.55
LEAST_EDGES = 0.20
DAY = 86_400_000_000
PAGES = Path(__file__).resolve().parents[3] / "docs" / "language"
LAYERS = ("raw", "derived", "aggregate", "other view", "other entity", "request")
NUMBERED = ("first", "last")
CROSSED = ("live", "grid", "daily", "at", "before")


def functions_of_page() -> list[str]:
    """Every function and operator that the page of functions has a heading for."""
    text = (PAGES / "functions.md").read_text(encoding="utf-8")
    return re.findall(r"^### (?:`[^`]*` \()?(\w+)\)?$", text, re.MULTILINE)


OPERATORS = {
    "+": "add", "-": "sub", "*": "mul", "/": "divide", "%": "mod", "=": "eq", "<>": "ne",
    "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "distinct from": "is_distinct", "||": "concat",
    "is null": "is_null", "element": "element_at", "between": "and",
}


def used(node: Node) -> Iterator[str]:
    """The functions and operators in an expression, by their names on the page."""
    if node.op == "call" and node.window is None:
        yield str(node.value)
    elif node.op not in ("lit", "path", "call"):
        yield OPERATORS.get(node.op, node.op)
    for inner in (*node.args, node.where):
        if inner is not None:
            yield from used(inner)


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
    functions: Counter = field(default_factory=Counter)
    crossed: Counter = field(default_factory=Counter)
    layers: Counter = field(default_factory=Counter)
    kinds: Counter = field(default_factory=Counter)
    numbers: Counter = field(default_factory=Counter)
    statuses: Counter = field(default_factory=Counter)

    def add(self, expected: Expected) -> None:
        """Count one project."""
        self.projects += 1
        engine = expected.engine
        for index, output in enumerate(expected.outputs):
            view = engine.project.views[output.view]
            compiled = engine.compiled(view, output.feature)
            self.count_cells(engine, expected.cells[index], compiled)
            if any(cell.moment for cell in expected.cells[index]):
                self.kinds[expected.kinds[index]] += 1
                self.count_feature(compiled, view.freshness.kind, view.edge)
        self.count_sources(engine)
        self.numbers["null label rows"] += sum(
            all(column[row].moment is None for column in expected.cells)
            for row in range(expected.rows)
        )
        for events in engine.all_events():
            times = Counter(event.time for event in events)
            self.numbers["events in ties"] += sum(n for n in times.values() if n > 1)

    def count_cells(self, engine: Engine, cells: list[Cell], compiled: Compiled) -> None:
        """The cells of one output, and each aggregate read at them."""
        for cell in cells:
            self.cells += 1
            self.not_null += cell.settled.datum is not None
            self.statuses[cell.settled.status] += 1
            if cell.moment is None:
                continue
            self.changed_days += offset_changes(cell.moment)
            for call in compiled.reads.aggregates:
                self.reads += 1
                self.edges += engine.fold(cell.moment, call).edges

    def count_feature(self, compiled: Compiled, freshness: str, edge: str) -> None:
        """What one feature that was asked for uses."""
        reads = compiled.reads
        for call in reads.aggregates:
            window = call.window.kind()
            self.pairs[(pair_name(call), window)] += 1
            self.crossed[(window, freshness)] += 1
            self.crossed[(window, edge)] += 1
        node = parse(compiled.text)
        self.functions.update(set(used(node)))
        self.layers["aggregate"] += bool(reads.aggregates)
        self.layers["raw"] += node.op == "path" and reads.newest
        self.layers["derived"] += node.op != "path" and not reads.aggregates
        self.layers["request"] += "request." in compiled.text
        for parts in reads.references:
            self.layers["other entity" if len(parts) == 3 else "other view"] += 1

    def count_sources(self, engine: Engine) -> None:
        """What became of the rows of the sources."""
        for source in engine.project.sources.values():
            loaded = engine.loaded(source.name)
            self.numbers["rows"] += loaded.rows
            self.numbers["bad rows left out"] += loaded.bad
            self.numbers["duplicates dropped"] += loaded.duplicates
            self.numbers["filtered by sources"] += loaded.filtered
            self.numbers["tables"] += source.table
            self.numbers["corrected"] += sum(event.until is not None for event in loaded.events)
            self.numbers["deletes"] += sum(event.tombstone for event in loaded.events)
            self.numbers["late events"] += sum(is_late(event) for event in loaded.events)

    def merge(self, other: "Coverage") -> None:
        """Add the counts of another run."""
        for name, value in vars(other).items():
            if isinstance(value, Counter):
                getattr(self, name).update(value)
            elif isinstance(value, int):
                setattr(self, name, getattr(self, name) + value)

    def least(self, count: int) -> float:
        """What a run of this many projects has to reach."""
        return count * min(1.0, self.projects / PROJECTS) // 1

    def failures(self) -> list[str]:
        """Where the projects exercised too little."""
        windows = dict.fromkeys(window for _, window in self.wanted)
        crossings = [(window, other) for window in windows for other in CROSSED]
        found = [
            *self.short("features of", self.pairs, self.wanted, LEAST_PAIRS),
            *self.short("features with", self.functions, functions_of_page(), LEAST_FUNCTIONS),
            *self.short("windows in views", self.crossed, crossings, LEAST_CROSSED),
            *self.short("features of layer", self.layers, LAYERS, LEAST_LAYERS),
        ]
        if self.not_null < LEAST_NOT_NULL * self.cells:
            found.append(f"cells not null: {share(self.not_null, self.cells)} < 55 %")
        if self.edges < LEAST_EDGES * self.reads:
            found.append(f"reads with an event at an edge: {share(self.edges, self.reads)} < 20 %")
        return found

    def short(self, what: str, counts: Counter, wanted: Any, least: int) -> Iterator[str]:
        """A line for each that came too seldom."""
        for each in wanted:
            if counts[each] < self.least(least):
                name = " over ".join(each) if isinstance(each, tuple) else each
                yield f"{what} {name}: {counts[each]} < {self.least(least):g}"

    def report(self) -> str:
        """The counts as text."""
        functions = [(self.functions[name], name) for name in functions_of_page()]
        lines = [
            f"projects {self.projects}, cells {self.cells}, not null "
            f"{share(self.not_null, self.cells)}",
            f"aggregate reads {self.reads}, with an event within a microsecond of an edge "
            f"{share(self.edges, self.reads)}",
            f"cells whose boundary is on a day with a change of offset: {self.changed_days}",
            *(", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
              for counts in (self.numbers, self.layers, self.kinds)),
            "statuses: " + ", ".join(f"{n} {c}" for n, c in sorted(self.statuses.items())),
            f"functions and operators {len(functions)}, the rarest: "
            + ", ".join(f"{name} {count}" for count, name in sorted(functions)[:12]),
            "features per aggregate and window:",
        ]
        windows = list(dict.fromkeys(window for _, window in self.wanted))
        for number, window in enumerate(windows):
            lines.append(f"  {number:>2}: {window}")
        lines.append("  " + " " * 17 + "".join(f"{number:>5}" for number in range(len(windows))))
        for aggregate in dict.fromkeys(name for name, _ in self.wanted):
            counts = "".join(f"{self.pairs[(aggregate, window)]:>5}" for window in windows)
            lines.append(f"  {aggregate:<17}{counts}")
        return "\n".join(lines)


def share(part: int, whole: int) -> str:
    """A percentage."""
    return f"{100 * part / whole:.1f} %" if whole else "none"


def pair_name(call: Aggregate) -> str:
    """The aggregate as the table of pairs names it."""
    if call.name == "count":
        return "count" if call.arguments else "count()"
    if call.name in NUMBERED and call.literals:
        return f"{call.name} n"
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
