"""Rows as bodies of requests: every way to write a value that the API's pages allow."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import gzip
import io
import json
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fettle_oracle.kinds import element, is_decimal, is_list, is_map, is_vector, scale_of
from fettle_oracle.times import from_wall, naive, offset_at
from projects.store import ARROW

from .derive import Feed, Row

TYPES = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
EPOCH_DATE = dt.date(1970, 1, 1)
EXACT = 2**53


def decimal_text(value: int, scale: int) -> str:
    """A decimal with all its places."""
    return str(decimal.Decimal(value).scaleb(-scale).quantize(decimal.Decimal(1).scaleb(-scale)))


def date_text(days: int) -> str:
    """YYYY-MM-DD."""
    return (EPOCH_DATE + dt.timedelta(days=days)).isoformat()


def wall_of(instant: int, zone: str | None) -> int | None:
    """The zone-less time that is read as an instant, if there is one."""
    if zone is None:
        return None
    wall = instant + offset_at(instant, zone)
    return wall if from_wall(wall, zone) == instant else None


def clock_text(micros: int, digits: int) -> str:
    """A wall clock with at least so many digits after the second."""
    moment = naive(micros)
    text = f"{moment:%m-%dT%H:%M:%S}.{moment.microsecond:06d}"
    text = f"{moment.year:04d}-{text}"
    while digits < 6 and text[-1] in "0.":
        text, last = text[:-1], text[-1]
        if last == ".":
            break
    return text


def instant_text(instant: int, rng: Random) -> str:
    """A time with a zone: fewer or more digits than six, Z or an offset."""
    draw = rng.random()
    if draw < 0.5:
        return clock_text(instant, 6) + "Z"
    if draw < 0.65:
        return clock_text(instant, 0) + "Z"
    if draw < 0.8:
        return clock_text(instant, 6) + f"{rng.randrange(1000):03d}Z"
    minutes = rng.choice([-570, -60, 0, 330, 765])
    sign = "-" if minutes < 0 else "+"
    hour, minute = divmod(abs(minutes), 60)
    return clock_text(instant + minutes * 60_000_000, 6) + f"{sign}{hour:02d}:{minute:02d}"


class Writer:
    """Writes the rows of one request. A row of None is one that no column can hold."""

    def __init__(self, feed: Feed, rows: list[Row | None], rng: Random) -> None:
        self.feed, self.rows, self.rng = feed, rows, rng
        self.zoneless = {
            name: rng.random() < 0.6 and self.has_walls(name)
            for name, kind in feed.kinds.items() if kind == "timestamp"
        }

    def has_walls(self, name: str) -> bool:
        """Whether every time of a column can be written without a zone."""
        zone = self.feed.source.zone
        values = [row[name] for row in self.rows if row is not None and row[name] is not None]
        return zone is not None and all(wall_of(value, zone) is not None for value in values)

    def forms(self) -> list[str]:
        """The formats that can hold these rows."""
        plain = [row for row in self.rows if row is not None]
        found = ["json", "json", "jsonl", "jsonl"]
        if "bytes" not in self.feed.kinds.values() and not any(
            isinstance(value, str) and "\x00" in value for row in plain for value in row.values()
        ):
            found += ["csv", "csv"]
        if len(plain) == len(self.rows):
            found.append("parquet")
        return found

    def body(self, form: str) -> bytes:
        """The body in a format."""
        if form == "parquet":
            return self.parquet()
        if form == "csv":
            return self.csv().encode()
        rows = [self.json_row(row) for row in self.rows]
        if form == "jsonl":
            return ("\n".join(rows) + self.rng.choice(["", "\n", "\n\n"])).encode()
        return ('{"events":[' + ",".join(rows) + "]}").encode()

    def time_text(self, name: str, value: int) -> str:
        """A time with a zone, or in the source's own."""
        if self.zoneless[name]:
            wall = wall_of(value, self.feed.source.zone)
            assert wall is not None
            return clock_text(wall, 6).replace("T", self.rng.choice([" ", "T"]))
        return instant_text(value, self.rng)

    def json_row(self, row: Row | None) -> str:
        """One event; nulls are written or left out, keys come in any order."""
        rng, time = self.rng, self.feed.source.time_column
        if row is None:
            return rng.choice([f'{{"{time}":true}}', '{"no_such_column":1}', f'{{"{time}":null}}'])
        cells = []
        for name, value in row.items():
            if value is None and rng.random() < 0.7:
                continue
            cells.append(f"{json.dumps(name)}:{self.json_value(name, value)}")
        rng.shuffle(cells)
        return "{" + ",".join(cells) + "}"

    def json_value(self, name: str, value: Any) -> str:
        """One value in a form that its type allows."""
        rng, kind = self.rng, self.feed.kinds[name]
        if value is None:
            return "null"
        if kind == "string":
            return json.dumps(value, ensure_ascii=rng.random() < 0.5)
        if kind == "timestamp":
            return json.dumps(self.time_text(name, value))
        if kind == "int64":
            draw = rng.random()
            if draw < 0.15:
                return f'"{value}"'
            return f"{value}.0" if draw < 0.3 and abs(value) < EXACT else str(value)
        if kind == "float64" and value == 0 and rng.random() < 0.3:
            return "-0.0"
        if kind == "json":
            return value
        if is_nested(kind):
            return json.dumps(plain_json(kind, value), ensure_ascii=rng.random() < 0.5)
        if is_decimal(kind):
            text = decimal_text(value, scale_of(kind))
            return text if rng.random() < 0.4 else f'"{text}"'
        return json.dumps(plain_json(kind, value))

    def csv(self) -> str:
        """A header and a line for each row; columns come in any order."""
        names = list(self.feed.kinds)
        self.rng.shuffle(names)
        lines = [",".join(names)]
        for row in self.rows:
            lines.append(",".join(self.csv_cell(row, name) for name in names))
        return self.rng.choice(["\n", "\r\n"]).join(lines) + "\n"

    def csv_cell(self, row: Row | None, name: str) -> str:
        """One cell; an empty one is null, a quoted empty one is the empty string."""
        kind, rng = self.feed.kinds[name], self.rng
        if row is None:
            return "?" if name == self.feed.source.time_column else ""
        value = row[name]
        if value is None:
            odd = kind == "float64" and rng.random() < 0.3
            return rng.choice(["NaN", "inf", "-inf"]) if odd else ""
        if kind == "string":
            bare = value and value.strip() == value and not set(value) & set(',"\r\n')
            if bare and rng.random() < 0.8:
                return value
            return '"' + value.replace('"', '""') + '"'
        if kind == "timestamp":
            return self.time_text(name, value)
        if is_decimal(kind):
            return decimal_text(value, scale_of(kind))
        if kind == "float64":
            return repr(value)
        if kind == "bool":
            return "true" if value else "false"
        if kind == "json" or is_nested(kind):
            text = value if kind == "json" else json.dumps(plain_json(kind, value))
            return '"' + text.replace('"', '""') + '"'
        return str(plain_json(kind, value))

    def parquet(self) -> bytes:
        """A small Parquet file."""
        rows = [row for row in self.rows if row is not None]
        arrays = [self.array(name, kind, [row[name] for row in rows])
                  for name, kind in self.feed.kinds.items()]
        out = io.BytesIO()
        pq.write_table(pa.table(arrays, names=list(self.feed.kinds)), out)
        return out.getvalue()

    def array(self, name: str, kind: str, values: list[Any]) -> pa.Array:
        """A column of a Parquet body."""
        if kind == "timestamp":
            if self.zoneless[name]:
                zone = self.feed.source.zone
                walls = [None if v is None else wall_of(v, zone) for v in values]
                return pa.array(walls, pa.timestamp("us"))
            return pa.array(values, pa.timestamp("us", "UTC"))
        if kind == "date":
            return pa.array(values, pa.int32()).cast(pa.date32())
        if is_decimal(kind):
            scale = scale_of(kind)
            values = [None if v is None else decimal.Decimal(v).scaleb(-scale) for v in values]
        values = [list(v.items()) if isinstance(v, dict) else v for v in values]
        return pa.array(values, ARROW[kind])


def is_nested(kind: str) -> bool:
    """Whether a type is a list, a map or a vector."""
    return is_list(kind) or is_map(kind) or is_vector(kind)


def plain_json(kind: str, value: Any) -> Any:
    """A value as json.dumps takes it: the first form that the pages name for its type."""
    if value is None or kind in ("string", "bool", "int64", "float64", "duration"):
        return value
    if kind == "date":
        return date_text(value)
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if kind == "json":
        return json.loads(value)
    if is_map(kind):
        return {key: plain_json(element(kind), each) for key, each in value.items()}
    if is_list(kind) or is_vector(kind):
        inner = "float64" if is_vector(kind) else element(kind)
        return [plain_json(inner, each) for each in value]
    if kind == "timestamp":
        return clock_text(value, 6) + "Z"
    return decimal_text(value, scale_of(kind))


def packed(body: bytes, rng: Random) -> tuple[bytes, dict[str, str]]:
    """The body, sometimes compressed, and the headers that say so."""
    if rng.random() < 0.2:
        return gzip.compress(body), {"Content-Encoding": "gzip"}
    return body, {}
