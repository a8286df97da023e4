"""What an open page costs training, and whether memory stays flat on both sides.

Training goes on in `striate serve`; in turns nobody looks, a program hears how training goes, one reads every frame,
and Chromium shows the page, its curves or its layers. Speed is counted in steps from one visit to the next, so that
counting costs nothing.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.nets import LINES
from benchmarks.options import add_json, add_threads
from benchmarks.report import write_json
from benchmarks.visitors import (
    Visitor,
    ask,
    chromium,
    curves,
    deaf,
    has_chromium,
    listener,
    reader,
    renderer,
    resident,
    socket_to,
)

SMOKE = {"net": "seed", "data": "", "rounds": 1, "burst": 0.5, "rest": 0.1, "sample": 0.2, "minutes": 0.01}
SMALL = "INPUT[8x8x1] - CONV[32] - RELU - POOL - CONV[64] - RELU - POOL - FC[10]"  # for the digits that come along


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--net", default="tinyvgg", help=f"one of {', '.join(LINES)} (default: tinyvgg)")
    parser.add_argument("--data", default="cifar10", help="what it is trained on; with nothing, a small net on digits")
    parser.add_argument("--batch", type=int, default=128)
    add_threads(parser)
    parser.add_argument("--rate", type=float, default=20.0, help="frames a second that are asked for (default: 20)")
    parser.add_argument("--rounds", type=int, default=8, help="turns of each kind (default: 8)")
    parser.add_argument("--burst", type=float, default=5.0, help="seconds of each turn (default: 5)")
    parser.add_argument("--only", default="", help="some visitors, with commas between them: progress, frames, ...")
    parser.add_argument("--rest", type=float, default=0.5, help="seconds before each turn (default: 0.5)")
    parser.add_argument("--minutes", type=float, default=0.0, help="look at memory for so long, instead of speed")
    parser.add_argument("--sample", type=float, default=10.0, help="seconds between two looks at it (default: 10)")
    add_json(parser)


@contextmanager
def serving(chosen: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """`striate serve` with nothing kept of it; its address and process number."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "striate.cli", "serve", "--no-open", "--folder", folder]
        command += ["--threads", str(chosen.threads)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                found = re.search(r"http://\S+", line)
                if found is None:
                    raise SystemExit(f"striate serve did not begin: {line}")
                yield found[0], process.pid
            finally:
                process.kill()


def begin(url: str, chosen: argparse.Namespace) -> int:
    """A run that will not end meanwhile; its number, once it trains."""
    line, data = (LINES[chosen.net], chosen.data) if chosen.data else (SMALL, "digits")
    settings = {"epochs": 100_000, "batch": chosen.batch, "lr": 0.001, "schedule": "constant"}
    with socket_to(url) as connection:
        run = ask(connection, "start", line=line, data=data, settings=settings)["run"]["id"]
        while stands(url, run)[2] != "running":
            time.sleep(0.1)
        ask(connection, "watch", run=run)  # answered once everything is compiled
    return int(run)


def stands(url: str, run: int) -> tuple[float, int, str]:
    """When, at which step, in which state; by a visit that ends at once."""
    with socket_to(url) as connection:
        runs = ask(connection, "hello")["runs"]
        found = next(each for each in runs if each["id"] == run)
        return time.perf_counter(), found["step"], found["state"]


def speed(url: str, run: int, chosen: argparse.Namespace) -> float:
    """Images a second over one turn."""
    time.sleep(chosen.rest)
    began, before, _ = stands(url, run)
    time.sleep(chosen.burst)
    ended, after, _ = stands(url, run)
    return float((after - before) * chosen.batch / (ended - began))


def turns(url: str, run: int, chosen: argparse.Namespace) -> list[dict[str, Any]]:
    """Every kind of visitor's speed beside that of a turn without one, round by round."""
    kinds = {"progress": listener, "frames": reader}
    if has_chromium():
        kinds |= {"page: curves": curves, "page: layers": chromium}
    if chosen.only:
        kinds = {name: work for name, work in kinds.items() if name in chosen.only.split(",")}
    visitors = {name: Visitor(work, url, run, chosen.rate) for name, work in kinds.items()}
    rows: list[dict[str, Any]] = []
    for _ in range(chosen.rounds):
        for name, visitor in visitors.items():
            alone = speed(url, run, chosen)
            visitor.ask("open")
            seen = speed(url, run, chosen)
            told = visitor.ask("close")
            rates = {what: told[what] / told["seconds"] for what in ("frames", "events")}
            browser = {what: told[what] for what in ("cores", "paint") if what in told}
            rows.append({"visitor": name, "alone": alone, "seen": seen, "ratio": seen / alone, **rates, **browser})
    for visitor in visitors.values():
        visitor.end()
    return rows


def show_turns(rows: list[dict[str, Any]]) -> None:
    """A line for each kind of visitor; where it is Chromium, with its processors and its slowest first paint."""
    numbers = f"{'alone':>12}{'with it':>12}{'ratio':>9}{'lowest':>9}{'frames/s':>10}{'events/s':>10}"
    print(f"{'':14}{numbers}{'cores':>8}{'paint':>8}")
    for name in dict.fromkeys(row["visitor"] for row in rows):
        mine = [row for row in rows if row["visitor"] == name]
        middle = {key: statistics.median(row[key] for row in mine) for key in mine[0] if key != "visitor"}
        browser = f"{middle['cores']:8.2f}{max(row['paint'] for row in mine):5.0f} ms" if "cores" in middle else ""
        print(
            f"{name:14}{middle['alone']:12,.0f}{middle['seen']:12,.0f}{middle['ratio']:9.3f}"
            f"{min(row['ratio'] for row in mine):9.3f}{middle['frames']:10.1f}{middle['events']:10.1f}{browser}",
            flush=True,
        )


def memory(url: str, run: int, pid: int, chosen: argparse.Namespace) -> list[dict[str, Any]]:
    """Bytes in memory while somebody watches, looked at again and again; each kind of visitor by itself."""
    kinds = {"deaf": deaf, **({"Chromium": chromium} if has_chromium() else {"socket": reader})}
    rows: list[dict[str, Any]] = []
    for name, work in kinds.items():
        visitor = Visitor(work, url, run, chosen.rate)
        visitor.ask("open")
        began = time.perf_counter()
        while (gone := time.perf_counter() - began) < 60 * chosen.minutes:
            own = visitor.process.pid or 0
            row = {"visitor": name, "seconds": gone, "server": resident(pid), "renderer": renderer(own)}
            rows.append(row)
            sizes = "  ".join(f"{key} {row[key] / 2**20:8.1f} MiB" for key in ("server", "renderer"))
            print(f"{name:10}{gone:8.0f} s  {sizes}", flush=True)
            time.sleep(chosen.sample)
        told = visitor.ask("close")
        if "connected" in told:
            there = f"{told['connected']:.0f} of {told['seconds']:.0f} s, in {told['visits']} visits"
            print(f"{name:10}connected for {there}", flush=True)
            rows[-1] |= {"connected": told["connected"], "visits": told["visits"]}
        visitor.end()
    return rows


def show_memory(rows: list[dict[str, Any]]) -> None:
    """How much more the last third has than the second: none, where memory is flat."""
    for name in dict.fromkeys(row["visitor"] for row in rows):
        mine = [row for row in rows if row["visitor"] == name]
        third = max(1, len(mine) // 3)
        for what in ("server", "renderer"):
            middle, late = (
                statistics.median(row[what] for row in part) / 2**20
                for part in (mine[third : 2 * third] or mine, mine[-third:])
            )
            if late:
                print(f"{name:10}{what:10}{middle:10.1f} MiB, then {late:10.1f} MiB: {late - middle:+.1f}")


def run(chosen: argparse.Namespace) -> None:
    """Speed, or with --minutes memory, or with --smoke a little of both."""
    rows: list[dict[str, Any]] = []
    with serving(chosen) as (url, pid):
        number = begin(url, chosen)
        if not chosen.minutes or chosen.smoke:
            rows = turns(url, number, chosen)
            show_turns(rows)
        if chosen.minutes:
            looked = memory(url, number, pid, chosen)
            show_memory(looked)
            rows = [*rows, *looked]
    write_json(chosen, rows)
