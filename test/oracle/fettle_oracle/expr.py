"""Expressions: syntax trees to compiled code."""

from __future__ import annotations

from . import OracleError
from .calls import call
from .casts import cast
from .typed import Code, Scope, constant, strict
from .exact import fit_float, fit_int
from .nested import element_at, list_of
from .operators import arithmetic, case, comparable, compare, like_match, logical
from .syntax import Node


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
            if codes[0].kind == "duration":
                return strict("duration", codes, lambda a: fit_int(-a))
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
        case "list":
            return list_of(codes)
        case "element":
            return element_at(*codes)
        case "cast":
            return cast(codes[0], str(node.value))
        case "call":
            return call(str(node.value), codes, scope)
    raise OracleError(f"unknown operation {node.op}")
