"""The heavy work, done by one worker while training goes on: reading data, compiling, waking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from striate.data.dataset import Dataset
from striate.errors import ArgumentError, StriateError
from striate.notation.network import Network
from striate.program import Program, compile
from striate.train.checkpoint import Checkpoint
from striate.train.match import check_match, relabel
from striate.train.model import Model
from striate.train.steps import Steps
from striate.train.tested import tested
from striate.volume import Volume
from striate.web.run import Run
from striate.web.sets import Material, Sets
from striate.web.settings import Settings

T = TypeVar("T")


class Workshop:
    """Its methods are called in the event loop and end there; what they do is done in the worker's thread."""

    def __init__(self, sets: Sets, threads: int | None) -> None:
        self.sets, self.threads = sets, threads
        self._worker = ThreadPoolExecutor(1, "striate-workshop")

    async def work(self, work: Callable[[], T]) -> T:
        """Have something done by the worker."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    def close(self) -> None:
        """End; what is being compiled is finished, and what waits is not begun."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def material(self, data: str, volume: Volume, seed: int) -> Material:
        """A data set cut into its parts; errors as of `Sets.material`."""
        return await self.work(lambda: self.sets.material(data, volume, seed))

    async def for_batch(self, run: Run, batch: int) -> Program | None:
        """A program of the run for that batch, looking inside too; None where it is no longer wished."""

        def make() -> Program | None:
            material, settings = run.material, run.settings
            if run.removed or material is None or settings.batch != batch:
                return None
            program = self._compile(run.network, settings, material)
            if run.settings.batch == batch:
                _look(program)
            return program

        return await self.work(make)

    async def begin(self, run: Run, material: Material) -> tuple[Program, Steps]:
        """Everything that a new run trains with."""

        def make() -> tuple[Program, Steps]:
            if run.removed:
                raise ArgumentError(f"{run.name} has been removed")
            program = self._compile(run.network, run.settings, material)
            return program, _steps(program, run.settings, material)

        return await self.work(make)

    async def resume(self, run: Run, load: Callable[[Run], Checkpoint]) -> tuple[Program, Material, Steps]:
        """Everything that a run goes on with from its checkpoint.

        Raises ArgumentError where the data set holds other images than then.
        """

        def make() -> tuple[Program, Material, Steps]:
            kept = load(run)
            material = self.sets.material(kept.data, kept.network.input, run.settings.seed)
            check_match(kept.network, material.parts.train)
            if material.fingerprint != kept.fingerprint:
                raise ArgumentError(f"{kept.data} holds other images than when {run.name} was trained: it cannot go on")
            program = self._woken(run, kept, material)
            program.load(dict(kept.parameters))
            program.load_optimizer_state(kept.optimizer_state)
            steps = _steps(program, run.settings, material, kept)
            return program, material, steps

        return await self.work(make)

    async def open(self, model: Model) -> Program:
        """The program of a model."""
        return await self.work(lambda: model.compile(threads=self.threads))

    async def warm(self, run: Run) -> None:
        """Compile what looks inside, so that the training thread need not."""

        def look() -> None:
            program = run.program
            if program is not None and not run.removed:
                _look(program)
                run.warm = run.program is not None

        await self.work(look)

    async def images_of(self, model: Model) -> tuple[str, Dataset] | str:
        """The name of a data set and its test images for a model, or why there are none."""

        def find() -> tuple[str, Dataset] | str:
            named = model.notes.get("data")
            names = [name for name in (named, self.sets.given) if isinstance(name, str) and name in self.sets.names]
            for name in names:
                try:
                    dataset, _ = tested(self.sets.splits(name, model.network.input), model)
                    return name, relabel(dataset, model.classes)
                except StriateError as error:
                    problem = str(error)
            return problem if names else "it does not say what it was trained on"

        return await self.work(find)

    def _woken(self, run: Run, kept: Checkpoint, material: Material) -> Program:
        """For the batch of its settings; where that cannot be compiled, for the one it had."""
        try:
            return self._compile(kept.network, run.settings, material)
        except Exception:
            batch = kept.position.batch
            if batch in (0, run.settings.batch):
                raise
            return self._compile(kept.network, run.settings.changed({"batch": batch}), material)

    def _compile(self, network: Network, settings: Settings, material: Material) -> Program:
        material.fingerprint  # noqa: B018  (found here, so that the training thread need not)
        return compile(
            network,
            batch=settings.batch,
            optimizer=settings.rule,
            loss=settings.loss,
            seed=settings.seed,
            threads=self.threads,
            preprocessing=material.preprocessing,
        )


def _look(program: Program) -> None:
    image = np.zeros((1, *program.network.input.shape), np.uint8)
    program.scores(image)
    program.activations(image)
    program.inside(image, np.zeros(1, np.int64))


def _steps(program: Program, settings: Settings, material: Material, kept: Checkpoint | None = None) -> Steps:
    parts = material.parts
    position = kept.position if kept is not None else None
    return Steps(program, parts.train, parts.validation, settings.epochs, settings.seed, settings.schedule, position)
