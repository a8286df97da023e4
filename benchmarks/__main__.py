"""python -m benchmarks speed | accuracy | startup | memory [options]

Run from the repository's root, with Striate and the peers (PyTorch; TensorFlow where it is installed) in one
environment. Every command prints the machine and the day, then a table.
"""

from __future__ import annotations

import argparse

from benchmarks import accuracy, memory, speed, startup
from benchmarks.machine import describe

COMMANDS = {"speed": speed, "accuracy": accuracy, "startup": startup, "memory": memory}


def main() -> None:
    """Run one benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        text = (module.__doc__ or "").splitlines()[0]
        module.options(commands.add_parser(name, help=text, description=text))
    chosen = parser.parse_args()
    print(describe())
    COMMANDS[chosen.command].run(chosen)


if __name__ == "__main__":
    main()
