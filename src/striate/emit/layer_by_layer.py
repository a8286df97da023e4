"""Layer by layer: all threads share each call, all groups of the batch have volumes of their own.

For nets whose weights are large: they come from memory once for all groups, an FC's gradient stays in the cache
until its update, and threads need not wait for groups.
"""

from __future__ import annotations

from striate.emit.builder import ProgramBuilder
from striate.emit.index import Index
from striate.emit.input import write_scores
from striate.emit.kernels import run, take_in
from striate.emit.prepare import prepared
from striate.emit.update import update
from striate.plan.call import Call
from striate.plan.parameters import CHUNK
from striate.plan.plan import Plan

PORTIONS = 2  #: of a call's work for each thread: whoever is done early takes another


def train(b: ProgramBuilder, plan: Plan, element: str) -> None:
    """Forward, loss, backward, each call for all groups; FC weights are updated where their gradient is made."""
    prepared(b, plan)
    if plan.row.summed:
        gradient = b.place(plan.buffers["gradient"], 0)
        for chunk in b.work(plan.row.summed // CHUNK, "chunk"):
            for i in b.range(CHUNK, "i", step=b.lanes):
                gradient.vector[chunk * CHUNK + i] = b.zero()
    take_all_in(b, plan, element)
    for call in plan.train:
        b.barrier()
        share(b, plan, call)
    b.barrier()
    update(b, plan)


def scores(b: ProgramBuilder, plan: Plan, element: str) -> None:
    """Forward, each call for all groups; the last volume goes out as scores, in D, H, W order."""
    take_all_in(b, plan, element)
    for call in plan.scores:
        b.barrier()
        share(b, plan, call)
    b.barrier()
    last = plan.buffers[plan.units[-1].result]
    for group in b.work(b.number("groups"), "group"):
        write_scores(b, b.place(last, group), b.out(plan.network.classes), group * b.lanes)


def take_all_in(b: ProgramBuilder, plan: Plan, element: str) -> None:
    """The images of all groups into lanes."""
    for group, span in b.spread(b.number("groups"), plan.network.input.height, "group", PORTIONS):
        take_in(b, plan, group, element, span)


def share(b: ProgramBuilder, plan: Plan, call: Call) -> None:
    """A call's items among the threads. What adds up over groups, or reads large weights, takes groups inside."""
    groups, items = b.number("groups"), max(1, call.items)
    if not call.groups_inside:
        for group, span in b.spread(groups, items, "group", PORTIONS):
            run(b, plan, call, group, 0, span)
        return
    # One tile's weights fit the cache beside the volumes, and so do slices that are met several times. Other sums go
    # over the data again for every portion.
    for _, span in b.spread(1, items, "part", 0 if call.weight_bound or call.batch else 1):
        for step in call.chain:
            if step.once:
                run(b, plan, step, Index(), 0, span)
            else:
                for group in b.range(groups, "group"):
                    run(b, plan, step, group, 0, span)
