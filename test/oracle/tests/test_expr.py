"""Scalar expressions against hand-computed values."""

from __future__ import annotations

import unittest

from fettle_oracle import OracleError
from fettle_oracle.expr import Code, compile_node
from fettle_oracle.syntax import parse


class Constants:
    """A scope of a few columns."""

    values = {
        "i": ("int64", 7), "f": ("float64", 2.5), "s": ("string", "paid"), "t": ("bool", True),
        "n": ("int64", None), "d": ("decimal(2)", 150), "big": ("int64", 2**63 - 1),
        "as_of": ("timestamp", 10_000_000), "ts": ("timestamp", 4_000_000), "nb": ("bool", None),
    }

    def path(self, parts: tuple[str, ...]) -> Code:
        kind, value = self.values[parts[0]]
        return Code(kind, lambda context: value)


CASES: list[tuple[str, str, object]] = [
    ("i / 2", "float64", 3.5),
    ("i div 2", "int64", 3),
    ("(-i) div 2", "int64", -3),
    ("(-i) % 4", "int64", -3),
    ("i / 0", "float64", None),
    ("i % 0", "int64", None),
    ("big + 1", "int64", None),
    ("-(-big - 1)", "int64", None),
    ("i + f", "float64", 9.5),
    ("f * -0.0", "float64", 0.0),
    ("1e300 * 1e300", "float64", None),
    ("big = 9223372036854775807.0", "bool", False),
    ("i between 7 and 8", "bool", True),
    ("n between 1 and i", "bool", None),
    ("n between 1 and 0", "bool", None),
    ("i between 8 and n", "bool", False),
    ("i in (1, n)", "bool", None),
    ("i in (n, 7)", "bool", True),
    ("i not in (1, n)", "bool", None),
    ("nb and false", "bool", False),
    ("nb or t", "bool", True),
    ("not nb", "bool", None),
    ("not i = 7 and nb", "bool", False),
    ("n is null", "bool", True),
    ("n is not distinct from null", "bool", True),
    ("n is distinct from i", "bool", True),
    ("s like 'p_i%'", "bool", True),
    ("s like 'P%'", "bool", False),
    ("'50%' like '50!%' escape '!'", "bool", True),
    ("coalesce(n, 1.5)", "float64", 1.5),
    ("coalesce(i, 1.5)", "float64", 7.0),
    ("nullif(i, 7)", "int64", None),
    ("greatest(n, 3, i)", "int64", 7),
    ("least(f, i)", "float64", 2.5),
    ("if(nb, 1, 0)", "int64", 0),
    ("case s when 'x' then 1 when 'paid' then 2.5 end", "float64", 2.5),
    ("case when n > 0 then 'a' end", "string", None),
    ("round(2.5)", "float64", 3.0),
    ("round(-2.5)", "float64", -3.0),
    ("round(0.49999999999999994)", "float64", 0.0),
    ("round(-0.2)", "float64", 0.0),
    ("seconds_since(ts)", "float64", 6.0),
    ("as_of - ts > 5s", "bool", True),
    ("ts + minutes(1)", "timestamp", 64_000_000),
    ("s || '-' || s", "string", "paid-paid"),
    ("s || null", "string", None),
    ("d + d", "decimal(2)", 300),
    ("d * d", "decimal(4)", 22500),
    ("d > 1", "bool", True),
    ("cast(i as string) || '!'", "string", "7!"),
    ("abs(-9223372036854775807 - 1)", "int64", None),
    ("sqrt(-1.0)", "float64", None),
    ("round(2.675, 2)", "float64", 2.68),
    ("round(-25, -1)", "int64", -30),
    ("round(1234.5, -2)", "float64", 1200.0),
    ("sign(-2.5)", "int64", -1),
    ("clip(i, 0, 5.5)", "float64", 5.5),
    ("safe_div(i, 0, -1)", "float64", -1.0),
    ("cast(-2.9 as int64)", "int64", -2),
    ("cast(1e19 as int64)", "int64", None),
    ("d / 4", "decimal(8)", 37500000),
    ("d / d", "decimal(8)", 100000000),
    ("hour(as_of, 'Asia/Kathmandu')", "int64", 5),
    ("date(timestamp '2024-03-10T03:30:00Z', 'America/New_York')", "date", 19791),
    ("date_trunc('week', timestamp '2024-03-10T03:30:00Z')", "timestamp", 1709510400000000),
    ("week(timestamp '2024-12-30T00:00:00Z')", "int64", 1),
    ("1 + 2 * 3 - 4", "int64", 3),
    ("'it''s'", "string", "it's"),
    ("date '1970-01-02'", "date", 1),
    ("7d", "duration", 604_800_000_000),
]


class ExpressionTest(unittest.TestCase):
    def test_cases(self) -> None:
        for text, kind, want in CASES:
            with self.subTest(text):
                code = compile_node(parse(text), Constants())
                got = code.run(None)
                self.assertEqual((code.kind, got, str(got)), (kind, want, str(want)))

    def test_refused(self) -> None:
        for text in ("i +", "s + i", "s div i", "sum(i) where t", "i in ()", "1 < 2 < 3"):
            with self.subTest(text), self.assertRaises(OracleError):
                compile_node(parse(text), Constants())


if __name__ == "__main__":
    unittest.main()
