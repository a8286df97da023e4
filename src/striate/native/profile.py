"""How long each kernel of a plan takes: every one alone, again and again, on a program's own buffers."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from striate.emit.estimate import Estimate, estimate
from striate.emit.kernels import kernel_of
from striate.emit.llvm import LlvmModule
from striate.masks import levels
from striate.native.aligned import aligned_zeros
from striate.native.assemble import Loaded, assemble
from striate.plan.call import Call
from striate.plan.plan import Plan


@dataclass(frozen=True)
class Measured:
    """A call's median seconds for one lane group on one thread, and what the planner thinks of it."""

    call: Call
    seconds: float
    expected: Estimate


def profile(plan: Plan, calls: Sequence[Call], seconds: float = 0.02) -> list[Measured]:
    """Time every call for about ``seconds`` each, and of a BN every sweep."""
    calls = [replace(each, then=None) for call in calls for each in (call.chain if call.batch else (call,))]
    module = LlvmModule(plan.target.lanes, plan.target.x86)
    kernels = [kernel_of(plan, call) for call in calls]
    for kernel in kernels:
        module.require(kernel)
    names = {kernel.name for kernel in kernels}
    ir = module.text().replace("define internal", "define")
    loaded = Loaded(assemble(ir, plan.target), plan.target, names)
    arena = aligned_zeros(plan.bytes(1))
    numbers = arena.view(np.float32)
    numbers[:] = np.random.default_rng(0).standard_normal(len(numbers), np.float32)
    for name, rate in plan.network.dropouts.items():
        start = plan.buffers[f"{name}.rate"].offset // 4
        numbers[start : start + 2] = levels(rate)[0], 1  # time and again in place, nothing may vanish or grow
    out = []
    for call, kernel in zip(calls, kernels, strict=True):
        places = []
        for name in call.buffers:
            buffer = plan.buffers[name]
            start = buffer.offset + (plan.shared_bytes if buffer.scope == "rank" else 0)
            places.append(arena.ctypes.data + start)
        kinds: list[Any] = [ctypes.c_void_p] * len(places)
        if kernel.items:
            kinds += [ctypes.c_int64] * 2
            places += [0, kernel.items]
        function = ctypes.CFUNCTYPE(None, *kinds)(loaded.addresses[kernel.name])
        taken: list[float] = []
        end = time.perf_counter() + seconds
        while len(taken) < 3 or time.perf_counter() < end:
            start_ = time.perf_counter()
            function(*places)
            taken.append(time.perf_counter() - start_)
        out.append(Measured(call, float(np.median(taken)), estimate(plan, call)))
    return out
