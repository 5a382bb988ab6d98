#!/usr/bin/env python3
"""Compare the flights example with an independent computation in DuckDB over the same file.

    flights.py --fettle BINARY [--data PARQUET] [--labels N] [--check N] [--keep FOLDER]

The data needs the columns date, delay, distance, origin and destination; without --data a seeded
slice is made. Counts, sums, minima and maxima must be equal; averages must have the bits of
sum / count. `--check N` also computes the first N labels by a plain join over all flights, to
guard the faster queries used for all labels.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flights_slice import write_slice

HOUR = 3_600_000_000
DAY = 24 * HOUR
SPLIT = 6 * HOUR  # a flight that is known within this long takes the fast way
WINDOWS = {"60m": HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR}
# Per group of columns: the key columns of flights and labels, and the one feature besides the nine.
GROUPS = {
    "origin.departures": (["origin"], "total_7d"),
    "dest.arrivals": (["destination"], "total_7d"),
    "route.route_delays": (["origin", "destination"], "least_7d"),
}
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "flights"

# Times are whole minutes and distances whole miles, so the landing is a whole second:
# distance / 7.5 minutes are 8 seconds a mile.
EVENTS = """
create table flights as
select epoch_us(date) as t, delay, origin, destination,
       epoch_us(date) + distance * 8000000 + 1800000000 + greatest(coalesce(delay, 0), 0) * 60000000
           as known
from read_parquet(?) where distance is not null
"""

FOLD = "count(*) as n, count(delay) as m, sum(delay) as s, max(delay) as hi, min(delay) as lo"


def label_table(data: Path, count: int) -> pa.Table:
    """Labels from flights spread over the file, with some unknown and null keys."""
    source = pq.read_table(data, columns=["date", "origin", "destination"])
    rng = np.random.default_rng(7)
    rows = rng.permutation(source.num_rows)[: max(count - 20, 1)]
    table = source.take(pa.array(rows))
    some = table.slice(0, 10)
    odd = [
        some.set_column(1, "origin", pa.array(["???"] * some.num_rows, pa.string())),
        some.set_column(2, "destination", pa.nulls(some.num_rows, pa.string())),
    ]
    table = pa.concat_tables([table, *(each.cast(table.schema) for each in odd)])
    return table.append_column("label", pa.array(np.arange(table.num_rows), pa.int64()))


def plain_query(keys: list[str], length: int) -> str:
    """Every flight of the key in the window, known by then: the definition."""
    match = " and ".join(f"f.{key} = l.{key}" for key in keys)
    return f"""
    select l.id, {FOLD.replace('count(*)', 'count(f.t)')}
    from asked l left join flights f on {match}
        and f.t >= l.asked_at - {length} and f.t < l.asked_at and f.known <= l.asked_at
    group by l.id order by l.id"""


def buckets(first: str, last: str) -> str:
    """Labels, once per bucket of time from first to last; joins meet on key and bucket."""
    return f"(select *, unnest(range({first}, {last} + 1)) as bucket from asked)"


def fast_query(keys: list[str], length: int) -> str:
    """The same from hourly sums where all is known, and single flights everywhere else."""
    columns = ", ".join(keys)
    match = " and ".join(f"f.{key} = l.{key}" for key in [*keys, "bucket"])
    inside = f"f.t >= l.asked_at - {length} and f.t < l.asked_at and f.known <= l.asked_at"
    low, settled = f"(asked_at - {length}) // {HOUR}", f"(asked_at - {SPLIT}) // {HOUR}"
    whole = length > SPLIT
    raw = [
        ("quick", buckets(settled if whole else low, f"asked_at // {HOUR}")),
        ("slow", buckets(f"(asked_at - {length}) // {DAY}", f"asked_at // {DAY}")),
    ]
    if whole:
        raw.append(("quick", buckets(low, low)))
    parts = [
        f"select l.id, {FOLD} from {labels} l join {table} f on {match} and {inside} group by l.id"
        for table, labels in raw
    ]
    if whole:
        parts.append(
            f"""select l.id, sum(n), sum(m), sum(s), max(hi), min(lo)
            from {buckets(f"{low} + 1", f"{settled} - 1")} l
            join (select bucket, {columns}, {FOLD} from quick group by all) f on {match}
            group by l.id"""
        )
    joined = " union all ".join(parts)
    return f"""
    select l.id, coalesce(sum(p.n), 0) as n, coalesce(sum(p.m), 0) as m, sum(p.s) as s,
           max(p.hi) as hi, min(p.lo) as lo
    from asked l left join ({joined}) p on p.id = l.id group by l.id order by l.id"""


class Expected:
    """Feature columns as DuckDB computes them."""

    def __init__(self, data: Path, labels: pa.Table) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("set threads = 2")
        self.connection.execute(EVENTS, [str(data)])
        odd = self.connection.execute("select count(*) from flights where t % 1000000 <> 0")
        if odd.fetchone() != (0,):
            raise SystemExit("the data has times that are not whole seconds")
        for name, test, size in (("quick", "<=", HOUR), ("slow", ">", DAY)):
            self.connection.execute(
                f"create table {name} as select *, t // {size} as bucket from flights "
                f"where known - t {test} {SPLIT}"
            )
        self.connection.register("given", labels)
        self.connection.execute(
            "create table asked as "
            "select label as id, origin, destination, epoch_us(date) as asked_at from given"
        )

    def rows(self, query: str) -> dict[str, list]:
        """Columns of a query, as Python values."""
        return self.connection.sql(query).to_arrow_table().to_pydict()

    def columns(self, group: str, plain: bool = False) -> dict[str, list]:
        """The ten features of a group."""
        keys, extra = GROUPS[group]
        null = " or ".join(f"{key} is null" for key in keys)
        null_rows = set(self.rows(f"select id from asked where {null}")["id"])
        found: dict[str, list] = {}
        for name, length in WINDOWS.items():
            got = self.rows((plain_query if plain else fast_query)(keys, length))
            found[f"flights_{name}"] = [int(n) for n in got["n"]]
            found[f"mean_{name}"] = [
                int(s) / int(m) if m else None for s, m in zip(got["s"], got["m"])
            ]
            found[f"max_{name}"] = got["hi"]
            if extra.endswith(name):
                picked = got["s"] if extra.startswith("total") else got["lo"]
                found[extra] = [None if v is None else int(v) for v in picked]
        for values in found.values():
            for row in null_rows:
                if row < len(values):
                    values[row] = None
        return found


def same(left, right) -> bool:
    """Equal, floats bit for bit."""
    if isinstance(left, float) and isinstance(right, float):
        return np.float64(left).tobytes() == np.float64(right).tobytes()
    return type(left) is type(right) and left == right


def run_fettle(fettle: str, folder: Path, data: Path, labels: pa.Table) -> tuple[pa.Table, float]:
    """Train the example's model on the labels."""
    shutil.copytree(EXAMPLE, folder / "flights", ignore=shutil.ignore_patterns("data", ".fettle"))
    project = folder / "flights"
    (project / "data").mkdir()
    os.symlink(data.resolve(), project / "data" / "flights.parquet")
    pq.write_table(labels, folder / "labels.parquet")
    command = [fettle, "-C", str(project), "train", "--model", "late_departure"]
    command += ["--labels", str(folder / "labels.parquet"), "--time", "date"]
    command += ["--timezone", "UTC", "--output", str(folder / "out.parquet")]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\nexit {done.returncode}\n{done.stderr}")
    return pq.read_table(folder / "out.parquet"), time.monotonic() - began


def compare(output: pa.Table, labels: pa.Table, expected: Expected) -> tuple[int, int]:
    """Cells compared and cells that differ, which are printed."""
    compared = wrong = 0
    first = output.select(labels.column_names).cast(labels.schema)
    if output.num_rows != labels.num_rows or not first.equals(labels):
        print("the label rows are not the first columns, untouched")
        wrong += 1
    names = [name for name in output.column_names if name not in labels.column_names]
    for group in GROUPS:
        for feature, values in expected.columns(group).items():
            name = f"{group}.{feature}"
            if name not in names:
                raise SystemExit(f"no column {name}; there are {names}")
            names.remove(name)
            got = output[name].to_pylist()
            bad = [row for row in range(len(values)) if not same(values[row], got[row])]
            compared, wrong = compared + len(values), wrong + len(bad)
            for row in bad[:3]:
                label = labels.slice(row, 1).to_pylist()[0]
                print(f"{name} row {row}: expected {values[row]!r}, got {got[row]!r}; {label}")
    if names:
        raise SystemExit(f"columns that were not compared: {names}")
    return compared, wrong


def check_plain(data: Path, labels: pa.Table, count: int) -> int:
    """Cells in which the fast queries and the plain join differ, over the first labels."""
    expected = Expected(data, labels.slice(0, count))
    wrong = 0
    for group in GROUPS:
        fast, plain = expected.columns(group), expected.columns(group, plain=True)
        for feature, values in fast.items():
            wrong += sum(not same(a, b) for a, b in zip(values, plain[feature], strict=True))
    return wrong


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fettle", help="the binary under test")
    parser.add_argument("--data", help="Parquet file of flights; a slice is made without it")
    parser.add_argument("--labels", type=int, default=300_000, help="number of label rows at most")
    parser.add_argument("--check", type=int, default=500, help="labels checked by a plain join")
    parser.add_argument("--keep", help="leave labels and output in this folder")
    args = parser.parse_args()
    folder = Path(args.keep or tempfile.mkdtemp(prefix="fettle-flights-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        data = Path(args.data) if args.data else folder / "slice.parquet"
        if not args.data:
            write_slice(data)
        labels = label_table(data, args.labels)
        print(f"{data.name}: {pq.read_metadata(data).num_rows} flights, {labels.num_rows} labels")
        unequal = check_plain(data, labels, args.check) if args.check else 0
        checked = min(args.check, labels.num_rows)
        print(f"checked by a plain join: {checked} labels, {unequal} differ")
        if not args.fettle:
            return 1 if unequal else 0
        output, seconds = run_fettle(str(Path(args.fettle).resolve()), folder, data, labels)
        print(f"fettle train: {seconds:.1f} s")
        began = time.monotonic()
        compared, wrong = compare(output, labels, Expected(data, labels))
        print(f"duckdb: {time.monotonic() - began:.1f} s")
        print(f"{compared} cells compared, {wrong} mismatched")
        return 1 if wrong or unequal else 0
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
