"""Peak memory of a process that trains, Striate's and PyTorch's, and Striate's arena beside its plan."""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import Any

from benchmarks.contenders import OURS, PEERS, installed
from benchmarks.nets import LINES, network, usual_batch
from benchmarks.options import add_batch, add_json, add_nets, add_threads, names
from benchmarks.report import write_json

SMOKE = {"nets": "seed", "steps": 2}

TRAIN = """import resource, sys
from benchmarks.contenders import ENTRANTS
calls = ENTRANTS[sys.argv[1]](sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
for _ in range(int(sys.argv[5])):
    calls["train"]()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))"""


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_nets(parser, "tinyvgg,vgg64")
    parser.add_argument("--peers", default="torch")
    add_batch(parser)
    add_threads(parser)
    parser.add_argument("--steps", type=int, default=10, help="training steps before looking (default: 10)")
    add_json(parser)


def peak(name: str, net: str, batch: int, chosen: argparse.Namespace) -> int:
    """The most bytes that were resident in a process that trains."""
    arguments = [name, net, str(batch), str(chosen.threads), str(chosen.steps)]
    done = subprocess.run([sys.executable, "-c", TRAIN, *arguments], check=True, capture_output=True, text=True)
    return int(done.stdout)


def arena(net: str, batch: int, threads: int) -> tuple[int, int]:
    """(bytes that the plan asks for, bytes of the NumPy arrays that a new program holds)."""
    import tracemalloc

    import numpy as np

    import striate

    tracemalloc.start()
    program = striate.compile(network(net), batch=batch, threads=threads)
    only = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)
    traces = tracemalloc.take_snapshot().filter_traces([only]).traces
    tracemalloc.stop()
    return program.plan.bytes(threads), sum(trace.size for trace in traces)


def run(chosen: argparse.Namespace) -> None:
    """A line a contender, and one for the arena."""
    able, rows = installed([OURS, *names(chosen.peers, PEERS, "peers")]), []
    for net in names(chosen.nets, LINES, "nets"):
        batch = usual_batch(net, chosen.batch)
        row: dict[str, Any] = {"net": net, "batch": batch, "resident": {}}
        for name in able:
            row["resident"][name] = most = peak(name, net, batch, chosen)
            of = most / row["resident"][OURS]
            print(f"{net}, batch {batch}, {name}: at most {most / 2**20:,.0f} MiB resident, {of:.2f} times striate's")
        row["planned"], row["allocated"] = arena(net, batch, chosen.threads)
        print(
            f"{net}, batch {batch}, {chosen.threads} threads: the plan asks for {row['planned'] / 2**20:,.1f} MiB, "
            f"{row['allocated'] / 2**20:,.1f} MiB are allocated",
            flush=True,
        )
        rows.append(row)
    write_json(chosen, rows)
