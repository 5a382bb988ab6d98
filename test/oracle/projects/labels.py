"""Label rows: times near the edges of windows, keys, and fields of the request."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa

from fettle_oracle.times import offset_at

from .numbers import hard_float, nullable, odd_float
from .rows import GROUPS, Row
from .store import write_labels
from .themes import DAY, HOUR, Theme, duration, eps
from .wide import wide_values

REQUEST = {"r_amount": "float64", "r_count": "int64", "r_text": "string"}
WIDE_REQUEST = {  # fields of label rows only: name, type, and the column of events it is made like
    "r_tags": ("list<string>", "tags"), "r_vector": ("vector(3)", "emb"),
    "r_map": ("map<int64>", "attrs"), "r_doc": ("json", "doc"), "r_day": ("date", "born"),
    "r_span": ("duration", "span"),
}


class LabelRows:
    """The label rows of a project, and the arguments of `train` that go with them."""

    theme: Theme
    rng: Random
    folder: Path
    spoiled: bool
    corrected: bool
    request: dict[str, str]

    def labels(self, key_columns: dict[str, str]) -> list[str]:
        """Label rows near the edges; returns the arguments of `train`."""
        rng, theme = self.rng, self.theme
        gap = rng.choice([0, 0, 0, HOUR, 1])
        max_age = rng.choice([None, None, None, None, 12 * HOUR, 2 * DAY])
        zoneless = rng.random() < 0.3
        rows = [self.label_row(key_columns, gap) for _ in range(40)]
        rows += [dict(rng.choice(rows)) for _ in range(4)]
        arguments = ["--time", "at"]
        if self.spoiled or self.corrected:
            arguments += ["--max-bad", "1000"]
        if gap:
            arguments += ["--gap", duration(gap)]
        if max_age:
            arguments += ["--max-age", duration(max_age)]
        stamp = self.label_times(rows, zoneless)
        if zoneless:
            arguments += ["--timezone", theme.zone]
        types = dict(zip(theme.key_names, theme.key_types)) | {"gid": "string"}
        columns: dict[str, tuple[Any, list[Any]]] = {"y": ("float64", [r["y"] for r in rows])}
        for column, key in key_columns.items():
            columns[column] = (types[key], [r[column] for r in rows])
        columns["at"] = (stamp, [r["at"] for r in rows])
        for name, kind in self.request.items():
            columns[name] = (kind, [r[name] for r in rows])
        write_labels(self.folder / "labels.parquet", columns, rng)
        return arguments

    def label_times(self, rows: list[Row], zoneless: bool) -> Any:
        """Store the label times as instants, zone-less times or dates; gives the column's type."""
        rng, zone = self.rng, self.theme.zone
        daily, fine = rng.random() < 0.15, rng.random() < 0.2
        for row in rows:
            if row["at"] is None:
                continue
            if zoneless:
                row["at"] += offset_at(row["at"], zone)
            if zoneless and daily:
                row["at"] = dt.date(1970, 1, 1) + dt.timedelta(days=row["at"] // DAY)
            elif fine:
                row["at"] = row["at"] * 1000 + rng.randrange(1000)
        if zoneless and daily:
            return "date"
        unit = "ns" if fine else "us"
        return pa.timestamp(unit, None if zoneless else rng.choice(["UTC", "America/New_York"]))

    def label_row(self, key_columns: dict[str, str], gap: int) -> Row:
        """One label row; unknown and null keys and times are rare."""
        rng, theme = self.rng, self.theme
        late = rng.choice([0, 0, 0, *theme.windows, *theme.offsets, *theme.ready, HOUR])
        time = rng.choice(theme.hot[len(theme.hot) // 4 :]) + late + eps(rng, theme.unit) + gap
        if rng.random() < 0.02:
            time = theme.start - 400 * DAY
        row: Row = {"at": nullable(rng, time, 0.03), "y": odd_float(rng, rng.random())}
        parts: dict[str, Any] = {}
        for column, key in key_columns.items():
            if key == theme.key_names[0] or not parts:
                parts = dict(zip(theme.key_names, rng.choice(theme.keys)))
            value = rng.choice([*GROUPS, *GROUPS, "g9"]) if key == "gid" else parts[key]
            row[column] = nullable(rng, value, 0.015)
        row["r_amount"] = nullable(rng, odd_float(rng, hard_float(rng, "money")))
        row["r_count"] = nullable(rng, rng.randrange(-5, 9))
        row["r_text"] = nullable(rng, rng.choice(["paid", "", "g1", "x"]))
        if "r_tags" in self.request:
            made = wide_values(rng)
            row.update({name: made[like] for name, (_, like) in WIDE_REQUEST.items()})
        return row
