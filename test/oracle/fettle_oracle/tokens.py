"""Tokens of expressions, and durations."""

from __future__ import annotations

import re
from dataclasses import dataclass

from . import OracleError

UNITS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}

TOKEN = re.compile(
    r"""(?P<space>\s+|(?:\#|--)[^\n]*)
      | (?P<float>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
      | (?P<dur>\d+(?:us|ms|s|m|h|d|w)(?![A-Za-z0-9_]))
      | (?P<int>\d+)
      | (?P<str>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")+")
      | (?P<ident>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<op><>|!=|<=|>=|\|\||::|[-+*/%()\[\],.=<>])""",
    re.VERBOSE,
)

RESERVED = frozenset(
    "and or not in is null like between case when then else end cast as distinct true false "
    "over where offset hop this each".split()
)


@dataclass(frozen=True)
class Token:
    """One token: its kind, its text (identifiers and strings unquoted) and its place."""

    kind: str
    text: str
    at: int


def parse_duration(text: str) -> int:
    """Microseconds of a duration such as 90m."""
    match = re.fullmatch(r"(\d+)(us|ms|s|m|h|d|w)", text.strip())
    if not match:
        raise OracleError(f"not a duration: {text!r}")
    return int(match[1]) * UNITS[match[2]]


def tokenize(text: str) -> list[Token]:
    """Split an expression into tokens, ending with one of kind `end`."""
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise OracleError(f"cannot read {text!r} at {at}")
        kind, raw = match.lastgroup or "", match[0]
        if kind == "str":
            tokens.append(Token("str", raw[1:-1].replace("''", "'"), at))
        elif kind == "quoted":
            tokens.append(Token("name", raw[1:-1].replace('""', '"'), at))
        elif kind == "ident":
            word = raw.lower()
            tokens.append(Token("word", word, at) if word in RESERVED else Token("name", raw, at))
        elif kind != "space":
            tokens.append(Token(kind, raw, at))
        at = match.end()
    tokens.append(Token("end", "", at))
    return tokens
