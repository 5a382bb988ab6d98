"""The one error of this library."""

from __future__ import annotations

import json
from typing import Any


class FettleError(Exception):
    """A request that failed.

    code is that of the API (``invalid_argument``, ``not_found``, ``unavailable`` ..); message says what
    is wrong, hint what to do; details lists several things wrong, each with its place.
    """

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "",
        field: str = "",
        row: int | None = None,
        request_id: str = "",
        details: list[dict[str, Any]] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.hint = hint
        self.field = field
        self.row = row
        self.request_id = request_id
        self.details = details or []
        self.retry_after = retry_after
        super().__init__(self._text())

    def _text(self) -> str:
        text = f"{self.code}: {self.message}"
        if self.hint:
            text += f"; {self.hint}"
        for detail in self.details[:20]:
            place = " ".join(
                f"{name} {detail[name]}" for name in ("row", "line", "field") if detail.get(name)
            )
            text += f"\n  {place}: {detail.get('message', '')}"
        if len(self.details) > 20:
            text += f"\n  and {len(self.details) - 20} more"
        return text

    @classmethod
    def of_answer(cls, status: int, body: bytes, retry_after: str | None) -> FettleError:
        """Reads the error of an answer; one that is not of the API keeps its text."""
        try:
            error = json.loads(body)["error"]
            return cls(
                error["code"],
                error["message"],
                error.get("hint", ""),
                error.get("field", ""),
                error.get("row"),
                error.get("request_id", ""),
                error.get("details"),
                float(retry_after) if retry_after else None,
            )
        except (ValueError, KeyError, TypeError):
            return cls("unavailable", f"the server answered {status}: {body[:200].decode(errors='replace')}")
