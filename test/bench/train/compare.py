"""Compares a training set of ours with a peer's result, row by row on row_id. Exit status 1 if cells differ.

    compare.py OURS PEER [RELATIVE TOLERANCE, default 1e-9]
"""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def numbers(column):
    """Values as float64; null is NaN."""
    return pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy()


def main():
    tolerance = float(sys.argv[3]) if len(sys.argv) > 3 else 1e-9
    ours, peer = (pq.read_table(path).sort_by("row_id") for path in sys.argv[1:3])
    ours = ours.rename_columns([name.rsplit(".", 1)[-1] for name in ours.column_names])
    if not ours["row_id"].equals(peer["row_id"]):
        sys.exit(f"rows differ: {len(ours):,} and {len(peer):,}")
    names = [name for name in peer.column_names if name != "row_id"]
    differ = 0
    for name in names:
        one, other = numbers(ours[name]), numbers(peer[name])
        limit = tolerance * np.fmax(np.abs(one), np.abs(other))
        differ += np.count_nonzero(~((np.abs(one - other) <= limit) | (np.isnan(one) & np.isnan(other))))
    print(f"{differ:,} of {len(ours) * len(names):,} cells differ")
    sys.exit(differ > 0 or not names)


if __name__ == "__main__":
    main()
