"""Forwards and back for one group of images, every volume kept: what is read afterwards, and nothing is learned."""

from __future__ import annotations

from striate.emit.builder import ProgramBuilder
from striate.emit.layer_by_layer import share, take_all_in
from striate.plan.plan import Plan


def inside(b: ProgramBuilder, plan: Plan, element: str) -> None:
    """Forward, loss, and the gradients of all volumes back to the images; threads share each call."""
    take_all_in(b, plan, element)
    for call in plan.train:
        b.barrier()
        share(b, plan, call)
