"""What values are made of: moments, calls of aggregates, what an expression reads and gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .definitions import Feature, View
from .events import Event
from .files import json_value, read_json
from .kinds import is_list, is_map, is_vector
from .syntax import Window
from .typed import Code
from .windows import Frame

Key = tuple[Any, ...]


@dataclass
class Settled:
    """A value: datum after expiry and default, event time and status."""

    datum: Any
    time: int | None
    status: str


MISSING = Settled(None, None, "missing")


@dataclass
class Part:
    """What one aggregate or the newest row gave: datum, event time, whether a cap was met."""

    datum: Any
    time: int | None
    capped: bool = False
    edges: bool = False  # an event within a microsecond of an edge of the window


@dataclass(frozen=True)
class Aggregate:
    """A compiled aggregate call."""

    name: str
    arguments: tuple[Code, ...]
    literals: tuple[Any, ...]
    where: Code | None
    window: Window

    @property
    def kinds(self) -> tuple[str, ...]:
        """Types of the arguments."""
        return tuple(code.kind for code in self.arguments)

    def accepts(self, event: Event) -> bool:
        """Whether an event passes the view's where and the call's."""
        return event.passes and (self.where is None or self.where.run(event) is True)


@dataclass
class Reads:
    """What an expression reads, found while compiling it."""

    aggregates: list[Aggregate] = field(default_factory=list)
    features: list[str] = field(default_factory=list)
    references: list[tuple[str, ...]] = field(default_factory=list)
    newest: bool = False


@dataclass
class Compiled:
    """A feature ready to be computed."""

    feature: Feature
    code: Code
    reads: Reads
    default: Any
    text: str


@dataclass(frozen=True)
class Moment:
    """Where an expression is evaluated: view, key, boundary, request row and request time."""

    view: View
    key: Key
    boundary: int
    request: dict[str, Any] | None
    instant: int

    def frame(self) -> Frame:
        """Where the view's windows end."""
        return Frame(self.boundary, 1 if self.view.edge == "at" else 0)


def is_written_as_json(kind: str) -> bool:
    """Whether defaults of a type are JSON."""
    return kind == "json" or is_list(kind) or is_map(kind) or is_vector(kind)


def default_value(kind: str, text: str) -> Any:
    """A default of a list, map, vector or document."""
    return text if kind == "json" else json_value(kind, read_json(text), None)
