"""What a training step and a prediction cost against batch, filters and image size, for a net like tinyvgg."""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

from benchmarks.nets import BATCH, striate_calls
from benchmarks.options import add_json, add_turns, numbers
from benchmarks.report import write_json
from benchmarks.turns import in_turn
from striate.native.team import usable_processors
from striate.notation import parse

USUAL = {"batch": BATCH, "filters": 10, "size": 32}
SAID = {"batch": "batch {}", "filters": "{} filters", "size": "{0}x{0} images"}
SWEEPS = {
    "batch": [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    "filters": [4, 8, 10, 16, 32, 64, 128, 256],
    "size": [8, 16, 32, 64, 128],
}
SMOKE = {"batch": "1,16", "filters": "4", "size": "8", "rounds": 1, "burst": 0.01}


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    for sweep, values in SWEEPS.items():
        text = ",".join(map(str, values))
        parser.add_argument(f"--{sweep}", default=text, help=f"default: {text}")
    parser.add_argument("--threads", default=",".join(map(str, sorted({1, usable_processors()}))))
    add_turns(parser, 3, 0.2)
    add_json(parser)
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="draw the curves, a PNG each, into this folder")


def line(filters: int, size: int) -> str:
    """The net: tinyvgg's three blocks."""
    return f"INPUT[{size}x{size}x3] - [[CONV[{filters}] - RELU]*2 - POOL]*3 - FC[10]"


def fixed(sweep: str) -> str:
    """What stays as it is along a curve."""
    return ", ".join(SAID[name].format(usual) for name, usual in USUAL.items() if name != sweep)


def point(sweep: str, value: int, threads: list[int], chosen: argparse.Namespace) -> list[dict[str, Any]]:
    """One place on a curve, all numbers of threads in turn: seconds of a step and of a prediction."""
    sizes = USUAL | {sweep: value}
    network, batch, rows = parse(line(sizes["filters"], sizes["size"])), sizes["batch"], []
    programs = {count: striate_calls(network, batch, count) for count in threads}
    for what in ("train", "infer"):
        times = in_turn({count: programs[count][what] for count in threads}, chosen.rounds, chosen.burst)
        for count, taken in times.items():
            row = {"sweep": sweep, "value": value, "what": what, "threads": count, "batch": batch}
            rows.append(row | {"seconds": statistics.median(taken)})
    return rows


def run(chosen: argparse.Namespace) -> None:
    """A table for each sweep, then the pictures."""
    threads, rows = numbers(chosen.threads), []
    for sweep in SWEEPS:
        print(f"{sweep}, with {fixed(sweep)}: milliseconds")
        heads = (f"{what}, {count} thr." for what in ("train", "infer") for count in threads)
        print(f"{'':>8}" + "".join(f"{head:>18}" for head in heads))
        for value in numbers(getattr(chosen, sweep)):
            made = point(sweep, value, threads, chosen)
            print(f"{value:8}" + "".join(f"{row['seconds'] * 1e3:18,.3f}" for row in made), flush=True)
            rows += made
    write_json(chosen, rows)
    if chosen.out:
        from benchmarks.pictures import draw

        for path in draw(rows, chosen.out, {sweep: fixed(sweep) for sweep in SWEEPS}):
            print(f"drawn: {path}")
