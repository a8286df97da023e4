"""What a call does, counted exactly, and how long that should take."""

from __future__ import annotations

from dataclasses import dataclass

from striate.emit.counts import CountsBuilder
from striate.emit.kernels import kernel_of
from striate.emit.tensor import Tensor
from striate.plan.call import Call
from striate.plan.plan import Plan

HELD = 2**20  #: bytes that the second-level cache holds: what is more comes from further away
FAR = 10.0  #: bytes a cycle from there
WHOLE = 1.1  #: cycles for one of the ideal: loops, addresses, waiting


@dataclass(frozen=True)
class Estimate:
    """Of one call for one lane group on one thread: float operations, bytes of its buffers, and cycles."""

    flops: int
    bytes: int
    cycles: float

    def seconds(self, plan: Plan, peak: float) -> float:
        """On a core that does ``peak`` float operations a second in multiply-adds, one vector of them a cycle."""
        return self.cycles * 2 * plan.target.lanes / peak


def estimate(plan: Plan, call: Call) -> Estimate:
    """Count the call's operations, loads and stores; the scarcest unit sets the time. Of a BN, all its sweeps.

    A vector of multiply-adds or of other operations, on whole numbers too, takes a cycle, and so does one loaded or
    stored; memory beyond the second-level cache gives FAR bytes a cycle.
    """
    b, calls = CountsBuilder(plan.target.lanes, {}), call.chain if call.batch else (call,)
    for each in calls:
        kernel = kernel_of(plan, each)
        b.call(kernel, *(Tensor(b, name, shape, None) for name, shape in kernel.arguments))
    lanes, total = plan.target.lanes, b.total
    names = dict.fromkeys(name for each in calls for name in each.buffers)
    touched = sum(plan.buffers[name].bytes for name in names if not plan.buffers[name].scratch)
    work = (total.multiply_adds + total.others + total.whole) / lanes
    moved = (total.loaded + total.stored) / (4 * lanes)
    far = touched / FAR if touched > HELD else 0.0
    return Estimate(total.flops, touched, WHOLE * max(work, moved, far))
