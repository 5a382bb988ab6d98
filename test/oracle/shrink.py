"""Making a failing project smaller: fewer labels, then fewer events, while it still fails."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pyarrow as pa
import pyarrow.parquet as pq

Check = Callable[[], list]
ATTEMPTS = 120
FORMATS = (".parquet", ".csv", ".jsonl")


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


class Rows:
    """The rows of a file, and how to write some of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.suffix == ".parquet":
            self.table = pq.read_table(path, use_threads=False)
            self.count = self.table.num_rows
        else:
            self.head, self.lines = text_rows(path)
            self.count = len(self.lines)

    def write(self, kept: list[int]) -> None:
        """Write the file with some of its rows."""
        if self.path.suffix == ".parquet":
            pq.write_table(self.table.take(pa.array(kept, pa.int64())), self.path)
        else:
            text = self.head + "".join(self.lines[row] for row in kept)
            self.path.write_text(text, encoding="utf-8")


def text_rows(path: Path) -> tuple[str, list[str]]:
    """The header of CSV, and the records of CSV or JSON lines with their ends."""
    found, start, quoted = [], 0, False
    text = path.read_text(encoding="utf-8")
    for at, char in enumerate(text):
        quoted ^= char == '"' and path.suffix == ".csv"
        if char == "\n" and not quoted:
            found.append(text[start : at + 1])
            start = at + 1
    return (found[0], found[1:]) if path.suffix == ".csv" else ("", found)


def shrink_file(path: Path, check: Check, place: str, budget: Budget) -> int:
    """Remove runs of rows of a file as long as the difference stays; gives rows left."""
    rows = Rows(path)
    kept = list(range(rows.count))
    size = max(1, len(kept) // 2)
    while size >= 1 and budget.left > 0:
        start = 0
        while start < len(kept) and budget.spend():
            rest = kept[:start] + kept[start + size :]
            rows.write(rest)
            if rest and same(check(), place):
                kept = rest
            else:
                start += size
        size //= 2
    rows.write(kept)
    return len(kept)


def shrink(folder: Path, arguments: list[str], check: Check) -> str:
    """Shrink a project in place; gives a line that says what is left."""
    found = check()
    cells = [each for each in found if each.row is not None and each.output is not None]
    if not cells:
        return "not shrunk: no single cell differs"
    place, budget = cells[0].place, Budget(ATTEMPTS)
    labels = shrink_file(folder / "labels.parquet", check, place, budget)
    left = {}
    for path in sorted(path for path in folder.glob("data/*/*") if path.suffix in FORMATS):
        left[path.relative_to(folder)] = shrink_file(path, check, place, budget)
    rows = ", ".join(f"{path} {count}" for path, count in left.items())
    return f"shrunk for {place}: {labels} label rows; rows left: {rows} ({' '.join(arguments)})"
