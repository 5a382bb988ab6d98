"""The seeds of a campaign that passed, so that it can go on where it ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Journal:
    """A file with a line of JSON for each seed that passed."""

    def __init__(self, path: str | None) -> None:
        self.path = Path(path) if path else None
        self.passed: dict[int, dict[str, Any]] = {}
        if self.path and self.path.exists():
            # A line without its end was cut off: it goes, and that seed runs again.
            lines = self.path.read_text().splitlines(keepends=True)
            lines = [line for line in lines if line.endswith("\n")]
            self.path.write_text("".join(lines))
            for line in lines:
                entry = json.loads(line)
                self.passed[entry["seed"]] = entry["counts"]

    def add(self, seed: int, counts: dict[str, Any]) -> None:
        """Note a seed that passed."""
        if self.path:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"seed": seed, "counts": counts}) + "\n")
