"""The compiled network of an estimator: kept while it lives, left behind when it is pickled, made anew when wanted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from striate.train.model import Model

if TYPE_CHECKING:
    from striate.layers.loss import Loss
    from striate.optimizers import Optimizer
    from striate.program import Program


class Engine:
    """A model, and a program for it that is compiled when it is first wanted."""

    def __init__(self, model: Model, batch: int, program: Program | None = None) -> None:
        self.model, self.batch, self._program = model, batch, program

    def __getstate__(self) -> dict[str, Any]:
        return {"model": self.model, "batch": self.batch, "_program": None}

    def program(
        self, threads: int | None, optimizer: Optimizer | None = None, loss: Loss | None = None
    ) -> Program:  # fmt: skip
        """The program: to train with that optimizer and loss, or as it is for scores; it has the model's parameters."""
        from striate.plan.update import Update
        from striate.program import compile

        made = self._program
        if made is not None and optimizer is None:
            return made
        if made is not None and optimizer is not None and Update.of(optimizer) == made.plan.update:
            made.optimizer = optimizer  # what it remembers goes on
            return made
        model = self.model
        self._program = compile(
            model.network,
            batch=self.batch,
            optimizer=optimizer,
            loss=loss or model.loss,
            threads=threads,
            preprocessing=model.preprocessing,
        )
        self._program.load(dict(model.parameters))
        return self._program

    def scores(self, images: npt.NDArray[Any], threads: int | None) -> npt.NDArray[np.float32]:
        """(n, outputs), each image's independent of how many there are: always those of many."""
        program = self.program(threads)
        least = program.plan.single.most + 1
        if 0 < len(images) < least:
            padded = np.zeros((least, *images.shape[1:]), images.dtype)
            padded[: len(images)] = images
            return program.scores(padded)[: len(images)]
        return program.scores(images)


def threads_of(n_jobs: int | None) -> int | None:
    """How many threads take part, in joblib's manner of counting: -1 is all, -2 all but one; None as many as are free.

    In a worker of joblib, which shares the machine with others, that is the share it was given, or one.
    """
    from joblib.parallel import get_active_backend

    from striate.native.team import usable_processors

    every = usable_processors()
    if n_jobs is not None:
        return max(1, every + 1 + n_jobs) if n_jobs < 0 else n_jobs
    told = os.environ.get("OMP_NUM_THREADS", "")
    share = int(told) if told.isascii() and told.isdigit() and int(told) else every
    backend, _ = get_active_backend()
    nested = getattr(backend, "nesting_level", 0) or 0
    if nested and not told:
        return 1
    return max(1, min(every, share))
