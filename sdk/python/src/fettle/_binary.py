"""Finds the fettle binary: FETTLE_BINARY, the one in this package, or the one on PATH."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from fettle._errors import FettleError


def find() -> str:
    """Returns the path of the binary."""
    name = "fettle.exe" if os.name == "nt" else "fettle"
    chosen = os.environ.get("FETTLE_BINARY")
    if chosen:
        return chosen
    packed = Path(__file__).parent / "bin" / name
    if packed.exists():
        return str(packed)
    found = shutil.which(name)
    # The script that this package installs has the same name, and would only call this again.
    if found and Path(found).resolve() != Path(sys.argv[0]).resolve():
        return found
    raise FettleError(
        "unavailable",
        "there is no fettle binary in this package or on PATH",
        "install the wheel for this machine, or set FETTLE_BINARY",
    )


def main() -> None:
    """The command ``fettle``: becomes the binary."""
    try:
        binary = find()
    except FettleError as error:
        sys.exit(str(error))
    if os.name == "nt":
        import subprocess

        sys.exit(subprocess.call([binary, *sys.argv[1:]]))
    os.execv(binary, [binary, *sys.argv[1:]])
