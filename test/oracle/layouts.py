#!/usr/bin/env python3
"""Show that the layout of files and the number of cores change no byte of a training set.

    layouts.py --fettle BINARY --seeds 1..20

Each project is trained as it was generated; then its Parquet files are written again with other row
groups, pages, encodings and compressions, in the same order of rows, and it is trained on one core.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from generate import generate

LAYOUTS = [
    {"row_group_size": 1, "compression": "snappy", "use_dictionary": True},
    {"row_group_size": 17, "compression": "zstd", "use_dictionary": False, "data_page_size": 100},
    {"row_group_size": 1 << 20, "compression": "none", "data_page_version": "2.0"},
]


def train(fettle: str, folder: Path, arguments: list[str], cores: int) -> bytes:
    """The bytes of the training set; an error of the binary ends the run."""
    output = folder / "layout.parquet"
    subprocess.run(
        [fettle, "-q", "-C", str(folder), "train", "--model", "m", "--output", str(output),
         "--labels", str(folder / "labels.parquet"), *arguments],
        check=True, capture_output=True, timeout=300,
        env={**os.environ, "GOMAXPROCS": str(cores)},
    )
    return output.read_bytes()


def rewrite(folder: Path, layout: dict) -> int:
    """Write every event file of a project again; gives how many there are."""
    files = [path for path in folder.rglob("*.parquet")
             if path.name not in ("labels.parquet", "layout.parquet")]
    for path in files:
        pq.write_table(pq.read_table(path, partitioning=None), path, **layout)
    return len(files)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fettle", required=True)
    parser.add_argument("--seeds", default="1..20")
    flags = parser.parse_args()
    first, last = map(int, flags.seeds.split(".."))
    compared = written = failed = 0
    for seed in range(first, last + 1):
        with tempfile.TemporaryDirectory(prefix="fettle-layouts-") as name:
            folder = Path(name)
            arguments = generate(seed, folder)
            want = train(flags.fettle, folder, arguments, 2)
            for cores, layout in zip((1, 2, 1), LAYOUTS):
                written += rewrite(folder, layout)
                compared += 1
                if train(flags.fettle, folder, arguments, cores) != want:
                    failed += 1
                    print(f"seed {seed}: {layout} on {cores} cores changes the training set")
    print(f"{compared} training sets compared after {written} files were written again")
    if written < compared:
        sys.exit("too few files were written again")
    print(f"{compared - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
