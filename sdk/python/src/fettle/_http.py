"""Requests to a server over connections that are kept."""

from __future__ import annotations

import gzip
import http.client
import json
import ssl
import threading
import time
import urllib.parse
from typing import Any

from fettle import _tables
from fettle._errors import FettleError


class Transport:
    """Sends requests. It is safe for several threads: each has a connection of its own.

    Requests that a server was too busy for are sent again as it says, a few times. Those whose
    connection broke are sent again only if that cannot count anything twice.
    """

    def __init__(self, url: str, token: str, timeout: float) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise FettleError("invalid_argument", f"{url!r} is no address of a server", "write http://127.0.0.1:7070")
        self.url = url.rstrip("/")
        self._parts, self._token, self._timeout = parts, token, timeout
        self._local = threading.local()
        self._lock = threading.Lock()
        self._all: list[http.client.HTTPConnection] = []

    def json(self, method: str, path: str, body: Any = None, *, safe: bool = True, timeout: float | None = None) -> Any:
        """Sends JSON and returns JSON."""
        data = None if body is None else _tables.dumps(body).encode()
        return json.loads(self.send(method, path, data, "application/json", safe=safe, timeout=timeout))

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str = "application/json",
        *,
        safe: bool = True,
        headers: dict[str, str] | None = None,
        timeout: float | None = None,
    ) -> bytes:
        """Sends a body and returns the answer's, or raises a FettleError. safe says that sending it twice
        does no harm."""
        all_headers = {"Authorization": "Bearer " + self._token, **(headers or {})}
        if body is not None:
            all_headers["Content-Type"] = kind
            if len(body) > 1 << 14 and kind != _tables.PARQUET:
                body = gzip.compress(body, 1)
                all_headers["Content-Encoding"] = "gzip"
        for attempt in range(4):
            try:
                status, answer, retry_after = self._once(method, path, body, all_headers, timeout)
            except (OSError, http.client.HTTPException) as broken:
                self._drop()
                if attempt == 3 or not safe or isinstance(broken, TimeoutError):
                    raise FettleError(
                        "deadline" if isinstance(broken, TimeoutError) else "unavailable",
                        f"the server at {self.url} does not answer: {broken}",
                    ) from broken
                time.sleep(0.05 * 4**attempt)
                continue
            if status < 300:
                return answer
            error = FettleError.of_answer(status, answer, retry_after)
            if status != 429 or attempt == 3:
                raise error
            time.sleep(min(error.retry_after or 1.0, 5.0))
        raise AssertionError("unreachable")

    def _once(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], timeout: float | None
    ) -> tuple[int, bytes, str | None]:
        connection = self._connection()
        connection.timeout = timeout or self._timeout
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        connection.request(method, self._parts.path.rstrip("/") + path, body, headers)
        response = connection.getresponse()
        return response.status, response.read(), response.getheader("Retry-After")

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            host, port = self._parts.hostname or "", self._parts.port
            if self._parts.scheme == "https":
                connection = http.client.HTTPSConnection(
                    host, port, timeout=self._timeout, context=ssl.create_default_context()
                )
            else:
                connection = http.client.HTTPConnection(host, port, timeout=self._timeout)
            self._local.connection = connection
            with self._lock:
                self._all.append(connection)
        return connection

    def _drop(self) -> None:
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Closes the connections."""
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
