"""The parts of the online road that decide what is compared."""

from __future__ import annotations

import io
import json
import unittest
from dataclasses import replace
from random import Random

import pyarrow.parquet as pq

from fettle_oracle.compare import Difference
from fettle_oracle.definitions import Source
from fettle_oracle.events import Loaded
from fettle_oracle.files import csv_records, csv_value
from fettle_oracle.times import parse_timestamp
from online.answers import Misshapen, in_columns, make_single, read_value
from online.bodies import Writer, clock_text
from online.derive import Feed, pushed_text
from online.script import plan
from online.server import Number

SOURCE = Source(
    name="s", table=False, path=None, pushed=True, time_column="ts", zone="Europe/Paris",
    unit=None, fields={}, identity="eid", sequence=None, available=None, where=None,
    delete_when=None, op=None, columns={}, edge="before",
)
KINDS = {"ts": "timestamp", "eid": "string", "x": "float64", "n": "int64", "p": "decimal(2)"}
NOON = 1_714_557_600_000_001


def row(time: int | None, identity: str | None) -> dict:
    """An event of the source."""
    return {"ts": time, "eid": identity, "x": 0.1, "n": 2**63 - 1, "p": -5}


class Deciding(unittest.TestCase):
    """What becomes of a row."""

    def test_first_of_equal_ids_stays(self) -> None:
        """Copies are duplicates, copies of another time and rows without one are put aside."""
        taken = Loaded({}, [])
        offers = [(1, "a"), (None, "b"), (1, "a"), (2, "a"), (3, "b"), (4, None), (4, None)]
        got = [taken.offer(SOURCE, row(time, identity), time) for time, identity in offers]
        self.assertEqual(got, ["accepted", "quarantined", "duplicates", "quarantined", "accepted",
                               "accepted", "accepted"])
        self.assertEqual((taken.rows, taken.bad, taken.duplicates), (7, 2, 1))
        self.assertEqual([event.position for event in taken.events], [1, 5, 6, 7])


class Writing(unittest.TestCase):
    """Every body holds the same rows."""

    def setUp(self) -> None:
        self.rows = [row(NOON + number, f"e{number}") for number in range(20)]
        self.feed = Feed(SOURCE, KINDS, self.rows)

    def test_json(self) -> None:
        """Digits survive, whatever form a value has."""
        for seed in range(20):
            body = Writer(self.feed, self.rows, Random(seed)).body("json")
            events = json.loads(body, parse_int=Number, parse_float=Number)["events"]
            for want, got in zip(self.rows, events, strict=True):
                self.assertEqual(parse_timestamp(got["ts"], SOURCE.zone), want["ts"])
                self.assertEqual(float(got["x"]), want["x"])
                self.assertEqual(got["n"], str(2**63 - 1))
                self.assertEqual(got["p"], "-0.05")

    def test_csv(self) -> None:
        """The oracle's own reader gets the rows back."""
        for seed in range(20):
            body = Writer(self.feed, self.rows, Random(seed)).body("csv").decode()
            header, *records = csv_records(body)
            for want, record in zip(self.rows, records, strict=True):
                cells = dict(zip(header, record))
                for name, kind in KINDS.items():
                    self.assertEqual(csv_value(cells[name], kind, SOURCE.zone), want[name])

    def test_parquet(self) -> None:
        """So does Parquet, and a row that fits no column is never written in it."""
        body = Writer(self.feed, self.rows, Random(1)).body("parquet")
        self.assertEqual(pq.read_table(io.BytesIO(body)).num_rows, len(self.rows))
        self.assertNotIn("parquet", Writer(self.feed, [None], Random(1)).forms())

    def test_times_without_a_zone(self) -> None:
        """The later hour of a fold has no wall clock of its own."""
        fold = parse_timestamp("2024-10-27T01:30:00Z", None)
        first = Writer(self.feed, [row(fold - 3_600_000_000, "a")], Random(1))
        later = Writer(self.feed, [row(fold, "a")], Random(1))
        self.assertTrue(first.has_walls("ts"))
        self.assertFalse(later.has_walls("ts"))
        no_zone = Feed(replace(SOURCE, zone=None), KINDS, [])
        self.assertFalse(Writer(no_zone, [], Random(1)).has_walls("ts"))

    def test_digits(self) -> None:
        """A clock shows as many digits as it needs, or six."""
        self.assertEqual(clock_text(NOON, 0), "2024-05-01T10:00:00.000001")
        self.assertEqual(clock_text(NOON - 1, 0), "2024-05-01T10:00:00")
        self.assertEqual(clock_text(NOON - 1, 6), "2024-05-01T10:00:00.000000")

    def test_definition(self) -> None:
        """A source of files becomes one that is pushed to; the rest stays."""
        text = "source: s\npath: a/*.csv\nfields:\n  ts: date\nevent_time: ts\nwhere: x > 0\n"
        self.assertEqual(
            pushed_text(text, {"ts": "date", "x": "int64"}),
            "source: s\npush: true\nfields:\n  ts: date\n  x: int64\navailable: event_time\n"
            "id: eid\nevent_time: ts\nwhere: x > 0\n",
        )


class Planning(unittest.TestCase):
    """The script of a project."""

    def test_every_row_is_sent(self) -> None:
        """All rows come, copies only of rows with an id, some rows late."""
        rows = [row(NOON + number, f"e{number}" if number % 3 else None) for number in range(300)]
        script = plan({"s": Feed(SOURCE, KINDS, rows)}, Random(5))
        sent = [
            each for step in script.early + script.late if step.action == "send"
            for each in step.delivery.rows if each is not None
        ]
        self.assertEqual({each["ts"] for each in sent}, {each["ts"] for each in rows})
        plain = [each for each in sent if each["eid"] is None]
        self.assertEqual(len(plain), 100)
        copies = (len(sent) - 300) / 200
        self.assertTrue(0.2 < copies < 0.5, copies)
        self.assertTrue(0 < script.held < 40)


class Reading(unittest.TestCase):
    """Values of answers."""

    def test_values(self) -> None:
        """One way to write each type."""
        cases = [
            ("float64", Number("0.1"), 0.1), ("float64", Number("1e+22"), 1e22),
            ("float64", Number("12"), 12.0), ("int64", Number("9223372036854775807"), 2**63 - 1),
            ("decimal(2)", "-0.05", -5), ("date", "1970-01-02", 1), ("bytes", "/wA=", b"\xff\0"),
            ("timestamp", "1970-01-01T00:00:00.000001Z", 1), ("bool", False, False),
            ("string", "", ""), ("int64", None, None),
        ]
        for kind, written, want in cases:
            self.assertEqual(read_value(kind, written), want)

    def test_misshapen(self) -> None:
        """Everything else is refused."""
        cases = [
            ("float64", "0.1"), ("float64", Number("0.10000000000000001")), ("int64", "1"),
            ("decimal(2)", "0.5"), ("decimal(2)", Number("0.50")), ("string", Number("1")),
            ("timestamp", "1970-01-01T00:00:00Z"), ("bool", "true"), ("string", True),
        ]
        for kind, written in cases:
            with self.assertRaises(Misshapen, msg=f"{kind} {written}"):
                read_value(kind, written)

    def test_one_row(self) -> None:
        """A request for one row, and its answer as a column of one."""
        message = {"entities": {"k": ["a"]}, "request": {"x": [1]}}
        self.assertTrue(make_single(message))
        self.assertEqual(message, {"entities": {"k": "a"}, "request": {"x": 1}})
        self.assertFalse(make_single({"entities": {"k": [None]}}))
        self.assertFalse(make_single({"entities": {"k": ["a", "b"]}}))
        got = in_columns({"as_of": "t", "values": {"f": None}, "status": {"f": "missing"}})
        self.assertEqual(got["columns"], {"f": [None]})
        self.assertEqual(got["status"], {"f": {"0": "missing"}})

    def test_difference_shows_bits(self) -> None:
        """Zeros of both signs look different in a report."""
        self.assertIn("8000000000000000", str(Difference("x", 0, 0.0, -0.0)))


if __name__ == "__main__":
    unittest.main()
