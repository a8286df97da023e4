"""Single convolution layers, each direction alone, beside PyTorch's better memory layout.

Effective GF/s are multiply-adds of the plain definition, two operations each, over time. Striate and PyTorch live in a
process each and take turns in short bursts. PyTorch is torch.nn.functional.conv2d forward and
torch.ops.aten.convolution_backward for the two gradients, in float32, the bias's gradient left out.
Striate's forward pass and data gradient transform the weights anew each time, as PyTorch does.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.options import add_json, add_threads, add_turns
from benchmarks.report import write_json
from benchmarks.single import DIRECTIONS, Bench, Single
from benchmarks.turns import Contender, race, ratio

LAYERS = Path(__file__).with_name("conv_layers.txt")
MARKS = {"contiguous": "c", "channels_last": "l"}
LAYOUTS = tuple(MARKS)
SMOKE = {"filter": "nnpack-alexnet-c5,resnet-r5-3x3", "batch": 2, "rounds": 1, "burst": 0.01}


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--filter", default="", metavar="PARTS", help="only layers whose name has one of these parts")
    parser.add_argument("--batch", type=int, default=16)
    add_threads(parser)
    add_turns(parser, 5, 0.2)
    add_json(parser)


def parse_layers(text: str) -> dict[str, Single]:
    """Lines of a name and a layer; ValueError with the line's number where one is neither that nor a remark."""
    layers: dict[str, Single] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, _, layer = line.split("#")[0].strip().partition(" ")
        if not name:
            continue
        if name in layers:
            raise ValueError(f"line {number}: there are two layers {name}")
        try:
            layers[name] = Single.read(layer)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return layers


def choose(layers: dict[str, Single], parts: str) -> dict[str, Single]:
    """The layers whose name has one of the parts, which commas separate; all where there is none."""
    wanted = [part for part in parts.split(",") if part]
    return {n: layer for n, layer in layers.items() if not wanted or any(part in n for part in wanted)}


def striate_calls(single: Single, batch: int, threads: int) -> dict[str, Callable[[], Any]]:
    """Every direction by Striate."""
    bench = Bench(single.plan(batch), threads)
    return {direction: partial(bench.run, direction) for direction in DIRECTIONS}


def torch_calls(single: Single, batch: int, threads: int) -> dict[str, Callable[[], Any]]:
    """Every direction by PyTorch, in both layouts: "forward contiguous" and so on."""
    import torch

    torch.set_num_threads(threads)
    random, volume, layer = np.random.default_rng(0), single.input, single.layer
    made = layer.output(volume)
    shapes = (
        (batch, volume.depth, volume.height, volume.width),
        (layer.filters, volume.depth, layer.field, layer.field),
        (batch, made.depth, made.height, made.width),
    )
    numbers = [torch.from_numpy(random.standard_normal(shape, np.float32)) for shape in shapes]
    calls: dict[str, Callable[[], Any]] = {}
    stride, padding = [layer.stride] * 2, [layer.padding] * 2
    for layout in LAYOUTS:
        form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
        x, weights, dy = (tensor.contiguous(memory_format=form) for tensor in numbers)
        rest = (None, stride, padding, [1, 1], False, [0, 0], 1)
        back = partial(torch.ops.aten.convolution_backward, dy, x, weights, *rest)
        calls[f"forward {layout}"] = partial(torch.nn.functional.conv2d, x, weights, None, stride, padding)
        calls[f"data {layout}"] = partial(back, [True, False, False])
        calls[f"weights {layout}"] = partial(back, [False, True, False])
    return calls


def compare(direction: str, pair: tuple[Contender, Contender], flops: int, chosen: argparse.Namespace) -> Any:
    """Effective GF/s of both, PyTorch's layout that comes out better, and how many times as fast Striate is."""
    ours, theirs = pair
    entries = {layout: (theirs, f"{direction} {layout}") for layout in LAYOUTS}
    times = race({"striate": (ours, direction), **entries}, chosen.rounds, chosen.burst)
    ratios = {layout: ratio(times[layout], times["striate"]) for layout in LAYOUTS}
    layout = min(LAYOUTS, key=lambda each: ratios[each])
    speed = {name: flops / statistics.median(taken) / 1e9 for name, taken in times.items()}
    return {"striate": speed["striate"], "torch": speed[layout], "layout": layout, "ratio": ratios[layout]}


def summary(rows: list[Any]) -> list[str]:
    """The least and the median ratio of each direction, and of all."""
    by_direction = {direction: [row[direction]["ratio"] for row in rows] for direction in DIRECTIONS}
    by_direction["all"] = [value for values in by_direction.values() for value in values]
    return [
        f"RATIO {name}: least {min(values):.2f}, median {statistics.median(values):.2f}, of {len(values)}"
        for name, values in by_direction.items()
    ]


def run(chosen: argparse.Namespace) -> None:
    """A line a layer: for each direction Striate's and PyTorch's effective GF/s, and the ratio."""
    layers = choose(parse_layers(LAYERS.read_text(encoding="utf-8")), chosen.filter)
    if not layers:
        raise SystemExit(f"no layer's name has a part of {chosen.filter!r}")
    print(
        f"batch {chosen.batch}, {chosen.threads} threads; effective GF/s of Striate and PyTorch, and how many times as"
    )
    print("fast Striate is; PyTorch in the better of (c) contiguous, (l) channels last")
    print(f"{'layer':22}" + "".join(f"{direction:^30}" for direction in DIRECTIONS))
    pair, rows = (Contender(striate_calls), Contender(torch_calls)), []
    for name, single in layers.items():
        wrong = "; ".join(filter(None, (each.make(single, chosen.batch, chosen.threads) for each in pair)))
        if wrong:
            raise SystemExit(f"{name}: {wrong}")
        flops = single.flops(chosen.batch)
        row: dict[str, Any] = {"layer": name, "notation": str(single)}
        row |= {direction: compare(direction, pair, flops, chosen) for direction in DIRECTIONS}
        cells = (row[direction] for direction in DIRECTIONS)
        shown = (f"{c['striate']:8,.0f}{c['torch']:8,.0f} ({MARKS[c['layout']]}){c['ratio']:8.2f}x " for c in cells)
        print(f"{name:22}" + "  ".join(shown), flush=True)
        rows.append(row)
    for line in summary(rows):
        print(line)
    for each in pair:
        each.end()
    write_json(chosen, rows)
