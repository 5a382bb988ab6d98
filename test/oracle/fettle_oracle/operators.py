"""Operators: arithmetic, comparisons, logic, case and cast."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Callable

from . import OracleError
from .typed import Code, Value, common, convert, strict
from .exact import fit_decimal, fit_float, fit_int, half_even, ratio
from .kinds import is_decimal, scale_of
from .times import FIRST_TIME, LAST_TIME

def truncated(left: int, right: int) -> int | None:
    """Integer division towards zero; null by zero."""
    return None if right == 0 else fit_int(quotient(left, right))


def remainder(left: int, right: int) -> int | None:
    """The remainder with the sign of the dividend."""
    if right == 0:
        return None
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def float_op(op: str) -> Callable[[float, float], float | None]:
    """A float operation; a result that is not finite is null."""

    def run(left: float, right: float) -> float | None:
        if op in ("/", "%", "div") and right == 0:
            return None
        try:
            match op:
                case "+":
                    return fit_float(left + right)
                case "-":
                    return fit_float(left - right)
                case "*":
                    return fit_float(left * right)
                case "/":
                    return fit_float(left / right)
                case "div":
                    return ratio(*whole_quotient(left, right).as_integer_ratio())
                case _:
                    return fit_float(math.fmod(left, right))
        except OverflowError:
            return None

    return run


def whole_quotient(left: float, right: float) -> int:
    """The exact quotient without its fraction."""
    return math.trunc(Fraction(left) / Fraction(right))


INT_OPS: dict[str, Callable[[int, int], int | None]] = {
    "+": lambda a, b: fit_int(a + b),
    "-": lambda a, b: fit_int(a - b),
    "*": lambda a, b: fit_int(a * b),
    "div": truncated,
    "%": remainder,
}

TIME_TYPES = {
    ("timestamp", "+", "duration"): "timestamp",
    ("duration", "+", "timestamp"): "timestamp",
    ("timestamp", "-", "duration"): "timestamp",
    ("timestamp", "-", "timestamp"): "duration",
    ("duration", "+", "duration"): "duration",
    ("duration", "-", "duration"): "duration",
    ("duration", "*", "int64"): "duration",
    ("int64", "*", "duration"): "duration",
}


def in_years(moment: int | None) -> int | None:
    """A time, or null outside the years 1900-2200."""
    return moment if moment is not None and FIRST_TIME <= moment < LAST_TIME else None


def arithmetic(op: str, left: Code, right: Code) -> Code:
    """+ - * / % div over numbers and times."""
    timed = TIME_TYPES.get((left.kind, op, right.kind))
    if timed == "timestamp":
        return strict(timed, [left, right], lambda a, b: in_years(INT_OPS[op](a, b)))
    if timed:
        return strict(timed, [left, right], INT_OPS[op])
    kind = common(left.kind, right.kind)
    if op == "/" and kind == "int64":  # the exact quotient, rounded once
        return strict("float64", [left, right], lambda a, b: ratio(a, b) if b else None)
    if kind == "float64":
        return strict(kind, [convert(left, kind), convert(right, kind)], float_op(op))
    if kind == "int64":
        return strict(kind, [left, right], INT_OPS[op])
    if is_decimal(kind):
        return decimal_arithmetic(op, left, right, kind)
    raise OracleError(f"{left.kind} {op} {right.kind}")


def decimal_arithmetic(op: str, left: Code, right: Code, kind: str) -> Code:
    """+ and - at the larger scale, * adding the scales."""
    if op in "+-":
        sign = 1 if op == "+" else -1
        both = [convert(left, kind), convert(right, kind)]
        return strict(kind, both, lambda a, b: fit_decimal(a + sign * b))
    if op == "/":
        result = decimal_quotient_type(left, right)
        return strict(result, [left, right], decimal_quotient(left, right))
    if op == "*":
        scales = [scale_of(c.kind) if is_decimal(c.kind) else 0 for c in (left, right)]
        return strict(f"decimal({sum(scales)})", [left, right], lambda a, b: fit_decimal(a * b))
    both = [convert(left, kind), convert(right, kind)]
    if op == "%":
        return strict(kind, both, remainder)
    unit = 10 ** scale_of(kind)
    return strict(kind, both, lambda a, b: None if b == 0 else fit_decimal(quotient(a, b) * unit))


def quotient(left: int, right: int) -> int:
    """Integer division towards zero."""
    size = abs(left) // abs(right)
    return -size if (left < 0) != (right < 0) else size


def digits_after(code: Code) -> int:
    """The scale of a decimal or integer."""
    return scale_of(code.kind) if is_decimal(code.kind) else 0


def decimal_quotient_type(left: Code, right: Code) -> str:
    """Six digits more than the longer scale."""
    return f"decimal({max(digits_after(left), digits_after(right)) + 6})"


def decimal_quotient(left: Code, right: Code) -> Callable[[int, int], int | None]:
    """The quotient of unscaled digits, half to even; null by zero."""
    shift = max(digits_after(left), digits_after(right)) + 6 + digits_after(right)
    factor, divisor = 10**shift, 10 ** digits_after(left)
    return lambda a, b: None if b == 0 else fit_decimal(half_even(a * factor, b * divisor))


def comparable(left: Code, right: Code) -> list[Code]:
    """Both sides of a comparison; Python compares int and float exactly."""
    if {left.kind, right.kind} == {"int64", "float64"}:
        return [left, right]
    if "float64" in (left.kind, right.kind) and (is_decimal(left.kind) or is_decimal(right.kind)):
        return [exactly(left), exactly(right)]
    kind = common(left.kind, right.kind)
    return [convert(left, kind), convert(right, kind)]


def exactly(code: Code) -> Code:
    """A number as a fraction, to compare decimals with floats."""
    unit = 10 ** digits_after(code)
    return strict("fraction", [code], lambda value: Fraction(value) / unit)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def all_of(values: list[Value]) -> Value:
    """Three-valued and."""
    if any(value is False for value in values):
        return False
    return None if any(value is None for value in values) else True


def any_of(values: list[Value]) -> Value:
    """Three-valued or."""
    if any(value is True for value in values):
        return True
    return None if any(value is None for value in values) else False


def opposite(value: Value) -> Value:
    """Three-valued not."""
    return None if value is None else not value


def like_match(text: str, pattern: str, escape: str | None) -> bool | None:
    """SQL like: % is any run, _ any one character."""
    import re

    out, position = [], 0
    while position < len(pattern):
        char = pattern[position]
        if escape and char == escape:
            position += 1
            if position >= len(pattern):
                return None
            out.append(re.escape(pattern[position]))
        else:
            out.append({"%": ".*", "_": "."}.get(char, re.escape(char)))
        position += 1
    return re.fullmatch("".join(out), text, re.DOTALL) is not None


def logical(op: str, codes: list[Code]) -> Code:
    """and, or, not."""
    for code in codes:
        if code.kind not in ("bool", "null"):
            raise OracleError(f"{op} of {code.kind}")
    runs = [code.run for code in codes]
    if op == "not":
        return Code("bool", lambda c: opposite(runs[0](c)))
    join = all_of if op == "and" else any_of
    return Code("bool", lambda c: join([run(c) for run in runs]))


def case(codes: list[Code]) -> Code:
    """Pairs of condition and value, then the else."""
    kind = "null"
    branches = codes[1:-1:2] + codes[-1:]
    for code in branches:
        kind = common(kind, code.kind)
    conditions = [code.run for code in codes[0:-1:2]]
    values = [convert(code, kind).run for code in branches]

    def run(context: Any) -> Value:
        for index, condition in enumerate(conditions):
            if condition(context) is True:
                return values[index](context)
        return values[-1](context)

    return Code(kind, run)


def compare(op: str, left: Code, right: Code) -> Code:
    """A comparison of two sides, null if one is."""
    return strict("bool", comparable(left, right), COMPARISONS[op])
