"""Images per second, training and prediction, Striate and its peers in turn; and the latency of one image.

Every contender lives in a process of its own, and they take turns in short bursts, so that a machine that is
shared slows all of them alike. A ratio is the median over the rounds of the contender's time over Striate's.
"""

from __future__ import annotations

import argparse
import os
import statistics
from typing import Any

from benchmarks.contenders import ENTRANTS, OURS, PEERS, installed, start
from benchmarks.nets import LINES, usual_batch
from benchmarks.options import add_batch, add_json, add_nets, add_threads, add_turns, names
from benchmarks.report import write_json
from benchmarks.turns import Contender, best, race, ratio

WHAT = ("train", "infer", "one")
#: With these in its environment, glibc keeps what is freed, however much, and a step's volumes find their pages again.
KEEPING = {"MALLOC_TRIM_THRESHOLD_": str(2**40), "MALLOC_MMAP_THRESHOLD_": str(2**40), "MALLOC_TOP_PAD_": str(2**26)}
SMOKE = {"nets": "seed,depthwise", "peers": "torch,onnxruntime", "rounds": 1, "burst": 0.02}


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_nets(parser, "seed,lenet,tinyvgg,convnetjs,vgg32,vgg64,alexnet")
    parser.add_argument("--peers", default=",".join(PEERS), help="some of these, which are all")
    parser.add_argument("--what", default=",".join(WHAT), help="train a batch, infer: score a batch, one: one image")
    parser.add_argument(
        "--keep-memory", action="store_true", help="contenders' processes return no memory between steps (glibc)"
    )
    add_batch(parser)
    add_threads(parser)
    add_turns(parser, 7, 0.4)
    add_json(parser)


def duel(net: str, what: str, started: dict[str, Contender], chosen: argparse.Namespace) -> dict[str, Any]:
    """Rounds of turns; a line a contender, and a last one for the best."""
    images = 1 if what == "one" else usual_batch(net, chosen.batch)
    entries = {name: (contender, what) for name, contender in started.items() if what in contender.calls}
    times = race(entries, chosen.rounds, chosen.burst)
    ratios = {name: ratio(taken, times[OURS]) for name, taken in times.items() if OURS in times}
    row: dict[str, Any] = {"net": net, "what": what, "images": images, "contenders": {}}
    for name, taken in times.items():
        seconds = statistics.median(taken)
        row["contenders"][name] = {"seconds": seconds, "ratio": ratios.get(name)}
        told = f"{images / seconds:12,.0f} images/s" if what != "one" else f"{seconds * 1e6:12,.0f} microseconds"
        print(
            f"{net:10} {what:6} {name:25} {told:22}   striate is {ratios.get(name, 0):6.2f} times as fast", flush=True
        )
    among = {"float32": [name for name in PEERS if ENTRANTS[name].float32], "all": PEERS}
    row["best"] = {kind: best(ratios, peers) for kind, peers in among.items()}
    ends = [f"best {kind} peer {f'{x[0]}: {x[1]:.2f}' if x else 'none'}" for kind, x in row["best"].items()]
    print(f"RATIO {net} {what}: {'; '.join(ends)}", flush=True)
    return row


def run(chosen: argparse.Namespace) -> None:
    """Every net, every contender."""
    if chosen.keep_memory:
        os.environ.update(KEEPING)  # for processes that are still to start
    able, rows = installed([OURS, *names(chosen.peers, PEERS, "peers")]), []
    for net in names(chosen.nets, LINES, "nets"):
        started = start(able, net, usual_batch(net, chosen.batch), chosen.threads)
        rows += [duel(net, what, started, chosen) for what in names(chosen.what, WHAT, "what")]
        for contender in started.values():
            contender.end()
    write_json(chosen, rows)
