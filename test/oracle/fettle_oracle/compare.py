"""Bit-for-bit comparison of a training set with what the definitions mean."""

from __future__ import annotations

import json
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .files import arrow_kind, raw_column, stored_column
from .training import Expected

NO_ROW = "null row"


@dataclass
class Difference:
    """One thing that is not as expected."""

    place: str
    row: int | None
    expected: Any
    got: Any
    output: int | None = None

    def __str__(self) -> str:
        at = "" if self.row is None else f" row {self.row}"
        return f"{self.place}{at}: expected {show(self.expected)}, got {show(self.got)}"


def bits(value: Any) -> Any:
    """A value under which equal means the same bits; maps have their keys in order."""
    if isinstance(value, float):
        return ("float", struct.pack(">d", value))
    if isinstance(value, tuple):
        return ("list", tuple(map(bits, value)))
    if isinstance(value, dict):
        return ("map", tuple((key, bits(inner)) for key, inner in value.items()))
    return (type(value).__name__, value)


def show(value: Any) -> str:
    """A value with its bits, for a report."""
    if isinstance(value, float):
        return f"{value!r} ({struct.pack('>d', value).hex()})"
    return repr(value)


def output_kinds(output: pa.Table) -> dict[str, str]:
    """Types of the columns of a training set; where Parquet has no such type, its metadata say."""
    said = json.loads((output.schema.metadata or {}).get(b"fettle.types", b"{}"))
    return {field.name: said.get(field.name) or arrow_kind(field.type) for field in output.schema}


def unit_of(kind: pa.DataType) -> str | None:
    """The unit of a time, which a training set keeps."""
    return kind.unit if pa.types.is_timestamp(kind) else None


def compare_labels(labels: pa.Table, output: pa.Table) -> list[Difference]:
    """Label columns come first, in order, with the same types and bits."""
    names = labels.column_names
    if output.column_names[: len(names)] != names:
        got = output.column_names[: len(names)]
        return [Difference("label columns", None, names, got)]
    found, kinds = [], output_kinds(output)
    for name in names:
        before, after = labels[name].type, output[name].type
        same_unit = unit_of(before) == unit_of(after)
        if arrow_kind(before) != kinds[name] or not same_unit:
            found.append(Difference(f"label {name} type", None, str(before), str(after)))
            continue
        pairs = zip(stored_column(labels[name]), stored_column(output[name]))
        for row, (left, right) in enumerate(pairs):
            if bits(left) != bits(right):
                found.append(Difference(f"label {name}", row, left, right))
    return found


def compare(labels_path: Path, output_path: Path, expected: Expected) -> list[Difference]:
    """All differences of an output file."""
    labels = pq.read_table(labels_path, use_threads=False)
    output = pq.read_table(output_path, use_threads=False)
    if output.num_rows != expected.rows:
        return [Difference("number of rows", None, expected.rows, output.num_rows)]
    found = compare_labels(labels, output)
    names = [each.column for each in expected.outputs]
    got = output.column_names[len(labels.column_names) :]
    if got != names:
        missing = [name for name in names if name not in got]
        found.append(Difference("feature columns", None, names, got))
        if missing:
            return found
    kinds = output_kinds(output)
    for index, name in enumerate(names):
        column, kind = output[name], kinds[name]
        if expected.kinds[index] != kind:
            found.append(Difference(f"{name} type", None, expected.kinds[index], kind, index))
            continue
        for row, value in enumerate(raw_column(column)):
            want = expected.cells[index][row].settled.datum
            if bits(want) != bits(value):
                found.append(Difference(name, row, want, value, index))
    return found


def compare_manifest(path: Path, expected: Expected) -> list[Difference]:
    """Counts by status of each feature, where the manifest has them."""
    if not path.exists():
        return [Difference("manifest", None, str(path), "no file")]
    manifest = json.loads(path.read_text())
    features = {each["name"]: each for each in manifest.get("features") or []}
    found = []
    for index, output in enumerate(expected.outputs):
        counts = features.get(output.column)
        if counts is None:
            found.append(Difference("manifest", None, output.column, "not in features"))
            continue
        cells = [cell.settled for cell in expected.cells[index]]
        statuses = Counter(cell.status for cell in cells if cell.status != NO_ROW)
        want = {"nulls": sum(cell.datum is None for cell in cells)}
        for status in ("missing", "expired", "default", "error"):
            want[status] = statuses[status]
        for name, count in want.items():
            if counts.get(name) != count:
                place = f"manifest {output.column} {name}"
                found.append(Difference(place, None, count, counts.get(name), index))
    return found
