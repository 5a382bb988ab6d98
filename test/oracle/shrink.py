"""Making a failing project smaller: fewer labels, then fewer events, while it still fails."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pyarrow as pa
import pyarrow.parquet as pq

Check = Callable[[], list]
ATTEMPTS = 60


class Budget:
    """Runs left to spend."""

    def __init__(self, attempts: int) -> None:
        self.left = attempts

    def spend(self) -> bool:
        """Whether another run is allowed."""
        self.left -= 1
        return self.left >= 0


def same(found: list, place: str) -> bool:
    """Whether the difference to keep is still there."""
    return any(each.place == place for each in found)


def shrink_table(path: Path, check: Check, place: str, budget: Budget) -> int:
    """Remove runs of rows of a Parquet file as long as the difference stays; gives rows left."""
    table = pq.read_table(path, use_threads=False)
    size = max(1, table.num_rows // 2)
    while size >= 1 and budget.left > 0:
        start = 0
        while start < table.num_rows and budget.spend():
            rest = pa.concat_tables([table.slice(0, start), table.slice(start + size)])
            pq.write_table(rest, path)
            if rest.num_rows and same(check(), place):
                table = rest
            else:
                pq.write_table(table, path)
                start += size
        size //= 2
    return table.num_rows


def shrink(folder: Path, arguments: list[str], check: Check) -> str:
    """Shrink a project in place; gives a line that says what is left."""
    found = check()
    cells = [each for each in found if each.row is not None and each.output is not None]
    if not cells:
        return "not shrunk: no single cell differs"
    place, budget = cells[0].place, Budget(ATTEMPTS)
    labels = shrink_table(folder / "labels.parquet", check, place, budget)
    left = {}
    for path in sorted(folder.glob("data/*/*.parquet")):
        left[path.relative_to(folder)] = shrink_table(path, check, place, budget)
    rows = ", ".join(f"{path} {count}" for path, count in left.items())
    return f"shrunk for {place}: {labels} label rows; rows left: {rows} ({' '.join(arguments)})"
