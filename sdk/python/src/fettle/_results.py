"""What requests give back. Each result shows itself as a table in a notebook."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fettle import _tables

if TYPE_CHECKING:
    import pandas
    import pyarrow


def _table(head: list[str], rows: list[list[Any]], note: str) -> str:
    def cell(tag: str, value: Any) -> str:
        text = "" if value is None else html.escape(str(value))
        return f"<{tag} style='text-align:left'>{text}</{tag}>"

    body = "".join("<tr>" + "".join(cell("td", value) for value in row) + "</tr>" for row in rows)
    return (
        "<table><thead><tr>" + "".join(cell("th", name) for name in head) + f"</tr></thead><tbody>{body}</tbody></table>"
        f"<p>{html.escape(note)}</p>"
    )


class FeatureVector(Mapping[str, Any]):
    """The values of one row, by feature, in the order of the request.

    status has what is not fresh: missing, expired, default, stale, fallback, error. as_of is the time
    (RFC 3339) that the values are of, position what had been applied by then.
    """

    def __init__(self, answer: dict[str, Any]) -> None:
        self._values: dict[str, Any] = answer["values"]
        self.status: dict[str, str] = answer.get("status", {})
        self.meta: dict[str, dict[str, Any]] = answer.get("meta", {})
        self.as_of: str = answer["as_of"]
        self.model: str | None = answer.get("model")
        self.position: str | None = answer.get("position")
        self.request_id: str = answer.get("request_id", "")

    def __getitem__(self, feature: str) -> Any:
        return self._values[feature]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def to_list(self) -> list[Any]:
        """The values alone, in order: what a model's predict takes."""
        return list(self._values.values())

    def __repr__(self) -> str:
        lines = [f"{name} = {value!r}{self._mark(name)}" for name, value in self._values.items()]
        return f"FeatureVector as of {self.as_of}\n  " + "\n  ".join(lines)

    def _mark(self, name: str) -> str:
        return f" ({self.status[name]})" if name in self.status else ""

    def _repr_html_(self) -> str:
        rows = [[name, value, self.status.get(name, "fresh")] for name, value in self._values.items()]
        return _table(["feature", "value", "status"], rows, f"as of {self.as_of}")


class FeatureTable:
    """The values of several rows, in columns of equal length, in the order of the request."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.columns: dict[str, list[Any]] = answer["columns"]
        self.rows: int = answer["rows"]
        # The API names rows by their place, as text, which is what keys of JSON are.
        self.status: dict[str, dict[int, str]] = {
            name: {int(row): status for row, status in rows.items()}
            for name, rows in answer.get("status", {}).items()
        }
        self.meta: dict[str, dict[str, Any]] = answer.get("meta", {})
        self.as_of: str = answer["as_of"]
        self.model: str | None = answer.get("model")
        self.position: str | None = answer.get("position")
        self.request_id: str = answer.get("request_id", "")

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, feature: str) -> list[Any]:
        return self.columns[feature]

    def to_pandas(self) -> pandas.DataFrame:
        """The values as a DataFrame with a column for each feature."""
        return _tables.pandas().DataFrame(self.columns)

    def __repr__(self) -> str:
        return f"FeatureTable of {self.rows} rows x {len(self.columns)} features as of {self.as_of}"

    def _repr_html_(self) -> str:
        shown = min(self.rows, 20)
        rows = [[column[i] for column in self.columns.values()] for i in range(shown)]
        return _table(list(self.columns), rows, f"{self.rows} rows as of {self.as_of}")


class PushResult:
    """What became of the rows of a push.

    accepted + duplicates + quarantined_rows is their number. quarantined lists what is wrong with the bad
    rows, the first ones if there are many. position can be asked for with min_position.
    """

    def __init__(self, answers: list[dict[str, Any]], offsets: list[int]) -> None:
        self.accepted: int = sum(answer["accepted"] for answer in answers)
        self.duplicates: int = sum(answer["duplicates"] for answer in answers)
        self.quarantined_rows: int = sum(answer["quarantined_rows"] for answer in answers)
        self.quarantined: list[dict[str, Any]] = [
            {**row, "row": row["row"] + offset}
            for answer, offset in zip(answers, offsets)
            for row in answer["quarantined"]
        ]
        self.position: str | None = answers[-1]["position"] if answers else None

    def __repr__(self) -> str:
        text = f"{self.accepted} accepted, {self.duplicates} duplicates, {self.quarantined_rows} quarantined"
        for row in self.quarantined[:10]:
            text += f"\n  row {row['row']}: {row.get('message', '')}"
        return text


class TrainingSet:
    """A training set: the label rows, and beside them a column for each feature.

    features says of each feature its version, type and counts of nulls; dataset_id is equal for equal
    training sets; warnings and differing (cells that serving would have answered otherwise) are worth
    a look before anything is trained.
    """

    def __init__(self, result: dict[str, Any], manifest: dict[str, Any], parts: list[bytes], form: str) -> None:
        self.rows: int = result["rows"]
        self.dataset_id: str = result["dataset_id"]
        self.features: list[dict[str, Any]] = result["features"]
        self.warnings: list[str] = result.get("warnings", [])
        self.differing: int | None = result.get("differing")
        self.manifest = manifest
        self._parts = parts
        self._form = form

    def __len__(self) -> int:
        return self.rows

    def to_arrow(self) -> pyarrow.Table:
        """The training set as an Arrow table, with the types of the declarations."""
        parquet = _tables.parquet()
        tables = [parquet.read_table(io.BytesIO(part)) for part in self._parts]
        return _tables.pyarrow().concat_tables(tables)

    def to_pandas(self) -> pandas.DataFrame:
        """The training set as a DataFrame. int64 columns with nulls become Int64, so that no whole
        number is rounded to a float."""
        return _tables.frame(self.to_arrow())

    def to_dicts(self) -> list[dict[str, Any]]:
        """The training set as one dict a row; it needs nothing but the standard library."""
        if self._form == "parquet":
            rows: list[dict[str, Any]] = self.to_arrow().to_pylist(maps_as_pydicts="strict")
            return rows
        return [json.loads(line) for part in self._parts for line in part.splitlines() if line]

    def save(self, path: str | Path) -> Path:
        """Writes the training set as it came, and its manifest beside it."""
        if len(self._parts) > 1:
            raise ValueError("a training set of several parts is saved through to_arrow")
        path = Path(path)
        path.write_bytes(self._parts[0])
        manifest = path.with_name(path.name + ".manifest.json")
        manifest.write_text(json.dumps(self.manifest, indent=2) + "\n")
        return path

    def __repr__(self) -> str:
        text = f"TrainingSet {self.dataset_id} of {self.rows} rows x {len(self.features)} features"
        for warning in self.warnings:
            text += f"\n  warning: {warning}"
        return text

    def _repr_html_(self) -> str:
        head = ["feature", "type", "nulls", "missing", "expired", "default", "error", "version"]
        rows = [[f.get("name"), *(f.get(name) for name in head[1:])] for f in self.features]
        return _table(head, rows, f"{self.rows} rows, dataset {self.dataset_id}")
