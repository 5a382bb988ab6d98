"""Compiled expressions: a static type, and a closure that computes one value.

Values are plain Python: int (also for timestamps, dates, durations and the unscaled digits of a
decimal), float, bool, str (also for json), bytes, tuples for lists and vectors, dicts with sorted
keys for maps, and None for null. The static type says which int it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Protocol

from . import OracleError
from .exact import fit_decimal, fit_float, ratio
from .kinds import dimension, element, is_decimal, is_list, is_map, is_vector, scale_of
from .syntax import Node

Value = Any
Eval = Callable[[Any], Value]


@dataclass(frozen=True)
class Code:
    """A compiled expression: its type and the function from a context to its value."""

    kind: str
    run: Eval


class Scope(Protocol):
    """What names and aggregates mean in the place of an expression."""

    def path(self, parts: tuple[str, ...]) -> Code:
        """Resolve a dotted name."""

    def aggregate(self, node: Node) -> Code:
        """Compile an aggregate call."""


def constant(kind: str, value: Value) -> Code:
    """A literal."""
    if kind == "float64" and value is not None:
        value = fit_float(value)
    return Code(kind, lambda context: value)


def common(left: str, right: str) -> str:
    """The type two branches share."""
    if left == right or right == "null":
        return left
    if left == "null":
        return right
    if {left, right} == {"int64", "float64"}:
        return "float64"
    if is_decimal(left) and is_decimal(right):
        return left if scale_of(left) >= scale_of(right) else right
    if is_decimal(left) and right == "int64":
        return left
    if is_decimal(right) and left == "int64":
        return right
    if "float64" in (left, right) and (is_decimal(left) or is_decimal(right)):
        return "float64"
    if is_list(left) and is_list(right):
        return f"list<{common(element(left), element(right))}>"
    if is_map(left) and is_map(right):
        return f"map<{common(element(left), element(right))}>"
    raise OracleError(f"no common type of {left} and {right}")


def convert(code: Code, kind: str) -> Code:
    """The expression as a value of a common type."""
    run = code.run
    if code.kind == kind or code.kind == "null":
        return Code(kind, run)
    if code.kind == "int64" and kind == "float64":
        return Code(kind, lambda c: None if (v := run(c)) is None else float(v))
    if is_decimal(code.kind) and kind == "float64":
        return strict(kind, [code], lambda v, unit=10 ** scale_of(code.kind): ratio(v, unit))
    if is_list(code.kind) and is_list(kind):
        inner = converted(element(code.kind), element(kind))
        return strict(kind, [code], lambda found: tuple(map(inner, found)))
    if is_list(code.kind) and is_vector(kind):
        return as_vector(code, kind)
    if is_decimal(kind) and (code.kind == "int64" or is_decimal(code.kind)):
        have = 0 if code.kind == "int64" else scale_of(code.kind)
        factor = 10 ** (scale_of(kind) - have)
        return Code(kind, lambda c: None if (v := run(c)) is None else fit_decimal(v * factor))
    raise OracleError(f"cannot make {code.kind} a {kind}")


def converted(have: str, want: str) -> Callable[[Value], Value]:
    """The conversion of one value."""
    return convert(Code(have, lambda value: value), want).run


def as_vector(code: Code, kind: str) -> Code:
    """A list of numbers as a vector: null if its length is another or an element is null."""
    inner = converted(element(code.kind), "float64")

    def run(found: Value) -> Value:
        values = tuple(map(inner, found))
        fits = len(values) == dimension(kind) and None not in values
        return values if fits else None

    return strict(kind, [code], run)


def strict(kind: str, codes: list[Code], function: Callable[..., Value]) -> Code:
    """A function that is null if an argument is."""
    runs = [code.run for code in codes]

    def run(context: Any) -> Value:
        values = [each(context) for each in runs]
        if any(value is None for value in values):
            return None
        return function(*values)

    return Code(kind, run)
