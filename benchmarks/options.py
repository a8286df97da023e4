"""The options that several benchmarks share."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from benchmarks.nets import LINES
from striate.native.team import usable_processors


def names(text: str, known: Collection[str], what: str) -> list[str]:
    """Names between commas; SystemExit where one is not known."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    for name in found:
        if name not in known:
            raise SystemExit(f"--{what}: {name!r} is none of {', '.join(known)}")
    return found


def numbers(text: str) -> list[int]:
    """Whole numbers between commas."""
    return [int(part) for part in text.split(",")]


def add_nets(parser: argparse.ArgumentParser, default: str) -> None:
    """--nets."""
    parser.add_argument("--nets", default=default, help=f"some of {', '.join(LINES)} (default: {default})")


def add_batch(parser: argparse.ArgumentParser) -> None:
    """--batch."""
    parser.add_argument("--batch", type=int, help="images a step; left out, each net's usual batch")


def add_threads(parser: argparse.ArgumentParser) -> None:
    """--threads."""
    parser.add_argument("--threads", type=int, default=usable_processors())


def add_turns(parser: argparse.ArgumentParser, rounds: int, burst: float) -> None:
    """--rounds and --burst."""
    parser.add_argument("--rounds", type=int, default=rounds, help=f"turns of each contender (default: {rounds})")
    parser.add_argument("--burst", type=float, default=burst, help=f"seconds of each turn (default: {burst})")


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file, too")
