#!/usr/bin/env python3
"""Write a random project: a pure function of the seed.

    generate.py SEED FOLDER

The arguments for `fettle train` are left in FOLDER/arguments.txt, one to a line.
"""

from __future__ import annotations

import sys
from pathlib import Path

from projects.build import Builder


def generate(seed: int, folder: Path, online: bool = False) -> list[str]:
    """Write the project of a seed into an empty folder; returns arguments of `train`.

    With `online` it has nothing that cannot be pushed.
    """
    arguments = Builder(seed, folder, online).build()
    (folder / "arguments.txt").write_text("\n".join(arguments) + "\n")
    return arguments


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    generate(int(sys.argv[1]), Path(sys.argv[2]))
