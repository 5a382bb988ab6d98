#!/usr/bin/env python3
"""Show that faults are caught: each mutant must make the oracle, or the tests that it names, fail.

    run.py [--table engine|durability|all] [--seeds 1..12] [--jobs 2] [--only NAME] [--list]

A mutant replaces one piece of text in one file; what is run is built with `go build -overlay`, so
the tree is never changed. It is an error if the text is not found exactly once: the table has to
follow the code. Whatever is to catch a mutant must pass without one first. The table engine wants
a Python that has the packages of test/oracle/requirements.txt; durability needs none of them.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import durability
import table
from table import Mutant

ROOT = Path(__file__).resolve().parents[2]
ORACLE = ROOT / "test" / "oracle" / "run.py"
TABLES = {"engine": table.MUTANTS, "durability": durability.MUTANTS}
PATIENCE = 180  # seconds that the tests of one mutant may take


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


def go_test(mutant: Mutant, overlay: Path | None) -> tuple[bool, str]:
    """Whether the tests pass that are to catch a mutant, and what they said, in one line."""
    package, pattern = mutant.tests or ("", "")
    command = ["go", "test", "-timeout", f"{PATIENCE}s", "-run", pattern]
    command += ["-overlay", str(overlay), "-count=1", "-failfast"] if overlay else []
    done = subprocess.run(
        [*command, package], cwd=ROOT, capture_output=True, text=True, check=False
    )
    output = done.stdout + done.stderr
    if done.returncode == 0:
        return True, output.strip().splitlines()[-1]
    if "[build failed]" in output or "--- FAIL" not in output and "panic: " not in output:
        return False, "does not build: " + output.strip()[-400:]
    said = re.search(mutant.says, output)
    if not said:
        return False, "fails, but not as it should: " + output.strip()[:400]
    line = output[output.rfind("\n", 0, said.start()) + 1 :].splitlines()[0]
    return False, line.strip()[:150]


def run_tests(mutant: Mutant) -> tuple[bool, str]:
    """Run the tests that are to catch a mutant; gives whether they do, and how."""
    with tempfile.TemporaryDirectory(prefix="fettle-mutant-") as name:
        try:
            overlay = mutate(mutant, Path(name))
        except StaleError as error:
            return False, str(error)
        passed, line = go_test(mutant, overlay)
    if passed:
        return False, "NOT CAUGHT: " + line
    return not line.startswith(("does not build", "fails, but")), line


def run_mutant(mutant: Mutant, seeds: str, jobs: int) -> tuple[bool, str]:
    """Build one mutant and run what is to catch it; gives whether it was caught, and how."""
    if mutant.tests:
        return run_tests(mutant)
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


def unmutated(chosen: list[Mutant], seeds: str, jobs: int) -> bool:
    """Whether everything that is to catch a mutant passes without one."""
    good = True
    if any(not mutant.tests for mutant in chosen):
        with tempfile.TemporaryDirectory(prefix="fettle-mutant-") as name:
            binary = Path(name) / "fettle"
            failure = build(binary, None)
            passed, line = (False, failure) if failure else oracle(binary, seeds, jobs)
            print(f"{'unmutated':<28} {'passes' if passed else 'FAILS'}: {line}", flush=True)
            good = passed
    for mutant in {mutant.tests: mutant for mutant in chosen if mutant.tests}.values():
        passed, line = go_test(mutant, None)
        print(f"{'unmutated':<28} {'passes' if passed else 'FAILS'}: {line}", flush=True)
        good = good and passed
    return good


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", choices=[*TABLES, "all"], default="all")
    parser.add_argument("--seeds", default="1..12")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", help="one mutant")
    parser.add_argument("--list", action="store_true", help="print the mutants")
    args = parser.parse_args()
    tables = [TABLES[args.table]] if args.table in TABLES else list(TABLES.values())
    chosen = [m for mutants in tables for m in mutants if args.only in (None, m.name)]
    if args.list:
        for mutant in chosen:
            print(f"{mutant.name:<28} {mutant.file}: {mutant.why}")
        return 0
    if not unmutated(chosen, args.seeds, args.jobs):
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
