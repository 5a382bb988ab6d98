"""Reading a project's definition files into plain records.

Only the fields that `generate.py` emits are known; any other is an error, so that the oracle never
ignores something that changes a value.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from . import OracleError
from .syntax import parse_duration
from .times import Freshness, parse_freshness

IGNORED = {"description", "owner", "tags", "pii"}


@dataclass
class Entity:
    """What features describe: key columns with their types, and links to other entities."""

    name: str
    key: dict[str, str]
    links: dict[str, "Link"] = field(default_factory=dict)


@dataclass
class Link:
    """belongs_to: the entity linked to and, per key column of it, the feature that gives it."""

    entity: str
    key: dict[str, tuple[str, str]]


@dataclass
class Source:
    """A source of events, in files or pushed."""

    name: str
    table: bool
    path: str | None
    pushed: bool
    time_column: str
    zone: str | None
    unit: str | None
    fields: dict[str, str]
    identity: str | None
    sequence: str | None
    available: str | None
    where: str | None
    delete_when: str | None
    op: str | None
    columns: dict[str, str]
    edge: str


@dataclass
class Feature:
    """One feature of a view, its fan-out already done."""

    name: str
    text: str
    default: str | None = None
    expires: int | None = None


@dataclass
class View:
    """The features of an entity over one source, or over other views only."""

    name: str
    entity: str
    source: str | None
    key: dict[str, str]
    freshness: Freshness
    edge: str
    expires: int | None
    where: str | None
    request: dict[str, str]
    features: dict[str, Feature]


@dataclass
class Output:
    """A column of a training set."""

    column: str
    role: str
    view: str
    feature: str


@dataclass
class Model:
    """A list of features, and for each role its entity and the label columns of the key."""

    name: str
    roles: dict[str, tuple[str, dict[str, str]]]
    outputs: list[Output]


@dataclass
class Project:
    """All definitions of a project folder."""

    folder: Path
    timezone: str
    entities: dict[str, Entity]
    sources: dict[str, Source]
    views: dict[str, View]
    models: dict[str, Model]


class Document:
    """A mapping that remembers which of its fields were read."""

    def __init__(self, kind: str, values: dict[str, Any]) -> None:
        self.kind, self.values = kind, dict(values)

    def take(self, name: str, default: Any = None) -> Any:
        """The field, removed."""
        return self.values.pop(name, default)

    def done(self) -> None:
        """Refuse the fields nobody read."""
        left = set(self.values) - IGNORED
        if left:
            raise OracleError(f"{self.kind}: unknown fields {sorted(left)}")


def duration_or_none(text: str | None) -> int | None:
    """Microseconds of an optional duration."""
    return None if text is None else parse_duration(text)


def read_entity(doc: Document) -> Entity:
    """entity."""
    entity = Entity(doc.take("entity"), doc.take("key"))
    for alias, target in (doc.take("belongs_to") or {}).items():
        if isinstance(target, str):
            entity.links[alias] = Link(alias, {"": split_path(target)})
        else:
            key = {column: split_path(path) for column, path in target["key"].items()}
            entity.links[alias] = Link(target["entity"], key)
    doc.done()
    return entity


def split_path(text: str) -> tuple[str, str]:
    """VIEW.FEATURE."""
    view, feature = text.split(".")
    return view, feature


def read_source(doc: Document) -> Source:
    """source."""
    time = doc.take("event_time")
    time = {"column": time} if isinstance(time, str) else time
    table = doc.take("mode", "events") == "table"
    doc.take("key")
    source = Source(
        name=doc.take("source"),
        table=table,
        path=doc.take("path"),
        pushed=doc.take("push") == "true",
        time_column=time["column"],
        zone=time.get("timezone"),
        unit=time.get("unit"),
        fields=doc.take("fields") or {},
        identity=doc.take("id"),
        sequence=doc.take("sequence"),
        available=doc.take("available"),
        where=doc.take("where"),
        delete_when=doc.take("delete_when"),
        op=doc.take("op"),
        columns=doc.take("columns") or {},
        edge=doc.take("edge", "at" if table else "before"),
    )
    doc.done()
    return source


def substitute(text: str, values: dict[str, str]) -> str:
    """Replace {name} by its value."""
    return re.sub(r"\{([a-z][a-z0-9_]*)\}", lambda match: values[match[1]], text)


def read_feature(name: str, body: Any) -> list[Feature]:
    """A feature, or one for each combination of its `for` values."""
    if isinstance(body, str):
        return [Feature(name, body)]
    doc = Document(f"feature {name}", body)
    loops = doc.take("for") or {}
    expression, default = doc.take("expr"), doc.take("default")
    expires = duration_or_none(doc.take("expires"))
    doc.done()
    made = []
    for combination in itertools.product(*loops.values()):
        values = dict(zip(loops, combination))
        made.append(
            Feature(substitute(name, values), substitute(expression, values), default, expires)
        )
    return made


def read_view(doc: Document, timezone: str, sources: dict[str, Source]) -> View:
    """view."""
    source = doc.take("source")
    edge = sources[source].edge if source else "before"
    features = [
        feature
        for name, body in doc.take("features").items()
        for feature in read_feature(name, body)
    ]
    view = View(
        name=doc.take("view"),
        entity=doc.take("entity"),
        source=source,
        key=doc.take("key") or {},
        freshness=parse_freshness(
            doc.take("freshness", "realtime"), doc.take("ready_after"), timezone
        ),
        edge=doc.take("edge", edge),
        expires=duration_or_none(doc.take("expires")),
        where=doc.take("where"),
        request=doc.take("request") or {},
        features={feature.name: feature for feature in features},
    )
    doc.done()
    return view


def read_model(doc: Document, project: Project) -> Model:
    """model: roles, then the feature list with wildcards, exclusions and new names."""
    roles: dict[str, tuple[str, dict[str, str]]] = {}
    declared = doc.take("entities")
    for role, target in (declared or {}).items():
        target = {"entity": target} if isinstance(target, str) else target
        columns = project.entities[target["entity"]].key
        roles[role] = (target["entity"], target.get("key") or {name: name for name in columns})
    if declared is None:
        for entity in project.entities.values():
            roles[entity.name] = (entity.name, {name: name for name in entity.key})
    outputs: list[Output] = []
    for item in doc.take("features"):
        renamed = None
        if isinstance(item, dict):
            ((item, renamed),) = item.items()
        exclude = item.startswith("-")
        parts = item.removeprefix("-").split(".")
        found = expand(parts, declared is not None, project)
        if exclude:
            gone = {(each.role, each.view, each.feature) for each in found}
            outputs = [o for o in outputs if (o.role, o.view, o.feature) not in gone]
            continue
        if renamed:
            found[0].column = renamed
        outputs += found
    doc.take("version")
    doc.take("log")  # which answers are kept changes no value
    model = Model(doc.take("model"), roles, outputs)
    doc.done()
    return model


def expand(parts: list[str], with_roles: bool, project: Project) -> list[Output]:
    """[role.]view.feature or [role.]view.* as output columns."""
    prefix = ""
    role = None
    if with_roles and len(parts) == 3:
        role, parts = parts[0], parts[1:]
        prefix = role + "."
    view, feature = parts
    role = role or project.views[view].entity
    names = list(project.views[view].features) if feature == "*" else [feature]
    return [Output(f"{prefix}{view}.{name}", role, view, name) for name in names]


def read_project(folder: Path) -> Project:
    """All definitions below a project folder."""
    head = yaml.load((folder / "fettle.yaml").read_text(), yaml.BaseLoader)
    documents: list[dict[str, Any]] = []
    for path in sorted((folder / "features").rglob("*.yaml")):
        documents += [d for d in yaml.load_all(path.read_text(), yaml.BaseLoader) if d]
    project = Project(folder, head.get("timezone", "UTC"), {}, {}, {}, {})
    by_kind: dict[str, list[Document]] = {}
    for values in documents:
        kind = next((k for k in ("model", "view", "source", "entity") if k in values), None)
        if kind is None:
            raise OracleError(f"unknown kind of document: {sorted(values)}")
        by_kind.setdefault(kind, []).append(Document(f"{kind} {values[kind]}", values))
    for doc in by_kind.get("entity", []):
        entity = read_entity(doc)
        project.entities[entity.name] = entity
    for doc in by_kind.get("source", []):
        source = read_source(doc)
        project.sources[source.name] = source
    for doc in by_kind.get("view", []):
        view = read_view(doc, project.timezone, project.sources)
        project.views[view.name] = view
    for doc in by_kind.get("model", []):
        model = read_model(doc, project)
        project.models[model.name] = model
    return project
