"""The runs of a server: begun, controlled, changed; the heavy parts are done by workers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from striate.errors import ArgumentError, StriateError
from striate.notation.network import Network
from striate.notation.parse import parse
from striate.program import Program, compile
from striate.train.match import check_match
from striate.train.steps import Position, Steps
from striate.web.hub import Hub
from striate.web.run import Run, has_dropout
from striate.web.sets import Material, Sets
from striate.web.settings import Settings
from striate.web.trainer import Trainer

T = TypeVar("T")

MOST_RUNS = 64


@dataclass(frozen=True)
class Opening:
    """What a page begins with."""

    defaults: dict[str, Any]
    nets: list[dict[str, str]]


class Desk:
    """Lives in the event loop and hands the work on: to the training thread, and to one that compiles."""

    def __init__(self, trainer: Trainer, hub: Hub, sets: Sets, threads: int | None) -> None:
        self.trainer, self.hub, self.sets, self.threads = trainer, hub, sets, threads
        self._compiler = ThreadPoolExecutor(1, "striate-compiler")
        self._tasks: set[asyncio.Task[None]] = set()
        self._next = 1

    def run(self, id: int) -> Run:
        """The run of that number; ArgumentError where there is none."""
        found = self.trainer.runs.get(id)
        if found is None:
            raise ArgumentError(f"there is no run {id}: it has been removed, or never was")
        return found

    async def awake(self, id: int) -> Run:
        """The run of that number, with its program in memory."""
        run = self.run(id)
        run.awake()
        run.used = time.monotonic()
        return run

    async def visit(self, work: Callable[[], T]) -> T:
        """Something looked up between two steps."""
        return await asyncio.wrap_future(self.trainer.visit(work))

    async def call(self, work: Callable[[], T]) -> T:
        """A command, obeyed between two steps."""
        return await asyncio.wrap_future(self.trainer.call(work))

    async def start(self, line: str, fit: str, data: str, settings: dict[str, Any], race: bool) -> Run:
        """A new run, which trains as soon as it is compiled."""
        network = parse(line, fit)
        chosen = Settings().changed(settings)
        material = await asyncio.to_thread(self.sets.material, data, network.input, chosen.seed)
        check_match(network, material.parts.train)
        if len(self.trainer.runs) >= MOST_RUNS:
            raise ArgumentError(f"there are {MOST_RUNS} runs: remove some that you no longer need")
        run = Run(self._number(), network, line, data, material.parts.train.classes, chosen)
        run.test = material.test

        def begin() -> None:
            for other in () if race else self.trainer.runs.values():
                if other.state == "running":
                    self._pause(other)
            self.trainer.runs[run.id] = run

        await self.call(begin)
        self.hub.announce()
        self._later(self._prepare(run, material))
        return run

    def _number(self) -> int:
        self._next += 1
        return self._next - 1

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _prepare(self, run: Run, material: Material) -> None:
        try:
            await self._compile(run, material)
        except StriateError as error:
            run.state, run.error = "failed", str(error)
        except Exception as error:
            run.state, run.error = "failed", f"it could not be compiled: {type(error).__name__}: {error}"
        self.hub.announce()

    async def _compile(self, run: Run, material: Material) -> None:
        loop = asyncio.get_running_loop()
        settings, parts = run.settings, material.parts
        program = await loop.run_in_executor(
            self._compiler, lambda: make_program(run.network, settings, material, self.threads)
        )
        steps = Steps(program, parts.train, parts.validation, settings.epochs, settings.seed, settings.schedule)

        def adopt() -> None:
            run.adopt(program, material, steps)
            run.state = "running"
            self._apply(run)

        await self.call(adopt)

    def _apply(self, run: Run) -> None:
        """Make the run's settings those of its program; in the training thread."""
        if run.steps is not None:
            run.steps.base = run.settings.optimizer

    def _pause(self, run: Run) -> None:
        run.state = "paused"
        run.rest()

    async def control(self, run: Run, action: str) -> None:
        """Do what was asked; ArgumentError where the run cannot."""

        def obey() -> None:
            getattr(self, f"_{action}")(run)

        await self.call(obey)
        self.hub.announce()

    def _resume(self, run: Run) -> None:
        self._may_train(run)
        run.state = "running"

    def _step(self, run: Run) -> None:
        self._may_train(run)
        if run.state == "running":
            raise ArgumentError(f"{run.name} is running: pause it to go step by step")
        try:
            run.step()
        except StriateError as error:
            run.state, run.error = "failed", str(error)

    def _may_train(self, run: Run) -> None:
        if run.loaded:
            raise ArgumentError(f"{run.name} was loaded from a file and stands still")
        if run.state in ("compiling", "failed"):
            raise ArgumentError(f"{run.name} is {run.state}" + (f": {run.error}" if run.error else ": wait a moment"))
        if run.steps is not None and run.steps.over:
            raise ArgumentError(f"{run.name} has trained all its {run.settings.epochs} epochs: start a new one")

    def _stop(self, run: Run) -> None:
        if run.state in ("running", "paused"):
            run.state = "stopped"
            run.rest()

    def _remove(self, run: Run) -> None:
        self.trainer.runs.pop(run.id, None)
        run.state = "stopped"
        self.hub.in_loop(self._forget, run.id)

    def _forget(self, id: int) -> None:
        for browser in self.hub.browsers:
            browser.forget(id)

    async def set(self, run: Run, changes: dict[str, Any]) -> None:
        """Change settings of a run before its next step."""
        if run.loaded:
            raise ArgumentError(f"{run.name} was loaded from a file and is not trained")
        if "dropout" in changes and not has_dropout(run.network):
            raise ArgumentError(f"{run.network} has no DROPOUT layer, so there is no dropout to set")

        def change() -> None:
            run.settings = run.settings.changed(changes)
            self._apply(run)

        await self.call(change)
        if run.program is not None and run.program.batch != run.settings.batch:
            self._later(self._change_batch(run))
        self.hub.announce()

    async def _change_batch(self, run: Run) -> None:
        loop = asyncio.get_running_loop()
        settings, material = run.settings, run.material
        if material is None:
            return
        program = await loop.run_in_executor(
            self._compiler, lambda: make_program(run.network, settings, material, self.threads)
        )

        def change() -> None:
            if run.steps is not None and run.settings.batch == program.batch != run.steps.program.batch:
                run.steps.change_program(program)
                run.program = program

        await self.call(change)
        self.hub.announce()


def make_program(network: Network, settings: Settings, material: Material, threads: int | None) -> Program:
    """The program of a run, its weights drawn from the seed."""
    return compile(
        network,
        batch=settings.batch,
        optimizer=settings.optimizer,
        loss=settings.loss,
        seed=settings.seed,
        threads=threads,
        preprocessing=material.preprocessing,
    )
