"""Runs `fettle train` and its peers on the same files, in turn, and prints medians and ratios.

    peers.py --fettle BINARY --data FOLDER --peers FOLDER --python PYTHON [--runs 3] [WORKLOAD ..]

DATA holds the folders 1m, 10m, 10m100k and hot, as the peers' generator writes them; PEERS holds the
programs of the peers, each of which prints one JSON line with seconds, cpu_seconds and peak_rss_mb;
PYTHON has what they need. Each round runs every program of a workload once, one after the other, so that
what else the machine does falls on all of them alike. The first round compares the values, too.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Workload: data set and view of ours, and the programs of the peers with their flags.
WORKLOADS = {
    "windows": ("10m/windows", [["duckdb_windows.py", "--variant", "bucket_rings"], ["polars_windows.py", "--variant", "bucket_join"],
                                ["duckdb_windows.py", "--variant", "range_join"]]),
    "hot": ("hot/windows", [["polars_windows.py", "--variant", "rolling"], ["duckdb_windows.py", "--variant", "bucket_rings"]]),
    "few": ("10m100k/windows", [["duckdb_windows.py", "--variant", "bucket_rings"], ["polars_windows.py", "--variant", "bucket_join"]]),
    "asof": ("10m/snapshot", [["polars_asof.py"], ["duckdb_asof.py"], ["pandas_asof.py"]]),
    "wide": ("10m100k/wide", [["polars_wide.py", "--variant", "rings"], ["duckdb_wide.py", "--variant", "rings"]]),
    "small": ("1m/windows", [["duckdb_windows.py", "--variant", "bucket_rings"], ["polars_windows.py", "--variant", "bucket_join"]]),
}


def ours(options, run, flags):
    """Runs fettle train once and returns its line."""
    done = subprocess.run(["sh", str(HERE / "run.sh"), options.fettle, options.data, run], capture_output=True, text=True,
                          timeout=options.limit, env={**os.environ, "TRAIN_FLAGS": flags}, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def peer(options, data, command, out):
    """Runs a peer once and returns its line, or why there is none."""
    script, *flags = command
    environment = {**os.environ, "BENCH_DATA": f"{options.data}/{data}", "PYTHONPATH": options.peers, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run([options.python, f"{options.peers}/peers/{script}", *flags, "--out", out], capture_output=True, text=True,
                              timeout=options.limit, env=environment, cwd=options.work, check=True)
    except subprocess.TimeoutExpired:
        return {"failed": f"over {options.limit} s"}
    except subprocess.CalledProcessError as error:
        return {"failed": error.stderr.strip().splitlines()[-1:]}
    return json.loads([line for line in done.stdout.splitlines() if line.startswith("{")][-1])


def median(lines, field):
    """The median of a figure; None if no run gave it."""
    values = [line[field] for line in lines if field in line]
    return statistics.median(values) if values else None


def main():
    """Runs the workloads that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for flag in ("fettle", "data", "peers", "python"):
        parser.add_argument(f"--{flag}", required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=300, help="seconds for one run")
    parser.add_argument("--flags", default="", help="further flags of fettle train")
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS))
    options = parser.parse_args()
    different = 0
    with tempfile.TemporaryDirectory() as options.work:
        for name in options.workloads or WORKLOADS:
            run, peers = WORKLOADS[name]
            data = run.split("/")[0]
            results = {"fettle": []}
            for round_ in range(options.runs):
                results["fettle"].append(ours(options, run, options.flags))
                for command in peers:
                    title = " ".join(part for part in command if not part.startswith("--")).replace(".py", "")
                    out = f"{options.work}/{title.replace(' ', '-')}.parquet"
                    line = peer(options, data, command, out)
                    results.setdefault(title, []).append(line)
                    if round_ == 0 and "failed" not in line:
                        mine = f"{options.data}/out/fettle-{run.replace('/', '-')}.parquet"
                        compared = subprocess.run([options.python, str(HERE / "compare.py"), mine, out], capture_output=True, text=True, check=False)
                        print(f"{name}: fettle and {title}: {(compared.stdout or compared.stderr).strip().splitlines()[-1:]}", flush=True)
                        different += compared.returncode != 0
            base = median(results["fettle"], "seconds")
            for title, lines in results.items():
                seconds, cpu, memory = (median(lines, field) for field in ("seconds", "cpu_seconds", "peak_rss_mb"))
                if seconds is None:
                    print(f"{name:8} {title:32} failed: {lines[0].get('failed')}", flush=True)
                    continue
                print(f"{name:8} {title:32} {seconds:7.2f} s {cpu:7.2f} cpu {memory:6.0f} MB  {seconds / base:5.2f} x fettle", flush=True)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
