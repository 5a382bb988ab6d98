"""The binary under test: commands, a server that is stopped and killed, and its HTTP API."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

START_SECONDS = 60
REQUEST_SECONDS = 60


class Number(str):
    """A number of JSON as it was written, so that no digit is lost before its type is known."""


class Refused(Exception):
    """An answer that is not the one asked for."""


class Binary:
    """The commands, run in the folder of a project."""

    def __init__(self, path: str, folder: Path) -> None:
        self.path, self.folder = path, folder
        self.environment = {**os.environ, "TZ": "Asia/Tokyo", "NO_COLOR": "1"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever that is."""
        return subprocess.run(
            [self.path, "-C", str(self.folder), *arguments],
            capture_output=True, text=True, timeout=300, env=self.environment, check=False,
        )

    def must(self, *arguments: str) -> str:
        """Run a command that must succeed; gives what it prints."""
        done = self.run(*arguments)
        if done.returncode != 0:
            raise Refused(f"fettle {' '.join(arguments)}\nexit {done.returncode}\n{done.stderr}")
        return done.stdout


class Server:
    """One server at a time over a project's data directory."""

    def __init__(self, binary: Binary) -> None:
        self.binary = binary
        self.process: subprocess.Popen[bytes] | None = None
        self.connection: http.client.HTTPConnection | None = None
        self.token = ""
        self.starts = 0

    def start(self) -> None:
        """Start the server and wait until it can answer."""
        state = self.binary.folder / ".fettle"
        with open(self.binary.folder / "serve.txt", "ab") as log:
            self.process = subprocess.Popen(
                [self.binary.path, "-C", str(self.binary.folder), "serve",
                 "--listen", "127.0.0.1:0"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.binary.environment,
            )
        self.starts += 1
        until = time.monotonic() + START_SECONDS
        while not self.ready(state):
            if self.process.poll() is not None or time.monotonic() > until:
                said = (self.binary.folder / "serve.txt").read_text(errors="replace")[-2000:]
                raise Refused(f"the server did not start: {said}")
            time.sleep(0.01)

    def ready(self, state: Path) -> bool:
        """Whether the process that was started owns the directory and can answer."""
        assert self.process is not None
        try:
            owner = json.loads((state / "owner.json").read_text())
        except (OSError, ValueError):
            return False
        if owner["pid"] != self.process.pid:
            return False
        self.token = (state / "token").read_text().strip()
        place = urlsplit(owner["url"])
        self.connection = http.client.HTTPConnection(
            str(place.hostname), place.port, timeout=REQUEST_SECONDS
        )
        try:
            return self.call("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def stop(self) -> None:
        """Ask the server to end, and wait for it."""
        if self.process is None:
            return
        self.process.terminate()
        code = self.process.wait(60)
        self.forget()
        if code not in (0, 130, 143):
            raise Refused(f"the server ended with {code} when it was asked to stop")

    def kill(self) -> None:
        """End the server without a word, as a failing machine would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(60)
        self.forget()

    def forget(self) -> None:
        """Close what belongs to the process that ended."""
        if self.connection is not None:
            self.connection.close()
        self.process = self.connection = None

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: dict | None = None
    ) -> tuple[int, Any]:
        """One request; gives the status and the JSON of the answer, numbers as text."""
        assert self.connection is not None
        given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        self.connection.request(method, path, body, given)
        answer = self.connection.getresponse()
        text = answer.read()
        try:
            return answer.status, json.loads(text, parse_float=Number, parse_int=Number)
        except ValueError:
            return answer.status, None

    def ask(self, method: str, path: str, message: Any = None) -> Any:
        """A request of JSON that must succeed."""
        body = None if message is None else json.dumps(message).encode()
        status, answer = self.call(method, path, body, {"Content-Type": "application/json"})
        if status != 200:
            raise Refused(f"{method} {path}: {status} {answer}")
        return answer
