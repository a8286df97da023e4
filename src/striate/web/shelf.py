"""Where runs are kept: a checkpoint each, written by a thread of its own while training goes on."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from striate.errors import ArgumentError, ModelError
from striate.train.checkpoint import Checkpoint
from striate.web.history import Epoch, History, Point
from striate.web.messages import LINE, SETTINGS, Table, number, text, whole
from striate.web.run import Run, State
from striate.web.settings import Settings

SUFFIX = ".checkpoint"
MOST = 64  # checkpoints that are shown again, the newest
HIGHEST = 10**9 - 1  # number of a run
_NAME = re.compile(rf"run-([0-9]{{1,9}})-[0-9a-f]{{8}}{re.escape(SUFFIX)}")


Mark = tuple[Settings, bool]
"""The settings of a run, and whether it was stopped."""


@dataclass(frozen=True, eq=False)
class Copy:
    """A run as it stood at a version, to be written."""

    run: Run
    version: int
    mark: Mark
    checkpoint: Checkpoint


class Shelf:
    """The folder of checkpoints. `tell(run, problem)` hears of each one written, or why it was not.

    `problems` says of which runs the latest could not be written, by id. Its copy stays in memory then,
    and is tried again whenever a run is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tell: Callable[[Run, str | None], None] = lambda run, problem: None
        self.problems: dict[int, str] = {}
        self._writer = ThreadPoolExecutor(1, "striate-writer")
        self._lock = threading.Lock()
        self._waiting: dict[int, Copy] = {}
        self._busy: set[int] = set()  # whose copies the writer has in hand
        self._kept: WeakKeyDictionary[Run, Mark] = WeakKeyDictionary()  # beside what was learned

    def keep(self, run: Run) -> None:
        """Copy the run as it stands and have it written; called between two steps.

        A copy that still waits is replaced by this one, so that slow disks pile up nothing. What
        could not be written before is tried again.
        """
        if run.steps is not None and run.material is not None and run.state != "failed" and self._is_new(run):
            try:
                copy = Copy(run, run.version, _mark(run), snapshot(run))
            except MemoryError:
                self._fail(run, f"{run.name} could not be kept: the memory is not enough for a copy")
            else:
                with self._lock:
                    self._waiting[run.id] = copy
        self._try()

    def _try(self) -> None:
        """Have the writer take every copy that waits."""
        with self._lock:
            for id in self._waiting.keys() - self._busy:
                self._busy.add(id)
                self._writer.submit(self._write, id)

    def _is_new(self, run: Run) -> bool:
        """Whether the run is not as its checkpoint, or the copy that waits, says."""
        mark = _mark(run)
        with self._lock:
            waiting = self._waiting.get(run.id)
        if waiting is not None:
            return (waiting.version, waiting.mark) != (run.version, mark)
        return run.kept != run.version or self._kept.get(run, mark) != mark

    def holds(self, run: Run) -> bool:
        """Whether the checkpoint on disk has all that the run has learned."""
        with self._lock:
            return run.saved is not None and run.kept == run.version and run.id not in self._waiting

    def _write(self, id: int) -> None:
        """Write the copies of a run until the one just written is the one that waits."""
        last = False
        while not last:
            with self._lock:
                copy = self._waiting[id]
            run, path = copy.run, copy.run.path or self._new_path(copy.run)
            problem = self._save(copy, path)
            with self._lock:
                last = self._waiting[id] is copy
                if last:
                    self._busy.discard(id)
                    if problem is None or run.removed:
                        del self._waiting[id]
                if problem is None:
                    run.kept, self._kept[run] = copy.version, copy.mark
                    self.problems.pop(id, None)
            if run.removed:
                self._drop(path)
            elif problem is not None:
                self._fail(run, problem)
            else:
                self.tell(run, None)

    def _save(self, copy: Copy, path: Path) -> str | None:
        """Write one copy; why it cannot be."""
        run = copy.run
        try:
            copy.checkpoint.save(path)
            run.path = run.saved = path
        except OSError as error:
            return f"{run.name} could not be kept: {path}: {error.strerror or error}"
        except Exception as error:
            return f"{run.name} could not be kept: {path}: {error}"
        return None

    def _fail(self, run: Run, problem: str) -> None:
        self.problems[run.id] = problem
        self.tell(run, problem)

    def amend(self, run: Run) -> None:
        """Have the settings and the state of a sleeping run written into its checkpoint."""
        with self._lock:
            waiting = self._waiting.get(run.id)
            if waiting is not None:
                self._waiting[run.id] = _amended(waiting.checkpoint, run)
        if waiting is None:
            self._writer.submit(self._amend, run)
        else:
            self._try()

    def _amend(self, run: Run) -> None:
        if run.steps is not None or run.path is None or run.removed:
            return  # awake again, it is kept as it stands
        try:
            copy = _amended(Checkpoint.load(run.path), run)
        except ModelError as error:
            self._fail(run, f"{run.name} could not be kept: {error}")
            return
        with self._lock:
            newer = run.id in self._waiting
            if not newer:
                self._waiting[run.id] = copy
                self._busy.add(run.id)
        if not newer:
            self._write(run.id)

    def _new_path(self, run: Run) -> Path:
        return self.folder / f"run-{run.id}-{secrets.token_hex(4)}{SUFFIX}"

    def load(self, run: Run) -> Checkpoint:
        """The run's checkpoint, from memory where it is still to be written; ModelError where it is damaged."""
        with self._lock:
            waiting = self._waiting.get(run.id)
        if waiting is not None:
            return waiting.checkpoint
        if run.path is None:
            raise ArgumentError(f"{run.name} was never kept: there is nothing to go on from")
        return Checkpoint.load(run.path)

    def remove(self, run: Run) -> None:
        """Take the run's checkpoint away."""
        run.removed = True
        with self._lock:
            self.problems.pop(run.id, None)
            if run.id not in self._busy:
                self._waiting.pop(run.id, None)
        if run.path is not None:
            self._writer.submit(self._drop, run.path)

    def _drop(self, path: Path) -> None:
        with suppress(OSError):
            path.unlink()

    def _paths(self) -> list[Path]:
        """The checkpoints in the folder, oldest first; none where it cannot be read."""
        with suppress(OSError):
            return sorted(self.folder.glob(f"*{SUFFIX}"), key=_age)
        return []

    def highest(self) -> int:
        """The highest number of a run in the folder, as the names of the files have it; 0 where there is none."""
        found = (_NAME.fullmatch(path.name) for path in self._paths())
        return max((int(match[1]) for match in found if match), default=0)

    def runs(self) -> Iterator[Run | str]:
        """Every run in the folder, asleep, oldest first; for a file that is none, a sentence about it.

        Each is read when it is asked for, which takes a while where it is large.
        """
        for path in self._paths()[-MOST:]:
            try:
                run = restored(Checkpoint.load(path), path)
            except ModelError as error:
                yield f"{error}; the file was left where it is"
            except Exception as error:
                # Whatever stands in a file, the others are shown.
                yield f"{path}: it cannot be read: {type(error).__name__}: {error}; the file was left where it is"
            else:
                self._kept[run] = _mark(run)
                yield run

    def close(self) -> None:
        """Wait until everything is written, or has been tried."""
        self._writer.shutdown(wait=True)


def _age(path: Path) -> float:
    """When the file was written; 0 for a link to nowhere."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _mark(run: Run) -> Mark:
    return run.settings, run.state == "stopped"


def _amended(kept: Checkpoint, run: Run) -> Copy:
    facts = {**kept.facts, "state": run.state}
    return Copy(run, run.version, _mark(run), replace(kept, settings=run.settings.to_json(), facts=facts))


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
        optimizer_state=program.optimizer_state(),
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
        settings = Settings(**Table(SETTINGS, {"optimizer": "sgd"})("settings", dict(kept.settings)))
        id, images = whole(1, HIGHEST)("id", facts["id"]), whole(1)("images", facts["images"])
        line, time = text(LINE)("line", facts["line"]), number(0, 1e9)("time", facts["time"])
        stride = whole(1, 2**40)("stride", facts.get("stride", 1))
        if kept.position.seen > images:
            raise ArgumentError(f"{kept.position.seen:,} images are seen of {images:,}")
    except (ArgumentError, KeyError, TypeError) as error:
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
