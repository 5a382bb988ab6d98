"""A client of a Fettle server."""

from __future__ import annotations

import datetime
import json
import os
import time as clock
import urllib.parse
import uuid
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Union, overload

from fettle import _tables
from fettle._errors import FettleError
from fettle._http import Transport
from fettle._results import FeatureTable, FeatureVector, PushResult, TrainingSet
from fettle._tables import Rows

if TYPE_CHECKING:
    import pandas

Time = Union[datetime.datetime, datetime.date, str]
Duration = Union[datetime.timedelta, int]  # an int is microseconds


class Client:
    """Works on a server that is there.

    token is that of the server (.fettle/token in its directory; default: the environment's FETTLE_TOKEN).
    timeout is how many seconds one request may take.
    """

    def __init__(self, url: str = "http://127.0.0.1:7070", token: str | None = None, timeout: float = 60.0) -> None:
        if token is None:
            token = os.environ.get("FETTLE_TOKEN", "")
        if not token:
            raise FettleError("unauthenticated", "there is no token", "give token=, or set FETTLE_TOKEN")
        self._transport = Transport(url, token, timeout)

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._transport.url

    # -- values ---------------------------------------------------------------------------------

    def get_features(
        self,
        model: str | Sequence[str],
        entities: Mapping[str, Any],
        *,
        request: Mapping[str, Any] | None = None,
        as_of: Time | None = None,
        mode: str | None = None,
        max_age: str | None = None,
        min_position: str | None = None,
        timeout: float | None = None,
        detail: bool = False,
    ) -> FeatureVector | FeatureTable:
        """The values of a model, or of a list of features, for one row or many.

        model is a model's name, ``name@version``, or a list of ``view.feature`` and ``view.*``. entities has
        every key column; if one of them, or of request, is a list, the answer is a FeatureTable of as many
        rows and single values stand for each row, else a FeatureVector. as_of asks for the values of a
        past time, min_position (of a push) waits until it is served, timeout is in seconds.
        """
        body: dict[str, Any] = {"entities": _columns(entities)}
        if isinstance(model, str):
            body["model"] = model
        else:
            body["features"] = list(model)
        if request is not None:
            body["request"] = _columns(request)
        if as_of is not None:
            body["as_of"] = _tables.instant(as_of)
        optional = {"mode": mode, "max_age": max_age, "min_position": min_position, "detail": detail or None}
        body.update({name: value for name, value in optional.items() if value is not None})
        if timeout is not None:
            body["timeout_ms"] = max(1, round(timeout * 1000))
        answer = self._transport.json("POST", "/v1/features", body)
        return FeatureTable(answer) if "columns" in answer else FeatureVector(answer)

    def push(
        self, source: str, events: Rows, *, atomic: bool = False, idempotency_key: str | None = None
    ) -> PushResult:
        """Sends events to a source that is declared with ``push: true``. They are on disk when it returns.

        events is a DataFrame, an Arrow table, dicts, columns by name, or a file. With atomic a bad row
        refuses all of a request. A push that is cut off is sent again under one idempotency key, so it
        counts once; give a key of your own to repeat it from another process.
        """
        bodies = _tables.encode(events)
        if atomic and len(bodies) > 1:
            raise FettleError("too_large", "the events do not fit into one request", "push them in parts, or not atomic")
        path = f"/v1/events/{urllib.parse.quote(source)}" + ("?atomic=true" if atomic else "")
        key, answers, offsets, offset = idempotency_key or uuid.uuid4().hex, [], [], 0
        for i, (body, kind, rows) in enumerate(bodies):
            name = key if len(bodies) == 1 else f"{key}-{i}"
            answer = self._transport.send("POST", path, body, kind, headers={"Idempotency-Key": name})
            answers.append(json.loads(answer))
            offsets.append(offset)
            offset += max(rows, 0)
        return PushResult(answers, offsets)

    # -- training sets --------------------------------------------------------------------------

    def train(
        self,
        labels: Rows | None = None,
        *,
        model: str | None = None,
        features: Sequence[str] | None = None,
        time: str | None = None,
        mode: str = "ideal",
        gap: Duration | None = None,
        max_age: Duration | None = None,
        timezone: str | None = None,
        strict: bool = False,
        timeout: float = 3600.0,
    ) -> TrainingSet:
        """A training set: the label rows with every feature as it could be known at each row's time.

        labels is a DataFrame, an Arrow table, dicts, columns by name, or a file; None takes the label source
        of the model. time is the column of labels that holds the time asked for; one of text, as
        pandas.read_csv leaves it, becomes one of instants. gap moves it back, max_age
        makes older values null. mode ``as_served`` counts only what serving could see. Labels of many
        megabytes are computed in parts and joined.
        """
        given: dict[str, Any] = {"model": model, "time": time, "timezone": timezone}
        if features is not None:
            given["features"] = ",".join(features)
        if mode != "ideal":
            given["mode"] = mode
        for name, duration in (("gap_ms", gap), ("max_age_ms", max_age)):
            if duration is not None:
                given[name] = _milliseconds(name[:-3], duration)
        if strict:
            given["strict"] = "true"
        form = "parquet" if _tables.has_pyarrow() else "jsonl"
        given["format"] = form
        query = urllib.parse.urlencode({name: value for name, value in given.items() if value is not None})
        bodies = [(None, "", 0)] if labels is None else _tables.encode(labels, time)
        if not bodies:
            raise FettleError("invalid_argument", "there are no label rows")
        deadline = clock.monotonic() + timeout
        return _joined([self._job(query, body, kind, deadline) for body, kind, _ in bodies], form)

    def _job(
        self, query: str, body: bytes | None, kind: str, deadline: float
    ) -> tuple[dict[str, Any], dict[str, Any], bytes]:
        """Computes one training set and fetches it; a job that is left behind would hold its result."""
        answer = json.loads(
            self._transport.send("POST", f"/v1/training?wait=true&{query}", body, kind, safe=False, timeout=120)
        )
        job = f"/v1/jobs/{answer['job']}"
        try:
            while answer["state"] in ("queued", "running"):
                if clock.monotonic() > deadline:
                    raise FettleError("deadline", "the training set is not ready in time", "give a larger timeout")
                answer = self._transport.json("GET", f"{job}?wait=true", timeout=120)
            if answer["state"] != "done":
                error = answer.get("error") or {"code": "internal", "message": f"the job is {answer['state']}"}
                raise FettleError(error["code"], error["message"], error.get("hint", ""), details=error.get("details"))
            data = self._transport.send("GET", f"{job}/result", timeout=600)
            return answer["result"], self._transport.json("GET", f"{job}/manifest"), data
        finally:
            self._transport.send("DELETE", job)

    def get_training_features(
        self,
        entity_ids: Iterable[Any],
        label_timestamps: Mapping[Any, Time | Sequence[Time]] | Sequence[Time],
        feature_group_name: str,
        lookback_buffer: datetime.timedelta = datetime.timedelta(hours=1),
    ) -> pandas.DataFrame:
        """The features of a view for entities at their label times, as they could be known lookback_buffer
        before each of them: the features must not see the last hour before the label by default.

        entity_ids are key values (tuples for keys of several columns). label_timestamps gives the time of
        each, or several: a mapping from entity to time or times, or a sequence as long as entity_ids, in
        which an entity may stand many times. feature_group_name is the name of a view.

        Returns a DataFrame with the key columns, label_timestamp, and a column for each feature of the view
        under its own name; one row for each entity and time, in the order of entity_ids.
        """
        view = self._transport.json("GET", f"/v1/registry/views/{urllib.parse.quote(feature_group_name)}")
        keys = [key["name"] for key in self.entity(view["entity"])["key"]]
        rows = [
            {**dict(zip(keys, _key(entity, keys))), "label_timestamp": _tables.instant(time)}
            for entity, time in _pairs(list(entity_ids), label_timestamps)
        ]
        frame = _tables.pandas().DataFrame(rows, columns=[*keys, "label_timestamp"])
        if not rows:
            return frame
        frame["label_timestamp"] = _tables.pandas().to_datetime(frame["label_timestamp"], utc=True)
        trained = self.train(
            frame, features=[f"{feature_group_name}.*"], time="label_timestamp", gap=lookback_buffer
        ).to_pandas()
        prefix = feature_group_name + "."
        names = {name: name[len(prefix) :] for name in trained.columns if name.startswith(prefix)}
        return trained.rename(columns={old: new for old, new in names.items() if new not in frame.columns})

    # -- what there is --------------------------------------------------------------------------

    def definitions(self, kind: str) -> list[dict[str, Any]]:
        """Everything applied of a kind: entities, sources, views, features or models."""
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self._transport.json("GET", f"/v1/registry/{kind}?limit=1000" + cursor)
            items += page["items"]
            if not page.get("next"):
                return items
            cursor = "&cursor=" + urllib.parse.quote(page["next"])

    def entity(self, name: str) -> dict[str, Any]:
        """One entity, with the names and types of its key columns."""
        answer: dict[str, Any] = self._transport.json("GET", f"/v1/registry/entities/{urllib.parse.quote(name)}")
        return answer

    def why(
        self, feature: str, keys: Mapping[str, Any], *, at: Time | None = None, limit: int | None = None
    ) -> dict[str, Any]:
        """One value and the events behind it, and those left out with the reason."""
        body: dict[str, Any] = {"feature": feature, "keys": dict(keys)}
        if at is not None:
            body["at"] = _tables.instant(at)
        if limit is not None:
            body["limit"] = limit
        answer: dict[str, Any] = self._transport.json("POST", "/v1/why", body)
        return answer

    def status(self) -> dict[str, Any]:
        """How the server is: positions, counts of sources and views, models."""
        answer: dict[str, Any] = self._transport.json("GET", "/v1/status")
        return answer

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"


def _columns(given: Mapping[str, Any]) -> dict[str, Any]:
    """Entities or request fields, with columns of pandas and numpy as lists."""
    return {
        name: value.tolist() if hasattr(value, "tolist") else list(value) if isinstance(value, tuple) else value
        for name, value in given.items()
    }


def _milliseconds(name: str, duration: Duration) -> int:
    micros = duration if isinstance(duration, int) else _tables.microseconds(duration)
    if micros % 1000:
        raise FettleError("invalid_argument", f"{name} has parts of a millisecond", "give whole milliseconds")
    return micros // 1000


def _key(entity: Any, keys: Sequence[str]) -> tuple[Any, ...]:
    parts = tuple(entity) if isinstance(entity, tuple) else (entity,)
    if len(parts) != len(keys):
        raise FettleError(
            "invalid_argument", f"the entity {entity!r} has {len(parts)} key values, not {len(keys)}",
            "give tuples of " + ", ".join(keys) if len(keys) > 1 else "give values of " + keys[0],
        )
    return parts


def _pairs(
    entities: list[Any], times: Mapping[Any, Time | Sequence[Time]] | Sequence[Time]
) -> Iterable[tuple[Any, Time]]:
    """Every entity with each of its times."""
    if not isinstance(times, Mapping):
        listed = list(times)
        if len(listed) != len(entities):
            raise FettleError("invalid_argument", f"there are {len(entities)} entities and {len(listed)} times")
        yield from zip(entities, listed)
        return
    missing = [entity for entity in entities if entity not in times]
    if missing:
        raise FettleError("invalid_argument", f"label_timestamps has no time for {missing[0]!r}"
                          + (f" and {len(missing) - 1} others" if len(missing) > 1 else ""))
    for entity in entities:
        at = times[entity]
        for time in [at] if isinstance(at, (str, datetime.date)) else at:
            yield entity, time


def _joined(parts: Sequence[tuple[dict[str, Any], dict[str, Any], bytes]], form: str) -> TrainingSet:
    """One training set of the parts that were computed one after the other."""
    first, manifest, _ = parts[0]
    if len(parts) == 1:
        return TrainingSet(first, manifest, [parts[0][2]], form)
    total = {**first, "rows": sum(result["rows"] for result, _, _ in parts)}
    total["dataset_id"] = "+".join(result["dataset_id"] for result, _, _ in parts)
    total["features"] = [
        {
            name: sum(result["features"][i][name] for result, _, _ in parts) if isinstance(value, int) else value
            for name, value in feature.items()
        }
        for i, feature in enumerate(first["features"])
    ]
    total["warnings"] = list(dict.fromkeys(w for result, _, _ in parts for w in result.get("warnings", [])))
    if "differing" in first:
        total["differing"] = sum(result.get("differing", 0) for result, _, _ in parts)
    return TrainingSet(total, {"parts": [m for _, m, _ in parts]}, [data for _, _, data in parts], form)
