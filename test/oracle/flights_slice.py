#!/usr/bin/env python3
"""Write flights like those of the flights example: seeded, for where the real file is absent.

    flights_slice.py OUTPUT.parquet [ROWS] [SEED]

Times are whole minutes, so many are equal and many edges are met; some values are null.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 200_000
DAYS = 21
START_MINUTE = 16_436_160  # 2001-04-01 00:00, in minutes since the epoch: New York moves its clocks


def airports(rng: np.random.Generator) -> list[str]:
    """Forty distinct codes of three letters."""
    letters = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    codes: dict[str, None] = {}
    while len(codes) < 40:
        codes["".join(rng.choice(letters, 3))] = None
    return list(codes)


def some_null(rng: np.random.Generator, values: np.ndarray, share: float, kind) -> pa.Array:
    """The values with a share of them null."""
    return pa.array(values, kind, mask=rng.random(len(values)) < share)


def write_slice(path: Path, rows: int = ROWS, seed: int = 1) -> None:
    """Write the file."""
    rng = np.random.default_rng(seed)
    codes = np.array(airports(rng))
    weights = 1.0 / np.arange(1, len(codes) + 1)
    weights /= weights.sum()
    origin = rng.choice(len(codes), rows, p=weights)
    destination = (origin + rng.integers(1, len(codes), rows)) % len(codes)
    apart = rng.integers(20, 5000, (len(codes), len(codes)))
    minute = START_MINUTE + np.sort(rng.integers(0, DAYS * 288, rows)) * 5
    minute += rng.integers(0, 5, rows) * (rng.random(rows) < 0.4)
    delay = np.floor(rng.exponential(18, rows)).astype(np.int64) - 12
    late = rng.random(rows) < 0.004
    delay[late] += rng.integers(300, 1600, int(late.sum()))
    order = rng.permutation(rows) if seed % 2 else np.arange(rows)
    table = pa.table(
        {
            "date": pa.array(minute[order] * 60_000_000, pa.timestamp("us")),
            "delay": some_null(rng, delay[order], 0.01, pa.int64()),
            "distance": some_null(rng, apart[origin, destination][order], 0.005, pa.int64()),
            "origin": some_null(rng, codes[origin][order], 0.003, pa.string()),
            "destination": some_null(rng, codes[destination][order], 0.003, pa.string()),
        }
    )
    pq.write_table(table, path, row_group_size=50_000)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    write_slice(Path(sys.argv[1]), *(int(word) for word in sys.argv[2:4]))
