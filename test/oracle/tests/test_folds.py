"""Aggregates of more than one value, of an order, of moments and of sketches, by hand."""

from __future__ import annotations

import math
import unittest
from typing import Any

from fettle_oracle.decay import decayed
from fettle_oracle.exact import CapError
from fettle_oracle.folds import AGGREGATIONS, Selected, result_type
from fettle_oracle.hashes import canonical, hash64, signed
from fettle_oracle.sketches import approx_distinct, middle

HOUR = 3_600_000_000


def fold(name: str, kinds: str, rows: list[Any], *literals: Any) -> Any:
    """An aggregate of rows of values, one event a microsecond, at time 100."""
    cells = [row if isinstance(row, tuple) else (row,) for row in rows]
    selected = Selected(tuple(kinds.split()), literals, cells, list(range(len(rows))), 100)
    return AGGREGATIONS[name].run(selected)


class Lists(unittest.TestCase):
    def test_in_order(self) -> None:
        values = [3, None, 1, 3, 2]
        cases = [
            ("first", (2,), (3, 1)), ("last", (2,), (2, 3)), ("collect", (2,), (3, 2)),
            ("collect", (9,), (3, 1, 3, 2)), ("first_distinct", (2,), (3, 1)),
            ("last_distinct", (2,), (2, 3)), ("largest", (2,), (3, 3)), ("smallest", (2,), (1, 2)),
            ("collect_set", (), (1, 2, 3)), ("top_k", (2,), (3, 1)), ("first", (), 3),
            ("last", (), 2), ("mode", (), 3), ("lag", (0,), 2), ("lag", (3,), 3),
            ("lag", (4,), None), ("delta", (), -1), ("histogram", (), {"1": 1, "2": 1, "3": 2}),
        ]
        for name, literals, want in cases:
            with self.subTest(f"{name} {literals}"):
                self.assertEqual(fold(name, "int64", values, *literals), want)

    def test_of_nothing(self) -> None:
        for name in ("collect", "top_k", "largest", "last_distinct", "first"):
            self.assertEqual(fold(name, "int64", [None], 3), ())
        self.assertEqual(fold("collect_set", "int64", []), ())
        self.assertEqual(fold("histogram", "string", []), {})
        self.assertEqual(fold("streak", "bool", []), 0)
        self.assertEqual(fold("decayed_count", "", [], HOUR), 0.0)
        for name in ("mode", "median", "entropy", "skew", "delta"):
            self.assertIsNone(fold(name, "int64", []))

    def test_frequency_before_value(self) -> None:
        self.assertEqual(fold("top_k", "string", ["b", "a", "b", "c", "a"], 3), ("a", "b", "c"))
        self.assertEqual(fold("mode", "bool", [True, False]), False)

    def test_newest_of_equal(self) -> None:
        rows = [("a", 1), ("b", None), ("c", 1), (None, 2), ("d", 2), (None, 2)]
        self.assertEqual(fold("min_by", "string int64", rows), "c")
        self.assertIsNone(fold("max_by", "string int64", rows))
        self.assertEqual(fold("max_by", "string int64", rows[:-1]), "d")

    def test_streak(self) -> None:
        self.assertEqual(fold("streak", "bool", [True, False, True, None, True]), 2)
        self.assertEqual(fold("streak", "bool", [True, None, True]), 2)
        self.assertEqual(fold("streak", "bool", [True, False]), 0)

    def test_histogram_keys_are_in_order(self) -> None:
        found = fold("histogram", "int64", [10, 9, -1])
        self.assertEqual(list(found), ["-1", "10", "9"])

    def test_caps(self) -> None:
        many = list(range(10_001))
        for name in ("mode", "collect_set", "histogram", "entropy", "median"):
            with self.assertRaises(CapError, msg=name):
                fold(name, "int64", many)
            fold(name, "int64", many[:-1])
        with self.assertRaises(CapError):
            fold("percentile", "int64", [1] * 10_001, 0.5)
        self.assertEqual(fold("top_k", "int64", [1] * 10_001, 2), (1,))


class Numbers(unittest.TestCase):
    def test_ewma(self) -> None:
        self.assertEqual(fold("ewma", "int64", [4, None, 8], 0.25), 5.0)
        self.assertEqual(fold("ewma", "float64", [0.1, 0.2, 0.3], 0.3),
                         0.3 * 0.3 + 0.7 * (0.3 * 0.2 + 0.7 * 0.1))

    def test_moments(self) -> None:
        self.assertEqual(fold("kurtosis", "int64", [1, 2, 3, 4]), 2.5625 / 1.5625 - 3)
        self.assertEqual(fold("skew", "int64", [1, 2, 3]), 0.0)
        self.assertEqual(fold("skew", "int64", [0, 0, 1]), (2 / 27) / (2 / 9 * math.sqrt(2 / 9)))
        self.assertIsNone(fold("skew", "float64", [2.5, 2.5, 2.5]))
        self.assertIsNone(fold("skew", "int64", [0, 1]))
        self.assertIsNone(fold("kurtosis", "int64", [0, 0, 1]))
        self.assertIsNone(fold("skew", "float64", [0.0, 0.0, 1e150]), "m2 * sqrt(m2) is infinite")

    def test_pairs(self) -> None:
        rows = [(2, 1), (None, 5), (4, 2), (6, 3), (7, None)]
        self.assertEqual(fold("covar", "int64 int64", rows), 12 / 9)
        self.assertEqual(fold("slope", "int64 int64", rows), 2.0)
        self.assertEqual(fold("corr", "int64 int64", rows), 1.0)
        self.assertEqual(fold("slope", "decimal(2) int64", rows), 0.02)
        self.assertEqual(fold("covar", "int64 int64", [(1, 1), (1, 2)]), 0.0)
        self.assertIsNone(fold("corr", "int64 int64", [(1, 1), (1, 2)]))
        self.assertIsNone(fold("covar", "int64 int64", [(1, 1)]))

    def test_infinite_on_the_way(self) -> None:
        rows = [(-1.7, 1.2e19), (0.5, 1e300)]
        self.assertIsNone(fold("slope", "float64 float64", rows), "b is infinite")
        self.assertIsNone(fold("corr", "float64 float64", rows))
        self.assertIsNotNone(fold("covar", "float64 float64", rows), "covar reads no b")

    def test_percentile(self) -> None:
        self.assertEqual(fold("percentile", "int64", [4, 1, 3, 2], 0.5), 2.5)
        self.assertEqual(fold("percentile", "decimal(1)", [40, 10], 1), 4.0)
        self.assertEqual(fold("median", "float64", [1.5]), 1.5)
        self.assertEqual(fold("median", "float64", [-1.7e308, 1.7e308]), 0.0)
        self.assertEqual(fold("percentile", "float64", [0.0, 0.1], 0.3), 0.1 * 0.3)

    def test_buckets(self) -> None:
        self.assertEqual(middle(1.0), 1 + 1 / 128)
        self.assertEqual(middle(-1.99), -(1 + 63.5 / 64))
        self.assertEqual([middle(5e-324), middle(0.0)], [0.0, 0.0])
        self.assertEqual(fold("approx_percentile", "int64", [2], 0.5), 2 + 1 / 64)

    def test_entropy(self) -> None:
        self.assertEqual(fold("entropy", "string", ["a", "b"]), math.log(2))
        self.assertEqual(fold("entropy", "string", ["a", "a", None]), 0.0)

    def test_types(self) -> None:
        self.assertEqual(result_type("last", ("json",), (3,)), "list<json>")
        self.assertEqual(result_type("last", ("json",), ()), "json")
        self.assertEqual(result_type("top_k", ("date",), (3,)), "list<date>")


class Decay(unittest.TestCase):
    def test_half_every_half_life(self) -> None:
        self.assertEqual(decayed([(8.0, 0)], HOUR, HOUR), 4.0)
        self.assertEqual(decayed([(8.0, 0), (8.0, HOUR)], HOUR, 2 * HOUR), 6.0)
        self.assertEqual(decayed([(8.0, -1)], HOUR, 64 * HOUR - 1), 8.0 * 2.0**-64)

    def test_tiles_are_rounded_one_by_one(self) -> None:
        self.assertEqual(decayed([(1.0, 0), (1.0, 64 * HOUR)], HOUR, 64 * HOUR), 1 + 2.0**-64)
        self.assertEqual(decayed([(1.0, 0), (2.0, 64 * HOUR)], 64 * HOUR, 64 * HOUR), 2.5)

    def test_overflow(self) -> None:
        self.assertIsNone(decayed([(1e308, 63 * HOUR)], HOUR, 64 * HOUR))


class Sketches(unittest.TestCase):
    def test_hash(self) -> None:
        import xxhash

        self.assertEqual(xxhash.xxh3_64_intdigest(b""), 0x2D06800538D394C2)
        self.assertEqual(canonical("string", "a\0b"), b"a\0\xffb\0\1")
        self.assertEqual(canonical("int64", -1), b"\x7f" + b"\xff" * 7)
        self.assertEqual(canonical("bool", True), b"\x80" + b"\0" * 6 + b"\1")
        self.assertEqual(canonical("decimal(2)", 1), b"\x80" + b"\0" * 14 + b"\1")
        self.assertEqual(signed(2**64 - 1), -1)

    def test_few_are_counted_exactly(self) -> None:
        for count in (0, 1, 2, 100):
            hashes = {hash64("int64", value) for value in range(count)}
            self.assertEqual(approx_distinct(hashes), count)

    def test_many_are_near(self) -> None:
        found = approx_distinct({hash64("string", f"v{value}") for value in range(50_000)})
        self.assertTrue(abs(found - 50_000) < 1500, found)


if __name__ == "__main__":
    unittest.main()
