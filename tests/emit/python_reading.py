"""Whole programs and single kernels through the bounds-checked reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

import judge
import kept
from striate.emit.kernels import EMITTERS, SINGLE_EMITTERS
from striate.emit.program import emit_entry
from striate.emit.python import PythonBuilder
from striate.emit.tensor import Tensor
from striate.layers.loss import Loss, as_loss
from striate.notation import parse
from striate.plan.flow import flow
from striate.plan.inside import plan_inside
from striate.plan.parts import parts, root
from striate.plan.plan import LOSSES, Plan, plan
from striate.plan.schedule import Call
from striate.plan.shape import Shape
from striate.plan.target import TARGETS
from striate.plan.update import DEFAULT, Update


@dataclass
class Arena:
    """The memory of a plan for one thread, and its buffers as arrays."""

    plan: Plan
    bytes: npt.NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        self.bytes = np.zeros(self.plan.bytes(1), np.uint8)

    def numbers(self, name: str, count: int) -> npt.NDArray[np.float32]:
        """The first numbers of a shared buffer, or of all groups' ones."""
        start = self.plan.buffers[name].offset
        return self.bytes[start : start + 4 * count].view(np.float32)

    def scale(self, factor: float) -> None:
        """What images are multiplied by."""
        image = self.plan.network.input
        self.numbers("scales", image.depth)[:] = factor
        self.numbers("single.scales", image.depth * image.width)[:] = factor

    def volume(self, name: str) -> npt.NDArray[np.float32]:
        """A shared volume of lanes, or its gradient, as (lanes, H, W, D)."""
        buffer, lanes = self.plan.buffers[name], self.plan.target.lanes
        shape = buffer.shape
        whole = self.bytes[buffer.offset : buffer.offset + buffer.bytes].view(np.float32)
        inner = tuple(slice(axis.before, axis.before + axis.size) for axis in shape.axes)
        return whole.reshape(*(axis.extent for axis in shape.axes), lanes)[inner].transpose(3, 1, 2, 0)

    def parameters(self, row: str = "parameters") -> dict[str, npt.NDArray[np.float32]]:
        """The parts of a row; with the parameters, the state."""
        whole = self.numbers(row, self.plan.row.size)
        parts = {p.name: whole[p.start : p.start + p.size].reshape(p.shape) for p in self.plan.row.places}
        state = self.plan.network.state_shapes() if row == "parameters" else {}
        return parts | {name: self.numbers(name, *shape) for name, shape in state.items()}


def make_plan(
    line: str,
    target: str = "sse2",
    batch: int = 5,
    loss: str | Loss = "softmax",
    force: str | None = "direct",
    order: str | None = "depth first",
    update: Update = DEFAULT,
) -> Plan:
    """A plan with what otherwise only large volumes have: halos that are cleared, and sums of a few filters."""
    kind = loss if loss in LOSSES else as_loss(loss).kind
    with judge.as_if_large():
        return plan(parse(line), TARGETS[target], batch, kind, force=force, order=order, update=update)


def weigh(arena: Arena, labels: npt.NDArray[Any], loss: Loss) -> None:
    """Targets, class weights and smoothing, where the plan has them."""
    made, classes, count = arena.plan, arena.plan.network.classes, len(labels)
    if made.loss == "l2":
        lanes = made.target.lanes
        rows = arena.numbers("targets", made.groups * classes * lanes).reshape(made.groups, classes, lanes)
        rows[...] = 0
        for image, label in enumerate(labels):
            rows[image // lanes, :, image % lanes] = np.arange(classes) == label
    if made.loss == "softmax-weighted":
        arena.numbers("class.weights", classes)[:] = loss.weights(classes)
        rest = loss.smoothing / classes
        arena.numbers("smoothing", 2)[:] = 1 - loss.smoothing + rest, rest
        arena.numbers("weights", count)[:] = 1 / loss.weights(classes)[labels].sum()


def prepare(made: Plan, known: judge.Trial, labels: npt.NDArray[Any]) -> Arena:
    """An arena as a program has it before a step: the trial's start, its settings, the labels and weights."""
    arena = Arena(made)
    poison(arena)
    for name, values in arena.parameters().items():
        values[...] = known.start[name]
    optimizer = judge.OPTIMIZER
    if not made.inside:
        arena.numbers("settings", 3)[:] = optimizer.lr, optimizer.momentum, optimizer.l2
    arena.scale(1)
    lanes = made.groups * made.target.lanes
    row = np.full(lanes, -1.0)
    row[: len(labels)] = labels
    arena.numbers("labels", lanes)[:] = row
    for number, (name, rate) in enumerate(({} if made.inside else made.network.dropouts).items(), 1):
        arena.numbers(f"{name}.seeds", lanes).view(np.uint32)[:] = kept.seeds(0, 0, number, lanes)
        arena.numbers(f"{name}.rate", 2)[:] = kept.threshold(rate), 1 / (1 - rate)
    if "present" in made.buffers:
        arena.numbers("present", lanes)[:] = np.arange(lanes) < len(labels)
    arena.numbers("weights", lanes)[:] = np.where(np.arange(lanes) < len(labels), 1 / len(labels), 0)
    weigh(arena, labels, as_loss(known.loss))
    return arena


def poison(arena: Arena) -> None:
    """NaN wherever a call must write before another reads: all volumes and scratch, but for halos that are never
    cleared."""
    made = arena.plan
    cleared = {name for call in made.train if call.family == "clear_halo" for name in call.buffers}
    joint = parts(flow(made.network, made.units, made.inside))
    named = {root(joint, name).of for call in made.train for name in call.named if not name.endswith(".gradient")}
    volumes = [b for b in made.buffers.values() if b.name in named and b.scope in ("rank", "group")]
    kept = [b for b in volumes if b.shape.halo and b.name not in cleared and not b.scratch]
    for value, buffers in ((255, volumes), (0, kept)):
        for buffer in buffers:
            start = buffer.offset + (made.shared_bytes if buffer.scope == "rank" else 0)
            arena.bytes[start : start + max(buffer.bytes, buffer.stride * made.groups)] = value


def run_entry(arena: Arena, entry: str, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Run one of the program's functions; the scores that it leaves, if it makes any."""
    made = arena.plan
    rows = -(-len(images) // made.target.lanes) * made.target.lanes
    out = np.zeros((rows, made.network.classes), np.float32)
    pictures = np.ascontiguousarray(images).reshape(len(images), -1)
    if pictures.dtype != np.uint8:
        pictures = pictures.astype(np.float32)
    builder = PythonBuilder(made, arena.bytes, pictures, out)
    with np.errstate(all="ignore"):
        emit_entry(builder, made, entry)
    return out[: len(images)]


def kind_of(family: str) -> str:
    """The kind of CONV kernel to ask for, so that a plan has a call of this family."""
    if family == "packed_weight_gradient":
        return "deep"
    return next((kind for kind in ("depthwise", "deep", "packed", "winograd") if kind in family), "direct")


def plan_for(family: str, line: str) -> Plan:
    """A plan of the line that has a call of this family."""
    if family in ("score_loss", "bn_scale_backward", "depthwise_data_gradient"):
        return plan_inside(parse(line), TARGETS["sse2"], "score")
    order = "layer by layer" if family == "fc_update" else "depth first"
    loss = family.removesuffix("_loss").replace("_", "-") if family.endswith("_loss") else "softmax"
    return make_plan(line, loss=loss, force=kind_of(family), order=order)


def first_call(made: Plan, family: str) -> Call:
    """The first call of that family in a plan's schedule."""
    return next(call for call in all_calls(made) if call.family == family)


def all_calls(made: Plan) -> list[Call]:
    """Every call of a plan, with those that follow a piece of another."""
    return [call for each in (*made.train, *made.scores, *made.single.calls) for call in each.chain]


def shapes_of(made: Plan, call: Call) -> list[Shape]:
    """Those of its buffers, and of the image that single_input also takes."""
    image = [Shape.of(made.network.input.size, element="f32")] * (call.family == "single_input")
    return [*(made.buffers[name].shape for name in call.buffers), *image]


def run_kernel(made: Plan, call: Call, shapes: Sequence[Shape], builder: type[PythonBuilder] = PythonBuilder) -> None:
    """Run a call's emitter alone, on zeros in tensors of the given shapes."""
    b = builder(made, np.zeros(0, np.uint8), np.zeros(0), np.zeros(0, np.float32))
    tensors = [
        Tensor(b, name, shape, np.zeros(shape.bytes(b.lanes), np.uint8))
        for name, shape in zip((*call.buffers, "image"), shapes, strict=False)
    ]
    with np.errstate(all="ignore"):
        {**EMITTERS, **SINGLE_EMITTERS}[call.family](b, *tensors, **dict(call.settings))
