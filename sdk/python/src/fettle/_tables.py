"""Tables in and out: DataFrame, Arrow, lists of dicts, dicts of columns, files.

What goes to the server is Parquet if pyarrow is there, and JSON lines if not. Dicts are JSON lines always:
Arrow would make one struct of the keys of all of them.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Union

from fettle._errors import FettleError

PARQUET = "application/vnd.apache.parquet"
JSON_LINES = "application/x-ndjson"

# Rows is what may stand for rows: a pandas DataFrame, a pyarrow Table or RecordBatch, dicts, columns by
# name, or the path of a CSV, JSON lines, Parquet or Arrow file.
Rows = Union[Any, Sequence[Mapping[str, Any]], Mapping[str, Sequence[Any]], str, Path]

_ARROW = "application/vnd.apache.arrow.file"
_SUFFIXES = {
    ".csv": "text/csv", ".jsonl": JSON_LINES, ".ndjson": JSON_LINES, ".parquet": PARQUET,
    ".arrow": _ARROW, ".ipc": _ARROW, ".feather": _ARROW, ".arrows": "application/vnd.apache.arrow.stream",
}


def pandas() -> Any:
    """The pandas module, or an error that says how to get it."""
    return _module("pandas", "pandas")


def pyarrow() -> Any:
    """The pyarrow module, or an error that says how to get it."""
    return _module("pyarrow", "pyarrow")


def parquet() -> Any:
    """The pyarrow.parquet module."""
    pyarrow()
    return _module("pyarrow.parquet", "pyarrow")


def _module(name: str, package: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise FettleError("unavailable", f"this needs {package}", f"pip install {package}") from None


def has_pyarrow() -> bool:
    """Whether pyarrow is installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        return False
    return True


def frame(table: Any) -> Any:
    """A DataFrame of an Arrow table that loses nothing: nullable integers and bools stay what they are."""
    frames = pandas()
    arrow = pyarrow()
    exact = {
        arrow.int64(): frames.Int64Dtype(),
        arrow.int32(): frames.Int32Dtype(),
        arrow.bool_(): frames.BooleanDtype(),
    }
    with_nulls = {field.type for i, field in enumerate(table.schema) if table.column(i).null_count}
    return table.to_pandas(types_mapper=lambda t: exact.get(t) if t in with_nulls else None, maps_as_pydicts="strict")


def encode(rows: Rows, time: str | None = None) -> list[tuple[bytes, str, int]]:
    """Bodies of rows with their content types and numbers of rows, each below the server's limit. The
    number is -1 for a file, whose rows are not counted here. The column time holds times, though its type
    may be text."""
    if isinstance(rows, (str, Path)):
        path = Path(rows)
        kind = _SUFFIXES.get(path.suffix.lower())
        if kind is None:
            raise FettleError(
                "invalid_argument", f"{path} is of no known format", "name it .csv, .jsonl, .parquet, .arrow or .arrows"
            )
        return [(path.read_bytes(), kind, -1)]
    table = _arrow(rows)
    if table is not None:
        table = _times(table, time)
        return list(_parquet_bodies(table))
    return list(_line_bodies(_dicts(rows)))


# A body has at most 64 MiB; what is packed must stay below it unpacked, too.
_BODY = 32 << 20


def _arrow(rows: Rows) -> Any:
    """An Arrow table of a DataFrame, Table or RecordBatch; None if it is none of them."""
    kind = type(rows).__module__.split(".")[0]
    if kind == "pandas":
        if not has_pyarrow():
            return None
        try:
            table = pyarrow().Table.from_pandas(rows, preserve_index=False)
        except (pyarrow().ArrowInvalid, pyarrow().ArrowTypeError):
            return None  # dicts and lists that have no type in common
        return None if _has_structs(table) else _instants(table)
    if kind == "pyarrow":
        arrow = pyarrow()
        if isinstance(rows, arrow.RecordBatch):
            rows = arrow.Table.from_batches([rows])
        return None if _has_structs(rows) else _instants(rows)
    return None


def _has_structs(table: Any) -> bool:
    """Whether a column is made of dicts, which Arrow gives one type with the keys of all of them."""
    types = pyarrow().types

    def within(t: Any) -> bool:
        if types.is_map(t):
            return within(t.item_type)
        return types.is_struct(t) or types.is_nested(t) and hasattr(t, "value_type") and within(t.value_type)

    return any(within(t) for t in table.schema.types)


def _instants(table: Any) -> Any:
    """Times in nanoseconds as microseconds, which is what an instant is here; finer ones are floored."""
    arrow = pyarrow()
    fields = []
    for i, field in enumerate(table.schema):
        if arrow.types.is_timestamp(field.type) and field.type.unit == "ns":
            field = field.with_type(arrow.timestamp("us", field.type.tz))
            column = arrow.compute.floor_temporal(table.column(i), unit="microsecond")
            table = table.set_column(i, field, column.cast(field.type))
        fields.append(field)
    return table


def _times(table: Any, name: str | None) -> Any:
    """The table with a column of text as instants: with their zone if all have one, else without any."""
    arrow = pyarrow()
    at = table.schema.get_field_index(name) if name else -1
    if at < 0 or not (arrow.types.is_string(table.schema.types[at]) or arrow.types.is_large_string(table.schema.types[at])):
        return table
    for zone in ("UTC", None):
        try:
            return table.set_column(at, name, table.column(at).cast(arrow.timestamp("us", zone)))
        except arrow.ArrowInvalid as error:
            problem = error
    raise FettleError("invalid_argument", f"the column {name} of times cannot be read: {problem}")


def _parquet_bodies(table: Any) -> Iterable[tuple[bytes, str, int]]:
    sink = io.BytesIO()
    if table.nbytes <= _BODY or table.num_rows <= 1:
        parquet().write_table(table, sink)  # with Arrow's schema, which alone says what is a duration
        yield sink.getvalue(), PARQUET, table.num_rows
        return
    half = table.num_rows // 2
    yield from _parquet_bodies(table.slice(0, half))
    yield from _parquet_bodies(table.slice(half))


def _dicts(rows: Any) -> Iterable[Mapping[str, Any]]:
    if type(rows).__module__.split(".")[0] == "pandas":
        names = list(rows.columns)
        return (dict(zip(names, row)) for row in rows.itertuples(index=False, name=None))
    if hasattr(rows, "to_pylist"):  # of pyarrow
        return rows.to_pylist(maps_as_pydicts="strict")  # type: ignore[no-any-return]
    if isinstance(rows, Mapping):
        lengths = {len(column) for column in rows.values()}
        if len(lengths) > 1:
            raise FettleError("invalid_argument", f"the columns have {sorted(lengths)} rows; they must have as many")
        return (dict(zip(rows, row)) for row in zip(*rows.values()))
    return rows  # type: ignore[no-any-return]


def _line_bodies(rows: Iterable[Mapping[str, Any]]) -> Iterable[tuple[bytes, str, int]]:
    lines: list[bytes] = []
    size = 0
    for row in rows:
        if not isinstance(row, Mapping):
            raise FettleError("invalid_argument", f"a row is a {type(row).__name__}", "give a list of dicts, or columns by name")
        line = dumps(dict(row)).encode() + b"\n"
        if lines and size + len(line) > _BODY:
            yield b"".join(lines), JSON_LINES, len(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield b"".join(lines), JSON_LINES, len(lines)


def dumps(value: Any) -> str:
    """JSON as the API reads it: times with a zone, decimals and bytes as text, no NaN."""
    return json.dumps(_plain(value), allow_nan=False, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if type(value).__name__ in ("NaTType", "NAType"):  # of pandas, which need not be there
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.datetime):
        return instant(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return microseconds(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):  # an array or a number of numpy
        return _plain(value.tolist())
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    raise FettleError("invalid_argument", f"a value is a {type(value).__name__}, which JSON cannot say")


def instant(value: datetime.datetime | datetime.date | str) -> str:
    """A time with its zone as text. A time without one is refused: it could be any of 24 hours."""
    if isinstance(value, str):
        return value
    if not isinstance(value, datetime.datetime):
        return value.isoformat()
    if value.tzinfo is None:
        raise FettleError(
            "invalid_argument", f"the time {value.isoformat()} has no zone",
            "write datetime(.., tzinfo=timezone.utc), or tz_localize in pandas",
        )
    text: str = value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
    return text


def microseconds(value: datetime.timedelta) -> int:
    """A duration in whole microseconds."""
    return (value.days * 86400 + value.seconds) * 1_000_000 + value.microseconds
