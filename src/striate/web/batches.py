"""Other batches: a run is compiled for the one that is wished while it trains, and changes over between two steps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from striate.program import Program
from striate.web.run import Run
from striate.web.workshop import Workshop


class Batches:
    """Lives in the event loop. Of many wishes for a run the latest counts, and one at a time is compiled.

    `call` has something done in the training thread; `tell(run, problem)` hears of a run that has its
    batch, or why it keeps the one it had.
    """

    def __init__(
        self,
        workshop: Workshop,
        call: Callable[[Callable[[], bool]], Awaitable[bool]],
        tell: Callable[[Run, str | None], None],
    ) -> None:
        self.workshop, self._call, self._tell = workshop, call, tell
        self._pending: dict[int, asyncio.Task[None]] = {}

    def look(self, run: Run) -> None:
        """See to it that the run gets the batch of its settings, where it has another."""
        if _wished(run) is not None and run.id not in self._pending:
            self._pending[run.id] = asyncio.create_task(self._fulfil(run))

    async def _fulfil(self, run: Run) -> None:
        try:
            while (batch := _wished(run)) is not None:
                await self._change(run, batch)
        finally:
            del self._pending[run.id]

    async def _change(self, run: Run, batch: int) -> None:
        try:
            program = await self.workshop.for_batch(run, batch)
            changed = program is not None and await self._call(partial(_change_over, run, program))
        except Exception as error:
            why = str(error) or type(error).__name__
            if await self._call(lambda: _give_up(run, batch)):
                self._tell(run, f"{run.name} keeps its batch of {run.settings.batch:,}: {batch:,} cannot be: {why}")
            return
        if changed:
            self._tell(run, None)


def _wished(run: Run) -> int | None:
    """The batch that a run is to get; None where it has it, or sleeps."""
    program, batch = run.program, run.settings.batch
    if run.removed or run.steps is None or program is None or program.batch == batch:
        return None
    return batch


def _change_over(run: Run, program: Program) -> bool:
    """Go on with that program, where it still is what is wished; in the training thread."""
    steps: Any = run.steps
    if steps is None or not run.settings.batch == program.batch != steps.program.batch:
        return False
    steps.change_program(program)
    run.program = program
    run.kept = -1
    return True


def _give_up(run: Run, batch: int) -> bool:
    """Put the batch back that the run has, unless another is wished by now; in the training thread."""
    if run.removed or run.settings.batch != batch:
        return False
    run.settings = run.settings.changed({"batch": (run.steps or run.at).batch})
    run.kept = -1
    return True
