"""From a project of files to one whose sources are only pushed to, and the rows to push.

Definitions of features stay as they are, to the letter; only sources change: `push`, the types of
all columns, and a rule of availability, so that events of the past count at the times of labels.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from fettle_oracle.definitions import Project, Source, read_project
from fettle_oracle.events import source_paths
from fettle_oracle.files import read_file

IDENTITY = "eid"
MODEL = "m"
WIDER = "z"
WIDER_VIEW = "z_view"
Row = dict[str, Any]


@dataclass
class Feed:
    """The rows of a source that are to be pushed; values are those of the oracle."""

    source: Source
    kinds: dict[str, str]
    rows: list[Row]

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.source.name

    def identity(self, row: Row) -> Any:
        """The id of a row, null if it has none."""
        return row[self.source.identity] if self.source.identity else None


def read_rows(project: Project, source: Source) -> tuple[dict[str, str], list[Row]]:
    """Column types and rows of all files of a source, bad rows included."""
    kinds: dict[str, str] = {}
    rows: list[Row] = []
    for path in source_paths(project, source):
        kinds, columns = read_file(project.folder / path, source.fields, source.zone)
        count = len(columns[source.time_column])
        rows += [{name: columns[name][index] for name in kinds} for index in range(count)]
    for name in (name for name, kind in kinds.items() if kind == "json"):
        for row in rows:  # a line of NDJSON ends with its line
            row[name] = row[name] and row[name].replace("\n", " ")
    return kinds, rows


def identify(kinds: dict[str, str], rows: list[Row], rng: Random) -> None:
    """Give rows of a source without ids ids of their own, but not all; one id is the empty text."""
    if all(row.get(IDENTITY) is None for row in rows):
        kinds[IDENTITY] = "string"
        for number, row in enumerate(rows):
            row[IDENTITY] = None if rng.random() < 0.1 else f"n{number}"
    empty = rng.choice([row[IDENTITY] for row in rows if row[IDENTITY] is not None])
    for row in rows:
        if row[IDENTITY] == empty:
            row[IDENTITY] = ""


def pushed_text(text: str, kinds: dict[str, str]) -> str:
    """The document of a source without its files."""
    kept, inside = [], False
    for line in text.rstrip("\n").split("\n"):
        inside = line == "fields:" or (inside and line.startswith("  "))
        if not inside and not line.startswith("path:"):
            kept.append(line)
    more = ["push: true", "fields:", *(f"  {name}: {kind}" for name, kind in kinds.items())]
    if not any(line.startswith("available:") for line in kept):
        more.append("available: event_time")
    # The main source may have no id: then nothing but the keys of requests finds copies.
    if kept[0] != "source: s0" and not any(line.startswith("id:") for line in kept):
        more.append(f"id: {IDENTITY}")
    return "\n".join([kept[0], *more, *kept[1:]]) + "\n"


def rewrite(text: str, kinds: dict[str, dict[str, str]]) -> str:
    """A file of definitions with its sources pushed and the answers of its model kept."""
    documents = []
    for document in text.split("---\n"):
        first = document.split("\n", 1)[0]
        if first.startswith("source: "):
            document = pushed_text(document, kinds[first.removeprefix("source: ")])
        elif first.startswith("model: "):
            document += "log: {sample: 1}\n"
        documents.append(document)
    return "---\n".join(documents)


def derive(files: Path, live: Path, rng: Random) -> dict[str, Feed]:
    """Write the pushed project of a project of files; gives the rows of each source."""
    project = read_project(files)
    kinds, rows = {}, {}
    for source in project.sources.values():
        kinds[source.name], rows[source.name] = read_rows(project, source)
        identify(kinds[source.name], rows[source.name], rng)
    (live / "features").mkdir(parents=True)
    for name in ("fettle.yaml", "labels.parquet"):
        shutil.copy(files / name, live / name)
    for path in sorted((files / "features").glob("*.yaml")):
        text = rewrite(path.read_text(encoding="utf-8"), kinds)
        (live / "features" / path.name).write_text(text, encoding="utf-8")
    sources = read_project(live).sources
    return {name: Feed(sources[name], kinds[name], rows[name]) for name in sources}


def wider_text(project: Project, rng: Random) -> str:
    """A view with a key that no other view has, and its model."""
    columns = next(
        (key for entity, key in project.models[MODEL].roles.values() if entity == "g"), {}
    )
    fresh = rng.choice(["realtime", "realtime", "hourly", "daily"])
    key = rng.choice(["coalesce(grp, status)", "if(flag, 'g1', coalesce(grp, 'g2'))", "note"])
    return "\n".join([
        f"view: {WIDER_VIEW}", "entity: g", "source: s0", f"freshness: {fresh}",
        "key:", f"  gid: {key}",
        "features:",
        "  n: count() over all",
        "  total: sum(amount) over 2d",
        "  spread: var_pop(price) over all",
        "  newest: qty",
        "  kinds: count(distinct status) over 1d",
        "  first_note: first(note) where flag over all",
        "---",
        f"model: {WIDER}", "version: 1",
        f"entities: {{of: {{entity: g, key: {{gid: {columns['gid']}}}}}}}",
        f"features: [of.{WIDER_VIEW}.*]", "log: {sample: 1}", "",
    ])
