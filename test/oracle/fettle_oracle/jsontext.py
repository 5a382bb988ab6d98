"""JSON documents as text: parts of them by path, as they stand."""

from __future__ import annotations

import json
import re
from typing import Iterator

from . import OracleError

BLANK = re.compile(r"[ \t\r\n]*")
SCALAR = re.compile(r"true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
STEP = re.compile(
    r"""\.(?P<name>[^\W\d]\w*) | \[(?P<index>-?\d+)\]
      | \['(?P<single>(?:[^'\\]|\\.)*)'\] | \["(?P<double>(?:[^"\\]|\\.)*)"\]""",
    re.VERBOSE | re.DOTALL,
)


def skip(text: str, at: int) -> int:
    """The place after white space."""
    match = BLANK.match(text, at)
    assert match
    return match.end()


def end_of(text: str, at: int) -> int:
    """The place after the value that begins here."""
    if text[at] == '"':
        match = STRING.match(text, at)
    elif text[at] in "{[":
        for _, _, at in members(text, at):
            pass
        return skip(text, at) + 1
    else:
        match = SCALAR.match(text, at)
    if not match:
        raise OracleError(f"not JSON: {text!r} at {at}")
    return match.end()


def members(text: str, at: int) -> Iterator[tuple[str | None, int, int]]:
    """Each member of the object or list that begins here: its name, its start and its end."""
    is_object = text[at] == "{"
    start = skip(text, at + 1)
    if text[start] in "}]":
        yield None, -1, start
        return
    while True:
        name = None
        if is_object:
            stop = end_of(text, start)
            name = json.loads(text[start:stop])
            start = skip(text, skip(text, stop) + 1)
        stop = end_of(text, start)
        yield name, start, stop
        at = skip(text, stop)
        if text[at] != ",":
            return
        start = skip(text, at + 1)


def steps(path: str) -> list[str | int]:
    """The names and indices of a path."""
    if not path.startswith("$"):
        raise OracleError(f"not a path: {path}")
    found: list[str | int] = []
    at = 1
    while at < len(path):
        match = STEP.match(path, at)
        if not match:
            raise OracleError(f"not a path: {path}")
        if match["index"] is not None:
            found.append(int(match["index"]))
        elif match["name"] is not None:
            found.append(match["name"])
        elif match["single"] is not None:
            inner = match["single"].replace("\\'", "'").replace('"', '\\"')
            found.append(json.loads(f'"{inner}"'))
        else:
            found.append(json.loads(f'"{match["double"]}"'))
        at = match.end()
    return found


def part(text: str, path: str) -> str | None:
    """The text of the part at a path; null if there is none, or if it is null."""
    start = skip(text, 0)
    stop = end_of(text, start)
    for step in steps(path):
        if isinstance(step, str) != (text[start] == "{") or text[start] not in "{[":
            return None
        inside = [each for each in members(text, start) if each[1] >= 0]
        if isinstance(step, int):
            place = step if step >= 0 else len(inside) + step
            chosen = inside[place : place + 1] if place >= 0 else []
        else:
            chosen = [each for each in inside if each[0] == step]
        if not chosen:
            return None
        _, start, stop = chosen[0]
    found = text[start:stop]
    return None if found == "null" else found


def string(text: str) -> str | None:
    """The text of a JSON string."""
    text = text.strip(" \t\r\n")
    return json.loads(text) if text.startswith('"') else None


def number(text: str) -> float | None:
    """The nearest float64 of a JSON number."""
    text = text.strip(" \t\r\n")
    if not re.fullmatch(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", text):
        return None
    value = float(text)
    return None if value in (float("inf"), float("-inf")) else value + 0.0
