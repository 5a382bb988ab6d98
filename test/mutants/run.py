#!/usr/bin/env python3
"""Show that the oracle catches faults: each mutant of the engine must make it fail.

    run.py [--seeds 1..12] [--jobs 2] [--only NAME] [--list]

A mutant replaces one piece of text in one file; the binary is built with `go build -overlay`, so
the tree is never changed. It is an error if the text is not found exactly once: the table has to
follow the code. The unmutated binary must pass first. Run it with a Python that has the packages
of test/oracle/requirements.txt.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
ORACLE = ROOT / "test" / "oracle" / "run.py"


class StaleError(Exception):
    """The text a mutant replaces is not there exactly once."""


def mutate(mutant: Mutant, folder: Path) -> Path:
    """Write the mutated file and the overlay that puts it in place; gives the overlay."""
    original = ROOT / mutant.file
    if not original.exists():
        raise StaleError(f"{mutant.name}: there is no {mutant.file}")
    text = original.read_text()
    found = text.count(mutant.old)
    if found != 1:
        raise StaleError(f"{mutant.name}: {mutant.file} holds its text {found} times, not once")
    changed = folder / "changed.go"
    changed.write_text(text.replace(mutant.old, mutant.new))
    overlay = folder / "overlay.json"
    overlay.write_text(json.dumps({"Replace": {str(original): str(changed)}}))
    return overlay


def build(binary: Path, overlay: Path | None) -> str | None:
    """Build the binary; gives what the compiler said if it failed."""
    command = ["go", "build", "-o", str(binary)]
    command += ["-overlay", str(overlay)] if overlay else []
    done = subprocess.run(
        [*command, "./cmd/fettle"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stderr.strip() if done.returncode else None


def oracle(binary: Path, seeds: str, jobs: int) -> tuple[bool, str]:
    """Whether the oracle passes, and the line of its output that says why not."""
    command = [sys.executable, str(ORACLE), "--fettle", str(binary), "--seeds", seeds]
    command += ["--jobs", str(jobs), "--no-minimum", "--fail-fast"]
    done = subprocess.run(
        command, cwd=ORACLE.parent, capture_output=True, text=True, check=False
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0:
        return True, lines[-1]
    if not lines or not lines[-1].endswith("failed"):
        return False, "the oracle itself broke: " + done.stderr.strip()[-400:]
    shown = [line.strip() for line in lines if "expected" in line or "the oracle failed" in line]
    return False, shown[0][:150] if shown else lines[-1]


def run_mutant(mutant: Mutant, seeds: str, jobs: int) -> tuple[bool, str]:
    """Build one mutant and run the oracle; gives whether it was caught, and how."""
    with tempfile.TemporaryDirectory(prefix="fettle-mutant-") as name:
        folder = Path(name)
        binary = folder / "fettle"
        try:
            overlay = mutate(mutant, folder)
        except StaleError as error:
            return False, str(error)
        failure = build(binary, overlay)
        if failure:
            return False, f"does not build: {failure}"
        passed, line = oracle(binary, mutant.seeds or seeds, jobs)
        if passed:
            return False, "NOT CAUGHT: " + line
        return "the oracle itself broke" not in line and "exit 0" not in line, line


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="1..12")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", help="one mutant")
    parser.add_argument("--list", action="store_true", help="print the mutants")
    args = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if args.only in (None, mutant.name)]
    if args.list:
        for mutant in chosen:
            print(f"{mutant.name:<28} {mutant.file}: {mutant.why}")
        return 0
    with tempfile.TemporaryDirectory(prefix="fettle-mutant-") as name:
        binary = Path(name) / "fettle"
        failure = build(binary, None)
        passed, line = (False, failure) if failure else oracle(binary, args.seeds, args.jobs)
        print(f"{'unmutated':<28} {'passes' if passed else 'FAILS'}: {line}", flush=True)
        if not passed:
            return 1
    caught = 0
    for mutant in chosen:
        began = time.monotonic()
        good, line = run_mutant(mutant, args.seeds, args.jobs)
        caught += good
        seconds = time.monotonic() - began
        word = "caught" if good else "FAILED"
        print(f"{mutant.name:<28} {word} in {seconds:.0f} s: {line}", flush=True)
    print(f"{caught} passed, {len(chosen) - caught} failed")
    return 0 if caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
