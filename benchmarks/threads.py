"""What more threads bring on each net, and what meeting costs: a barrier, and handing an entry to the team."""

from __future__ import annotations

import argparse
import statistics
from functools import partial
from typing import Any

from benchmarks.nets import LINES, network, striate_calls, usual_batch
from benchmarks.options import add_batch, add_json, add_nets, add_turns, names, numbers
from benchmarks.report import write_json
from benchmarks.turns import in_turn, ratio
from striate.emit.builder import ProgramBuilder
from striate.native.alone import Alone
from striate.native.host import choose_target
from striate.native.team import usable_processors
from striate.plan.plan import plan

BARRIERS = 1000
SMOKE = {"nets": "seed", "rounds": 1, "burst": 0.02}


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_nets(parser, "seed,lenet,tinyvgg,convnetjs,vgg32,vgg64,alexnet")
    parser.add_argument("--threads", default=f"1,{usable_processors()}", help="how many, the first to compare with")
    add_batch(parser)
    add_turns(parser, 5, 0.4)
    add_json(parser)


def _nothing(b: ProgramBuilder) -> None:
    """Every rank returns at once."""


def _barriers(b: ProgramBuilder) -> None:
    """All ranks meet again and again."""
    for _ in b.range(BARRIERS, "turn"):
        b.barrier()


def meeting(threads: int, chosen: argparse.Namespace) -> dict[str, Any]:
    """Seconds of one hand-over to the team and of one barrier."""
    made = plan(network("seed"), choose_target(), 16, "softmax")
    alone = Alone(made, {"nothing": _nothing, "barriers": _barriers}, threads)
    calls = {name: partial(alone.run, name) for name in ("nothing", "barriers")}
    over, whole = (statistics.median(times) for times in in_turn(calls, chosen.rounds, chosen.burst).values())
    return {"threads": threads, "hand_over": over, "barrier": max(0.0, whole - over) / BARRIERS}


def scale(net: str, counts: list[int], chosen: argparse.Namespace) -> list[dict[str, Any]]:
    """A net's speed with each number of threads, in turn; a line for each."""
    batch, rows = usual_batch(net, chosen.batch), []
    programs = {threads: striate_calls(network(net), batch, threads) for threads in counts}
    for what in ("train", "infer"):
        times = in_turn({threads: programs[threads][what] for threads in counts}, chosen.rounds, chosen.burst)
        for threads, taken in times.items():
            speed, gain = batch / statistics.median(taken), 1 / ratio(taken, times[counts[0]])
            print(
                f"{net:10} {what:6} {threads:2} threads {speed:12,.0f} images/s   {gain:5.2f} times as fast", flush=True
            )
            rows.append({"net": net, "what": what, "threads": threads, "images_per_second": speed, "gain": gain})
    return rows


def run(chosen: argparse.Namespace) -> None:
    """The price of meeting, then every net."""
    counts, rows = numbers(chosen.threads), []
    for threads in counts:
        price = meeting(threads, chosen)
        over, barrier = price["hand_over"] * 1e6, price["barrier"] * 1e6
        print(f"{threads} threads: {over:.1f} microseconds to hand over an entry, {barrier:.3f} a barrier")
        rows.append(price)
    for net in names(chosen.nets, LINES, "nets"):
        rows += scale(net, counts, chosen)
    write_json(chosen, rows)
