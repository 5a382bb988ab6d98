"""Functions of lists, maps and vectors."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from . import OracleError
from .exact import average, fit_float, ratio, total
from .kinds import element, is_decimal, is_list, is_map, is_ordered, is_vector, scale_of
from .typed import Code, Value, common, constant, convert, strict

List = tuple[Any, ...]


def list_of(codes: list[Code]) -> Code:
    """A list literal; [] takes its type from its place."""
    kind = "null"
    for code in codes:
        kind = common(kind, code.kind)
    if not codes:
        return constant("list<null>", ())
    runs = [convert(code, kind).run for code in codes]
    return Code(f"list<{kind}>", lambda context: tuple(run(context) for run in runs))


def at_index(values: List, index: int) -> Value:
    """x[i]: from the end if negative; null if there is no such element."""
    place = index if index >= 0 else len(values) + index
    return values[place] if 0 <= place < len(values) else None


def element_at(target: Code, index: Code) -> Code:
    """x[i] of a list or vector, x['key'] of a map."""
    if is_map(target.kind):
        return strict(element(target.kind), [target, index], lambda found, key: found.get(key))
    if is_vector(target.kind):
        return strict("float64", [target, index], at_index)
    if is_list(target.kind):
        return strict(element(target.kind), [target, index], at_index)
    raise OracleError(f"element of {target.kind}")


def place_of(index: int, count: int) -> int:
    """An index of slice as a place from 0 to the count."""
    return min(max(index if index >= 0 else index + count, 0), count)


def slice_list(values: List, start: int, end: int | None = None) -> List:
    """The elements from one index up to another, or to the end."""
    low = place_of(start, len(values))
    return values[low : len(values) if end is None else place_of(end, len(values))]


def sort_list(values: List) -> List:
    """Ascending, nulls first."""
    nulls = [value for value in values if value is None]
    return (*nulls, *sorted(value for value in values if value is not None))


def distinct_list(values: List) -> List:
    """Each value once, in the order in which they first stand; null is a value."""
    return tuple(dict.fromkeys(values))


def present(values: List) -> list[Any]:
    """The elements that are not null."""
    return [value for value in values if value is not None]


def contains(values: List, wanted: Any) -> bool | None:
    """Whether an element is equal; null elements equal nothing."""
    return any(value is not None and value == wanted for value in values)


def fraction_sum(values: list[Fraction]) -> Fraction:
    """An exact sum."""
    return sum(values, Fraction(0))


def dot_exact(left: List, right: List) -> Fraction:
    """The exact sum of x*y."""
    return fraction_sum([Fraction(x) * Fraction(y) for x, y in zip(left, right, strict=True)])


def once(value: Fraction) -> float | None:
    """A fraction rounded once."""
    return ratio(value.numerator, value.denominator)


def root(value: float | None) -> float | None:
    """The square root of a rounded sum."""
    return None if value is None else fit_float(math.sqrt(value))


def dot(left: List, right: List) -> float | None:
    """The sum of x*y, rounded once."""
    return once(dot_exact(left, right))


def norm(vector: List) -> float | None:
    """The length of a vector."""
    return root(once(dot_exact(vector, vector)))


def l2(left: List, right: List) -> float | None:
    """The distance between two points."""
    steps = [Fraction(x) - Fraction(y) for x, y in zip(left, right, strict=True)]
    return root(once(fraction_sum([step * step for step in steps])))


def cosine(left: List, right: List) -> float | None:
    """The root of d*d / (a*b), rounded once before the root, with the sign of d."""
    d, a, b = dot_exact(left, right), dot_exact(left, left), dot_exact(right, right)
    if a == 0 or b == 0:
        return None
    found = root(once(d * d / (a * b)))
    assert found is not None
    return fit_float(-found if d < 0 else found)


VECTORS = {"dot": dot, "cosine": cosine, "l2": l2, "norm": norm}


def call_list(name: str, codes: list[Code]) -> Code | None:
    """A function of a list, map or vector by name; None if it is none."""
    kind = codes[0].kind if codes else ""
    if name in VECTORS:
        if not all(is_vector(code.kind) and code.kind == kind for code in codes):
            raise OracleError(f"{name} of {[code.kind for code in codes]}")
        return strict("float64", codes, VECTORS[name])
    if is_map(kind):
        if name == "map_get":
            return element_at(*codes)
        if name == "map_keys":
            return strict("list<string>", codes, lambda found: tuple(found))
    if name == "length" and (is_list(kind) or is_map(kind)):
        return strict("int64", codes, len)
    return list_function(name, codes, element(kind)) if is_list(kind) else None


def list_function(name: str, codes: list[Code], inner: str) -> Code | None:
    """A function of a list with elements of a type."""
    match name:
        case "slice":
            return strict(codes[0].kind, codes, slice_list)
        case "sort":
            return strict(codes[0].kind, codes, sort_list)
        case "distinct_list":
            return strict(codes[0].kind, codes, distinct_list)
        case "contains":
            kind = common(inner, codes[1].kind)
            converted = [convert(codes[0], f"list<{kind}>"), convert(codes[1], kind)]
            return strict("bool", converted, contains)
        case "join":
            return strict("string", codes, lambda found, by: by.join(present(found)))
    if not is_ordered(inner):
        return None
    match name:
        case "sum_list":
            return strict(inner, codes, lambda found: total(inner, present(found)))
        case "avg_list":
            kind = f"decimal({min(scale_of(inner) + 6, 38)})" if is_decimal(inner) else "float64"
            return strict(kind, codes, lambda found: average(inner, present(found)))
        case "max_list":
            return strict(inner, codes, lambda found: max(present(found), default=None))
        case "min_list":
            return strict(inner, codes, lambda found: min(present(found), default=None))
    return None
