"""Training sets: label rows in, label columns and feature columns out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import OracleError
from .definitions import Model, Output, Project, View
from .files import read_file
from .times import DAY, from_wall
from .values import Engine, Moment, Settled

NULL_ROW = Settled(None, None, "null row")


@dataclass(frozen=True)
class Options:
    """What `train` was told."""

    labels: Path
    time: str
    gap: int = 0
    max_age: int | None = None
    timezone: str | None = None


@dataclass
class Cell:
    """One expected cell, and where it came from."""

    settled: Settled
    key: tuple[Any, ...]
    moment: Moment | None


@dataclass
class Expected:
    """The training set that the definitions mean."""

    outputs: list[Output]
    kinds: list[str]
    rows: int
    cells: list[list[Cell]]  # per output, per row
    times: list[int | None]
    engine: Engine
    columns: dict[str, list[Any]] = field(default_factory=dict)


def train(
    project: Project,
    model: Model,
    options: Options,
    engine: Engine | None = None,
    only: set[int] | None = None,
) -> Expected:
    """Every cell of the training set of a model for the label rows of a file, or for some of them.

    Cells of other rows are empty and have no moment.
    """
    engine = engine or Engine(project)
    kinds, columns = read_file(options.labels, {}, options.timezone)
    times = columns[options.time]
    if kinds[options.time] == "date" and options.timezone:
        times = [None if day is None else from_wall(day * DAY, options.timezone) for day in times]
    elif kinds[options.time] != "timestamp":
        raise OracleError(f"label time of type {kinds[options.time]}")
    expected = Expected(model.outputs, [], len(times), [], times, engine, columns)
    for output in model.outputs:
        view = project.views[output.view]
        expected.kinds.append(engine.compiled(view, output.feature).code.kind)
        entity, key_columns = model.roles[output.role]
        names = [key_columns[name] for name in project.entities[entity].key]
        cells = []
        for row, label_time in enumerate(times):
            key = tuple(columns[name][row] for name in names)
            skipped = only is not None and row not in only
            if skipped or label_time is None or any(part is None for part in key):
                cells.append(Cell(NULL_ROW, key, None))
                continue
            request = {name: columns[name][row] for name in view.request}
            moment = moment_of(view, key, label_time - options.gap, request)
            oldest = None if options.max_age is None else label_time - options.max_age
            settled, _ = engine.settle_parts(moment, output.feature, oldest)
            cells.append(Cell(settled, key, moment))
        expected.cells.append(cells)
    return expected


def moment_of(view: View, key: tuple[Any, ...], instant: int, request: dict[str, Any]) -> Moment:
    """Where the features of a view are evaluated for an entity at a time."""
    return Moment(view, key, view.freshness.boundary(instant), request or None, instant)
