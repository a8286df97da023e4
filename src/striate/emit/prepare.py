"""What is done before a step: weights transformed for the kernels that want it."""

from __future__ import annotations

from striate.emit.builder import ProgramBuilder
from striate.emit.turn import turn_squares, turn_weights
from striate.emit.winograd import winograd_weights
from striate.plan.convolution import Preparation
from striate.plan.plan import Plan


def prepare(b: ProgramBuilder, plan: Plan) -> None:
    """Transform the weights for the kernels that want it; whoever scores does this once for all images."""
    for preparation in plan.prepare:
        prepare_one(b, plan, preparation)


def prepare_one(b: ProgramBuilder, plan: Plan, preparation: Preparation) -> None:
    """One layer's weights for one direction."""
    weights, prepared = (b.place(plan.buffers[n]) for n in (preparation.weights, preparation.prepared))
    for at in b.work(preparation.rows, "row"):
        if preparation.size:
            winograd_weights(b, weights, prepared, at, size=preparation.size, mirror=preparation.mirror)
        elif preparation.squares:
            turn_squares(b, weights, prepared, at)
        else:
            turn_weights(b, weights, prepared, at)


def prepared(b: ProgramBuilder, plan: Plan) -> None:
    """``prepare``, done by all threads before any goes on."""
    if plan.prepare:
        b.perform("prepare", lambda: prepare(b, plan))
        b.barrier()
