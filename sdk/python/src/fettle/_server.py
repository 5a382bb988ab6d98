"""Projects on this machine: the server that owns one, or one of our own."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import IO

from fettle import _binary
from fettle._client import Client
from fettle._errors import FettleError


class Project(Client):
    """A project directory and the server that works on it. Leaving it stops the server if it was started
    for this project, and leaves one alone that ran before."""

    def __init__(self, path: str | os.PathLike[str], *, start_timeout: float = 60.0, timeout: float = 60.0) -> None:
        self.path = Path(path).resolve()
        if not (self.path / "fettle.yaml").exists():
            raise FettleError(
                "not_found", f"{self.path} is no project: it has no fettle.yaml", "begin one with: fettle init"
            )
        self._process: subprocess.Popen[str] | None = None
        self._tail: list[str] = []
        url, token_file = self._start(start_timeout)
        try:
            super().__init__(url, token_file.read_text().strip(), timeout)
        except BaseException:
            self._stop()
            raise

    def _start(self, patience: float) -> tuple[str, Path]:
        """Starts a server on a free port, or finds the one that is there."""
        command = [_binary.find(), "-C", str(self.path), "-o", "json", "-q", "serve", "--listen", "127.0.0.1:0"]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._process = process
        assert process.stdout is not None and process.stderr is not None
        # A pipe that nobody reads fills up and stops the server.
        errors = threading.Thread(target=self._drain, args=(process.stderr,), daemon=True)
        errors.start()
        watchdog = threading.Timer(patience, process.kill)
        watchdog.start()
        try:
            line = process.stdout.readline()
        finally:
            watchdog.cancel()
        if line:
            begun = json.loads(line)
            threading.Thread(target=self._drain, args=(process.stdout,), daemon=True).start()
            return begun["url"], self._absolute(begun["token_file"])
        process.wait()
        errors.join(5)
        self._process = None
        owner = self._owner()
        if owner is not None:
            return owner
        raise FettleError("unavailable", "the server did not start: " + " ".join(self._tail[-20:]).strip())

    def _absolute(self, name: str) -> Path:
        path = Path(name)
        return path if path.is_absolute() else self.path / path

    def _owner(self) -> tuple[str, Path] | None:
        """The server that has the directory already, as it has written down."""
        for owner in self.path.glob("*/owner.json"):
            try:
                return json.loads(owner.read_text())["url"], owner.with_name("token")
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return None

    def _drain(self, stream: IO[str]) -> None:
        for line in stream:
            self._tail.append(line.strip())
            del self._tail[:-100]

    def close(self) -> None:
        """Closes the connections, and stops the server if it was started here."""
        super().close()
        self._stop()

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_process", None) is not None:
            self._stop()

    def run(self, *arguments: str) -> str:
        """Runs a command of fettle on the project, such as ``run("apply", "--yes")``, and returns what it
        printed. One that fails raises a FettleError with what it said."""
        done = subprocess.run(
            [_binary.find(), "-C", str(self.path), "-q", *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )
        if done.returncode:
            code = {2: "invalid_argument", 3: "invalid_argument", 4: "denied"}.get(done.returncode, "unavailable")
            raise FettleError(code, (done.stderr or done.stdout).strip())
        return done.stdout


def open(path: str | os.PathLike[str] = ".", **options: float) -> Project:
    """Opens a project directory: uses the server that works on it, or starts one until it is closed."""
    return Project(path, **options)
