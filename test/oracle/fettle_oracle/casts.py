"""Casts: the value as another type, null where it does not fit."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import re
from fractions import Fraction
from typing import Any, Callable

from . import OracleError
from .exact import fit_decimal, fit_float, fit_int, half_even, ratio
from .kinds import (
    dimension, element, is_decimal, is_list, is_map, is_number, is_vector, scale_of,
)
from .times import DAY, FIRST_TIME, LAST_TIME, naive, parse_timestamp
from .typed import Code, strict

WHOLE = re.compile(r"[+-]?[0-9]+")
DIGITS = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
Cast = Callable[[Any], Any]


def exactly(kind: str, value: Any) -> Fraction:
    """A number as a fraction."""
    return Fraction(value, 10 ** scale_of(kind)) if is_decimal(kind) else Fraction(value)


def number_to(have: str, want: str) -> Cast:
    """A number as another kind of number."""
    if want == "bool":
        return lambda value: value != 0
    if want == "int64":
        return lambda value: fit_int(math.trunc(exactly(have, value)))
    if want == "float64":
        return lambda value: fraction_float(exactly(have, value))
    unit = 10 ** scale_of(want)

    def run(value: Any) -> int | None:
        exact = exactly(have, value) * unit
        return fit_decimal(half_even(exact.numerator, exact.denominator))

    return run


def fraction_float(value: Fraction) -> float | None:
    """A fraction rounded once."""
    return ratio(value.numerator, value.denominator)


def decimal_text(value: int, scale: int) -> str:
    """A decimal with all its places."""
    digits = str(abs(value)).rjust(scale + 1, "0")
    text = digits if not scale else f"{digits[:-scale]}.{digits[-scale:]}"
    return "-" + text if value < 0 else text


def instant_text(value: int) -> str:
    """RFC 3339 in UTC with six digits."""
    moment = naive(value)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}Z"


def float_text(value: float) -> str:
    """The fewest digits that read back, with an exponent below 1e-5 and from 1e16 on."""
    if value == 0:
        return "0.0"
    sign, digits, exponent = decimal.Decimal(repr(value)).normalize().as_tuple()
    text, point = "".join(map(str, digits)), len(digits) + exponent
    if 1e-5 <= abs(value) < 1e16:
        text = "0" * (1 - point) + text + "0" * (point + 1 - len(text))
        point = max(point, 1)
        text = f"{text[:point]}.{text[point:]}"
    else:
        text = text[0] + ("." + text[1:] if len(text) > 1 else "") + f"e{point - 1:+03d}"
    return "-" + text if sign else text


def text_of(kind: str, value: Any) -> str:
    """A value as text."""
    if kind == "string":
        return value
    if kind == "bool":
        return "true" if value else "false"
    if is_decimal(kind):
        return decimal_text(value, scale_of(kind))
    if kind == "date":
        return (dt.date(1970, 1, 1) + dt.timedelta(days=value)).isoformat()
    if kind == "timestamp":
        return instant_text(value)
    if kind == "int64":
        return str(value)
    if kind == "float64":
        return float_text(value)
    raise OracleError(f"no page says how {kind} is written as text")


def from_text(want: str) -> Cast:
    """Text as a value; null if it is malformed."""
    if want == "int64":
        return lambda text: fit_int(int(text)) if WHOLE.fullmatch(text) else None
    if want == "float64":
        return lambda text: fit_float(float(text)) if DIGITS.fullmatch(text) else None
    if want == "bool":
        return lambda text: {"true": True, "false": False}.get(text.lower())
    if is_decimal(want):
        unit = 10 ** scale_of(want)

        def run(text: str) -> int | None:
            if not DIGITS.fullmatch(text):
                return None
            exact = Fraction(decimal.Decimal(text)) * unit
            return fit_decimal(half_even(exact.numerator, exact.denominator))

        return run
    if want == "timestamp":
        return text_instant
    if want == "date":
        return text_date
    raise OracleError(f"no cast of text to {want}")


def text_instant(text: str) -> int | None:
    """A time with an offset or Z."""
    try:
        found = parse_timestamp(text, None)
    except (OracleError, ValueError):
        return None
    return found if FIRST_TIME <= found < LAST_TIME else None


def text_date(text: str) -> int | None:
    """YYYY-MM-DD."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        return None
    try:
        days = (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days
    except ValueError:
        return None
    return days if FIRST_TIME <= days * DAY < LAST_TIME else None


def caster(have: str, want: str) -> Cast:
    """The cast from one type to another."""
    if have == want:
        return lambda value: value
    if is_list(have) or is_vector(have) or is_map(have):
        return nested(have, want)
    if have == "json" and want == "string":
        return lambda value: value
    if want == "string":
        return lambda value: text_of(have, value)
    if have == "string":
        return from_text(want)
    if have == "bool" and is_number(want):
        return lambda value: number_to("int64", want)(int(value))
    if is_number(have) and (is_number(want) or want == "bool"):
        return number_to(have, want)
    if (have, want) == ("date", "timestamp"):
        return lambda days: days * DAY
    if (have, want) == ("timestamp", "date"):
        return lambda moment: moment // DAY
    raise OracleError(f"no cast of {have} to {want}")


def nested(have: str, want: str) -> Cast:
    """Element by element; a list is a vector if it has its length and no null."""
    inner = caster("float64" if is_vector(have) else element(have), item_of(want))

    def each(value: Any) -> Any:
        return None if value is None else inner(value)

    if is_map(want):
        return lambda found: {key: each(value) for key, value in found.items()}
    if is_list(want):
        return lambda found: tuple(map(each, found))

    def vector(found: tuple[Any, ...]) -> tuple[Any, ...] | None:
        values = tuple(map(each, found))
        return values if len(values) == dimension(want) and None not in values else None

    return vector


def item_of(kind: str) -> str:
    """The type of the elements."""
    return "float64" if is_vector(kind) else element(kind)


def cast(code: Code, kind: str) -> Code:
    """cast(x as type)."""
    if code.kind in (kind, "null"):
        return Code(kind, code.run)
    return strict(kind, [code], caster(code.kind, kind))
