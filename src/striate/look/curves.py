"""The picture of a training run: loss and accuracy against the epochs."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.files import write_whole
from striate.train.loop import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

TRAIN, VALIDATION, TEST, INK, PALE = "#2066a8", "#d1641f", "#3a7d44", "#222222", "#6b6b6b"
MOST_DOTS = 400  # steps drawn one by one; of more, neighbours are averaged


def curves(history: Sequence[Report], title: str = "", test_accuracy: float | None = None) -> Figure:
    """Return a matplotlib figure of loss (left) and accuracy (right) against the epochs.

    Every step is a thin line, every epoch's mean a dot on a thick one; validation has its own
    colour, and the accuracy (0..1) on the test images is a dashed level.
    Raises ArgumentError where the history is empty.

    >>> steps = [Report("step", 1, 1, i, 3, 2.3 / i, 0.3 * i, 0.01, 1e3, 0.0) for i in (1, 2, 3)]
    >>> [axes.get_title(loc="left") for axes in curves(steps).axes]
    ['Loss', 'Accuracy']
    """
    from matplotlib.figure import Figure

    if not history:
        raise ArgumentError("there is nothing to draw: the history is empty")
    figure = Figure(figsize=(9, 3.9), dpi=160, layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw(left, history, "loss", "{:.3f}")
    _draw(right, history, "accuracy", "{:.1%}")
    _scale(left, right, history)
    if test_accuracy is not None:
        label = f"test {test_accuracy:.1%}"
        right.axhline(test_accuracy, color=TEST, dashes=(4, 3), linewidth=1.2, label=label)
    for axes, place in ((left, "upper right"), (right, "lower right")):
        axes.legend(loc=place, frameon=False, fontsize=9, labelcolor=INK)
    if title:
        lines = textwrap.wrap(title, 110, max_lines=2, placeholder=" ...")
        figure.suptitle("\n".join(lines), x=0.012, ha="left", fontsize=9.5, color=PALE)
    return figure


def save_png(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write the figure as a PNG file, whole or not at all; an OSError says why it cannot be written."""
    write_whole(path, lambda file: figure.savefig(file, format="png"))


def _points(reports: Sequence[Report], name: str) -> tuple[Floats, Floats]:
    """Return times (epochs) and the finite values called `name`; some reports have none."""
    pairs = [(report.time, getattr(report, name)) for report in reports if getattr(report, name) is not None]
    both = np.array(pairs, np.float64).reshape(-1, 2)
    both = both[np.isfinite(both[:, 1])]
    return both[:, 0], both[:, 1]


def _thinned(times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return at most MOST_DOTS points, each the mean of its neighbours."""
    if len(times) <= MOST_DOTS:
        return times, values
    edges = np.linspace(0, len(times), MOST_DOTS + 1).astype(int)
    counts = np.diff(edges)
    return np.add.reduceat(times, edges[:-1]) / counts, np.add.reduceat(values, edges[:-1]) / counts


def _draw(axes: Axes, history: Sequence[Report], name: str, value: str) -> None:
    """Draw one figure of the reports: every step, every epoch, validation."""
    steps = _points([report for report in history if report.kind == "step"], name)
    epochs = [report for report in history if report.kind == "epoch"]
    axes.plot(*_thinned(*steps), color=TRAIN, alpha=0.35, linewidth=0.8, label=None if epochs else "training")
    for label, key, colour in (("training", name, TRAIN), ("validation", f"validation_{name}", VALIDATION)):
        times, values = _points(epochs, key)
        if not len(values):
            continue
        # The mean over an epoch belongs to the epoch's middle; validation is measured at its end.
        middle = 0.5 if label == "training" else 0.0
        marks: dict[str, Any] = {"marker": "o", "markersize": 3.5} if len(times) <= 40 else {}
        label = f"{label} {value.format(values[-1])}"
        axes.plot(times - middle, values, color=colour, linewidth=1.8, label=label, **marks)
    _dress(axes, name.capitalize())


def _dress(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", color=INK)
    axes.set_xlabel("epochs", color=PALE)
    axes.tick_params(colors=PALE, labelsize=9)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#bbbbbb")


def _scale(left: Axes, right: Axes, history: Sequence[Report]) -> None:
    """Choose axes on which most of the run fills the picture, wild first steps or not."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    means = [report for report in history if report.kind == "epoch"]
    _losses_scale(left, _points(history, "loss")[1], _both(means, "loss"))
    lowest = min(_both(means, "accuracy"), default=0.0)
    right.set_ylim(np.floor(10 * min(lowest, 0.9)) / 10, 1.01)
    right.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    end = max(report.time for report in history)
    for axes in (left, right):
        axes.set_xlim(0, end)
        axes.xaxis.set_major_locator(MaxNLocator(integer=end >= 2, nbins=10))


def _both(epochs: Sequence[Report], name: str) -> list[float]:
    """Return the values of training and validation."""
    return [*_points(epochs, name)[1].tolist(), *_points(epochs, f"validation_{name}")[1].tolist()]


def _losses_scale(axes: Axes, steps: Floats, means: list[float]) -> None:
    """Let the loss start at 0, or count in powers of ten where it has fallen far."""
    top = max([float(np.quantile(steps, 0.99)), *means]) or 1.0
    least = min(means, default=top)
    if 0 < least < top / 20:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_ylim(least / 2, 1.3 * top)
    else:
        axes.set_ylim(0, 1.08 * top)
