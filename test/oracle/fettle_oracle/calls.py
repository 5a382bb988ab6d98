"""Calls of functions by name."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Callable

from . import OracleError
from .dates import PARTS
from .exact import fit_decimal, fit_float
from .functions import FUNCTIONS, ROUNDED
from .hashes import hash64, signed
from .kinds import element, is_decimal, scale_of
from .nested import call_list
from .operators import case
from .times import DAY
from .typed import Code, Scope, Value, common, convert, strict

SINCE = ("seconds_since", "minutes_since", "hours_since", "days_since")
OF_DATES = frozenset(PARTS) | {"date_trunc", *SINCE}


def call(name: str, codes: list[Code], scope: Scope) -> Code:
    """A function by name."""
    if name in ("coalesce", "ifnull", "greatest", "least"):
        return chosen(name, codes)
    if name == "if":
        return case(codes)
    if name == "is_null":
        return Code("bool", lambda c: codes[0].run(c) is None)
    if name == "nullif":
        kind = common(codes[0].kind, codes[1].kind)
        left, right = (convert(code, kind).run for code in codes)

        def unless_equal(context: Any) -> Value:
            value, other = left(context), right(context)
            return None if value is not None and value == other else value

        return Code(kind, unless_equal)
    if name == "clip":
        kind = common(common(codes[0].kind, codes[1].kind), codes[2].kind)
        limited = [convert(code, kind) for code in codes]
        return strict(kind, limited, lambda value, low, high: min(max(value, low), high))
    if name in SINCE or name == "age_years":
        codes = [scope.path(("as_of",)), *codes]
    dated = name in OF_DATES and codes[-1].kind == "date"
    if dated:  # a date is midnight UTC
        codes = [*codes[:-1], strict("timestamp", codes[-1:], lambda days: days * DAY)]
    found = special(name, codes) or call_list(name, codes) or plain(name, codes)
    if dated and name == "date_trunc":
        return strict("date", [found], lambda moment: moment // DAY)
    return found


def unit_of(kind: str) -> int:
    """How many of a number's digits make one."""
    return 10 ** scale_of(kind) if is_decimal(kind) else 1


def exact(value: Any, kind: str) -> Fraction:
    """A number as a fraction."""
    return Fraction(value) / unit_of(kind)


def bucket(codes: list[Code]) -> Code:
    """How many of the edges are at most x."""
    kind, inner = codes[0].kind, element(codes[1].kind)
    edges = [exact(edge, inner) for edge in codes[1].run(None)]
    return strict("int64", codes[:1], lambda v: sum(edge <= exact(v, kind) for edge in edges))


def safe_div(codes: list[Code]) -> Code:
    """x / y, or else where y is 0; only then is else looked at."""
    x, y, other = (convert(code, "float64").run for code in codes)

    def run(context: Any) -> Value:
        left, right = x(context), y(context)
        if left is None or right is None:
            return None
        return other(context) if right == 0 else fit_float(left / right)

    return Code("float64", run)


def toward(name: str) -> Callable[[int, int], int]:
    """Rounding of digits to a multiple of a unit."""

    def run(value: int, unit: int) -> int:
        size, sign = abs(value), -1 if value < 0 else 1
        match name:
            case "floor":
                return value // unit * unit
            case "ceil":
                return -(-value // unit) * unit
            case "trunc":
                return sign * (size // unit * unit)
        return sign * ((2 * size + unit) // (2 * unit) * unit)

    return run


def decimal_call(name: str, codes: list[Code]) -> Code:
    """Rounding, abs and sign of decimals, which keep their scale."""
    kind = codes[0].kind
    if name == "abs":
        return strict(kind, codes, abs)
    if name == "sign":
        return strict("int64", codes, lambda value: (value > 0) - (value < 0))
    places = codes[1].run(None) if len(codes) > 1 else 0
    if places >= scale_of(kind):
        return codes[0]
    unit, rounding = 10 ** (scale_of(kind) - places), toward(name)
    return strict(kind, codes[:1], lambda value: fit_decimal(rounding(value, unit)))


def special(name: str, codes: list[Code]) -> Code | None:
    """Functions whose types no table holds."""
    kind = codes[0].kind
    match name:
        case "concat":
            return strict("string", codes, lambda *texts: "".join(texts))
        case "bucket":
            return bucket(codes)
        case "safe_div":
            return safe_div(codes)
        case "hash64":
            return strict("int64", codes[:1], lambda value: signed(hash64(kind, value)))
        case "hash_mod":
            return strict("int64", codes, lambda value, size: hash64(kind, value) % size)
        case "round" | "floor" | "ceil" | "trunc" | "abs" | "sign" if is_decimal(kind):
            return decimal_call(name, codes)
    return None


def plain(name: str, codes: list[Code]) -> Code:
    """A function of the table, its arguments converted as far as they have to be."""
    function = ROUNDED if name == "round" and len(codes) == 2 else FUNCTIONS.get(name)
    if function is None:
        raise OracleError(f"unknown function {name}")
    for kinds, result in function.types.items():
        if len(kinds) == len(codes) and all(map(fits, codes, kinds)):
            return strict(result, [convert(*pair) for pair in zip(codes, kinds)], function.apply)
    raise OracleError(f"{name} of {[code.kind for code in codes]}")


def fits(code: Code, kind: str) -> bool:
    """Whether an argument may stand for a parameter."""
    if code.kind == kind or code.kind == "null":
        return True
    return kind == "float64" and (code.kind == "int64" or is_decimal(code.kind))


def chosen(name: str, codes: list[Code]) -> Code:
    """coalesce, greatest and least: nulls are skipped."""
    kind = "null"
    for code in codes:
        kind = common(kind, code.kind)
    runs = [convert(code, kind).run for code in codes]
    pick = {"greatest": max, "least": min}.get(name)

    def run(context: Any) -> Value:
        values = [value for each in runs if (value := each(context)) is not None]
        if not values:
            return None
        return pick(values) if pick else values[0]

    return Code(kind, run)
