"""Contenders take turns: each in a process of its own, in short bursts, so that a shared machine slows all alike."""

from __future__ import annotations

import multiprocessing
import statistics
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any

Calls = Mapping[str, Callable[[], Any]]  #: what a contender can do, by name
Maker = Callable[..., Calls]
REST = 0.02  #: seconds between turns: threads that still spin for more work go to sleep
PATIENCE = 600  #: seconds that a contender has to start


def median_seconds(call: Callable[[], Any], seconds: float) -> float:
    """The median time of a call that is repeated for about so long, at least once."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def in_turn(calls: Mapping[Any, Callable[[], Any]], rounds: int, burst: float) -> dict[Any, list[float]]:
    """The same turns within this process: every call's seconds, round by round, after a round to warm up."""
    times: dict[Any, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            seconds = median_seconds(call, burst)
            if turn:
                times[name].append(seconds)
    return times


def _serve(make: Maker, pipe: Connection) -> None:
    """A contender's process: ("make", arguments) and ("time", (what, seconds)) are answered, None ends it."""
    warnings.simplefilter("ignore")
    calls: Calls = {}
    while (order := pipe.recv()) is not None:
        kind, details = order
        try:
            if kind == "make":
                calls = {}  # what was made before may go
                calls = make(*details)
                for call in calls.values():
                    call()
                pipe.send(list(calls))
            else:
                pipe.send(median_seconds(calls[details[0]], details[1]))
        except Exception as error:  # whatever a peer's library raises, the table says so
            pipe.send(f"{type(error).__name__}: {error}".replace("\n", " ")[:200])


class Contender:
    """A process that makes calls and times them when told to."""

    def __init__(self, make: Maker) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(make, there), daemon=True)
        self._process.start()
        there.close()
        self.calls: tuple[str, ...] = ()

    def make(self, *arguments: Any) -> str:
        """Make the calls anew, and run each once. Returns what went wrong, if anything."""
        answer = self._ask(("make", arguments))
        self.calls = () if isinstance(answer, str) else tuple(answer)
        return answer if isinstance(answer, str) else ""

    def seconds(self, what: str, burst: float) -> float:
        """The median seconds of a call in a burst; RuntimeError where it fails."""
        answer = self._ask(("time", (what, burst)))
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return float(answer)

    def _ask(self, order: tuple[str, tuple[Any, ...]]) -> Any:
        try:
            self._pipe.send(order)
            return self._pipe.recv() if self._pipe.poll(PATIENCE) else f"no answer in {PATIENCE} s"
        except (EOFError, OSError):
            return "its process ended"

    def end(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join()


def race(entries: Mapping[str, tuple[Contender, str]], rounds: int, burst: float) -> dict[str, list[float]]:
    """Every entry's seconds, round by round, after a round to warm up; an entry that fails is said and left out."""
    times: dict[str, list[float]] = {name: [] for name in entries}
    for turn in range(rounds + 1):
        for name in list(times):
            contender, what = entries[name]
            time.sleep(REST)
            try:
                seconds = contender.seconds(what, burst)
            except RuntimeError as error:
                print(f"{name} failed: {error}", flush=True)
                del times[name]
                continue
            if turn:
                times[name].append(seconds)
    return times


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """How many times as fast we are: the median over the rounds of their time over ours."""
    return statistics.median(t / s for t, s in zip(theirs, ours, strict=True))


def best(ratios: Mapping[str, float], among: Iterable[str]) -> tuple[str, float] | None:
    """The contender that leaves us the lowest ratio, the first of equals; None where none of them ran."""
    ran = [name for name in among if name in ratios]
    return min(((name, ratios[name]) for name in ran), key=lambda pair: pair[1], default=None)
