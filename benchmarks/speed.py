"""Images per second, training and prediction, Striate and its peers in turn.

Every contender lives in a process of its own, and they take turns in short bursts, so that a machine that is
shared slows all of them alike. A ratio is the median over the rounds of the contender's time over Striate's.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
import warnings
from typing import Any

from benchmarks.peers import CONTENDERS, LINES, network
from striate.native.team import usable_processors


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--nets", default="seed,tinyvgg,convnetjs", help=f"some of {', '.join(LINES)}")
    parser.add_argument("--peers", default="torch,torch-channels-last,torch-compile,keras")
    parser.add_argument("--what", default="train,infer")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=usable_processors())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--burst", type=float, default=0.4, help="seconds of each contender's turn")


def worker(name: str, net: str, batch: int, threads: int, pipe: Any) -> None:
    """A contender's process: says ready, then answers (what, seconds) with the median time of a call."""
    warnings.simplefilter("ignore")
    try:
        calls = dict(zip(("train", "infer"), CONTENDERS[name](network(net), batch, threads), strict=True))
        for call in calls.values():
            call()
    except Exception as error:  # whatever a peer's library raises, the table says so
        pipe.send(f"{type(error).__name__}: {error}"[:200])
        return
    pipe.send("ready")
    while (order := pipe.recv()) is not None:
        what, seconds = order
        times: list[float] = []
        end = time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            calls[what]()
            times.append(time.perf_counter() - start)
        pipe.send(statistics.median(times))


def start(names: list[str], net: str, chosen: argparse.Namespace) -> dict[str, Any]:
    """The contenders that could start, each with the pipe to its process."""
    context, pipes = multiprocessing.get_context("spawn"), {}
    for name in names:
        here, there = context.Pipe()
        arguments = (name, net, chosen.batch, chosen.threads, there)
        context.Process(target=worker, args=arguments, daemon=True).start()
        answer = here.recv()
        if answer == "ready":
            pipes[name] = here
        else:
            print(f"{net:10} {name:22} did not start: {answer}")
    return pipes


def duel(net: str, what: str, pipes: dict[str, Any], chosen: argparse.Namespace) -> None:
    """Rounds of turns; a line a contender."""
    times: dict[str, list[float]] = {name: [] for name in pipes}
    for turn in range(chosen.rounds + 1):
        for name, pipe in pipes.items():
            pipe.send((what, chosen.burst))
            seconds = pipe.recv()
            if turn:  # the first round warms up
                times[name].append(seconds)
    for name, taken in times.items():
        ratio = statistics.median(t / s for t, s in zip(taken, times["striate"], strict=True))
        speed = chosen.batch / statistics.median(taken)
        print(
            f"{net:10} {what:6} {name:22} {speed:12,.0f} images/s   striate is {ratio:6.2f} times as fast", flush=True
        )


def run(chosen: argparse.Namespace) -> None:
    """Every net, every contender."""
    for net in chosen.nets.split(","):
        pipes = start(["striate", *filter(None, chosen.peers.split(","))], net, chosen)
        for what in chosen.what.split(","):
            duel(net, what, pipes, chosen)
        for pipe in pipes.values():
            pipe.send(None)
