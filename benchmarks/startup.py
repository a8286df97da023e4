"""What a user waits for: import, compilation from nothing, compilation from the disk's cache."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

from benchmarks.nets import LINES, usual_batch
from benchmarks.options import add_batch, add_nets, names

SMOKE = {"nets": "seed", "rounds": 1}

IMPORT = "import time; t = time.perf_counter(); import striate; print(time.perf_counter() - t)"
COMPILE = """import sys, time, striate
net = striate.parse(sys.argv[1], fit="crop")
t = time.perf_counter()
striate.compile(net, batch=int(sys.argv[2]))
print(time.perf_counter() - t)"""


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_nets(parser, "seed,tinyvgg,convnetjs,vgg16")
    add_batch(parser)
    parser.add_argument("--rounds", type=int, default=5)


def seconds(code: str, cache: str, *arguments: str) -> float:
    """The seconds that ``code`` prints, in a process of its own."""
    environment = {**os.environ, "STRIATE_CACHE": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout)


def run(chosen: argparse.Namespace) -> None:
    """A line for the import, then one a net."""
    with tempfile.TemporaryDirectory() as unused:
        taken = statistics.median(seconds(IMPORT, unused) for _ in range(chosen.rounds))
    print(f"import striate: {taken:.3f} s")
    for net in names(chosen.nets, LINES, "nets"):
        cold, warm, batch = [], [], usual_batch(net, chosen.batch)
        for _ in range(chosen.rounds):
            with tempfile.TemporaryDirectory() as cache:
                cold.append(seconds(COMPILE, cache, LINES[net], str(batch)))
                warm.append(seconds(COMPILE, cache, LINES[net], str(batch)))
        cold_, warm_ = statistics.median(cold), statistics.median(warm)
        print(f"compile {net}, batch {batch}: {cold_:.3f} s from nothing, {warm_:.3f} s from the cache")
