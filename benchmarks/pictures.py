"""The curves as pictures, one a sweep: a training step on the left, a prediction on the right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from striate.look.curves import INK, PALE, TRAIN, VALIDATION

COLOURS = (TRAIN, VALIDATION, "#3a7d44", "#7b4ea3")
AXES = {
    "batch": "batch size",
    "filters": "filters of every CONV",
    "size": "width and height of an image",
}


def _label(value: float, _: object = None) -> str:
    """A number of microseconds, readable."""
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g} µs"


def _dress(axes: Axes, title: str, values: list[int], below: str) -> None:
    axes.set_title(title, loc="left", fontsize=11.5, fontweight="bold", color=INK)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(values, [str(value) for value in values])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(_label))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(below, color=PALE)
    axes.tick_params(colors=PALE, labelsize=9)
    axes.grid(axis="y", color="#e2e2e2", linewidth=0.9)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#bbbbbb")


def _curve(axes: Axes, rows: list[dict[str, Any]], threads: int, colour: str) -> None:
    values = [row["value"] for row in rows]
    costs = [row["seconds"] / row["batch"] * 1e6 for row in rows]
    name = f"{threads} thread" + ("s" if threads > 1 else "")
    axes.plot(values, costs, color=colour, linewidth=1.9, marker="o", markersize=4.5, label=name)


def draw(rows: list[dict[str, Any]], folder: Path, fixed: dict[str, str]) -> list[Path]:
    """Write a PNG for every sweep, with what is ``fixed`` in it; returns where."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for sweep, below in AXES.items():
        figure = Figure(figsize=(9, 3.9), dpi=160, layout="constrained")
        mine = [row for row in rows if row["sweep"] == sweep]
        values = sorted({row["value"] for row in mine})
        panels = zip(figure.subplots(1, 2), ("train", "infer"), ("Training step", "Prediction"), strict=True)
        for axes, what, title in panels:
            for colour, threads in zip(COLOURS, sorted({row["threads"] for row in mine}), strict=False):
                chosen = [row for row in mine if row["what"] == what and row["threads"] == threads]
                _curve(axes, chosen, threads, colour)
            _dress(axes, f"{title}, time per image", values, below)
            axes.legend(frameon=False, fontsize=9, labelcolor=INK)
        title = f"Three blocks of two CONVs and a POOL, as tinyvgg; {fixed[sweep]}"
        figure.suptitle(title, x=0.012, ha="left", fontsize=9.5, color=PALE)
        written.append(folder / f"cost_by_{sweep}.png")
        figure.savefig(written[-1])
    return written
