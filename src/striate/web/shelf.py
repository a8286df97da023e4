"""Where runs are kept: a checkpoint each, written by a thread of its own while training goes on."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from striate.errors import ArgumentError, ModelError
from striate.train.checkpoint import Checkpoint
from striate.web.history import Epoch, History, Point
from striate.web.messages import SETTINGS, Table
from striate.web.run import Run, State
from striate.web.settings import Settings

SUFFIX = ".checkpoint"
MOST = 64  # checkpoints that are shown again, the newest


class Shelf:
    """The folder of checkpoints. `tell(run, problem)` hears of each one written, or why it was not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tell: Callable[[Run, str | None], None] = lambda run, problem: None
        self._writer = ThreadPoolExecutor(1, "striate-writer")
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[Run, Checkpoint]] = {}

    def keep(self, run: Run) -> None:
        """Copy the run as it stands and have it written; called between two steps.

        A copy that still waits is replaced by this one, so that slow disks pile up nothing.
        """
        if run.steps is None or run.material is None or run.kept == run.version or run.state == "failed":
            return  # nothing is new, or what is new is no number
        checkpoint = snapshot(run)
        run.kept = run.version
        with self._lock:
            fresh = run.id not in self._waiting
            self._waiting[run.id] = run, checkpoint
        if fresh:
            self._writer.submit(self._write, run.id)

    def _write(self, id: int) -> None:
        with self._lock:
            run, checkpoint = self._waiting[id]
        path = run.path or self._new_path(run)
        problem = None
        try:
            checkpoint.save(path)
            run.path = run.saved = path
        except OSError as error:
            problem = f"{run.name} could not be kept: {path}: {error.strerror or error}"
        except Exception as error:
            problem = f"{run.name} could not be kept: {path}: {error}"
        with self._lock:
            again = self._waiting[id][1] is not checkpoint
            if not again:
                del self._waiting[id]
        if run.removed:
            self._drop(path)
        elif again:
            self._writer.submit(self._write, id)
        self.tell(run, problem)

    def amend(self, run: Run) -> None:
        """Have the settings of a sleeping run written into its checkpoint."""
        self._writer.submit(self._amend, run)

    def _amend(self, run: Run) -> None:
        if run.steps is not None or run.path is None or run.removed:
            return  # awake again, it is kept as it stands
        problem = None
        try:
            replace(Checkpoint.load(run.path), settings=run.settings.to_json()).save(run.path)
        except (ModelError, OSError) as error:
            problem = f"{run.name} could not be kept: {error}"
        self.tell(run, problem)

    def _new_path(self, run: Run) -> Path:
        return self.folder / f"run-{run.id}-{secrets.token_hex(4)}{SUFFIX}"

    def load(self, run: Run) -> Checkpoint:
        """The run's checkpoint, from memory where it is still to be written; ModelError where it is damaged."""
        with self._lock:
            waiting = self._waiting.get(run.id)
        if waiting is not None:
            return waiting[1]
        if run.path is None:
            raise ArgumentError(f"{run.name} was never kept: there is nothing to go on from")
        return Checkpoint.load(run.path)

    def remove(self, run: Run) -> None:
        """Take the run's checkpoint away."""
        run.removed = True
        if run.path is not None:
            self._writer.submit(self._drop, run.path)

    def _drop(self, path: Path) -> None:
        with suppress(OSError):
            path.unlink()

    def runs(self) -> Iterator[Run | str]:
        """Every run in the folder, asleep, oldest first; for a file that is none, a sentence about it."""
        taken: set[int] = set()
        try:
            paths = sorted(self.folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
        except OSError as error:
            yield f"{self.folder}: {error.strerror or error}"
            return
        for path in paths[-MOST:]:
            try:
                run = restored(Checkpoint.load(path), path)
            except ModelError as error:
                yield f"{error}; the file was left where it is"
                continue
            while run.id in taken:
                run.id += 1
            taken.add(run.id)
            yield run

    def close(self) -> None:
        """Wait until everything is written."""
        self._writer.shutdown(wait=True)


def snapshot(run: Run) -> Checkpoint:
    """A copy of a run that is in memory."""
    steps, program, material = run.steps, run.program, run.material
    assert steps is not None and program is not None and material is not None
    epochs = [[np.nan if value is None else value for value in epoch] for epoch in run.history.whole_epochs()]
    return Checkpoint(
        network=run.network,
        data=material.name,
        fingerprint=material.fingerprint,
        classes=run.classes,
        preprocessing=program.preprocessing,
        settings=run.settings.to_json(),
        position=steps.position,
        parameters=program.parameters(),
        velocity=program.velocity(),
        points=np.array(run.history.whole(), np.float32).reshape(-1, 4),
        epochs=np.array(epochs, np.float32).reshape(-1, 5),
        facts={
            "id": run.id,
            "line": run.line,
            "state": run.state,
            "time": run.time,
            "images": run.images,
            "stride": run.history.stride,
        },
    )


def restored(kept: Checkpoint, path: Path) -> Run:
    """The run in a checkpoint, asleep; ModelError where its settings or facts are not what they should be."""
    facts = kept.facts
    try:
        settings = Settings(**Table(SETTINGS, {})("settings", dict(kept.settings)))
        id, line, time, images = facts["id"], facts["line"], facts["time"], facts["images"]
        stride = facts.get("stride", 1)
        if not (type(id) is int and id > 0 and isinstance(line, str) and type(images) is int):
            raise ArgumentError("its facts are not what they should be")
        if not (type(stride) is int and 0 < stride < 2**40):
            raise ArgumentError("its facts are not what they should be")
        time = float(time)
    except (ArgumentError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: its contents do not fit together: {error}") from None
    state: State = "stopped" if facts.get("state") == "stopped" else "paused"
    if kept.position.epoch > settings.epochs:
        state = "done"
    points: list[Point] = [tuple(row) for row in kept.points.astype(float).tolist()]
    epochs: list[Epoch] = [_epoch(row) for row in kept.epochs.astype(float).tolist()]
    run = Run(id, kept.network, line, kept.data, kept.classes, settings, state)
    run.history, run.at, run.time, run.images = History(points, epochs, stride), kept.position, time, images
    run.path = run.saved = path
    return run


def _epoch(row: list[float]) -> Epoch:
    time, loss, accuracy, *judged = row
    validation: list[Any] = [None if value != value else value for value in judged]
    return time, loss, accuracy, validation[0], validation[1]
