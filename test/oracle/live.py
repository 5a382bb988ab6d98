#!/usr/bin/env python3
"""Live through generated projects online: push, restart, kill, ask, and compare bit for bit.

    live.py --fettle BINARY --seeds 1..12 [--jobs 2] [--no-minimum] [--keep FOLDER]
    live.py --fettle BINARY --seeds 1..5000 --journal FILE   # a campaign: goes on where it ended
    live.py --fettle BINARY --seeds 1..4 --plant drop          # a fault that must be seen in each

Exits 1 if anything differs, or if the projects exercised too little.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from generate import generate
from journal import Journal
from online.faults import PLANTS
from online.life import Life
from online.server import Binary
from online.tally import Tally
from run import SHOWN, describe, options_of

REPLAYED = 6  # every sixth project is replayed with verify --labels


@dataclass
class Outcome:
    """What one seed gave."""

    seed: int
    problems: list[str] = field(default_factory=list)
    cells: int = 0  # of the problems, how many are values or statuses
    counts: Counter = field(default_factory=Counter)
    seconds: float = 0.0


def whole(arguments: list[str]) -> list[str]:
    """The arguments without a gap of a microsecond: jobs of a server count milliseconds.

    The label times keep that microsecond, so that they are as near to an edge as ever.
    """
    given = list(zip(arguments[::2], arguments[1::2]))
    return [part for pair in given if pair != ("--gap", "1us") for part in pair]


def one(seed: int, args: argparse.Namespace) -> Outcome:
    """Live through the project of a seed."""
    outcome = Outcome(seed)
    began = time.monotonic()
    root = Path(args.keep) if args.keep else Path(tempfile.mkdtemp(prefix="fettle-live-"))
    folder = root / f"seed-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        files, live = folder / "files", folder / "live"
        arguments = whole(generate(seed, files, online=True))
        life = Life(
            seed, Binary(args.fettle, live), files, arguments,
            options_of(live, arguments), args.plant, seed % REPLAYED == 1 or args.replay,
        )
        try:
            life.run()
        finally:
            outcome.counts = life.tally.counts
            outcome.problems = [
                describe(each, expected) if expected else str(each)
                for each, expected in life.problems
            ]
            outcome.cells = sum(expected is not None for _, expected in life.problems)
    except Exception:  # a crash of one project is a failed seed, not a lost run
        outcome.problems.append("not finished:\n" + traceback.format_exc())
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


def campaign_line(seeds: str, counts: Counter) -> str:
    """The run as a line of docs/CAMPAIGNS.md."""
    kills = counts["kills"] + counts["kills during a request"]
    return (
        f"| oracle, online | {seeds} | {counts['projects']:,} projects, {counts['requests']:,} "
        f"requests, {counts['events sent']:,} rows, {counts['duplicates']:,} duplicates, "
        f"{counts['restarts']:,} restarts, {kills:,} kills, {counts['cells online']:,} cells "
        f"online, {counts['cells in batch']:,} in batch, {counts['values verified']:,} verified "
        f"| COMMIT |"
    )


def parse() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fettle", required=True, help="the binary under test")
    parser.add_argument("--seeds", default="1..12", help="first..last")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", help="leave the projects in this folder")
    parser.add_argument("--journal", help="seeds that passed are noted here, and not run again")
    parser.add_argument("--no-minimum", action="store_true", help="do not ask for coverage")
    parser.add_argument("--replay", action="store_true", help="verify --labels for every project")
    parser.add_argument("--plant", choices=PLANTS, default=os.environ.get("LIVE_PLANT", ""),
                        help="a fault of the comparison, which must then fail")
    parser.add_argument("--slow", action="store_true", help="print the seconds of each seed")
    args = parser.parse_args()
    args.fettle = str(Path(args.fettle).resolve())
    return args


def planted(args: argparse.Namespace, seeds: list[int]) -> int:
    """Show that the comparison can fail: every seed with a fault in it must show it in cells."""
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        outcomes = list(pool.map(one, seeds, [args] * len(seeds)))
    blind = [outcome.seed for outcome in outcomes if not outcome.cells]
    cells = sum(outcome.cells for outcome in outcomes)
    print(f"planted {args.plant}: {cells} cells differ in {len(seeds) - len(blind)} projects")
    if blind:
        print(f"the fault was not seen in seeds {blind}")
    return 1 if blind else 0


def main() -> int:
    """The command."""
    args = parse()
    first, last = (int(part) for part in args.seeds.split(".."))
    journal, total = Journal(args.journal), Tally()
    seeds = [seed for seed in range(first, last + 1) if seed not in journal.passed]
    if args.plant:
        return planted(args, seeds)
    for seed in range(first, last + 1):
        total.counts.update(journal.passed.get(seed, {}))
    passed, failed = last + 1 - first - len(seeds), 0
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        for job in concurrent.futures.as_completed([pool.submit(one, s, args) for s in seeds]):
            outcome = job.result()
            report(outcome, args)
            if not outcome.problems:
                journal.add(outcome.seed, outcome.counts)
            failed += bool(outcome.problems)
            passed += not outcome.problems
            total.counts.update(outcome.counts)
            if args.slow:
                print(f"seed {outcome.seed}: {outcome.seconds:.1f} s", flush=True)
    print(f"lived through online: {total.report()}")
    print(campaign_line(args.seeds, total.counts))
    short = [] if args.no_minimum else total.failures()
    for line in short:
        print(f"too little: {line}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or short else 0


if __name__ == "__main__":
    sys.exit(main())
