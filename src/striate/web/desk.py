"""The runs of a server: begun, controlled, changed, and woken when they sleep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from striate.errors import ArgumentError, StriateError
from striate.notation.parse import parse
from striate.train.match import check_match
from striate.train.model import Model
from striate.web.batches import Batches
from striate.web.hub import Hub
from striate.web.models import model_of, settings_of
from striate.web.run import Run
from striate.web.settings import Settings
from striate.web.shelf import Shelf
from striate.web.trainer import Trainer
from striate.web.workshop import Workshop

T = TypeVar("T")

MOST_RUNS = 64
MOST_MODELS = 2 << 30  # bytes of the models that were loaded and not removed
MOST_AWAKE = 8  # runs with a program in memory; those used longest ago sleep


class Desk:
    """Lives in the event loop and hands the work on: to the training thread, and to the workshop."""

    def __init__(self, trainer: Trainer, hub: Hub, workshop: Workshop, shelf: Shelf) -> None:
        self.trainer, self.hub, self.workshop, self.shelf = trainer, hub, workshop, shelf
        hub.due = shelf.keep
        shelf.tell = self._kept
        self.batches = Batches(workshop, self.call, self._changed)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ready: dict[int, asyncio.Task[None]] = {}  # what has to be done before a run can be looked at
        self._next = 1
        self._models: list[Model] = []  # those that are being made ready
        self.shown = False  #: whether the whole shelf has been read

    def open(self) -> None:
        """Begin to show the runs that the shelf has, one after the other, while the page answers already."""
        # Their numbers are theirs before they are read.
        self._next = self.shelf.highest() + 1
        self._begin(self._show_kept(self._next))

    async def _show_kept(self, free: int) -> None:
        """Read the shelf; numbers from `free` may be those of new runs."""
        kept = self.shelf.runs()
        while (found := await asyncio.to_thread(next, kept, None)) is not None:
            if isinstance(found, str):
                self.hub.remember(found)
                continue
            if found.id >= free or found.id in self.trainer.runs:
                found.id, self._next = self._next, self._next + 1
            await self.call(partial(self.trainer.runs.__setitem__, found.id, found))
            self.hub.announce()
        self.shown = True

    def close(self) -> tuple[int, list[str]]:
        """Keep every run that has changed, once training has ended.

        How many runs are on the shelf as they are, and why the others are not.
        """
        runs = list(self.trainer.runs.values())
        for run in runs:
            self.shelf.keep(run)
        self.shelf.close()
        kept = sum(self.shelf.holds(run) or (run.state == "failed" and run.saved is not None) for run in runs)
        return kept, [self.shelf.problems[run.id] for run in runs if run.id in self.shelf.problems]

    def _changed(self, run: Run, problem: str | None) -> None:
        self.hub.announce()
        if problem is not None:
            self.hub.tell(problem)

    def _kept(self, run: Run, problem: str | None) -> None:
        self.hub.states_changed()
        if problem is not None:
            self.hub.in_loop(self.hub.tell, problem)

    def run(self, id: int) -> Run:
        """The run of that number; ArgumentError where there is none."""
        found = self.trainer.runs.get(id)
        if found is None:
            raise ArgumentError(f"there is no run {id}: it has been removed, or never was")
        return found

    async def awake(self, id: int) -> Run:
        """The run of that number, ready to be looked at: woken where it sleeps."""
        run = self.run(id)
        run.used = time.monotonic()
        if run.program is None and run.state != "failed" and id not in self._ready:
            self._ready[id] = asyncio.create_task(self._wake(run))
        if id in self._ready:
            # Whoever asks may go; what was begun is finished.
            await asyncio.shield(self._ready[id])
        run.awake()
        return run

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Do what was asked to its end, even where whoever asked is gone."""
        return await asyncio.shield(self._begin(work))

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # who asked is told of it, or is gone

    async def visit(self, work: Callable[[], T]) -> T:
        """Something looked up between two steps."""
        return await asyncio.wrap_future(self.trainer.visit(work))

    async def call(self, work: Callable[[], T]) -> T:
        """A command, obeyed between two steps."""
        return await asyncio.wrap_future(self.trainer.call(work))

    async def start(self, line: str, fit: str, data: str, settings: dict[str, Any], race: bool) -> Run:
        """A new run, which trains as soon as it is compiled."""
        network = await asyncio.to_thread(parse, line, fit)
        chosen = Settings().changed(settings)
        if chosen.dropout is not None and not network.dropouts:
            chosen = chosen.changed({"dropout": None})
        material = await self.workshop.material(data, network.input, chosen.seed)
        check_match(network, material.parts.train)
        run = Run(self._number(), network, line, data, material.parts.train.classes, chosen)
        run.test, run.images = material.test, len(material.parts.train)

        def begin() -> None:
            for other in () if race else self.trainer.runs.values():
                self._pause(other)
            self.trainer.runs[run.id] = run

        await self.call(begin)
        self.hub.announce()

        async def prepare() -> None:
            program, steps = await self.workshop.begin(run, material)
            await self._adopt(run, lambda: run.adopt(program, material, steps))

        self._ready[run.id] = asyncio.create_task(self._whole(run, prepare()))
        return run

    def _number(self) -> int:
        if len(self.trainer.runs) >= MOST_RUNS:
            raise ArgumentError(f"there are {MOST_RUNS} runs: remove some that you no longer need")
        self._next += 1
        return self._next - 1

    async def _whole(self, run: Run, work: Coroutine[Any, Any, None]) -> None:
        """Do the work that a run begins with, and say so where it fails."""
        try:
            await work
        except StriateError as error:
            run.state, run.error = "failed", str(error)
        except Exception as error:
            run.state, run.error = "failed", f"it could not be made ready: {type(error).__name__}: {error}"
        self._ready.pop(run.id, None)
        self.hub.announce()

    async def _wake(self, run: Run) -> None:
        """Bring a sleeping run back as it was."""
        try:
            if run.model is not None:
                program = await self.workshop.open(run.model)
                await self._adopt(run, lambda: run.adopt(program, None, None))
            else:
                trained, material, steps = await self.workshop.resume(run, self.shelf.load)
                run.test = material.test
                if steps.time < run.time:  # it is taken back to its checkpoint
                    run.history = run.history.until(steps.time)
                    self.hub.retell(run.id)
                await self._adopt(run, lambda: run.adopt(trained, material, steps))
        finally:
            self._ready.pop(run.id, None)
            self.hub.announce()

    async def _adopt(self, run: Run, adopt: Callable[[], None]) -> None:
        """Give a run what was made for it; then compile what looks inside, while it trains already."""

        def take() -> None:
            if run.removed:
                return
            adopt()
            if run.state == "compiling":
                run.state = run.wish
            self._apply(run)
            self._rest_others()

        await self.call(take)
        self.hub.announce()
        self.batches.look(run)
        await self.workshop.warm(run)
        self.hub.announce()

    def _rest_others(self) -> None:
        """Let those runs sleep that were used longest ago; in the training thread."""
        watched = {browser.watch.run for browser in list(self.hub.browsers) if browser.watch is not None}
        awake = [run for run in self.trainer.runs.values() if run.program is not None]
        idle = [run for run in awake if run.state not in ("running", "compiling") and run.id not in watched]
        for run in sorted(idle, key=lambda run: run.used)[: max(0, len(awake) - MOST_AWAKE)]:
            self.shelf.keep(run)
            run.sleep()

    def _apply(self, run: Run) -> None:
        """Make the run's settings those of its program; in the training thread."""
        if run.steps is not None:
            run.steps.base = run.settings.rule
            if run.settings.dropout is not None:
                run.steps.program.set_dropout(run.settings.dropout)

    async def control(self, run: Run, action: str) -> None:
        """Do what was asked; ArgumentError where the run cannot."""
        if action == "resume" and run.state == "failed" and run.saved is not None:
            await self.call(lambda: self._return(run))
        if action == "step" or (action == "resume" and run.state != "compiling"):
            self._may_train(run)
            if run.program is None:
                await self.awake(run.id)
        obey = {"pause": self._pause, "resume": self._resume, "step": self._step, "stop": self._stop}
        await self.call(lambda: obey.get(action, self._remove)(run))
        self.hub.announce()

    def _pause(self, run: Run) -> None:
        if run.state == "compiling":
            run.wish = "paused"
        elif run.state == "running":
            run.state = "paused"
            run.rest()
            self.shelf.keep(run)

    def _resume(self, run: Run) -> None:
        if run.state == "compiling":
            run.wish = "running"
            return
        self._may_train(run)
        run.awake()
        run.rest()
        run.state = "running"

    def _return(self, run: Run) -> None:
        """Let a run that has failed stand as at its last checkpoint, asleep."""
        if run.state == "failed":
            run.sleep()
            run.state, run.error = "paused", None

    def _step(self, run: Run) -> None:
        self._may_train(run)
        if run.state == "running":
            raise ArgumentError(f"{run.name} is running: pause it to go step by step")
        try:
            run.whole_step()
        except StriateError as error:
            run.fail(str(error))
            return
        if run.state == "stopped":
            run.state = "paused"
        self.trainer.soon(run)

    def _may_train(self, run: Run) -> None:
        if run.loaded:
            raise ArgumentError(f"{run.name} was loaded from a file and stands still: start a run to train")
        if run.state == "compiling":
            raise ArgumentError(f"{run.name} is being compiled: wait a moment")
        if run.state == "failed":
            raise ArgumentError(f"{run.name} has failed: {run.error}")
        if run.over:
            raise ArgumentError(f"{run.name} has trained all its {run.settings.epochs:,} epochs: start a new one")

    def _stop(self, run: Run) -> None:
        if run.state == "compiling":
            run.wish = "stopped"
        elif run.state in ("running", "paused"):
            run.state = "stopped"
            run.rest()
            run.kept = -1  # the checkpoint says how it stands, too
            if run.steps is None:
                self.shelf.amend(run)
            else:
                self.shelf.keep(run)

    def _remove(self, run: Run) -> None:
        if self.trainer.runs.pop(run.id, None) is not None:
            run.state = "stopped"
            self.shelf.remove(run)
            self.hub.in_loop(self.hub.forget, run.id)

    async def set(self, run: Run, changes: dict[str, Any]) -> None:
        """Change settings of a run before its next step."""
        if run.loaded:
            raise ArgumentError(f"{run.name} was loaded from a file and is not trained")
        if "dropout" in changes and not run.network.dropouts:
            raise ArgumentError(f"{run.network} has no DROPOUT layer, so there is no dropout to set")

        def change() -> None:
            run.settings = run.settings.changed(changes)
            self._apply(run)
            run.kept = -1
            if run.steps is None:
                self.shelf.amend(run)
            elif run.state != "running":
                self.trainer.soon(run)

        await self.call(change)
        self.batches.look(run)
        self.hub.announce()

    async def add_model(self, model: Model) -> Run:
        """A loaded model: a run that stands still, with the test images that it was not trained on.

        Raises ArgumentError where there are too many already, or they are too large together.
        """
        self._models.append(model)
        try:
            return await self._add_model(model)
        finally:
            self._models.remove(model)

    async def _add_model(self, model: Model) -> Run:
        loaded = [run.model for run in self.trainer.runs.values() if run.model is not None]
        together = sum(_bytes(each) for each in {*loaded, *self._models})
        if together > MOST_MODELS:
            raise ArgumentError(
                f"the loaded models would have {together:,} bytes, at most {MOST_MODELS:,} "
                f"({MOST_MODELS >> 20} MiB) are kept: remove some that you no longer need"
            )
        run = Run(self._number(), model.network, str(model.network), None, model.classes, settings_of(model))
        run.state, run.loaded, run.model = "stopped", True, model
        found = await self.workshop.images_of(model)
        if isinstance(found, str):
            run.untested = found
        else:
            run.data, run.test = found
        program = await self.workshop.open(model)

        def adopt() -> None:
            self.trainer.runs[run.id] = run
            run.adopt(program, None, None)
            self._rest_others()

        await self.call(adopt)
        self._ready[run.id] = asyncio.create_task(self._whole(run, self.workshop.warm(run)))
        self.hub.announce()
        return run

    async def model(self, run: Run) -> Model:
        """The run as a model: that which it was loaded from, or what it has learned so far."""
        if run.model is not None:
            return run.model
        await self.awake(run.id)
        return await self.visit(lambda: model_of(run))


def _bytes(model: Model) -> int:
    return sum(values.nbytes for values in model.parameters.values())
