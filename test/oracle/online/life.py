"""Living through one project: every step of its script, then all reads, counts and checks."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from fettle_oracle.compare import Difference, compare, compare_manifest
from fettle_oracle.definitions import read_project
from fettle_oracle.events import Loaded, event_times
from fettle_oracle.times import parse_timestamp
from fettle_oracle.training import NULL_ROW, Cell, Expected, Options, moment_of, train
from fettle_oracle.values import Engine
from projects.labels import REQUEST

from .answers import Answer, Asker, compare_answer, question
from .bodies import TYPES, Writer, packed
from .derive import MODEL, WIDER, WIDER_VIEW, derive, wider_text
from .faults import plant_in_events, plant_in_requests
from .script import Delivery, Step, plan
from .server import Binary, Number, Server
from .tally import Tally

COUNTED = ("accepted", "duplicates", "quarantined")
EARLY_ROWS = 9


@dataclass
class Sent:
    """A request as it went over the wire, and what must be and was answered."""

    path: str
    body: bytes
    headers: dict[str, str]
    want: dict[str, int]
    answer: dict[str, Any] | None = None


@dataclass
class Life:
    """The life of the project of one seed."""

    seed: int
    binary: Binary
    files: Path
    arguments: list[str]
    options: Options
    plant: str = ""
    replay: bool = False
    tally: Tally = field(default_factory=Tally)
    problems: list[tuple[Difference, Expected | None]] = field(default_factory=list)

    def run(self) -> None:
        """Everything, from the first definition to the last comparison."""
        self.rng = Random(f"live {self.seed}")
        self.feeds = derive(self.files, self.binary.folder, self.rng)
        self.project = read_project(self.binary.folder)
        self.taken = {name: Loaded({}, []) for name in self.feeds}
        self.sent: dict[int, Sent] = {}
        self.position: str | None = None
        script = plan(self.feeds, self.rng)
        self.began = time.time_ns() // 1000
        self.binary.must("apply", "--yes")
        self.server = Server(self.binary)
        try:
            self.server.start()
            self.asker = self.asker_of(MODEL)
            self.labels = self.expect(MODEL, set())
            for number, step in enumerate(script.early):
                self.take(step)
                if number == len(script.early) // 2:
                    self.read_early()
            self.read_early()
            self.widen()
            for step in script.late:
                self.take(step)
            plant_in_requests(self)
            self.finish()
        finally:
            self.server.kill()
        self.tally.add("projects")
        self.tally.add("late events", script.held)

    def asker_of(self, model: str) -> Asker:
        """Asks for the values of a model."""
        asked = question(self.server, model, set(REQUEST))
        return Asker(self.server, model, asked, self.options, self.rng)

    def expect(self, model: str, only: set[int] | None = None) -> Expected:
        """The cells of all label rows, or some, over what was taken so far."""
        project = self.project
        return train(project, project.models[model], self.options, self.engine(), only)

    def engine(self, served_at: int | None = None) -> Engine:
        """The oracle over what was taken so far."""
        return Engine(self.project, self.taken, served_at)

    def wrong(self, place: str, want: Any, got: Any) -> None:
        """Note that something is not as it must be."""
        self.problems.append((Difference(place, None, want, got), None))

    def differ(self, found: list[Difference], expected: Expected) -> None:
        """Note differences of cells."""
        self.problems += [(each, expected) for each in found]

    def take(self, step: Step) -> None:
        """One step of the script."""
        if step.action == "stop":
            self.server.stop()
            self.server.start()
            self.tally.add("restarts")
        elif step.action == "kill":
            self.server.kill()
            self.server.start()
            self.tally.add("kills")
        elif step.action == "look":
            self.look()
        elif step.action == "repeat":
            self.repeat(step.delivery)
        else:
            self.send(step.delivery)

    def decide(self, delivery: Delivery) -> tuple[Loaded, dict[str, int]]:
        """What must become of the rows of a request, in their order."""
        source, before = delivery.feed.source, self.taken[delivery.feed.name]
        after = replace(before, events=list(before.events), seen=dict(before.seen))
        want = dict.fromkeys(COUNTED, 0)
        kind = delivery.feed.kinds[source.time_column]
        for row in delivery.rows:
            value = None if row is None else row[source.time_column]
            instant = None if row is None else event_times(source, kind, [value])[0]
            want[after.offer(source, row or {}, instant)] += 1
        return after, want

    def send(self, delivery: Delivery) -> None:
        """Send a request for the first time, and compare what became of its rows."""
        after, want = self.decide(delivery)
        writer = Writer(delivery.feed, delivery.rows, self.rng)
        form = self.rng.choice(writer.forms())
        body, headers = packed(writer.body(form), self.rng)
        headers["Content-Type"] = TYPES[form]
        if delivery.key:
            headers["Idempotency-Key"] = delivery.key
        path = f"/v1/events/{delivery.feed.name}"
        self.tally.add(f"requests in {form}")
        if delivery.atomic:
            if want["quarantined"]:
                self.refused(f"{path}?atomic=true", body, headers)
            else:
                path += "?atomic=true"
        sent = Sent(path, body, headers, want)
        self.sent[id(delivery)] = sent
        if delivery.kill:
            self.send_and_kill(sent)
        self.post(sent)
        self.taken[delivery.feed.name] = after
        self.tally.add("events sent", len(delivery.rows))
        for name in COUNTED:
            self.tally.add(name, want[name])

    def refused(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        """All or nothing: a request with a bad row must leave nothing behind."""
        status, answer = self.server.call("POST", path, body, headers)
        self.tally.add("atomic requests refused")
        if status != 422:
            self.wrong(path, 422, (status, answer))

    def post(self, sent: Sent) -> None:
        """Send a request, the first time or again; its answer may never change."""
        status, answer = self.server.call("POST", sent.path, sent.body, sent.headers)
        self.tally.add("requests")
        if status != 200:
            self.wrong(f"POST {sent.path}", 200, (status, answer))
            return
        got = {
            "accepted": int(answer["accepted"]),
            "duplicates": int(answer["duplicates"]),
            "quarantined": int(answer["quarantined_rows"]),
        }
        if got != sent.want:
            self.wrong(f"POST {sent.path} {sent.headers}", sent.want, (got, answer["quarantined"]))
        if sent.answer is not None:
            if not answer.get("repeated") or answer["position"] != sent.answer["position"]:
                self.wrong(f"POST {sent.path} again", sent.answer, answer)
        else:
            self.position = answer["position"]
        sent.answer = answer

    def send_and_kill(self, sent: Sent) -> None:
        """Kill the server while a request is under way; sent again, it must count once."""
        got: list[Any] = []

        def request() -> None:
            try:
                got.append(self.server.call("POST", sent.path, sent.body, sent.headers))
            except Exception:  # whatever a connection says when the other end dies
                pass

        thread = threading.Thread(target=request)
        thread.start()
        time.sleep(self.rng.choice([0, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.02]))
        assert self.server.process is not None
        self.server.process.kill()
        thread.join(60)
        self.server.kill()
        self.server.start()
        self.tally.add("kills during a request")
        if got and got[0][0] == 200:
            sent.answer = got[0][1]
            self.position = sent.answer["position"]
            self.tally.add("kills after the answer")

    def repeat(self, delivery: Delivery | None) -> None:
        """Send a request with its key once more."""
        assert delivery is not None
        self.post(self.sent[id(delivery)])
        self.tally.add("requests repeated")

    def some_rows(self, count: int) -> list[int]:
        """A few label rows that have a time."""
        rows = [row for row, moment in enumerate(self.labels.times) if moment is not None]
        return sorted(self.rng.sample(rows, min(count, len(rows))))

    def look(self) -> None:
        """A read now, while events are on their way: it is sampled, and verified at the end."""
        message = self.asker.message(self.labels, self.some_rows(2), None)
        self.server.ask("POST", "/v1/features", message)
        self.tally.add("reads on the way")

    def read_early(self) -> None:
        """Some label rows before everything has arrived."""
        rows = self.some_rows(EARLY_ROWS)
        expected = self.expect(MODEL, set(rows))
        answer = self.asker.ask(expected, rows, self.position)
        self.tally.add("cells before the end", len(answer.values))
        self.differ(compare_answer(expected, answer, "before the end"), expected)

    def widen(self) -> None:
        """Apply a view more: it is filled from history while events go on coming."""
        path = self.binary.folder / "features" / "wider.yaml"
        path.write_text(wider_text(self.project, self.rng), encoding="utf-8")
        taken = self.taken["s0"]
        self.taken_before = taken.rows - taken.bad - taken.duplicates
        stopped = self.rng.random() < 0.3
        if stopped:
            self.server.stop()
        self.binary.must("apply", "--yes", *self.rng.choice([[], ["--no-wait"]]))
        if stopped:
            self.server.start()
        self.project = read_project(self.binary.folder)
        self.tally.add("views added")

    def finish(self) -> None:
        """All label rows online and in batch, the counts, and what the binary says of itself."""
        plant_in_events(self)
        expected, wider = self.expect(MODEL), self.expect(WIDER)
        self.check_status()
        self.read_all(self.asker, expected)
        self.read_now()
        self.read_all(self.asker_of(WIDER), wider)
        if self.rng.random() < 0.3:
            self.server.stop()
        self.check_batch(MODEL, expected)
        self.check_batch(WIDER, wider)
        self.check_verify("values verified", [])
        if self.replay:
            labels = ["--model", MODEL, "--labels", str(self.options.labels)]
            labels += ["--time", self.options.time]
            if self.options.timezone:
                labels += ["--timezone", self.options.timezone]
            self.check_verify("values replayed", labels)

    def read_all(self, asker: Asker, expected: Expected) -> None:
        """Every label row online."""
        answer = asker.ask(expected, list(range(expected.rows)), self.position)
        self.differ(compare_answer(expected, answer, "online"), expected)
        self.count(answer)

    def count(self, answer: Answer) -> None:
        """What the reads at the end were made of."""
        self.tally.add("cells online", len(answer.values))
        self.tally.add("requests for values", answer.requests)
        self.tally.add("requests for one row", answer.single)
        self.tally.add("event times compared", len(answer.times))
        not_null = sum(value is not None for value in answer.values.values())
        self.tally.add("cells online not null", not_null)
        for status in answer.statuses.values():
            self.tally.add(f"status {status}")

    def read_now(self) -> None:
        """What is served now; refreshed views were published before there was any event."""
        rows = self.some_rows(4)
        message = self.asker.message(self.labels, rows, None)
        message["min_position"] = self.position
        got = self.server.ask("POST", "/v1/features", message)
        now = parse_timestamp(got["as_of"], None)
        for view in self.project.views.values():
            fresh = view.freshness
            if fresh.kind != "live" and fresh.boundary(now) + fresh.ready_after >= self.began:
                self.tally.add("reads now that met a refresh")
                return
        expected = self.expect_now(rows, now)
        answer = Answer()
        self.asker.take(expected, rows, got, answer)
        self.differ(compare_answer(expected, answer, "served now"), expected)
        self.tally.add("cells served now", len(answer.values))

    def expect_now(self, rows: list[int], now: int) -> Expected:
        """The cells of label rows as if their time were now."""
        engine, labels = self.engine(now), self.labels
        cells = []
        for output in labels.outputs:
            view = self.project.views[output.view]
            entity, columns = self.project.models[MODEL].roles[output.role]
            names = [columns[name] for name in self.project.entities[entity].key]
            column: dict[int, Cell] = {}
            for row in rows:
                key = tuple(labels.columns[name][row] for name in names)
                cell = Cell(NULL_ROW, key, None)
                if None not in key:
                    request = {name: labels.columns[name][row] for name in view.request}
                    moment = moment_of(view, key, now, request)
                    cell = Cell(engine.settle_parts(moment, output.feature)[0], key, moment)
                column[row] = cell
            cells.append(column)
        return replace(labels, cells=cells, engine=engine)

    def check_status(self) -> None:
        """The counts of the server are those of the requests, and they add up."""
        self.server.ask("POST", "/v1/features", {
            **self.asker.message(self.labels, self.some_rows(1), None),
            "min_position": self.position,
        })
        status = self.server.ask("GET", "/v1/status")
        sources = {each["name"]: each for each in status["sources"]}
        for name, taken in self.taken.items():
            want = {"in": taken.rows, "accepted": taken.rows - taken.bad - taken.duplicates,
                    "duplicates": taken.duplicates, "quarantined": taken.bad}
            got = {field: int(sources[name][field]) for field in want}
            if got != want or got["in"] != sum(got[field] for field in COUNTED):
                self.wrong(f"status of {name}", want, got)
            self.tally.add("sources counted")
        for view in status["views"]:
            if view.get("source"):
                self.check_view(view, int(sources[view["source"]]["accepted"]))

    def check_view(self, view: dict[str, Any], most: int) -> None:
        """A view counts the live events since it was added, and says what became of each."""
        least = most
        if view["name"] == WIDER_VIEW:
            least -= self.taken_before
        parts = [int(view[name]) for name in ("applied", "filtered", "no_key", "out_of_reach")]
        accepted = int(view["accepted"])
        if sum(parts) != accepted or not least <= accepted <= most:
            self.wrong(f"status of view {view['name']}", (least, most), view)

    def check_batch(self, model: str, expected: Expected) -> None:
        """`fettle train` over what was pushed gives the same cells."""
        output = self.binary.folder / f"{model}.parquet"
        self.binary.must(
            "train", "--model", model, "--labels", str(self.options.labels),
            "--output", str(output), *self.arguments,
        )
        self.differ(compare(self.options.labels, output, expected), expected)
        manifest = output.with_name(output.name + ".manifest.json")
        self.differ(compare_manifest(manifest, expected), expected)
        self.tally.add("cells in batch", expected.rows * len(expected.outputs))

    def check_verify(self, name: str, arguments: list[str]) -> None:
        """`fettle verify` finds nothing wrong, and looked."""
        done = self.binary.run("-o", "json", "verify", *arguments)
        said = json.loads(done.stdout, parse_int=Number) if done.stdout.strip() else {}
        compared, mismatched = int(said.get("compared", 0)), said.get("mismatched")
        if done.returncode != 0 or mismatched is None or int(mismatched) or not compared:
            shown = {**said, "mismatches": (said.get("mismatches") or [])[:3]}
            self.wrong(f"verify {' '.join(arguments)}", "0 mismatched", (shown, done.stderr[-600:]))
        self.tally.add(name, compared)
