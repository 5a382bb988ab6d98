"""From the files of a source to the events of each entity of a view."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import OracleError
from .definitions import Project, Source, View
from .expr import compile_node
from .files import read_file
from .syntax import Node, parse
from .times import DAY, FIRST_TIME, LAST_TIME, from_wall
from .typed import Code, convert


@dataclass
class Event:
    """A row of a source that counts."""

    row: dict[str, Any]
    time: int
    available: int | None
    sequence: Any
    position: int
    tombstone: bool
    passes: bool = True  # the view's where
    until: int | None = None  # when a correction of it is available

    def known(self, boundary: int) -> bool:
        """Whether the event may be seen as of a boundary, and no correction of it."""
        if self.available is None or self.available > boundary:
            return False
        return self.until is None or self.until > boundary

    def order(self) -> tuple:
        """The total order: time, sequence with nulls first, position."""
        known = self.sequence is not None
        return (self.time, known, self.sequence if known else 0, self.position)


OPERATIONS = ("insert", "replace", "delete")


@dataclass
class Loaded:
    """A source read: column types, events in position order, and what was dropped.

    A pushed source is offered its rows in the order of the requests; each row is decided once.
    """

    kinds: dict[str, str]
    events: list[Event]
    rows: int = 0
    bad: int = 0
    duplicates: int = 0
    filtered: int = 0
    seen: dict[Any, int] = field(default_factory=dict)  # the event time of each id

    def offer(self, source: Source, row: dict[str, Any], time: int | None) -> str:
        """Take a row, or leave it out: a row without a usable time does not use up its id."""
        self.rows += 1
        identity = row.get(source.identity) if source.identity else None
        operation = (row.get(source.op) if source.op else None) or "insert"
        misread = operation not in OPERATIONS or (operation != "insert" and identity is None)
        if time is None or misread:
            self.bad += 1
            return "quarantined"
        if operation == "insert" and identity is not None and identity in self.seen:
            if self.seen[identity] != time:
                self.bad += 1
                return "quarantined"
            self.duplicates += 1
            return "duplicates"
        if identity is not None:
            self.seen.setdefault(identity, time)
        sequence = row[source.sequence] if source.sequence else None
        self.events.append(Event(row, time, None, sequence, self.rows, False))
        return "accepted"


@dataclass
class EventScope:
    """Names in an expression that reads one event: columns and event-only features."""

    kinds: dict[str, str]
    view: View | None = None
    inside: tuple[str, ...] = field(default=())

    def path(self, parts: tuple[str, ...]) -> Code:
        """A column, the event's time, or a feature that is inlined."""
        if parts[0] == "event" and len(parts) == 2:
            return self.column(parts[1])
        if len(parts) != 1:
            raise OracleError(f"{'.'.join(parts)} in an expression of one event")
        name = parts[0]
        if self.view and name in self.view.features and name not in self.inside:
            node = parse(self.view.features[name].text)
            return compile_node(node, EventScope(self.kinds, self.view, (*self.inside, name)))
        return self.column(name)

    def column(self, name: str) -> Code:
        """A column of the event."""
        if name == "event_time":
            return Code("timestamp", lambda event: event.time)
        if name == "received_at":
            return Code("timestamp", lambda event: None)
        if name not in self.kinds:
            raise OracleError(f"unknown column {name}")
        return Code(self.kinds[name], lambda event: event.row[name])

    def aggregate(self, node: Node) -> Code:
        """Aggregates have no place here."""
        raise OracleError("an aggregate in an expression of one event")


UNIT_MICROS = {"s": (1_000_000, 1), "ms": (1000, 1), "us": (1, 1), "ns": (1, 1000)}


def event_times(source: Source, kind: str, values: list[Any]) -> list[int | None]:
    """Event times of a column; None for those that make a row bad: null, or out of range."""
    if kind == "timestamp":
        moments = values
    elif kind == "date":
        zone = source.zone or "UTC"
        moments = [None if v is None else from_wall(v * DAY, zone) for v in values]
    elif kind == "int64" and source.unit:
        times, over = UNIT_MICROS[source.unit]
        moments = [None if v is None else v * times // over for v in values]
    else:
        raise OracleError(f"{source.name}: event time of type {kind}")
    return [v if v is not None and FIRST_TIME <= v < LAST_TIME else None for v in moments]


def source_paths(project: Project, source: Source) -> list[str]:
    """The files of a source in the bytewise order of their paths."""
    pattern = str(project.folder / source.path)
    paths = [os.path.relpath(path, project.folder) for path in glob.glob(pattern, recursive=True)]
    return sorted(paths, key=os.fsencode)


def load(project: Project, source: Source) -> Loaded:
    """Read, deduplicate, compute columns, filter, and settle availability."""
    loaded = Loaded({}, [])
    for path in source_paths(project, source):
        kinds, columns = read_file(Path(project.folder) / path, source.fields, source.zone)
        loaded.kinds = loaded.kinds or dict(kinds)
        times = event_times(source, kinds[source.time_column], columns[source.time_column])
        for index, time in enumerate(times):
            loaded.offer(source, {name: values[index] for name, values in columns.items()}, time)
    settle(source, loaded)
    return loaded


def load_pushed(source: Source, taken: Loaded) -> Loaded:
    """The events that a pushed source has taken so far, settled as those of files are."""
    events = [replace(event, row=dict(event.row)) for event in taken.events]
    loaded = replace(taken, kinds=dict(source.fields), events=events)
    settle(source, loaded)
    return loaded


def settle(source: Source, loaded: Loaded) -> None:
    """Computed columns, tombstones, the source's where, availability."""
    scope = EventScope(loaded.kinds)
    for name, text in source.columns.items():
        code = compile_node(parse(text), scope)
        loaded.kinds[name] = code.kind
        for event in loaded.events:
            event.row[name] = code.run(event)
    delete = compile_node(parse(source.delete_when), scope) if source.delete_when else None
    where = compile_node(parse(source.where), scope) if source.where else None
    available = compile_node(parse(source.available), scope) if source.available else None
    for event in loaded.events:
        event.available = event.time
        if available is not None:
            moment = available.run(event)
            event.available = None if moment is None else max(moment, event.time)
    if source.op:
        loaded.events = corrected(source, loaded.events)
    kept = []
    for event in loaded.events:
        event.tombstone = delete is not None and delete.run(event) is True
        if where is not None and not event.tombstone and where.run(event) is not True:
            loaded.filtered += 1
            continue
        kept.append(event)
    loaded.events = kept


def corrected(source: Source, events: list[Event]) -> list[Event]:
    """The events with the times from which corrections stand for them; deletes are no events."""
    states: dict[Any, list[Event]] = {}
    for event in events:
        identity = event.row[source.identity]
        if identity is not None:
            states.setdefault(identity, []).append(event)
    for found in states.values():
        found.sort(key=lambda event: correction_order(source, event))
        until = None
        for event in reversed(found):
            event.until = until
            if event.available is not None and (until is None or event.available < until):
                until = event.available
    return [event for event in events if event.row[source.op] != "delete"]


def correction_order(source: Source, event: Event) -> tuple:
    """The insert first, then corrections by sequence, a null one first, and position."""
    is_correction = event.row[source.op] in ("replace", "delete")
    known = event.sequence is not None
    return (is_correction, known, event.sequence if known else 0, event.position)


def view_events(
    project: Project, view: View, loaded: Loaded
) -> dict[tuple[Any, ...], list[Event]]:
    """Events of each entity key of a view, oldest first; a null key column is in none."""
    scope = EventScope(dict(loaded.kinds))
    keys = []
    for column, kind in project.entities[view.entity].key.items():
        code = compile_node(parse(view.key.get(column, column)), scope)
        keys.append(convert(code, kind))
    inner = EventScope(dict(loaded.kinds), view)
    where = compile_node(parse(view.where), inner) if view.where else None
    entities: dict[tuple[Any, ...], list[Event]] = {}
    for event in loaded.events:
        key = tuple(code.run(event) for code in keys)
        if any(part is None for part in key):
            continue
        passes = where is None or where.run(event) is True
        copy = Event(
            event.row, event.time, event.available, event.sequence, event.position,
            event.tombstone, passes, event.until,
        )
        entities.setdefault(key, []).append(copy)
    for events in entities.values():
        events.sort(key=Event.order)
    return entities
