#!/usr/bin/env python3
"""Compare `fettle train` with the oracle on generated projects, bit for bit.

    run.py --fettle BINARY --seeds 1..60 [--jobs 2] [--no-minimum] [--shrink] [--keep FOLDER]
    run.py --dry --seeds 1..60      # what the projects exercise, without a binary
    run.py --fettle BINARY --seeds 1..50000 --journal FILE --minutes 60   # a campaign: goes on

Exits 1 if a cell differs, or if the projects exercised too little.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

from fettle_oracle.compare import Difference, compare, compare_manifest
from fettle_oracle.coverage import Coverage
from fettle_oracle.definitions import read_project
from fettle_oracle.syntax import parse_duration
from fettle_oracle.training import Expected, Options, train
from generate import generate
from journal import Journal
from projects.catalog import PAIRS
from shrink import shrink

SHOWN = 12


@dataclass
class Outcome:
    """What one seed gave."""

    seed: int
    problems: list[str] = field(default_factory=list)
    coverage: Coverage | None = None
    seconds: float = 0.0


def options_of(folder: Path, arguments: list[str]) -> Options:
    """The oracle's options from the arguments of `train`."""
    given = dict(zip(arguments[::2], arguments[1::2]))
    return Options(
        labels=folder / "labels.parquet",
        time=given["--time"],
        gap=parse_duration(given.get("--gap", "0s")),
        max_age=parse_duration(given["--max-age"]) if "--max-age" in given else None,
        timezone=given.get("--timezone"),
    )


def run_binary(fettle: str, folder: Path, arguments: list[str]) -> tuple[Path, str | None]:
    """Run `fettle train`; gives the output file, or what went wrong."""
    output = folder / "out.parquet"
    output.unlink(missing_ok=True)
    command = [fettle, "-C", str(folder), "train", "--model", "m"]
    command += ["--labels", str(folder / "labels.parquet"), "--output", str(output), *arguments]
    environment = {**os.environ, "TZ": "Asia/Tokyo", "NO_COLOR": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=environment, check=False
    )
    if done.returncode != 0:
        return output, f"exit {done.returncode}: {done.stderr.strip()}"
    return output, None


def expect(folder: Path, arguments: list[str]) -> Expected:
    """What the definitions in a folder mean."""
    project = read_project(folder)
    return train(project, project.models["m"], options_of(folder, arguments))


def differences(fettle: str, folder: Path, arguments: list[str]) -> tuple[Expected, list]:
    """Run both sides on a folder and compare; a failing run is a difference too."""
    expected = expect(folder, arguments)
    output, failure = run_binary(fettle, folder, arguments)
    if failure:
        return expected, [Difference("fettle train", None, "exit 0", failure)]
    found = compare(folder / "labels.parquet", output, expected)
    manifest = output.with_name(output.name + ".manifest.json")
    return expected, found + compare_manifest(manifest, expected)


def describe(difference: Difference, expected: Expected) -> str:
    """A difference with the feature's text, key and time."""
    if difference.output is None or difference.row is None:
        return str(difference)
    output = expected.outputs[difference.output]
    cell = expected.cells[difference.output][difference.row]
    view = expected.engine.project.views[output.view]
    boundary = cell.moment.boundary if cell.moment else None
    return (
        f"{difference}\n    {output.view}.{output.feature}: {view.features[output.feature].text}"
        f"\n    key {cell.key!r}, label time {expected.times[difference.row]}, boundary {boundary},"
        f" status {cell.settled.status}"
    )


def first_of_each(found: list[Difference]) -> list[tuple[Difference, int]]:
    """The first difference of each column, and how many more it has."""
    counts = Counter(each.place for each in found)
    first = {each.place: each for each in reversed(found)}
    return [(first[place], count - 1) for place, count in counts.items()]


def one(seed: int, args: argparse.Namespace) -> Outcome:
    """Generate, run and compare the project of a seed."""
    outcome = Outcome(seed)
    began = time.monotonic()
    root = Path(args.keep) if args.keep else Path(tempfile.mkdtemp(prefix="fettle-oracle-"))
    folder = root / f"seed-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        arguments = generate(seed, folder)
        if args.dry:
            expected, found = expect(folder, arguments), []
        else:
            expected, found = differences(args.fettle, folder, arguments)
        outcome.coverage = Coverage(PAIRS)
        outcome.coverage.add(expected)
        outcome.problems = [
            describe(each, expected) + (f"\n    and {more} more rows" if more else "")
            for each, more in first_of_each(found)
        ]
        if found and args.shrink:
            outcome.problems.append(
                shrink(folder, arguments, lambda: differences(args.fettle, folder, arguments)[1])
            )
    except Exception:  # a crash of the oracle is a failed seed, not a lost run
        outcome.problems.append("the oracle failed:\n" + traceback.format_exc())
    finally:
        if not args.keep:
            shutil.rmtree(root, ignore_errors=True)
    outcome.seconds = time.monotonic() - began
    return outcome


def report(outcome: Outcome, args: argparse.Namespace) -> None:
    """Print what a failed seed showed and how to see it again."""
    if not outcome.problems:
        return
    print(f"--- seed {outcome.seed}: {len(outcome.problems)} columns differ")
    for problem in outcome.problems[:SHOWN]:
        print("  " + problem)
    if len(outcome.problems) > SHOWN:
        print(f"  and {len(outcome.problems) - SHOWN} more")
    print(
        f"  again: {sys.executable} {sys.argv[0]} --fettle {args.fettle} --no-minimum "
        f"--seeds {outcome.seed}..{outcome.seed} --keep FOLDER",
        flush=True,
    )


def parse() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fettle", help="the binary under test")
    parser.add_argument("--seeds", default="1..60", help="first..last")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", help="leave the projects in this folder")
    parser.add_argument("--no-minimum", action="store_true", help="do not ask for coverage")
    parser.add_argument("--shrink", action="store_true", help="make a failing project smaller")
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first failed seed")
    parser.add_argument("--journal", help="seeds that passed are noted here, and not run again")
    parser.add_argument("--minutes", type=float, help="stop, without a failure, after so long")
    parser.add_argument("--dry", action="store_true", help="run the oracle alone")
    args = parser.parse_args()
    if not args.dry:
        if not args.fettle:
            parser.error("--fettle BINARY is needed")
        args.fettle = str(Path(args.fettle).resolve())
    return args


def main() -> int:
    """The command."""
    args = parse()
    first, last = (int(part) for part in args.seeds.split(".."))
    journal, total = Journal(args.journal), Total(Coverage(PAIRS))
    seeds = [seed for seed in range(first, last + 1) if seed not in journal.passed]
    for counts in journal.passed.values():
        total.note(counts)
    until = time.monotonic() + 60 * args.minutes if args.minutes else None
    for outcome in outcomes(seeds, args):
        report(outcome, args)
        total.failed += bool(outcome.problems)
        if outcome.coverage:
            total.coverage.merge(outcome.coverage)
        if not outcome.problems and outcome.coverage:
            features = sum(outcome.coverage.kinds.values())
            counts = {"cells": outcome.coverage.cells, "features": features}
            journal.add(outcome.seed, counts)
            total.note(counts)
        if (total.failed and args.fail_fast) or (until and time.monotonic() > until):
            break
    print(total.coverage.report())
    if args.journal:
        print(total.line(args.seeds))
    short = [] if args.no_minimum or args.minutes else total.coverage.failures()
    for line in short:
        print(f"too little: {line}")
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed or short else 0


@dataclass
class Total:
    """All seeds of a run, those of earlier runs of a campaign included."""

    coverage: Coverage
    passed: int = 0
    failed: int = 0
    counts: Counter = field(default_factory=Counter)

    def note(self, counts: dict[str, int]) -> None:
        """A seed that passed."""
        self.passed += 1
        self.counts.update(counts)

    def line(self, seeds: str) -> str:
        """The run as a line of docs/CAMPAIGNS.md."""
        return (
            f"| oracle, training sets | {seeds} | {self.passed:,} projects, "
            f"{self.counts['features']:,} features, {self.counts['cells']:,} cells, "
            f"{self.failed} differ | COMMIT |"
        )


def outcomes(seeds: list[int], args: argparse.Namespace) -> Iterator[Outcome]:
    """What each seed gives, as it is done; only a few seeds wait at a time."""
    waiting: set[concurrent.futures.Future] = set()
    left = iter(seeds)
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        try:
            while True:
                for seed in itertools.islice(left, 4 * args.jobs - len(waiting)):
                    waiting.add(pool.submit(one, seed, args))
                if not waiting:
                    return
                done, waiting = concurrent.futures.wait(
                    waiting, return_when=concurrent.futures.FIRST_COMPLETED
                )
                yield from (job.result() for job in done)
        finally:
            for job in waiting:
                job.cancel()


if __name__ == "__main__":
    sys.exit(main())
