"""Writing rows as Parquet or CSV files in the storage a source was given."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fettle_oracle.times import naive, offset_at

from .rows import Row, Storage
from .themes import DAY, Theme
from .wide import WIDE_KINDS

NAMES = ["part-10", "part-2", "Part-3", "part_1", "b", "a-z", "a"]
ARROW = {
    "string": pa.string(),
    "bytes": pa.binary(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "decimal(2)": pa.decimal128(12, 2),
    "duration": pa.duration("us"),
    "json": pa.string(),
    "list<string>": pa.list_(pa.string()),
    "list<float64>": pa.list_(pa.float64()),
    "list<int64>": pa.list_(pa.int64()),
    "map<int64>": pa.map_(pa.string(), pa.int64()),
    "map<string>": pa.map_(pa.string(), pa.string()),
    "vector(3)": pa.list_(pa.float64(), 3),
}
KINDS = {
    "eid": "string", "opc": "string", "seq": "int64", "wait": "int64", "amount": "float64", "ratio": "float64",
    "qty": "int64", "big": "int64", "price": "decimal(2)", "status": "string", "note": "string",
    "flag": "bool", "day": "date", "grp": "string", "op": "string", "level": "int64",
    "score": "float64", "home": "string", "avail": "timestamp", "seen": "timestamp", "n": "int64",
    **WIDE_KINDS,
}
STEP = {"int_us": (1, 1), "int_ms": (1, 1000), "int_s": (1, 1_000_000), "int_ns": (1000, 1)}


def kinds_of(theme: Theme, storage: Storage, rows: list[Row]) -> dict[str, str]:
    """Column types of the files of a source, the event time first."""
    stored = "int64" if storage.time.startswith("int") else "timestamp"
    kinds = {"ts": "date" if storage.time == "date" else stored}
    kinds.update(zip(theme.key_names, theme.key_types))
    for name in rows[0]:
        if name in KINDS:
            kinds[name] = KINDS[name]
    return kinds


def wall_of(theme: Theme, instant: int, linear: bool) -> int:
    """A zone-less time; `linear` ignores changes of offset and so also names times in a gap."""
    if linear:
        return instant + offset_at(theme.start, theme.zone)
    return instant + offset_at(instant, theme.zone)


class Writer:
    """Writes the files of one source."""

    def __init__(self, theme: Theme, storage: Storage, folder: Path) -> None:
        self.theme, self.storage, self.folder = theme, storage, folder
        self.linear = theme.rng.random() < 0.5
        self.naive = storage.time == "naive"
        rng = theme.rng
        narrow = {"level": pa.int16(), "qty": pa.int32(), "seq": pa.uint8(), "wait": pa.int32(),
                  "emb": pa.list_(pa.float32(), 3), "codes": pa.list_(pa.int32())}
        self.narrow = {name: kind for name, kind in narrow.items() if rng.random() < 0.4}
        folder.mkdir(parents=True)

    def stored(self, row: Row) -> int | None:
        """The stored form of the event time: a count of the column's unit."""
        time, mode = row["_time"], self.storage.time
        if time is None:
            return None
        if mode == "naive":
            return wall_of(self.theme, time, self.linear)
        if mode == "date":
            return (time + offset_at(time, self.theme.zone)) // DAY
        if mode in ("tz_ns", "int_ns"):
            return time * 1000 + hash_digits(row)
        times, over = STEP.get(mode, (1, 1))
        return time * times // over

    def moment(self, instant: int | None) -> int | None:
        """The stored form of another time column."""
        if instant is None or not self.naive:
            return instant
        return wall_of(self.theme, instant, self.linear)

    def write(self, rows: list[Row], files: int) -> None:
        """Spread the rows over files, one of them perhaps empty."""
        rng = self.theme.rng
        kinds = kinds_of(self.theme, self.storage, rows)
        parts: list[list[Row]] = [[] for _ in range(files)]
        for row in rows:
            parts[rng.randrange(files)].append(row)
        if rng.random() < 0.15:
            parts.append([])
        for name, part in zip(rng.sample(NAMES, len(parts)), parts):
            write = {"csv": self.write_csv, "jsonl": self.write_jsonl}.get(
                self.storage.format, self.write_parquet
            )
            write(self.folder / f"{name}.{self.storage.format}", kinds, part)

    def write_parquet(self, path: Path, kinds: dict[str, str], rows: list[Row]) -> None:
        """One Parquet file of several row groups."""
        rng = self.theme.rng
        arrays, names = [], []
        for name, kind in kinds.items():
            names.append(name)
            if name == "ts":
                arrays.append(self.time_array(rows))
            elif kind == "timestamp":
                unit = pa.timestamp("us", None if self.naive else "UTC")
                arrays.append(pa.array([self.moment(row[name]) for row in rows], unit))
            else:
                values = [arrow_value(kind, row[name]) for row in rows]
                array = pa.array(values, ARROW[kind])
                arrays.append(array.cast(self.narrow[name]) if name in self.narrow else array)
        dictionary = rng.random() < 0.4
        pq.write_table(
            pa.table(arrays, names=names),
            path,
            row_group_size=rng.choice([7, 23, 64, 1000]),
            compression=rng.choice(["snappy", "zstd", "none", "gzip"]),
            use_dictionary=dictionary,
            column_encoding=None if dictionary else self.encodings(names, arrays),
            data_page_version=rng.choice(["1.0", "2.0"]),
            data_page_size=rng.choice([64, 512, None]),
            use_byte_stream_split=False,
        )

    def encodings(self, names: list[str], arrays: list[pa.Array]) -> dict[str, str]:
        """An encoding for each column, of those that its physical type can have."""
        found = {}
        for name, array in zip(names, arrays):
            options = ["PLAIN"]
            if pa.types.is_nested(array.type):
                continue
            if pa.types.is_floating(array.type):
                options.append("BYTE_STREAM_SPLIT")
            elif pa.types.is_string(array.type) or pa.types.is_binary(array.type):
                options += ["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"]
            elif pa.types.is_boolean(array.type):
                options.append("RLE")
            elif not pa.types.is_decimal(array.type):
                options.append("DELTA_BINARY_PACKED")
            found[name] = self.theme.rng.choice(options)
        return found

    def time_array(self, rows: list[Row]) -> pa.Array:
        """The event time column."""
        values, mode = [self.stored(row) for row in rows], self.storage.time
        if mode.startswith("int"):
            return pa.array(values, pa.int64())
        if mode == "date":
            return pa.array(values, pa.int32()).cast(pa.date32())
        if mode == "naive":
            return pa.array(values, pa.timestamp("us"))
        return pa.array(values, pa.timestamp("ns" if mode == "tz_ns" else "us", "UTC"))

    def write_csv(self, path: Path, kinds: dict[str, str], rows: list[Row]) -> None:
        """One CSV file; a null is an empty field, an empty string is quoted."""
        lines = [",".join(kinds)]
        for row in rows:
            cells = []
            for name, kind in kinds.items():
                if name == "ts":
                    cells.append(self.time_text(row))
                elif kind == "timestamp":
                    cells.append(instant_text(self.moment(row[name]), self.naive))
                else:
                    cells.append(csv_text(plain_text(kind, row[name])))
            lines.append(",".join(cells))
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def write_jsonl(self, path: Path, kinds: dict[str, str], rows: list[Row]) -> None:
        """One file of JSON lines; nulls are written or left out."""
        rng, lines = self.theme.rng, []
        for row in rows:
            cells = []
            for name, kind in kinds.items():
                if name == "ts":
                    text = self.time_text(row)
                    value = json_number(text) if self.storage.time.startswith("int") else text
                elif kind == "timestamp":
                    value = instant_text(self.moment(row[name]), self.naive)
                elif kind == "json" and row[name] is not None:
                    cells.append(f"{json.dumps(name)}: {row[name]}".replace("\n", " "))
                    continue
                else:
                    value = json_form(kind, row[name])
                if value not in (None, "") or kind == "string" and value == "":
                    cells.append(f"{json.dumps(name)}: {json.dumps(value)}")
                elif rng.random() < 0.5:
                    cells.append(f"{json.dumps(name)}: null")
            lines.append("{" + ", ".join(cells) + "}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def time_text(self, row: Row) -> str:
        """The event time in CSV."""
        value, mode = self.stored(row), self.storage.time
        if value is None:
            return ""
        if mode.startswith("int"):
            return str(value)
        if mode == "date":
            return naive(value * DAY).date().isoformat()
        if mode == "tz_ns":
            return instant_text(value // 1000, False)[:-1] + f"{value % 1000:03d}Z"
        return instant_text(value, self.naive)


def hash_digits(row: Row) -> int:
    """Nanoseconds below the microsecond that copies of an event need not share."""
    return (row.get("qty") or 0) * 37 % 1000


def instant_text(micros: int | None, zoneless: bool) -> str:
    """A time as text, always with six digits."""
    if micros is None:
        return ""
    moment = naive(micros)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}"
    return text.replace("T", " ") if zoneless else text + "Z"


def json_number(text: str) -> int | None:
    """An integer time; null if there is none."""
    return int(text) if text else None


def arrow_value(kind: str, value: Any) -> Any:
    """A value as Arrow takes it: maps as pairs."""
    return list(value.items()) if isinstance(value, dict) else value


def json_form(kind: str, value: Any) -> Any:
    """A value as json.dumps takes it; numbers that are not finite are null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if kind.startswith("vector") and value and not all(map(math.isfinite, value)):
        return None
    if isinstance(value, (tuple, list)):
        return [json_form("", each) for each in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, (Decimal, dt.date)):
        return str(value)
    return value


def plain_text(kind: str, value: Any) -> Any:
    """A value as a CSV cell holds it: nested ones as JSON, bytes as base64."""
    if isinstance(value, (tuple, dict)):
        made = json_form(kind, value)
        return None if made is None else json.dumps(made)
    return json_form(kind, value) if isinstance(value, bytes) else value


def csv_text(value: Any) -> str:
    """A CSV cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        plain = value and value.strip() == value and not set(value) & set(',"\r\n')
        return value if plain else '"' + value.replace('"', '""') + '"'
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def write_labels(path: Path, columns: dict[str, tuple[str, list[Any]]], rng: Random) -> None:
    """The label rows: columns of language types, or of an Arrow type given as such."""
    arrays = []
    for kind, values in columns.values():
        values = [arrow_value("", value) for value in values]
        arrays.append(pa.array(values, ARROW[kind] if isinstance(kind, str) else kind))
    table = pa.table(arrays, names=list(columns))
    pq.write_table(table, path, row_group_size=rng.choice([10, 33, 1000]))
