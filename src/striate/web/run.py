"""One run: a network on its way through its data, or a model that stands still."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from striate.data.dataset import Dataset
from striate.errors import ArgumentError
from striate.notation.network import Network
from striate.train.steps import Position, Steps
from striate.web.history import History
from striate.web.settings import Settings

if TYPE_CHECKING:
    from striate.program import Program
    from striate.train.model import Model
    from striate.web.sets import Material

State = Literal["compiling", "running", "paused", "stopped", "done", "failed"]
WINDOW = 2.0  # seconds over which the speed is measured


@dataclass(eq=False)
class Run:
    """What is known of a run. The training thread alone changes it, others read plain values.

    A run without a program sleeps: its curves are there, and its checkpoint on disk, or the model it
    was loaded from, wakes it.
    """

    id: int
    network: Network
    line: str
    data: str | None
    classes: tuple[str, ...]
    settings: Settings
    state: State = "compiling"
    loaded: bool = False
    wish: State = "running"  # what becomes of it once it is compiled
    error: str | None = None
    history: History = field(default_factory=History)
    path: Path | None = None  # of its checkpoint
    saved: Path | None = None
    removed: bool = False
    model: Model | None = None  # what it was loaded from
    at: Position = field(default_factory=Position)
    time: float = 0.0
    images: int = 0  # in the training part
    test: Dataset | None = None
    untested: str = "it does not say what it was trained on"  # why there are none
    material: Material | None = None
    steps: Steps | None = None
    program: Program | None = None
    version: int = 0  #: changes with every parameter
    kept: int = 0  #: the version in its checkpoint
    warm: bool = False  #: whether looking inside is compiled
    used: float = 0.0  #: when it was last looked at or trained
    _marks: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=64))

    def __post_init__(self) -> None:
        self._text = str(self.network)
        self._parameters = sum(map(prod, self.network.parameter_shapes().values()))

    @property
    def name(self) -> str:
        """What people read."""
        return f"{'model' if self.loaded else 'run'} {self.id}"

    @property
    def over(self) -> bool:
        """Whether all epochs are trained."""
        return (self.steps or self.at).epoch > self.settings.epochs

    def awake(self) -> Program:
        """The program; ArgumentError where the run sleeps."""
        if self.program is None:
            why = f"has failed: {self.error}" if self.state == "failed" else f"is {self.state} and not in memory"
            raise ArgumentError(f"{self.name} {why}")
        return self.program

    def adopt(self, program: Program, material: Material | None, steps: Steps | None) -> None:
        """Take what a worker has made ready."""
        self.program, self.steps, self.warm = program, steps, False
        self.material = material
        if steps is not None:
            self.images = len(steps.train)
            self.at, self.time = steps.position, steps.time
        self.used = time.monotonic()

    def sleep(self) -> None:
        """Give the memory back; the curves stay."""
        if self.steps is not None:
            self.at = self.steps.position
        self.program = self.steps = self.material = None
        self.warm = False
        if not self.loaded:
            self.test = None

    def step(self) -> None:
        """Take one training step, or after an epoch's last validate on some images; what training raises."""
        steps = self.steps
        if steps is None:
            raise ArgumentError(f"{self.name} is no training run")
        if not steps.epoch_over:
            report = steps.advance()
            self.version += 1
            self.time = steps.time
            self.history.add((steps.time, report.loss, report.accuracy, report.lr))
        if steps.epoch_over:
            self._close_some(steps)
        self._mark(steps)

    def _close_some(self, steps: Steps) -> None:
        closed = steps.close_some()
        if closed is None:
            return
        self.kept = -1
        self.history.add_epoch(
            (steps.time, closed.loss, closed.accuracy, closed.validation_loss, closed.validation_accuracy)
        )
        if steps.over:
            self.state = "done"

    def whole_step(self) -> None:
        """Take one training step, and after an epoch's last validate; what training raises."""
        steps = self.steps
        before = steps.step if steps is not None else 0
        while steps is None or (not steps.over and (steps.step == before or steps.epoch_over)):
            self.step()

    def _mark(self, steps: Steps) -> None:
        if self.state != "running":
            return  # a single step has no speed
        now = time.monotonic()
        if not self._marks or now - self._marks[-1][0] > WINDOW / 32:
            self._marks.append((now, steps.images))
            while len(self._marks) > 2 and now - self._marks[1][0] > WINDOW:
                self._marks.popleft()

    def fail(self, message: str) -> None:
        """Stand still for good, and say why and what is left of it."""
        left = (
            "its last checkpoint is kept: resume it to go on from there" if self.saved else "what was learned is lost"
        )
        self.state, self.error = "failed", f"{message}; {left}"
        self.rest()

    def rest(self) -> None:
        """Forget the speed: what comes after a pause has its own."""
        self._marks.clear()

    @property
    def images_per_second(self) -> float | None:
        """Over the last seconds; None where it does not run."""
        marks = list(self._marks)
        if self.state != "running" or len(marks) < 2:
            return None
        (began, before), (ended, after) = marks[0], marks[-1]
        return (after - before) / max(ended - began, 1e-9)

    def describe(self) -> dict[str, Any]:
        """The run as the page knows it."""
        steps, latest = self.steps, self.history.latest()
        at = steps.position if steps is not None else self.at
        speed = self.images_per_second
        left = max(0.0, (self.settings.epochs - self.time) * self.images)
        volume = self.network.input
        return {
            "id": self.id,
            "name": self.name,
            "line": self.line,
            "network": self._text,
            "data": self.data,
            "classes": list(self.classes),
            "volume": [volume.width, volume.height, volume.depth],
            "parameters": self._parameters,
            "state": self.state,
            "error": self.error,
            "loaded": self.loaded,
            "settings": self._settings(),
            "time": self.time,
            "epoch": min(at.epoch, self.settings.epochs),
            "epochs": self.settings.epochs,
            "step": at.step,
            "steps": at.steps,
            "loss": latest[1] if latest else None,
            "accuracy": latest[2] if latest else None,
            "images_per_second": speed,
            "seconds_left": left / speed if speed else None,
            "has_dropout": bool(self.network.dropouts),
            "test": len(self.test) if self.test is not None else 0,
            "saved": str(self.saved) if self.saved else None,
        }

    def _settings(self) -> dict[str, Any]:
        """The settings; where nothing was said of dropout, the line's own rate."""
        dropout = self.settings.dropout
        if dropout is None:
            dropout = next(iter(self.network.dropouts.values()), None)
        return self.settings.to_json() | {"dropout": dropout}
