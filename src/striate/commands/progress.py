"""Progress of a training run: a bar and a table that grows on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

from striate.commands.say import console, duration, on_terminal, percent
from striate.train.loop import Report

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 10.0  # seconds without a line, in a long epoch
SMOOTH = 0.97  # how much of loss and accuracy is kept in the next step
FRAME = 0.1  # seconds between two drawings of the bar


class Table:
    """What both kinds of output share: a head, then a line an epoch, with figures that can be read."""

    def __init__(self, validated: bool) -> None:
        self.validated = validated
        self.loss = self.accuracy = 0.0

    def head(self) -> str:
        """Return the line of column names."""
        middle = f"{'validation':>13}" if self.validated else ""
        return f"{'epoch':>6}{'loss':>10}{'accuracy':>12}{middle}{'images/s':>12}{'left':>10}"

    def line(self, report: Report) -> str:
        """Return the line of one report."""
        when = f"{report.epoch}" if report.kind == "epoch" else f"{report.time:.2f}"
        middle = ""
        if self.validated:
            seen = report.validation_accuracy
            middle = f"{percent(seen) if seen is not None else '':>13}"
        return (
            f"{when:>6}{report.loss:>10.4f}{percent(report.accuracy):>12}{middle}"
            f"{report.images_per_second:>12,.0f}{duration(report.seconds_left):>10}"
        )

    def follow(self, report: Report) -> Report:
        """Return the report with loss and accuracy that follow slowly: those of single steps jump too much."""
        if report.kind == "epoch":
            return report
        part = max(1 - SMOOTH, 1 / report.step)
        self.loss += part * (report.loss - self.loss)
        self.accuracy += part * (report.accuracy - self.accuracy)
        return replace(report, loss=self.loss, accuracy=self.accuracy)


class Lines:
    """Plain lines: one an epoch, and one every ten seconds within a long epoch."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.last = time.monotonic()

    def __enter__(self) -> Lines:
        print(self.table.head(), flush=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdout.flush()

    def show(self, report: Report) -> None:
        """Print the report where it is time to."""
        report = self.table.follow(report)
        now = time.monotonic()
        if report.kind == "epoch" or now - self.last >= PATIENCE:
            self.last = now
            print(self.table.line(report), flush=True)


class Bar:
    """A bar under the growing table. It is drawn by the training loop itself: no thread takes its time."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.console = console()
        self.progress = _bar(self)
        self.task: TaskID | None = None
        self.last = 0.0

    def __enter__(self) -> Bar:
        self.console.print(self.table.head(), style="bold", markup=False)
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def show(self, report: Report) -> None:
        """Print the line of an epoch; move the bar at most ten times a second."""
        report = self.table.follow(report)
        if report.kind == "epoch":
            self.progress.console.print(self.table.line(report), markup=False)
        now = time.monotonic()
        if now - self.last < FRAME and report.step < report.steps:
            return
        self.last = now
        words = (
            f"loss {report.loss:.3f}  accuracy {percent(report.accuracy)}"
            f"  {report.images_per_second:,.0f} images/s  {duration(report.seconds_left)} left"
        )
        if self.task is None:
            self.task = self.progress.add_task("", total=report.steps, words=words)
        self.progress.update(self.task, completed=report.step, words=words)
        self.progress.refresh()


def _bar(owner: Bar) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(
        BarColumn(bar_width=None),
        TextColumn("{task.fields[words]}"),
        console=owner.console,
        auto_refresh=False,
        transient=True,
        expand=True,
    )


def watching(validated: bool) -> Lines | Bar:
    """Return the progress that fits where stdout goes."""
    table = Table(validated)
    return Bar(table) if on_terminal() else Lines(table)
