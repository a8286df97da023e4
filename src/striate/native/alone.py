"""One call of a plan at a time, shared by a whole team: for timing it, and for looking at what it computes.

A step hands out groups and shares calls as its schedule says; here a call has the team to itself. Volumes that
lie in the memory of a thread are those of rank 0, for all ranks; only scratch is each rank's own. The plan's volumes
should lie ``apart``, or a call may overwrite what another is to read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from striate.emit.builder import ProgramBuilder
from striate.emit.index import Index
from striate.emit.kernels import kernel_of
from striate.emit.llvm_program import functions_ir
from striate.emit.prepare import prepare_one
from striate.emit.tensor import Tensor
from striate.native.assemble import Loaded, assemble
from striate.native.memory import Memory
from striate.native.team import TEAM
from striate.plan.arena import Buffer
from striate.plan.call import Call
from striate.plan.plan import Plan
from striate.plan.sweep import pieces

Body = Callable[[ProgramBuilder], None]  #: says what every rank of a team does

PORTIONS = 2  #: that each thread takes of a call
CHUNK = 4096  #: numbers that are cleared at a time


class Alone:
    """Functions for a team on the memory of one plan, compiled from ``bodies`` by their names."""

    def __init__(self, plan: Plan, bodies: Mapping[str, Body], threads: int) -> None:
        self.plan, self.threads = plan, threads
        self._code = Loaded(assemble(functions_ir(plan, bodies), plan.target), plan.target, bodies)
        self._memory = Memory(plan, threads)

    def run(self, name: str) -> None:
        """One run of a function on all threads."""
        context = self._memory.context(0, 0, self.plan.batch, self.plan.groups)
        TEAM.run(self._code.entries[name], context, self.threads)

    def numbers(self, buffer: str) -> npt.NDArray[np.float32]:
        """A buffer's numbers, to be read and written; of several groups' or slots', the first's."""
        return self._memory.numbers(self.plan.buffers[buffer])


def call_alone(plan: Plan, call: Call) -> Body:
    """A body that runs a call of ``plan.train`` for all groups, the weights it takes transformed before.

    A gradient on parameters is cleared and then summed in slot 0.
    """

    def body(b: ProgramBuilder) -> None:
        gradients = [plan.buffers[name] for name in call.buffers if plan.buffers[name].scope == "slot"]
        begun = [_transform(b, plan, name) for name in call.buffers]
        begun += [_clear(b, b.place(buffer)) for buffer in gradients]
        if any(begun):
            b.barrier()
        kernel, groups = kernel_of(plan, call), b.number("groups")
        items = max(1, kernel.items)  # a call that cannot be shared is one item
        if not gradients:
            for group, span in b.spread(groups, items, "part", PORTIONS):
                b.call(kernel, *_tensors(b, plan, call, group), span=span)
            return
        for _, span in b.spread(1, items, "part", 1):  # no two threads add to the same numbers
            for group in b.range(groups, "group"):
                b.call(kernel, *_tensors(b, plan, call, group), span=span)

    return body


def _tensors(b: ProgramBuilder, plan: Plan, call: Call, group: Index) -> list[Tensor]:
    buffers = [_for_all(plan, plan.buffers[name]) for name in call.buffers]
    return [b.place(buffer, 0 if buffer.scope == "slot" else group) for buffer in buffers]


def _for_all(plan: Plan, buffer: Buffer) -> Buffer:
    """Rank 0's volume, as all ranks see it; scratch as it is."""
    if buffer.scope != "rank" or buffer.scratch:
        return buffer
    return replace(buffer, scope="shared", offset=plan.shared_bytes + buffer.offset)


def _transform(b: ProgramBuilder, plan: Plan, name: str) -> bool:
    """Make the transformed weights of that name, if it is one."""
    made = next((p for p in plan.prepare if p.prepared == name), None)
    if made:
        prepare_one(b, plan, made)
    return made is not None


def _clear(b: ProgramBuilder, gradient: Tensor) -> bool:
    """Zeros, chunk by chunk; the last vector may reach into the unused numbers behind a parameter."""
    row = gradient.flat
    total = row.shape.elements
    for chunk in b.work(pieces(total, CHUNK), "chunk"):
        for i in b.range(b.smaller(chunk * CHUNK + CHUNK, total), "i", step=b.lanes, start=chunk * CHUNK):
            row.vector[i] = b.zero()
    return True
