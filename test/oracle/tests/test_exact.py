"""Exact aggregates against hand-computed numbers, fractions and fsum."""

from __future__ import annotations

import math
import unittest
from fractions import Fraction
from random import Random

from fettle_oracle.exact import (
    FOLDS, INT_MAX, INT_MIN, CapError, average, distinct, half_even, ratio, sum_floats, total,
    units, variance,
)
from fettle_oracle.folds import result_type

TINY = 5e-324
HUGE = 1.7976931348623157e308


class SumTest(unittest.TestCase):
    def test_cancellation_is_exact(self) -> None:
        self.assertEqual(total("float64", [1e16, 1.0, -1e16]), 1.0)
        self.assertEqual(total("float64", [0.1] * 10), 1.0)
        self.assertEqual(total("float64", [1e300, 1.0, -1e300, 1e-300]), 1.0)

    def test_overflow_on_the_way_is_not_overflow(self) -> None:
        self.assertEqual(total("float64", [HUGE, HUGE, -HUGE]), HUGE)
        self.assertIsNone(total("float64", [HUGE, HUGE]))

    def test_half_to_even_at_the_largest(self) -> None:
        half = 2.0**970  # half a unit in the last place of the largest float
        self.assertIsNone(total("float64", [HUGE, half]))
        self.assertEqual(total("float64", [HUGE, math.nextafter(half, 0)]), HUGE)

    def test_zero_has_no_sign(self) -> None:
        for values in ([-TINY, TINY], [0.0], [1.5, -1.5]):
            self.assertEqual(math.copysign(1, total("float64", values)), 1.0)
        self.assertIsNone(total("float64", []))

    def test_integers(self) -> None:
        self.assertEqual(total("int64", [INT_MAX, 1, -1]), INT_MAX)
        self.assertIsNone(total("int64", [INT_MAX, 1]))
        self.assertEqual(total("int64", [INT_MIN, INT_MAX]), -1)
        self.assertIsNone(total("decimal(2)", [10**38 - 1, 1]))

    def test_both_ways_agree_with_fractions(self) -> None:
        rng = Random(1)
        for _ in range(300):
            values = [rng.uniform(-1, 1) * 2.0 ** rng.randrange(-1060, 900) for _ in range(9)]
            exact = sum(map(Fraction, values))
            want = exact.numerator / exact.denominator
            self.assertEqual(sum_floats(values), want)
            self.assertEqual(ratio(sum(map(units, values)), 1 << 1074), want)


class AverageTest(unittest.TestCase):
    def test_float_rounds_twice(self) -> None:
        self.assertEqual(average("float64", [0.1, 0.2, 0.3]), math.fsum([0.1, 0.2, 0.3]) / 3)
        self.assertIsNone(average("float64", [HUGE, HUGE]))

    def test_integer_rounds_once(self) -> None:
        values = [INT_MAX, INT_MAX, INT_MAX - 1]
        self.assertEqual(average("int64", values), 9.223372036854775807e18)
        self.assertEqual(average("int64", [2**53 + 1, 0, 0]), (2**53 + 1) / 3)

    def test_decimal_is_half_even_at_six_more_places(self) -> None:
        self.assertEqual(average("decimal(2)", [100, 100, 200]), 133333333)
        self.assertEqual(average("decimal(2)", [1] + [0] * 2_000_000), 0)
        self.assertEqual(half_even(5, 2), 2)
        self.assertEqual(half_even(-7, 2), -4)


class VarianceTest(unittest.TestCase):
    def test_by_hand(self) -> None:
        self.assertEqual(variance("int64", [1, 2, 3, 4], True, False), 20.0 / 12.0)
        self.assertEqual(variance("int64", [1, 2, 3, 4], False, False), 1.25)
        self.assertEqual(variance("float64", [1.0, 2.0, 3.0, 4.0], True, True), math.sqrt(20 / 12))

    def test_one_value_and_none(self) -> None:
        self.assertIsNone(variance("float64", [3.5], True, False))
        self.assertEqual(variance("float64", [3.5], False, True), 0.0)
        self.assertIsNone(variance("float64", [], False, False))

    def test_no_cancellation(self) -> None:
        self.assertEqual(variance("float64", [1e8 + 1, 1e8 + 2, 1e8 + 3], True, False), 1.0)
        self.assertEqual(variance("float64", [0.1] * 7, True, False), 0.0)
        self.assertIsNone(variance("float64", [1e300, -1e300], True, False))
        self.assertEqual(variance("float64", [TINY, 0.0], True, False), 0.0)

    def test_decimals_at_their_exact_value(self) -> None:
        self.assertEqual(variance("decimal(2)", [10, 30], True, False), 0.04 / 2)


class OtherTest(unittest.TestCase):
    def test_cap(self) -> None:
        self.assertEqual(distinct(list(range(10_000)) * 2), 10_000)
        with self.assertRaises(CapError):
            distinct(list(range(10_001)))

    def test_empty(self) -> None:
        for name, fold in FOLDS.items():
            want = 0 if name in ("count", "count_if", "count_distinct") else None
            self.assertEqual(fold("int64", []), want, name)

    def test_types(self) -> None:
        self.assertEqual(result_type("avg", ("decimal(2)",), ()), "decimal(8)")
        self.assertEqual(result_type("sum", ("int64",), ()), "int64")
        self.assertEqual(result_type("var_pop", ("int64",), ()), "float64")


if __name__ == "__main__":
    unittest.main()
