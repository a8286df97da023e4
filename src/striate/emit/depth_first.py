"""Depth first: a thread takes a lane group through the whole network while its volumes are in the cache."""

from __future__ import annotations

from striate.emit.builder import ProgramBuilder
from striate.emit.input import write_scores
from striate.emit.kernels import run, take_in
from striate.emit.prepare import prepared
from striate.emit.update import update
from striate.plan.plan import SCORES, Plan


def train(b: ProgramBuilder, plan: Plan, element: str) -> None:
    """Forward, loss, backward for every group into its slot; then, slots summed in order, the update."""
    prepared(b, plan)
    for slot in b.work(plan.slots, "slot"):
        gradient = b.place(plan.buffers["gradient"], slot)
        if plan.row.summed:
            for i in b.range(plan.row.summed, "i", step=b.lanes):
                gradient.vector[i] = b.zero()
        for group in b.range(b.number("groups"), "group", step=plan.slots, start=slot):
            take_in(b, plan, group, element)
            for call in plan.train:
                run(b, plan, call, group, slot)
    b.barrier()
    update(b, plan)


def scores(b: ProgramBuilder, plan: Plan, element: str) -> None:
    """Forward for every group; the last volume goes out as scores, in D, H, W order."""
    own = SCORES if plan.order.deep_scores else ""
    last = plan.buffers[f"{own}{plan.units[-1].result}"]
    for group in b.work(b.number("groups"), "group"):
        take_in(b, plan, group, element, into=f"{own}input.y")
        for call in plan.scores:
            run(b, plan, call, group)
        write_scores(b, b.place(last), b.out(plan.network.classes), group * b.lanes)
