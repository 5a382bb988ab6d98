"""Hashes of values: XXH3-64 over their canonical bytes, and the text of map keys."""

from __future__ import annotations

import struct
from typing import Any

import xxhash

from . import OracleError
from .exact import INT_MAX
from .kinds import is_decimal


def canonical(kind: str, value: Any) -> bytes:
    """The canonical bytes of a value, those of a key."""
    if kind == "string":
        value = value.encode()
    if isinstance(value, bytes):
        return value.replace(b"\0", b"\0\xff") + b"\0\1"
    if kind == "float64":
        return struct.pack(">d", value)
    if is_decimal(kind):
        return (value + (1 << 127)).to_bytes(16, "big")
    if isinstance(value, int):
        return (int(value) + (1 << 63)).to_bytes(8, "big")
    raise OracleError(f"no canonical bytes of {kind}")


def hash64(kind: str, value: Any) -> int:
    """XXH3-64 with seed 0, as an unsigned number."""
    return xxhash.xxh3_64_intdigest(canonical(kind, value), seed=0)


def signed(value: int) -> int:
    """The same 64 bits as an int64."""
    return value - (1 << 64) if value > INT_MAX else value
