"""BN for scores: its running statistics as a scale and a shift, or in the weights and biases of the CONV before it."""

from __future__ import annotations

from math import prod

from striate.emit.bn import running_scale
from striate.emit.builder import ProgramBuilder
from striate.emit.index import Index
from striate.emit.prepare import prepare_one
from striate.emit.tensor import Tensor
from striate.plan.bn import Fold
from striate.plan.plan import Plan


def fold(b: ProgramBuilder, plan: Plan) -> None:
    """Make all that scores use in place of BN; what is made of folded weights comes when all of them are there."""
    for each in plan.folds:
        if each.conv is None:
            _scales(b, plan, each)
        else:
            _weights(b, plan, each, each.conv.name)
    if plan.fold_prepare:
        b.barrier()
    for preparation in plan.fold_prepare:
        prepare_one(b, plan, preparation)


def _own(b: ProgramBuilder, plan: Plan, each: Fold) -> list[Tensor]:
    return [b.place(plan.buffers[f"{each.unit.name}.{kind}"]) for kind in ("weights", "biases", "mean", "variance")]


def _scales(b: ProgramBuilder, plan: Plan, each: Fold) -> None:
    own = _own(b, plan, each)
    scales, shifts = (b.place(plan.buffers[f"{each.unit.name}.{kind}"]) for kind in ("scale", "shift"))
    for _ in b.work(1, "norm"):
        for d in b.range(each.unit.input.depth, "d"):
            scales[d], shifts[d] = running_scale(b, own, d, each.layer.eps)


def _weights(b: ProgramBuilder, plan: Plan, each: Fold, conv: str) -> None:
    own = _own(b, plan, each)
    weights, biases, folded, shifts = (
        b.place(plan.buffers[f"{conv}{part}.{kind}"]) for part in ("", ".folded") for kind in ("weights", "biases")
    )
    count = prod(axis.size for axis in weights.shape.axes[1:])
    for k in b.work(each.unit.input.depth, "filter"):
        scale, shift = running_scale(b, own, k, each.layer.eps)
        shifts[k] = b.fma(biases[k], scale, shift)
        _multiply(b, weights.flat, folded.flat, k * count, count, scale)


def _multiply(b: ProgramBuilder, x: Tensor, y: Tensor, start: Index, count: int, scale: object) -> None:
    """y = x * scale for ``count`` numbers from ``start``."""
    whole, vector = count - count % b.lanes, b.splat(scale)
    if whole:
        for i in b.range(whole, "i", step=b.lanes):
            y.vector[start + i] = x.vector[start + i] * vector
    if whole < count:
        for i in b.range(count, "rest", start=whole):
            y[start + i] = x[start + i] * scale
