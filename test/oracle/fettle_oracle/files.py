"""Files to columns of plain values, with the types the language gives them."""

from __future__ import annotations

import base64
import decimal
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from . import OracleError
from .exact import fit_float
from .jsontext import part
from .kinds import element, is_decimal, is_list, is_map, is_vector, scale_of
from .times import from_wall, parse_date, parse_timestamp

Column = list[Any]


def arrow_kind(kind: pa.DataType) -> str:
    """The language's type of an Arrow type."""
    if isinstance(kind, pa.BaseExtensionType):
        return "json" if kind.extension_name == "arrow.json" else arrow_kind(kind.storage_type)
    if pa.types.is_fixed_size_list(kind):
        return f"vector({kind.list_size})"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list<{arrow_kind(kind.value_type)}>"
    if pa.types.is_map(kind):
        return f"map<{arrow_kind(kind.item_type)}>"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.scale})"
    for test, name in SCALAR_TESTS:
        if test(kind):
            return name
    raise OracleError(f"unknown column type {kind}")


SCALAR_TESTS = [
    (pa.types.is_boolean, "bool"), (pa.types.is_integer, "int64"),
    (pa.types.is_floating, "float64"), (pa.types.is_string, "string"),
    (pa.types.is_large_string, "string"), (pa.types.is_binary, "bytes"),
    (pa.types.is_large_binary, "bytes"), (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_date32, "date"), (pa.types.is_duration, "duration"),
]


PER_MICRO = {"s": (1_000_000, 1), "ms": (1000, 1), "us": (1, 1), "ns": (1, 1000)}


def unscaled(value: Any, scale: int) -> int:
    """The digits of a decimal.Decimal at a scale, exactly."""
    sign, digits, exponent = value.as_tuple()
    number = int("".join(map(str, digits)))
    shift = exponent + scale
    if shift < 0:
        raise OracleError(f"{value} has more than {scale} places")
    return (-number if sign else number) * 10**shift


def stored_column(column: pa.ChunkedArray) -> Column:
    """Values of an Arrow column as they are stored: times in the column's own unit."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.int64()).to_pylist()
    return raw_column(column)


def raw_column(column: pa.ChunkedArray) -> Column:
    """Values of an Arrow column, floats and zone-less times untouched, times in microseconds."""
    return [value for chunk in column.chunks for value in raw_array(chunk)]


def raw_array(array: pa.Array) -> Column:
    """Values of one array; lists and vectors become tuples, maps become dicts."""
    kind = array.type
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        times, over = PER_MICRO[kind.unit]
        ints = array.cast(pa.int64()).to_pylist()
        return [None if v is None else v * times // over for v in ints]
    if pa.types.is_date32(kind):
        return array.cast(pa.int32()).to_pylist()
    if pa.types.is_decimal(kind):
        return [None if v is None else unscaled(v, kind.scale) for v in array.to_pylist()]
    if pa.types.is_map(kind):
        return [raw_map(scalar) for scalar in array]
    if pa.types.is_nested(kind):
        return [tuple(raw_array(scalar.values)) if scalar.is_valid else None for scalar in array]
    return array.to_pylist()


def raw_map(scalar: pa.MapScalar) -> dict[str, Any] | None:
    """One map, in the order in which its entries are stored."""
    if not scalar.is_valid:
        return None
    entries = scalar.values
    keys, values = raw_array(entries.field(0)), raw_array(entries.field(1))
    return dict(zip(keys, values, strict=True))


def arrow_values(column: pa.ChunkedArray, zone: str | None) -> Column:
    """Values as the engine takes them: finite floats, instants, no -0.0, keys of maps sorted."""
    kind, values = column.type, raw_column(column)
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return [None if v is None else wall_instant(v, zone) for v in values]
    if pa.types.is_fixed_size_list(kind):
        return [as_vector(value) for value in values]
    return [clean(value) for value in values]


def as_vector(value: Any) -> Any:
    """A vector; null if a number of it is not finite."""
    found = clean(value)
    return None if found is None or None in found else found


def clean(value: Any) -> Any:
    """A value as the engine takes it: a number that is not finite is null."""
    if isinstance(value, float):
        return fit_float(value)
    if isinstance(value, tuple):
        return tuple(map(clean, value))
    if isinstance(value, dict):
        return {key: clean(value[key]) for key in sorted(value)}
    return value


def wall_instant(wall: int, zone: str | None) -> int:
    """The instant of a zone-less time, which needs a zone."""
    if zone is None:
        raise OracleError("zone-less times without a zone")
    return from_wall(wall, zone)


def read_parquet(path: Path, zone: str | None) -> tuple[dict[str, str], dict[str, Column]]:
    """Types and values of a Parquet file."""
    table = pq.read_table(path, use_threads=False)
    kinds = {f.name: arrow_kind(f.type) for f in table.schema}
    return kinds, {name: arrow_values(table[name], zone) for name in table.column_names}


def csv_records(text: str) -> list[list[str | None]]:
    """Records of CSV text; an empty field is None, a quoted empty one is ''."""
    records: list[list[str | None]] = []
    record: list[str | None] = []
    at, end = 0, len(text)
    while at < end:
        if text[at] == '"':
            cell, at = "", at + 1
            while True:
                close = text.index('"', at)
                cell += text[at:close]
                at = close + 1
                if at < end and text[at] == '"':
                    cell, at = cell + '"', at + 1
                    continue
                break
            record.append(cell)
        else:
            stop = at
            while stop < end and text[stop] not in ",\r\n":
                stop += 1
            record.append(text[at:stop] or None)
            at = stop
        if at < end and text[at] == ",":
            at += 1
            if at == end or text[at] in "\r\n":
                record.append(None)
            else:
                continue
        at += 2 if text[at : at + 2] == "\r\n" else 1
        records.append(record)
        record = []
    return records


def csv_value(text: str | None, kind: str, zone: str | None) -> Any:
    """One CSV cell as a value of a type."""
    if text is None:
        return None
    if kind == "string":
        return text
    if kind == "int64":
        return int(text)
    if kind == "float64":
        return fit_float(float(text))
    if kind == "bool":
        return {"true": True, "false": False}[text]
    if kind == "date":
        return parse_date(text)
    if kind == "timestamp":
        return parse_timestamp(text, zone)
    if is_decimal(kind):
        return unscaled(decimal.Decimal(text), scale_of(kind))
    if kind == "json":
        return text
    if kind == "bytes":
        return base64.b64decode(text, validate=True)
    if kind == "duration":
        return int(text)
    if is_list(kind) or is_map(kind) or is_vector(kind):
        return json_value(kind, read_json(text), zone)
    raise OracleError(f"CSV column of type {kind}")


class Digits(str):
    """A number of JSON as it was written."""


def read_json(text: str) -> Any:
    """JSON with its numbers as text."""
    return json.loads(text, parse_int=Digits, parse_float=Digits)


def json_value(kind: str, value: Any, zone: str | None) -> Any:
    """A value of a type from JSON."""
    if value is None:
        return None
    if is_list(kind):
        return tuple(json_value(element(kind), each, zone) for each in value)
    if is_vector(kind):
        return tuple(json_value("float64", each, zone) for each in value)
    if is_map(kind):
        inner = element(kind)
        return {key: json_value(inner, value[key], zone) for key in sorted(value)}
    if kind in ("int64", "duration"):
        exact = decimal.Decimal(value)
        return int(exact)
    if kind == "bool":
        return value
    return csv_value(value, kind, zone)


def read_jsonl(
    path: Path, fields: dict[str, str], zone: str | None
) -> tuple[dict[str, str], dict[str, Column]]:
    """Types and values of JSON lines; a json column keeps the text of its part."""
    columns: dict[str, Column] = {name: [] for name in fields}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        whole = read_json(line)
        for name, kind in fields.items():
            if kind == "json":
                columns[name].append(part(line, f"$[{json.dumps(name)}]"))
            else:
                columns[name].append(json_value(kind, whole.get(name), zone))
    return dict(fields), columns


def guess(values: list[str | None]) -> str:
    """The type of a CSV column nobody declared, for the plain cases of the generator."""
    present = [value for value in values if value is not None]
    for kind in ("bool", "int64", "float64", "date", "timestamp"):
        try:
            for value in present:
                csv_value(value, kind, "UTC")
        except (ValueError, KeyError, OracleError):
            continue
        return kind if present else "string"
    return "string"


def read_csv(
    path: Path, fields: dict[str, str], zone: str | None
) -> tuple[dict[str, str], dict[str, Column]]:
    """Types and values of a CSV file."""
    header, *records = csv_records(path.read_text(encoding="utf-8"))
    kinds: dict[str, str] = {}
    columns: dict[str, Column] = {}
    for index, name in enumerate(header):
        cells = [record[index] for record in records]
        kinds[name or ""] = kind = fields.get(name or "") or guess(cells)
        columns[name or ""] = [csv_value(cell, kind, zone) for cell in cells]
    return kinds, columns


def read_file(
    path: Path, fields: dict[str, str], zone: str | None
) -> tuple[dict[str, str], dict[str, Column]]:
    """A file by its suffix."""
    if path.suffix == ".parquet":
        kinds, columns = read_parquet(path, zone)
        for name, kind in fields.items():
            if (kind, kinds.get(name)) == ("json", "string"):
                kinds[name] = kind
            if name in kinds and kinds[name] != kind:
                raise OracleError(f"{path}: {name} is {kinds[name]}, declared {kind}")
        return kinds, columns
    if path.suffix == ".jsonl":
        return read_jsonl(path, fields, zone)
    if path.suffix == ".csv":
        return read_csv(path, fields, zone)
    raise OracleError(f"unknown format {path}")
