"""Expressions: static types, then closures that compute one value.

Values are plain Python: int (also for timestamps, dates, durations and the unscaled digits of a
decimal), float, bool, str, bytes, and None for null. The static type says which int it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Callable, Protocol

from . import OracleError
from .exact import fit_decimal, fit_float, fit_int, half_even, is_decimal, ratio, scale_of
from .functions import FUNCTIONS, ROUNDED
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
    raise OracleError(f"no common type of {left} and {right}")


def convert(code: Code, kind: str) -> Code:
    """The expression as a value of a common type."""
    run = code.run
    if code.kind == kind or code.kind == "null":
        return Code(kind, run)
    if code.kind == "int64" and kind == "float64":
        return Code(kind, lambda c: None if (v := run(c)) is None else float(v))
    if is_decimal(kind) and (code.kind == "int64" or is_decimal(code.kind)):
        have = 0 if code.kind == "int64" else scale_of(code.kind)
        factor = 10 ** (scale_of(kind) - have)
        return Code(kind, lambda c: None if (v := run(c)) is None else fit_decimal(v * factor))
    raise OracleError(f"cannot make {code.kind} a {kind}")


def strict(kind: str, codes: list[Code], function: Callable[..., Value]) -> Code:
    """A function that is null if an argument is."""
    runs = [code.run for code in codes]

    def run(context: Any) -> Value:
        values = [each(context) for each in runs]
        if any(value is None for value in values):
            return None
        return function(*values)

    return Code(kind, run)


def truncated(left: int, right: int) -> int | None:
    """Integer division towards zero."""
    if right == 0:
        return None
    quotient = abs(left) // abs(right)
    return fit_int(-quotient if (left < 0) != (right < 0) else quotient)


def remainder(left: int, right: int) -> int | None:
    """The remainder with the sign of the dividend."""
    if right == 0:
        return None
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def float_op(op: str) -> Callable[[float, float], float | None]:
    """A float operation; a result that is not finite is null."""

    def run(left: float, right: float) -> float | None:
        if op in "/%" and right == 0:
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
                case _:
                    return fit_float(math.fmod(left, right))
        except OverflowError:
            return None

    return run


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


def arithmetic(op: str, left: Code, right: Code) -> Code:
    """+ - * / % div over numbers and times."""
    timed = TIME_TYPES.get((left.kind, op, right.kind))
    if timed:
        return strict(timed, [left, right], INT_OPS[op])
    kind = common(left.kind, right.kind)
    if op == "/" and kind == "int64":  # the exact quotient, rounded once
        return strict("float64", [left, right], lambda a, b: ratio(a, b) if b else None)
    if kind == "float64":
        if op == "div":
            raise OracleError("div of floats")
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
    raise OracleError(f"decimal {op}")


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


def cast(code: Code, kind: str) -> Code:
    """The casts without a choice of rounding."""
    if code.kind == kind:
        return code
    if code.kind == "int64" and kind == "string":
        return strict(kind, [code], str)
    if code.kind in ("bool", "float64") and kind == "int64":
        return strict(kind, [code], lambda v: fit_int(int(v)))
    return convert(code, kind)


def compare(op: str, left: Code, right: Code) -> Code:
    """A comparison of two sides, null if one is."""
    return strict("bool", comparable(left, right), COMPARISONS[op])


def compile_node(node: Node, scope: Scope) -> Code:
    """Type and compile a syntax tree in a scope."""
    if node.op == "lit":
        return constant(*node.value)
    if node.op == "path":
        return scope.path(node.value)
    if node.op == "call" and node.window is not None:
        return scope.aggregate(node)
    codes = [compile_node(arg, scope) for arg in node.args]
    match node.op:
        case "+" | "-" | "*" | "/" | "%" | "div":
            return arithmetic(node.op, *codes)
        case "neg":
            zero = constant("int64", 0)
            if codes[0].kind == "float64":
                return strict("float64", codes, lambda a: fit_float(-a))
            return arithmetic("-", zero, codes[0])
        case "||":
            return strict("string", codes, lambda a, b: a + b)
        case "=" | "<>" | "<" | "<=" | ">" | ">=":
            return compare(node.op, *codes)
        case "and" | "or" | "not":
            return logical(node.op, codes)
        case "is null":
            return Code("bool", lambda c, run=codes[0].run: run(c) is None)
        case "distinct from":
            left, right = (code.run for code in comparable(*codes))
            return Code("bool", lambda c: left(c) != right(c))
        case "in":
            tests = [compare("=", codes[0], code) for code in codes[1:]]
            return logical("or", tests)
        case "between":
            tests = [compare(">=", codes[0], codes[1]), compare("<=", codes[0], codes[2])]
            return logical("and", tests)
        case "like":
            return strict("bool", codes, lambda a, b: like_match(a, b, node.value))
        case "case":
            return case(codes)
        case "cast":
            return cast(codes[0], str(node.value))
        case "call":
            return call(str(node.value), codes, scope)
    raise OracleError(f"unknown operation {node.op}")


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
    if name.endswith("_since"):
        return strict("float64", [scope.path(("as_of",)), *codes], FUNCTIONS[name].apply)
    function = ROUNDED if name == "round" and len(codes) == 2 else FUNCTIONS.get(name)
    if name == "safe_div":
        codes = [convert(code, "float64") for code in codes]
    if function is None:
        raise OracleError(f"unknown function {name}")
    kinds = tuple(code.kind for code in codes)
    result = function.types.get(kinds)
    if result is None:
        raise OracleError(f"{name} of {kinds}")
    return strict(result, codes, function.apply)


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
