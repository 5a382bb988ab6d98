"""Names of types: decimals with a scale, vectors with a dimension, lists and maps of a type."""

from __future__ import annotations

SCALARS = ("int64", "float64", "string", "bool", "bytes", "timestamp", "date", "duration")


def scale_of(kind: str) -> int:
    """The scale of a decimal type."""
    return int(kind[len("decimal(") : -1])


def is_decimal(kind: str) -> bool:
    """Whether a type is a decimal."""
    return kind.startswith("decimal(")


def is_number(kind: str) -> bool:
    """Whether a type is a number."""
    return kind in ("int64", "float64") or is_decimal(kind)


def is_ordered(kind: str) -> bool:
    """Whether values of a type can be compared."""
    return kind in SCALARS or is_decimal(kind)


def is_list(kind: str) -> bool:
    """Whether a type is a list."""
    return kind.startswith("list<")


def is_map(kind: str) -> bool:
    """Whether a type is a map; its keys are text."""
    return kind.startswith("map<")


def is_vector(kind: str) -> bool:
    """Whether a type is a vector: finite float64 numbers, none of them null."""
    return kind.startswith("vector(")


def dimension(kind: str) -> int:
    """The number of elements of a vector type."""
    return int(kind[len("vector(") : -1])


def element(kind: str) -> str:
    """The type of the elements of a list, or of the values of a map."""
    return kind[kind.index("<") + 1 : -1]
