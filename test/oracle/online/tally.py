"""What a run of projects lived through online exercised, and whether that is enough."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

# Least numbers per project of a run; the shares of a run are checked beside them.
LEAST = {
    "requests": 25,
    "events sent": 400,
    "accepted": 150,
    "duplicates": 60,
    "quarantined": 2,
    "late events": 10,
    "requests repeated": 3,
    "views added": 1,
    "restarts": 0.7,
    "kills": 0.7,
    "kills during a request": 0.2,
    "cells online": 2000,
    "cells online not null": 1200,
    "cells before the end": 400,
    "event times compared": 200,
    "requests for one row": 2,
    "cells in batch": 2000,
    "cells served now": 30,
    "values verified": 200,
    "status missing": 50,
    "status expired": 10,
    "status default": 5,
}
LEAST_NOT_NULL = 0.60


@dataclass
class Tally:
    """Counts over all projects of a run."""

    counts: Counter = field(default_factory=Counter)

    def add(self, name: str, count: int = 1) -> None:
        """Count something."""
        self.counts[name] += count

    def failures(self) -> list[str]:
        """Where the projects exercised too little."""
        projects = max(1, self.counts["projects"])
        found = [
            f"{name}: {self.counts[name]} < {share * projects:g} for {projects} projects"
            for name, share in LEAST.items() if self.counts[name] < share * projects
        ]
        if self.counts["cells online not null"] < LEAST_NOT_NULL * self.counts["cells online"]:
            found.append(f"cells not null online: below {LEAST_NOT_NULL:.0%}")
        if not self.counts["values replayed"]:
            found.append("no project was replayed with verify --labels")
        return found

    def report(self) -> str:
        """The counts as text."""
        return ", ".join(f"{name} {count}" for name, count in sorted(self.counts.items()))
