"""Small projects whose values were worked out by hand."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fettle_oracle.definitions import read_project
from fettle_oracle.syntax import parse_duration
from fettle_oracle.times import parse_timestamp
from fettle_oracle.training import Expected, Options, train

DAY = "2024-01-01T"


def project(files: dict[str, str], labels: list[tuple[str | None, str | None]], **more) -> Expected:
    """Write the files, run the oracle on labels of (key, time on one day)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "fettle.yaml").write_text("project: t\n")
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        moments = [None if at is None else parse_timestamp(DAY + at + "Z", None) for _, at in labels]
        columns = {
            "k": pa.array([key for key, _ in labels], pa.string()),
            "at": pa.array(moments, pa.timestamp("us", "UTC")),
        }
        columns.update(more.pop("extra", {}))
        pq.write_table(pa.table(columns), folder / "labels.parquet")
        read = read_project(folder)
        spans = {name: parse_duration(value) for name, value in more.items()}
        options = Options(folder / "labels.parquet", "at", **spans)
        return train(read, read.models["m"], options)


def definitions(features: str, source: str = "", view: str = "", model: str = "[v.*]") -> str:
    """One entity, one source, one view."""
    body = "".join(f"  {line}\n" for line in features.strip().splitlines())
    return (
        "entity: e\nkey: {k: string}\n---\nsource: s\npath: data/*.csv\nevent_time: ts\n"
        "fields: {ts: timestamp, k: string, x: int64, av: timestamp, id: string, q: int64}\n"
        f"{source}---\nview: v\nentity: e\nsource: s\n{view}features:\n{body}"
        f"---\nmodel: m\nfeatures: {model}\n"
    )


def events(*rows: str) -> str:
    """CSV text; times are on the day."""
    out = ["ts,k,x,av,id,q"]
    for row in rows:
        cells = row.split(",") + [""] * (6 - len(row.split(",")))
        for column in (0, 3):
            if cells[column]:
                cells[column] = DAY + cells[column] + "Z"
        out.append(",".join(cells))
    return "\n".join(out) + "\n"


def table(expected: Expected) -> list[list[object]]:
    """Datums by feature and row."""
    return [[cell.settled.datum for cell in column] for column in expected.cells]


def statuses(expected: Expected) -> list[list[str]]:
    """Statuses by feature and row."""
    return [[cell.settled.status for cell in column] for column in expected.cells]


class WindowTest(unittest.TestCase):
    rows = events("10:00:00,a,1", "10:00:00.000001,a,2", "11:00:00,a,4", "11:00:00.000001,a,8")
    labels = [("a", "11:00:00"), ("a", "11:00:00.000001"), ("a", "11:00:00.000002")]

    def sums(self, view: str, window: str) -> list[object]:
        files = {"features/f.yaml": definitions(f"f: sum(x) over {window}", view=view),
                 "data/a.csv": self.rows}
        return table(project(files, self.labels))[0]

    def test_before(self) -> None:
        self.assertEqual(self.sums("", "1h"), [3, 6, 12])

    def test_at(self) -> None:
        self.assertEqual(self.sums("edge: at\n", "1h"), [6, 12, 12])

    def test_all_and_since(self) -> None:
        self.assertEqual(self.sums("", "all"), [3, 7, 15])
        self.assertEqual(self.sums("", "all since '2024-01-01'"), [3, 7, 15])
        self.assertEqual(self.sums("", "all since '2024-01-02'"), [None, None, None])

    def test_offset(self) -> None:
        self.assertEqual(self.sums("", "1h offset 1h"), [None, 1, 3])
        self.assertEqual(self.sums("edge: at\n", "all offset 1h"), [1, 3, 3])

    def test_hourly(self) -> None:
        self.assertEqual(self.sums("freshness: hourly\n", "1h"), [3, 3, 3])
        view = "freshness: hourly\nready_after: 1us\n"
        self.assertEqual(self.sums(view, "all"), [None, 3, 3])

    def test_gap(self) -> None:
        files = {"features/f.yaml": definitions("f: sum(x) over 1h"), "data/a.csv": self.rows}
        self.assertEqual(table(project(files, self.labels, gap="1us"))[0], [3, 3, 6])


class AvailabilityTest(unittest.TestCase):
    def test_known_late_never_and_too_early(self) -> None:
        rows = events("10:00:00,a,1,10:30:00", "10:00:00,a,2,", "10:20:00,a,4,09:00:00")
        files = {
            "features/f.yaml": definitions(
                "f: sum(x) over all\ng: x\nh: sum(x) over all offset 5m", "available: av\n"
            ),
            "data/a.csv": rows,
        }
        labels = [("a", "10:20:00"), ("a", "10:20:00.000001"), ("a", "10:29:59.999999"),
                  ("a", "10:30:00")]
        self.assertEqual(
            table(project(files, labels)),
            [[None, 4, 4, 5], [None, 4, 4, 4], [None, None, 4, 5]],
        )


class OrderTest(unittest.TestCase):
    def test_sequence_then_position(self) -> None:
        files = {
            "features/f.yaml": definitions(
                "f: first(x) over all\nl: last(x) over all\nx: x", "sequence: q\n"
            ),
            "data/b.csv": events("10:00:00,a,1,,,2", "10:00:00,a,2,,,", "10:00:00,a,,,,5"),
            "data/B.csv": events("10:00:00,a,4,,,2", "10:00:00,a,8,,,"),
        }
        self.assertEqual(table(project(files, [("a", "11:00:00")])), [[8], [1], [None]])

    def test_duplicates(self) -> None:
        files = {
            "features/f.yaml": definitions(
                "f: sum(x) over all", "id: id\nwhere: x <> 1\n"
            ),
            "data/b.csv": events("10:00:00,a,2,,i", "10:00:00,a,4,,j", "10:00:00,a,8,,"),
            "data/a.csv": events("10:00:00,a,1,,i", "10:00:00,a,16,,", "10:00:00,b,32,,j"),
        }
        self.assertEqual(table(project(files, [("a", "11:00:00"), ("b", "11:00:00")])), [[24, 32]])


class NewestRowTest(unittest.TestCase):
    rows = events("10:00:00,a,1", "10:10:00,a,-1", "10:20:00,a,3", "10:30:00,a,")
    labels = [("a", "10:00:00"), ("a", "10:10:00"), ("a", "10:20:00"), ("a", "10:30:00"),
              ("a", "10:31:00"), ("z", "10:31:00")]

    def test_table_with_deletes(self) -> None:
        source = "mode: table\nkey: k\ndelete_when: x < 0\n"
        files = {"features/f.yaml": definitions("x: x\nn: count() over all", source),
                 "data/a.csv": self.rows}
        got = project(files, self.labels)
        self.assertEqual(table(got), [[1, None, 3, None, None, None], [1, 1, 2, 3, 3, 0]])
        self.assertEqual(
            statuses(got)[0], ["fresh", "missing", "fresh", "fresh", "fresh", "missing"]
        )

    def test_view_where_comes_after_the_newest_row(self) -> None:
        files = {"features/f.yaml": definitions("x: x\ns: sum(x) over all", view="where: x <> 3\n"),
                 "data/a.csv": self.rows}
        got = project(files, self.labels)
        self.assertEqual(table(got)[0], [None, 1, -1, None, None, None])
        self.assertEqual(table(got)[1], [None, 1, 0, 0, 0, None])
        self.assertEqual(
            statuses(got)[0], ["missing", "fresh", "fresh", "missing", "missing", "missing"]
        )


class StatusTest(unittest.TestCase):
    def test_expiry_then_default(self) -> None:
        features = (
            "f:\n    expr: sum(x) over all\n    expires: 30m\n"
            "g:\n    expr: sum(x) over all\n    expires: 30m\n    default: 7\n"
            "h: coalesce(f, 5)\ni: f + 1\nc: count() over 1m"
        )
        files = {"features/f.yaml": definitions(features), "data/a.csv": events("10:00:00,a,1")}
        labels = [("a", "10:00:00"), ("a", "10:30:00"), ("a", "10:30:00.000001")]
        got = project(files, labels)
        self.assertEqual(
            table(got),
            [[None, 1, None], [7, 1, 7], [5, 1, 5], [None, 2, None], [0, 0, 0]],
        )
        self.assertEqual(
            statuses(got),
            [["missing", "fresh", "expired"], ["default", "fresh", "default"],
             ["fresh", "fresh", "fresh"], ["missing", "fresh", "expired"],
             ["fresh", "fresh", "fresh"]],
        )

    def test_max_age_is_of_the_label_time_and_spares_inputs(self) -> None:
        features = (
            "f: count() over all\ng:\n    expr: count() over all\n    default: 9\nh: f + 0\n"
            "j: x"
        )
        files = {"features/f.yaml": definitions(features), "data/a.csv": events("10:00:00,a,1")}
        labels = [("a", "10:30:00"), ("a", "10:30:00.000001"), ("z", "10:30:00")]
        got = project(files, labels, gap="10m", max_age="30m")
        self.assertEqual(table(got), [[1, None, 0], [1, 9, 0], [1, None, 0], [1, None, None]])
        self.assertEqual(statuses(got)[0], ["fresh", "expired", "fresh"])
        self.assertEqual(statuses(got)[1], ["fresh", "default", "fresh"])
        self.assertEqual(statuses(got)[3], ["fresh", "expired", "missing"])

    def test_contributing_nulls_are_fresh(self) -> None:
        files = {"features/f.yaml": definitions("f: sum(x) over all\ng: sum(x) where x > 0 over all"),
                 "data/a.csv": events("10:00:00,a,")}
        got = project(files, [("a", "11:00:00")])
        self.assertEqual(statuses(got), [["fresh"], ["missing"]])

    def test_null_labels(self) -> None:
        files = {"features/f.yaml": definitions("f: count() over all\n"
                                                "g:\n    expr: sum(x) over all\n    default: 1"),
                 "data/a.csv": events("10:00:00,a,1", "10:00:00,,2")}
        got = project(files, [(None, "11:00:00"), ("a", None), ("a", "11:00:00")])
        self.assertEqual(table(got), [[None, None, 1], [None, None, 1]])


class ReferenceTest(unittest.TestCase):
    base = definitions("n: count() over all\nt: last(k) over all", view="freshness: hourly\n")

    def files(self, more: str) -> dict[str, str]:
        model = "---\nmodel: m\nfeatures: [w.*]\n"
        head = self.base.rsplit("---\nmodel", 1)[0]
        return {"features/f.yaml": head + more + model,
                "data/a.csv": events("10:00:00,a,1", "10:40:00,a,2", "11:10:00,g,3")}

    def test_boundaries_nest(self) -> None:
        more = (
            "---\nview: u\nentity: e\nsource: s\nfeatures:\n  n: count() over all\n"
            "---\nview: w\nentity: e\nfreshness: 30m\nfeatures:\n  a: v.n\n  b: u.n\n"
            "  c: a * 10 + b\n"
        )
        got = project(self.files(more), [("a", "10:59:00"), ("a", "11:01:00"), ("z", "11:01:00")])
        self.assertEqual(table(got), [[0, 2, 0], [1, 2, 0], [1, 22, 0]])

    def test_links(self) -> None:
        entity = "belongs_to:\n  boss: {entity: e, key: {k: l.to}}\n"
        more = (
            "---\nview: l\nentity: e\nsource: s\nfeatures:\n  to: if(x = 2, 'g', null)\n"
            "---\nview: w\nentity: e\nfeatures:\n  a: boss.v.n\n  b: coalesce(a, 3)\n"
        )
        files = self.files(more)
        text = files["features/f.yaml"].replace("key: {k: string}\n", "key: {k: string}\n" + entity)
        files["features/f.yaml"] = text.replace("{entity: e, key: {k: l.to}}", "\n" + "    entity: e\n"
                                                "    key: {k: l.to}")
        got = project(files, [("a", "10:30:00"), ("a", "11:00:00"), ("a", "12:00:00")])
        self.assertEqual(table(got), [[None, 0, 1], [3, 0, 1]])
        self.assertEqual(statuses(got)[0], ["missing", "fresh", "fresh"])


class RequestTest(unittest.TestCase):
    def test_request_columns_and_time(self) -> None:
        more = (
            "---\nview: w\nentity: e\nrequest: {r: float64}\nfeatures:\n  a: request.r * 2\n"
            "  b: a + v.n\n  c: as_of - request.time\n---\nmodel: m\nfeatures: [w.*]\n"
        )
        text = definitions("n: count() over all").rsplit("---\nmodel", 1)[0] + more
        files = {"features/f.yaml": text, "data/a.csv": events("10:00:00,a,1")}
        extra = {"r": pa.array([1.5, float("nan"), None], pa.float64())}
        labels = [("a", "11:00:00")] * 3
        got = project(files, labels, extra=extra, gap="1m")
        self.assertEqual(table(got), [[3.0, None, None], [4.0, None, None], [0, 0, 0]])
        self.assertEqual(statuses(got)[0], ["fresh", "missing", "missing"])
        self.assertEqual(statuses(got)[1], ["fresh", "fresh", "fresh"])  # v.n contributed


if __name__ == "__main__":
    unittest.main()
