"""Asking a server for the values of label rows, and comparing them with the oracle's."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fettle_oracle.compare import Difference, bits
from fettle_oracle.kinds import element, is_decimal, is_list, is_map, is_vector, scale_of
from fettle_oracle.files import unscaled
from fettle_oracle.times import parse_timestamp
from fettle_oracle.training import NULL_ROW, Expected, Options

from .bodies import plain_json
from .server import Number, Server

TIMEOUT = 30_000


@dataclass
class Question:
    """How the fields of a request are filled from label columns: names and types."""

    entities: dict[str, str]
    request: dict[str, str]


@dataclass
class Answer:
    """Values and statuses by output and label row; event times where they were asked for."""

    values: dict[tuple[int, int], Any] = field(default_factory=dict)
    statuses: dict[tuple[int, int], str] = field(default_factory=dict)
    times: dict[tuple[int, int], int | None] = field(default_factory=dict)
    requests: int = 0
    single: int = 0  # of these, requests for one row that were not in columns


def question(server: Server, model: str, request: set[str]) -> Question:
    """What a model needs, as the server itself says."""
    inputs = server.ask("GET", f"/v1/registry/models/{model}")["inputs"]
    fields = {each["name"]: each["type"] for each in inputs}
    return Question(
        {name: kind for name, kind in fields.items() if name not in request},
        {name: kind for name, kind in fields.items() if name in request},
    )


class Misshapen(Exception):
    """A value that is not written as the pages say."""


def read_value(kind: str, value: Any) -> Any:
    """A value of an answer as the oracle holds it; every type has one way to be written."""
    if value is None:
        return None
    if is_list(kind) or is_vector(kind):
        inner = "float64" if is_vector(kind) else element(kind)
        return tuple(read_value(inner, each) for each in value)
    if is_map(kind):
        return {key: read_value(element(kind), each) for key, each in value.items()}
    if kind == "json":
        return shape(value)
    number = isinstance(value, Number)
    if number != (kind in ("int64", "float64", "duration")):
        raise Misshapen(f"{kind} is written {value!r}")
    if kind in ("int64", "duration"):
        return int(value)
    if kind == "float64":
        return shortest(value)
    if kind == "bool" or kind == "string":
        if isinstance(value, bool) != (kind == "bool"):
            raise Misshapen(f"{kind} is written {value!r}")
        return value
    if kind == "date":
        return (dt.date.fromisoformat(value) - dt.date(1970, 1, 1)).days
    if kind == "bytes":
        return base64.b64decode(value, validate=True)
    if kind == "timestamp":
        if len(value) != 27 or value[-1] != "Z":
            raise Misshapen(f"timestamp is written {value!r}")
        return parse_timestamp(value, None)
    if is_decimal(kind):
        scale = scale_of(kind)
        if len(value.partition(".")[2]) != scale:
            raise Misshapen(f"{kind} is written {value!r}")
        return unscaled(decimal.Decimal(value), scale)
    raise Misshapen(f"unknown type {kind}")


def shape(value: Any) -> Any:
    """A JSON value so that equal means the same text of each number and string, in each place."""
    if isinstance(value, Number):
        return ("number", str(value))
    if isinstance(value, list):
        return ("array", tuple(map(shape, value)))
    if isinstance(value, dict):
        return ("object", tuple((name, shape(value[name])) for name in sorted(value)))
    return value


def answered(kind: str, value: Any) -> Any:
    """An expected value as an answer holds it: documents as values, not as their text."""
    if value is None or "json" not in kind:
        return value
    if kind == "json":
        return shape(json.loads(value, parse_int=Number, parse_float=Number))
    if is_map(kind):
        return {key: answered(element(kind), each) for key, each in value.items()}
    return tuple(answered(element(kind), each) for each in value)


def shortest(text: str) -> float:
    """A float64, written with no more digits than it needs."""
    value = float(text)
    digits = text.lstrip("-").lower().partition("e")[0].replace(".", "").strip("0")
    needed = repr(value).lstrip("-").partition("e")[0].replace(".", "").strip("0")
    if len(digits) > len(needed):
        raise Misshapen(f"float64 is written {text}, not {value!r}")
    return value


class Asker:
    """Asks for the values of a model for label rows."""

    def __init__(
        self, server: Server, model: str, asked: Question, options: Options, rng: Random
    ) -> None:
        self.server, self.model, self.asked = server, model, asked
        self.options, self.rng = options, rng

    def message(self, expected: Expected, rows: list[int], moment: str | None) -> dict[str, Any]:
        """A columnar request for label rows of one time."""
        message: dict[str, Any] = {"model": self.model, "timeout_ms": TIMEOUT}
        for part in ("entities", "request"):
            kinds = getattr(self.asked, part)
            if kinds:
                message[part] = {
                    name: [plain_json(kind, expected.columns[name][row]) for row in rows]
                    for name, kind in kinds.items()
                }
        if moment:
            message["as_of"] = moment
        if self.options.max_age is not None and moment:
            # A request has no gap: its age is measured at the time asked for, not at the label's.
            message["max_age"] = f"{self.options.max_age - self.options.gap}us"
        return message

    def ask(self, expected: Expected, rows: list[int], position: str | None) -> Answer:
        """The values of label rows as of their times, rows of equal times in one request."""
        groups: dict[int, list[int]] = {}
        for row in rows:
            if expected.times[row] is not None:
                groups.setdefault(expected.times[row] - self.options.gap, []).append(row)
        answer = Answer()
        for instant, members in groups.items():
            moment = plain_json("timestamp", instant)
            message = self.message(expected, members, moment)
            if position:
                message["min_position"] = position
            message["detail"] = self.rng.random() < 0.3
            single = self.rng.random() < 0.5 and make_single(message)
            got = self.server.ask("POST", "/v1/features", message)
            if got["as_of"] != moment:
                raise Misshapen(f"asked as of {moment}, answered as of {got['as_of']}")
            answer.requests += 1
            answer.single += single
            self.take(expected, members, in_columns(got) if single else got, answer)
        return answer

    def take(
        self, expected: Expected, rows: list[int], got: dict[str, Any], answer: Answer
    ) -> None:
        """Read the columns of an answer."""
        names = [each.column for each in expected.outputs]
        if list(got["columns"]) != names or int(got["rows"]) != len(rows):
            raise Misshapen(f"columns {list(got['columns'])}, {got['rows']} rows")
        statuses = got.get("status") or {}
        instant = parse_timestamp(got["as_of"], None)
        for index, name in enumerate(names):
            found = statuses.get(name, {})
            for place, row in enumerate(rows):
                value = got["columns"][name][place]
                answer.values[index, row] = read_value(expected.kinds[index], value)
                status = answer.statuses[index, row] = found.get(str(place), "fresh")
                if "meta" in got:
                    meta = got["meta"][name]
                    time = read_value("timestamp", meta["event_time"][place])
                    answer.times[index, row] = time
                    age = meta["age_ms"][place]
                    want = None if time is None else str((instant - time) // 1000)
                    if meta["status"][place] != status or age != want:
                        raise Misshapen(f"meta of {name}: {meta}, age {want}, status {status}")


def make_single(message: dict[str, Any]) -> bool:
    """Write a request for one row without arrays, if no value is null."""
    parts = [part for part in ("entities", "request") if part in message]
    columns = [column for part in parts for column in message[part].values()]
    if any(len(column) != 1 or column[0] is None for column in columns):
        return False
    for part in parts:
        message[part] = {name: column[0] for name, column in message[part].items()}
    return True


def in_columns(got: dict[str, Any]) -> dict[str, Any]:
    """The answer for one row as if it had come in columns."""
    made = {
        "as_of": got["as_of"], "rows": "1",
        "columns": {name: [value] for name, value in got["values"].items()},
        "status": {name: {"0": status} for name, status in (got.get("status") or {}).items()},
    }
    if "meta" in got:
        made["meta"] = {
            name: {part: [each.get(part)] for part in ("event_time", "age_ms", "status")}
            for name, each in got["meta"].items()
        }
    return made


def compare_answer(expected: Expected, answer: Answer, when: str) -> list[Difference]:
    """Differences of values, bit for bit, of statuses and of event times; `when` is for reports."""
    found = []
    for (index, row), value in answer.values.items():
        settled = expected.cells[index][row].settled
        name = expected.outputs[index].column
        if bits(answered(expected.kinds[index], settled.datum)) != bits(value):
            found.append(Difference(f"{name} {when}", row, settled.datum, value, index))
        status = answer.statuses[index, row]
        # The row of a null key has no status in a training set; serving calls its nulls missing.
        want = "missing" if settled.status == NULL_ROW.status else settled.status
        if want != status:
            found.append(Difference(f"{name} status {when}", row, want, status, index))
        time = answer.times.get((index, row), settled.time)
        if time != settled.time:
            found.append(Difference(f"{name} event time {when}", row, settled.time, time, index))
    return found
