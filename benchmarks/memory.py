"""Peak memory of a process that trains, Striate's and PyTorch's."""

from __future__ import annotations

import argparse
import subprocess
import sys

from benchmarks.peers import LINES

TRAIN = """import resource, sys
from benchmarks.peers import CONTENDERS, network
train, _ = CONTENDERS[sys.argv[1]](network(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
for _ in range(10):
    train()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"""


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--nets", default="tinyvgg", help=f"some of {', '.join(LINES)}")
    parser.add_argument("--peers", default="torch")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)


def run(chosen: argparse.Namespace) -> None:
    """A line a contender."""
    for net in chosen.nets.split(","):
        for name in ["striate", *chosen.peers.split(",")]:
            command = [sys.executable, "-c", TRAIN, name, net, str(chosen.batch), str(chosen.threads)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            print(f"{net}, batch {chosen.batch}, {name}: at most {float(done.stdout):,.0f} MiB resident")
