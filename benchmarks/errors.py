"""Rounding errors of every kernel of every CONV in the corpus, against float64 and beside the direct kernel's.

An error is relative to the root mean square of the true numbers: the largest, and the root mean square of all.
Each CONV stands alone, on one lane group of normal random numbers. Demanded of the kernels that the planner takes:
at most MOST times the direct kernel's.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from tests.corpus import NETS

from benchmarks.nets import LINES, network
from benchmarks.options import add_json, add_nets, names
from benchmarks.report import write_json
from benchmarks.single import DIRECTIONS, NAME, Bench, Single, truth
from striate.layers import Conv
from striate.plan.plan import KERNELS

MOST = 10.0
SMOKE = {"nets": "seed"}


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_nets(parser, ",".join(NETS))
    add_json(parser)


def convolutions(nets: list[str]) -> dict[Single, list[str]]:
    """Every CONV of the nets, each size once, with the places where it stands."""
    found: dict[Single, list[str]] = {}
    for net in nets:
        for node in network(net).nodes:
            if isinstance(node.layer, Conv):
                found.setdefault(Single(node.input, node.layer), []).append(f"{net}.{node.name}")
    return found


def relative(found: npt.NDArray[np.float32], true: npt.NDArray[np.float64]) -> tuple[float, float]:
    """(largest, root mean square) error, over the root mean square of the true numbers."""
    off, size = found - true, float(np.sqrt(np.mean(true**2)))
    return float(np.abs(off).max()) / size, float(np.sqrt(np.mean(off**2))) / size


def measure(single: Single) -> Iterator[dict[str, Any]]:
    """Each direction by each kernel there is for it: its errors, and whether the planner takes it."""
    usual = single.plan(1).kernels[NAME]
    seen: set[tuple[str, str]] = set()
    for kind in KERNELS:
        made = single.plan(1, kind)
        bench = Bench(made, 1)
        true = truth(single, bench)
        for direction in DIRECTIONS:
            name = getattr(made.kernels[NAME], direction).name
            if (direction, name) not in seen:
                seen.add((direction, name))
                bench.run(direction)
                largest, rms = relative(bench.result(direction), true[direction])
                taken = name == getattr(usual, direction).name
                yield {"direction": direction, "kernel": name, "largest": largest, "rms": rms, "taken": taken}


def compared(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows by direction, each with its errors' ratios to the direct kernel's."""
    direct = {row["direction"]: row for row in rows if row["kernel"] == "direct"}
    for row in rows:
        for what in ("largest", "rms"):
            row[f"{what}_ratio"] = row[what] / direct[row["direction"]][what]
    return sorted(rows, key=lambda row: DIRECTIONS.index(row["direction"]))


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """The worst ratios, of the kernels that are taken and of all."""
    lines = []
    for whose, among in (("taken", [row for row in rows if row["taken"]]), ("all", rows)):
        for what, said in (("largest_ratio", "largest error"), ("rms_ratio", "root mean square")):
            worst = max(among, key=lambda row: row[what])
            word = "at most" if worst[what] <= MOST else "MORE THAN"
            where = f"{worst['conv']}, {worst['direction']}, {worst['kernel']}"
            lines.append(f"RATIO {whose} {said}: {worst[what]:.2f}, {word} {MOST:.0f}: {where}")
    return lines


def run(chosen: argparse.Namespace) -> None:
    """A table, and last the worst ratio."""
    print(f"{'CONV':34} {'direction':9} {'kernel (* taken)':30} {'largest':>9} {'rms':>9} {'ratio':>6} {'of rms':>6}")
    everything = []
    for single, places in convolutions(names(chosen.nets, LINES, "nets")).items():
        print(f"{single}: {', '.join(places)}")
        for row in compared(list(measure(single))):
            kernel = row["kernel"] + ("*" if row["taken"] else "")
            errors = f"{row['largest']:9.1e} {row['rms']:9.1e} {row['largest_ratio']:6.2f} {row['rms_ratio']:6.2f}"
            print(f"{'':34} {row['direction']:9} {kernel:30} {errors}", flush=True)
            everything.append({"conv": str(single), "places": places, **row})
    for line in summary(everything):
        print(line)
    write_json(chosen, everything)
