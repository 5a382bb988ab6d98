"""Drives `fettle serve` with wrk and prints one JSON line for each shape and number of connections.

    run.py FETTLE DATA [--seconds 8] [--echo BINARY]

DATA holds cards.parquet and merchants.parquet as the peers' generator writes them. With --echo the
same requests go to a bare HTTP echo (started as BINARY nethttp ADDRESS) in the same run: what the
machine and the driver allow. Standard library only; needs wrk.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")


def main():
    flags = parse_flags()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        shutil.copytree(HERE, project, ignore=shutil.ignore_patterns("*.py", "*.lua"))
        (project / "data").symlink_to(Path(flags.data).resolve())
        begun = time.monotonic()
        subprocess.run([flags.fettle, "-C", project, "apply", "--yes"], check=True, capture_output=True)
        report("apply 105,000 rows x 50", seconds=round(time.monotonic() - begun, 2))
        server = Server(flags.fettle, project)
        try:
            if flags.echo:
                echo(flags)
            serve(server, flags)
            windows(server, flags)
            ingest(server, flags)
            delay(server)
        finally:
            server.stop()


def parse_flags():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fettle")
    parser.add_argument("data")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--echo")
    return parser.parse_args()


class Server:
    def __init__(self, fettle, project):
        self.process = subprocess.Popen([fettle, "-C", project, "serve", "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.token = (project / ".fettle" / "token").read_text().strip()
        self.pid = self.process.pid

    def post(self, path, body, kind="application/json"):
        request = urllib.request.Request(self.url + path, body.encode(), {
            "Content-Type": kind, "Authorization": "Bearer " + self.token})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def names(view, count):
    return [f"{view}.f{i}" for i in range(count)]


def shapes():
    """What the peers are asked, in Fettle's words: keys are drawn at random, 200 bodies a shape."""
    draw = random.Random(1)

    def cards(n):
        return [f"card_{draw.randrange(100_000):06d}" for _ in range(n)]

    def merchants(n):
        return [f"merchant_{draw.randrange(5_000):04d}" for _ in range(n)]

    def bodies(make):
        return [json.dumps(make()) for _ in range(200)]

    yield "1x10", bodies(lambda: {"features": names("cards", 10), "entities": {"card": cards(1)[0]}})
    yield "1x50", bodies(lambda: {"features": names("cards", 50), "entities": {"card": cards(1)[0]}})
    yield "100x10", bodies(lambda: {"features": names("cards", 10), "entities": {"card": cards(100)}})
    yield "100x50", bodies(lambda: {"features": names("cards", 50), "entities": {"card": cards(100)}})
    yield "1 card + 500 merchants x50", bodies(lambda: {
        "features": names("cards", 10) + names("merchants", 50),
        "entities": {"card": cards(1)[0], "merchant": merchants(500)}})


def serve(server, flags):
    for shape, bodies in shapes():
        first = server.post("/v1/features", bodies[0])
        assert "null" not in json.dumps(first), first
        drive(f"serve {shape}", server, "/v1/features", bodies, flags)


def windows(server, flags):
    """The 20 windows of one card with that many events in them."""
    now, number = int(time.time()), 0
    for events in (100, 1_000, 5_000):
        rows = []
        for i in range(events):
            number += 1
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 60 - i * 29 * 86_400 // events))
            rows.append(json.dumps({"id": number, "card": f"w{events}", "amount": number % 977 / 7, "at": at}))
        position = server.post("/v1/events/payments", "\n".join(rows), "application/x-ndjson")["position"]
        body = {"features": ["windows.*"], "entities": {"card": f"w{events}"}}
        server.post("/v1/features", json.dumps(body | {"min_position": position, "timeout_ms": 10_000}))
        drive(f"20 windows of {events} events", server, "/v1/features", [json.dumps(body)], flags)


def ingest(server, flags):
    """Durable events: acknowledged after fsync, one or a hundred a request."""
    number = 10_000_000
    for size, connections in ((1, [1, 32, 128]), (100, [32])):
        bodies = []
        for _ in range(40_000 if size == 1 else 4_000):
            rows = []
            for _ in range(size):
                number += 1
                rows.append(json.dumps({"id": number, "card": f"c{number % 5000}", "amount": 1.5,
                                        "at": "2026-01-01T00:00:00Z"}))
            bodies.append("\r".join(rows))
        for count in connections:
            # Later rounds send ids again; duplicates cost a look-up instead of a row.
            drive(f"push {size} a request", server, "/v1/events/payments", bodies, flags,
                  [count], kind="application/x-ndjson", seconds=3)


def delay(server):
    """From the request that brings an event to an answer that rests on it, one after the other."""
    took = []
    for turn in range(300):
        row = {"id": 90_000_000 + turn, "card": "delay", "amount": 1.0, "at": "2026-01-01T00:00:00Z"}
        begun = time.perf_counter()
        position = server.post("/v1/events/payments", json.dumps({"events": [row]}))["position"]
        server.post("/v1/features", json.dumps({
            "features": ["windows.count_1h"], "entities": {"card": "delay"}, "min_position": position}))
        took.append((time.perf_counter() - begun) * 1e3)
    took.sort()
    report("event pushed, then served", p50_ms=round(took[150], 2), p99_ms=round(took[297], 2))


def echo(flags):
    address = "127.0.0.1:18081"
    process = subprocess.Popen([flags.echo, "nethttp", address], stdout=subprocess.DEVNULL)
    try:
        time.sleep(1)
        for shape, bodies in shapes():
            for connections in flags.connections:
                figures = wrk("http://" + address + "/", bodies, connections, flags.seconds, "", "application/json")
                print(json.dumps({"peer": "net/http echo", "workload": shape, "connections": connections} | figures),
                      flush=True)
    finally:
        process.terminate()
        process.wait(10)


def drive(workload, server, path, bodies, flags, connections=None, kind="application/json", seconds=None):
    for count in connections or flags.connections:
        before, load = cpu_seconds(server.pid), os.getloadavg()[0]
        figures = wrk(server.url + path, bodies, count, seconds or flags.seconds, server.token, kind)
        used = cpu_seconds(server.pid) - before
        report(workload, connections=count, **figures, load_before=round(load, 2),
               server_cpu_ms=round(used * 1e3 / max(1, figures["requests"]), 3))


def wrk(url, bodies, connections, seconds, token, kind):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as lines:
        lines.write("\n".join(bodies) + "\n")
        lines.flush()
        text = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", HERE / "post.lua",
             url, "--", lines.name],
            check=True, capture_output=True, text=True,
            env=os.environ | {"TOKEN": token, "CONTENT_TYPE": kind}).stdout
    return json.loads(text[text.rindex("{"):])


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def report(workload, **figures):
    print(json.dumps({"peer": "fettle", "workload": workload} | figures), flush=True)


if __name__ == "__main__":
    main()
