"""The value of a feature for an entity at a time, by the formula of the semantics page."""

from __future__ import annotations

from typing import Any

from . import OracleError
from .definitions import Link, Project, View
from .events import Event, EventScope, Loaded, load, load_pushed, view_events
from .exact import CapError
from .expr import compile_node
from .folds import AGGREGATIONS, ALIASES, Selected, result_type
from .parts import (
    MISSING, Aggregate, Compiled, Key, Moment, Part, Reads, Settled, default_value,
    is_written_as_json,
)
from .syntax import Node, parse
from .typed import Code, convert
from .windows import Timeline, select, timeline


class FeatureScope:
    """Names in a feature's expression."""

    def __init__(self, engine: "Engine", view: View, feature: str, reads: Reads) -> None:
        self.engine, self.view, self.feature, self.reads = engine, view, feature, reads
        self.kinds = engine.kinds(view)

    def path(self, parts: tuple[str, ...]) -> Code:
        """Resolve by the order of the language page."""
        if parts[0] == "request" and len(parts) == 2:
            return self.request(parts[1])
        if parts[0] == "event" and len(parts) == 2:
            return self.column(parts[1])
        if parts[0] == "this" and len(parts) == 2:
            return self.sibling(parts[1])
        if len(parts) > 1:
            return self.reference(parts)
        name = parts[0]
        if name == "as_of":
            return Code("timestamp", lambda m: m.boundary)
        if name == self.feature and (name in self.kinds or name == "event_time"):
            return self.column(name)
        if name in self.view.features:
            return self.sibling(name)
        return self.column(name)

    def request(self, name: str) -> Code:
        """A request field or the request's time."""
        if name == "time":
            return Code("timestamp", lambda m: m.instant)
        kind = self.view.request[name]
        return Code(kind, lambda m: m.request[name])

    def column(self, name: str) -> Code:
        """A column of the newest row."""
        self.reads.newest = True
        engine = self.engine
        if name == "event_time":
            return Code("timestamp", lambda m: e.time if (e := engine.newest(m)) else None)
        if name not in self.kinds:
            raise OracleError(f"{self.view.name}.{self.feature}: unknown name {name}")
        return Code(self.kinds[name], lambda m: e.row[name] if (e := engine.newest(m)) else None)

    def sibling(self, name: str) -> Code:
        """Another feature of the view, after its default."""
        self.reads.features.append(name)
        engine = self.engine
        kind = engine.compiled(self.view, name).code.kind
        return Code(kind, lambda m: engine.settle(m, name).datum)

    def reference(self, parts: tuple[str, ...]) -> Code:
        """A feature of another view, perhaps through a link."""
        self.reads.references.append(parts)
        engine, project = self.engine, self.engine.project
        kind = engine.compiled(project.views[parts[-2]], parts[-1]).code.kind
        return Code(kind, lambda m: engine.refer(m, parts).datum)

    def aggregate(self, node: Node) -> Code:
        """An aggregate call with its window."""
        name = ALIASES.get(str(node.value), str(node.value))
        if node.distinct:
            name += "_distinct"
        inner = EventScope(self.kinds, self.view, (self.feature,))
        codes = [compile_node(arg, inner) for arg in node.args]
        count = AGGREGATIONS[name].arguments
        arguments, literals = tuple(codes[:count]), tuple(c.run(None) for c in codes[count:])
        where = compile_node(node.where, inner) if node.where else None
        assert node.window is not None
        call = Aggregate(name, arguments, literals, where, node.window)
        self.reads.aggregates.append(call)
        engine = self.engine
        kind = result_type(name, call.kinds, literals)
        return Code(kind, lambda m: engine.fold(m, call).datum)


class Engine:
    """Computes values of a project, each from all events of its entity.

    With `served_at` the values are those that serving gives at that time, on the condition that all
    events were pushed after every refreshed view was last published: only what is evaluated at the
    very time sees events.
    """

    def __init__(
        self,
        project: Project,
        pushed: dict[str, Loaded] | None = None,
        served_at: int | None = None,
    ) -> None:
        self.project = project
        self.pushed = pushed or {}
        self.served_at = served_at
        self._loaded: dict[str, Loaded] = {}
        self._events: dict[str, dict[Key, list[Event]]] = {}
        self._compiled: dict[tuple[str, str], Compiled] = {}
        self._memo: dict[tuple, Any] = {}
        self._passes: dict[int, dict[int, bool]] = {}
        self._rows: dict[int, dict[int, tuple[Any, ...]]] = {}

    def loaded(self, source: str) -> Loaded:
        """A source, read once."""
        if source not in self._loaded:
            found = self.project.sources[source]
            if found.pushed:
                self._loaded[source] = load_pushed(found, self.pushed[source])
            else:
                self._loaded[source] = load(self.project, found)
        return self._loaded[source]

    def kinds(self, view: View) -> dict[str, str]:
        """Column types of a view's source."""
        return self.loaded(view.source).kinds if view.source else {}

    def events(self, view: View, key: Key) -> list[Event]:
        """All events of an entity, oldest first."""
        if view.source is None:
            return []
        if view.name not in self._events:
            loaded = self.loaded(view.source)
            self._events[view.name] = view_events(self.project, view, loaded)
        return self._events[view.name].get(key, [])

    def visible(self, moment: Moment) -> list[Event]:
        """The events of an entity that may be seen from a moment, oldest first."""
        events = self.events(moment.view, moment.key)
        if self.served_at is not None and moment.boundary != self.served_at:
            return []
        return events

    def all_events(self) -> list[list[Event]]:
        """The events of every entity of every view that was read."""
        return [events for entities in self._events.values() for events in entities.values()]

    def compiled(self, view: View, name: str) -> Compiled:
        """A feature, compiled once."""
        found = self._compiled.get((view.name, name))
        if found is None:
            feature = view.features[name]
            reads = Reads()
            code = compile_node(parse(feature.text), FeatureScope(self, view, name, reads))
            default = None
            if feature.default is not None and is_written_as_json(code.kind):
                default = default_value(code.kind, feature.default)
            elif feature.default is not None:
                literal = compile_node(parse(feature.default), EventScope({}))
                default = convert(literal, code.kind).run(None)
            found = Compiled(feature, code, reads, default, feature.text)
            self._compiled[(view.name, name)] = found
        return found

    def newest(self, moment: Moment) -> Event | None:
        """The newest row, unless it is a tombstone or fails the view's where."""
        memo = ("newest", moment.view.name, moment.key, moment.boundary)
        if memo not in self._memo:
            end = moment.boundary + (1 if moment.view.edge == "at" else 0)
            found = None
            for event in self.visible(moment):
                if event.time < end and event.known(moment.boundary):
                    found = event
            if found is not None and (found.tombstone or not found.passes):
                found = None
            self._memo[memo] = found
        return self._memo[memo]

    def fold(self, moment: Moment, call: Aggregate) -> Part:
        """An aggregate over every event of the entity that lies in its window."""
        memo = (id(call), moment.view.name, moment.key, moment.boundary)
        if memo in self._memo:
            return self._memo[memo]
        passes = self._passes.setdefault(id(call), {})

        def accepts(event: Event) -> bool:
            if id(event) not in passes:
                passes[id(event)] = call.accepts(event)
            return passes[id(event)]

        found = select(moment.frame(), call.window, self.timeline(moment), accepts)
        events = found.events
        part = Part(None, events[-1].time if events else None, edges=found.edges)
        rows = [self.arguments(call, event) for event in events]
        times = [event.time for event in events]
        selected = Selected(call.kinds, call.literals, rows, times, moment.boundary)
        try:
            part.datum = AGGREGATIONS[call.name].run(selected)
        except CapError:
            part.capped = True
        self._memo[memo] = part
        return part

    def timeline(self, moment: Moment) -> Timeline:
        """The events of an entity as windows need them."""
        memo = ("timeline", moment.view.name, moment.key, moment.boundary)
        if memo not in self._memo:
            self._memo[memo] = timeline(moment.frame(), self.visible(moment))
        return self._memo[memo]

    def arguments(self, call: Aggregate, event: Event) -> tuple[Any, ...]:
        """The arguments of a call for an event, computed once."""
        rows = self._rows.setdefault(id(call), {})
        if id(event) not in rows:
            rows[id(event)] = tuple(code.run(event) for code in call.arguments)
        return rows[id(event)]

    def refer(self, moment: Moment, parts: tuple[str, ...]) -> Settled:
        """The value another view has as of this view's boundary."""
        view = self.project.views[parts[-2]]
        key: Key | None = moment.key
        if len(parts) == 3:
            link = self.project.entities[moment.view.entity].links[parts[0]]
            key = self.follow(moment, link)
        elif view.entity != moment.view.entity:
            raise OracleError(f"{'.'.join(parts)} is of another entity")
        if key is None:
            return MISSING
        return self.value(view, parts[-1], key, moment.boundary)

    def follow(self, moment: Moment, link: Link) -> Key | None:
        """The key a link gives, null if any part of it is."""
        key = []
        columns = self.project.entities[link.entity].key
        for column in columns:
            view, feature = link.key.get(column) or link.key[""]
            owner = self.project.views[view]
            key.append(self.value(owner, feature, moment.key, moment.boundary).datum)
        return None if any(part is None for part in key) else tuple(key)

    def value(
        self, view: View, name: str, key: Key, instant: int, request: dict | None = None
    ) -> Settled:
        """value(view, e, T): the view's own boundary, then its expression."""
        moment = Moment(view, key, view.freshness.boundary(instant), request, instant)
        return self.settle(moment, name)

    def settle(self, moment: Moment, name: str) -> Settled:
        """Datum, expiry, default, and the status they leave."""
        memo = ("settle", moment.view.name, name, moment.key, moment.boundary)
        if moment.request is None and memo in self._memo:
            return self._memo[memo]
        result = self.settle_parts(moment, name)[0]
        if moment.request is None:
            self._memo[memo] = result
        return result

    def settle_parts(
        self, moment: Moment, name: str, oldest_allowed: int | None = None
    ) -> tuple[Settled, Compiled]:
        """settle; with `oldest_allowed`, an older event time expires the value (--max-age)."""
        compiled = self.compiled(moment.view, name)
        inputs, own, references = self.inputs(moment, compiled.reads)
        own_time = max((p.time for p in own if p.time is not None), default=None)
        times = [r.time for r in references if r.time is not None]
        if own_time is not None:
            times.append(own_time)
        time = min(times, default=None)
        capped = any(part.capped for part in own)
        datum = compiled.code.run(moment)
        expires = compiled.feature.expires or moment.view.expires
        struck = expires is not None and time is not None and moment.boundary - time > expires
        if struck:
            datum = None
        statuses = {value.status for value in inputs}
        status = "fresh"
        if datum is None and (capped or "error" in statuses):
            return Settled(None, time, "error"), compiled
        if struck or (datum is None and "expired" in statuses):
            status = "expired"
        elif datum is None and time is None:
            status = "missing"
        if oldest_allowed is not None and time is not None and time < oldest_allowed:
            datum, status = None, "expired"
        if datum is None and compiled.feature.default is not None:
            datum, status = compiled.default, "default"
        return Settled(datum, time, status), compiled

    def inputs(
        self, moment: Moment, reads: Reads
    ) -> tuple[list[Settled], list[Part], list[Settled]]:
        """Features read, then the own parts and references, through other features included."""
        direct = [self.settle(moment, name) for name in reads.features]
        direct += [self.refer(moment, parts) for parts in reads.references]
        own: list[Part] = []
        references: list[Settled] = []
        for each in self.closure(moment.view, reads):
            own += [self.fold(moment, call) for call in each.aggregates]
            if each.newest and (event := self.newest(moment)):
                own.append(Part(None, event.time))
            references += [self.refer(moment, parts) for parts in each.references]
        return direct, own, references

    def closure(self, view: View, reads: Reads) -> list[Reads]:
        """The reads and those of all features of the view that are read, each once."""
        found, names = [reads], set()
        for each in found:
            for name in each.features:
                if name not in names:
                    names.add(name)
                    found.append(self.compiled(view, name).reads)
        return found


__all__ = ["Aggregate", "Compiled", "Engine", "Moment", "Settled"]
