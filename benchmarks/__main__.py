"""python -m benchmarks speed | layers | curves | threads | errors | accuracy | startup | memory | page | bf16
[options]

Run from the repository's root, with Striate and the peers (PyTorch; the others where they are installed) in one
environment. Every command prints the machine and the day, then a table; with --smoke, only enough to see it run.
"""

from __future__ import annotations

import argparse

from benchmarks import accuracy, bf16, curves, errors, layers, memory, page, speed, startup, threads
from benchmarks.machine import describe

COMMANDS = {
    "speed": speed,
    "layers": layers,
    "curves": curves,
    "threads": threads,
    "errors": errors,
    "accuracy": accuracy,
    "startup": startup,
    "memory": memory,
    "page": page,
    "bf16": bf16,
}


def main() -> None:
    """Run one benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    each = {}
    for name, module in COMMANDS.items():
        text = (module.__doc__ or "").splitlines()[0]
        each[name] = commands.add_parser(name, help=text, description=text)
        module.options(each[name])
        each[name].add_argument("--smoke", action="store_true", help="a few seconds: does it run? Figures mean nothing")
    chosen = parser.parse_args()
    if chosen.smoke:
        each[chosen.command].set_defaults(**COMMANDS[chosen.command].SMOKE)
        chosen = parser.parse_args()
    print(describe(), flush=True)
    COMMANDS[chosen.command].run(chosen)


if __name__ == "__main__":
    main()
