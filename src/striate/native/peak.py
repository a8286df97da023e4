"""What one core could do at best: multiply-adds on registers, at this moment."""

from __future__ import annotations

import ctypes
import time

from striate.emit.builder import Builder
from striate.emit.builder import Kernel as Function
from striate.emit.llvm import LlvmModule
from striate.emit.tensor import Tensor
from striate.native.aligned import aligned_zeros
from striate.native.assemble import Loaded, assemble
from striate.plan.shape import Shape
from striate.plan.target import Target

CHAINS = 10  #: independent sums: more than latency times units of any processor here, fewer than registers
TURNS = 20_000


def _spin(b: Builder, x: Tensor) -> None:
    factor, sums = x[0], [b.register("sum", x[i]) for i in range(CHAINS)]
    for _ in b.range(TURNS, "turn"):
        for each in sums:
            each.value = b.fma(each.value, factor, factor)
    for i, each in enumerate(sums):
        x[i] = each.value


def peak(target: Target) -> float:
    """Float operations a second of one core's multiply-adds; the best of several short runs."""
    shape = Shape.of(CHAINS)
    module = LlvmModule(target.lanes, target.x86)
    module.require(Function("spin", (("x", shape),), _spin))
    code = assemble(module.text().replace("define internal", "define"), target)
    loaded = Loaded(code, target, ["spin"])
    memory = aligned_zeros(shape.bytes(target.lanes))
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(loaded.addresses["spin"])
    best = float("inf")
    for _ in range(20):
        start = time.perf_counter()
        function(memory.ctypes.data)
        best = min(best, time.perf_counter() - start)
    return 2.0 * target.lanes * CHAINS * TURNS / best
