#!/usr/bin/env python3
"""Compare `fettle train` with the oracle on generated projects, bit for bit.

    run.py --fettle BINARY --seeds 1..60 [--jobs 2] [--no-minimum] [--shrink] [--keep FOLDER]
    run.py --dry --seeds 1..60      # what the projects exercise, without a binary

Exits 1 if a cell differs, or if the projects exercised too little.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from fettle_oracle.compare import Difference, compare, compare_manifest
from fettle_oracle.coverage import Coverage
from fettle_oracle.definitions import read_project
from fettle_oracle.syntax import parse_duration
from fettle_oracle.training import Expected, Options, train
from generate import generate
from projects.expressions import PAIRS
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
        return output, f"{' '.join(command)}\nexit {done.returncode}\n{done.stderr.strip()}"
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
        outcome.problems = [describe(each, expected) for each in found]
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
    print(f"--- seed {outcome.seed}: {len(outcome.problems)} differences")
    for problem in outcome.problems[:SHOWN]:
        print("  " + problem)
    if len(outcome.problems) > SHOWN:
        print(f"  and {len(outcome.problems) - SHOWN} more")
    print(
        f"  again: {sys.executable} {sys.argv[0]} --fettle {args.fettle} --no-minimum "
        f"--seeds {outcome.seed}..{outcome.seed} --keep FOLDER",
        flush=True,
    )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fettle", help="the binary under test")
    parser.add_argument("--seeds", default="1..60", help="first..last")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", help="leave the projects in this folder")
    parser.add_argument("--no-minimum", action="store_true", help="do not ask for coverage")
    parser.add_argument("--shrink", action="store_true", help="make a failing project smaller")
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first failed seed")
    parser.add_argument("--dry", action="store_true", help="run the oracle alone")
    args = parser.parse_args()
    if not args.dry:
        if not args.fettle:
            parser.error("--fettle BINARY is needed")
        args.fettle = str(Path(args.fettle).resolve())
    first, last = (int(part) for part in args.seeds.split(".."))
    total = Coverage(PAIRS)
    passed = failed = 0
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        jobs = [pool.submit(one, seed, args) for seed in range(first, last + 1)]
        for job in jobs:
            outcome = job.result()
            report(outcome, args)
            failed += bool(outcome.problems)
            passed += not outcome.problems
            if outcome.coverage:
                total.merge(outcome.coverage)
            if failed and args.fail_fast:
                for waiting in jobs:
                    waiting.cancel()
                break
    print(total.report())
    short = [] if args.no_minimum else total.failures()
    for line in short:
        print(f"too little: {line}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or short else 0


if __name__ == "__main__":
    sys.exit(main())
