"""BN's calls: in training several sweeps over each slice of the whole batch, in scores at most one.

For scores, a BN is a scale and a shift for each slice. Behind a CONV without anything between, they go into copies
of its weights and biases, and no call is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from striate.layers import Add, Bn, Conv, Dropout
from striate.notation.network import Network
from striate.plan.arena import Arena
from striate.plan.call import Call, call
from striate.plan.convolution import Preparation, forward_call, preparations
from striate.plan.flow import Flow, flow
from striate.plan.fuse import Unit, linked, rides
from striate.plan.geometry import counts
from striate.plan.kernels import Kernels
from striate.plan.shape import Axis, Shape
from striate.plan.sweep import pieces
from striate.plan.target import Target

HELD = 2**18  #: bytes of a piece's numbers, of all groups, that the second-level cache keeps from sweep to sweep
LEAST = 16  #: pieces of a volume, if it has as many slices: enough for most teams
SUMS = 3  #: vectors of a slice: the sum of its numbers, that of squares or products, that of the images
MOMENTS = 7  #: numbers of a slice in a step, as ``emit.bn`` names them


@dataclass(frozen=True)
class Fold:
    """A BN of scores: the unit, and the CONV unit that takes it over; None where it has a call of its own.

    pool: a POOL behind both that the CONV can take along, too.
    """

    unit: Unit
    conv: Unit | None = None
    pool: Unit | None = None

    @property
    def layer(self) -> Bn:
        """The BN."""
        assert isinstance(self.unit.node.layer, Bn)
        return self.unit.node.layer

    @property
    def merged(self) -> Unit:
        """The CONV unit with all that the BN's unit does, and the POOL's."""
        assert self.conv is not None
        behind = self.pool.nodes if self.pool else ()
        nodes = (*self.conv.nodes, *self.unit.nodes, *behind)
        return replace(self.conv, nodes=nodes, relu=self.unit.relu, pool=self.pool is not None)

    @property
    def taken(self) -> tuple[Unit, ...]:
        """The units that are part of the CONV's, the last of which tells where the results go."""
        return (self.unit, self.pool) if self.pool else (self.unit,)

    def fits(self, kernels: Kernels) -> bool:
        """Whether the kernel that trains the CONV can take the POOL along, in the same tiles."""
        assert self.conv is not None
        return self.pool is None or (not kernels.forward.packed and counts(self.merged) == counts(self.conv))

    def __str__(self) -> str:
        into = f"the weights of {self.conv.name}" if self.conv else "a scale and a shift"
        return f"{self.unit.name} as {into}"


def folds(way: Flow, apart: bool = False) -> tuple[Fold, ...]:
    """Every BN, with the CONV that takes it over: its results are read by nothing else. With none if they are to stay
    ``apart``."""
    found = []
    for unit in way.units:
        if isinstance(unit.node.layer, Bn):
            before, after = way.sources[unit.name][0], _reader(way, unit)
            takes = not apart and _plain(before) and _reader(way, before) is unit
            pool = after if takes and after is not None and rides(after.node) else None
            found.append(Fold(unit, before if takes else None, pool))
    return tuple(found)


def _reader(way: Flow, unit: Unit) -> Unit | None:
    """The unit that alone reads the results of this one."""
    readers = way.readers[unit.name]
    return readers[0] if len(readers) == 1 else None


def _plain(unit: Unit) -> bool:
    """Whether it is a CONV, and nothing but DROPOUT works on its results."""
    return isinstance(unit.node.layer, Conv) and all(isinstance(node.layer, Dropout) for node in unit.nodes[1:])


def merged(network: Network, way: Flow, found: Sequence[Fold]) -> Flow:
    """The units as the path of one image has them: BN, and a POOL behind it, are part of the CONV before."""
    by_conv = {fold.conv.name: fold for fold in found if fold.conv}
    taken = {unit.name for fold in by_conv.values() for unit in fold.taken}
    units = [by_conv[unit.name].merged if unit.name in by_conv else unit for unit in way.units]
    return flow(network, linked(network, [unit for unit in units if unit.name not in taken]))


def book_state(arena: Arena, network: Network) -> None:
    """The running statistics."""
    for name, shape in network.state_shapes().items():
        arena.book(name, Shape.of(*shape, element="f32"))


def book_batch(arena: Arena, units: Sequence[Unit], groups: int) -> None:
    """Which lanes hold an image; a slice's sums, zero between their uses; and its numbers in a step."""
    norms = [unit for unit in units if isinstance(unit.node.layer, Bn)]
    if norms:
        arena.book("present", Shape.of(1), "group", groups)
    for unit in norms:
        arena.book(f"{unit.name}.sums", Shape.of(unit.input.depth, SUMS))
        arena.book(f"{unit.name}.moments", Shape.of(unit.input.depth, MOMENTS, element="f32"))


def book_folds(arena: Arena, found: Sequence[Fold], chosen: Mapping[str, Kernels]) -> None:
    """Scales and shifts, in whole vectors, or the weights and biases that hold them."""
    for fold in found:
        if fold.conv is None:
            depth = fold.unit.input.depth
            row = Shape((Axis(depth, 0, -depth % arena.lanes),), "f32")
            for name in ("scale", "shift"):
                arena.book(f"{fold.unit.name}.{name}", row)
            continue
        name = fold.conv.name
        for kind in ("weights", "biases"):
            arena.book(f"{name}.folded.{kind}", arena.buffers[f"{name}.{kind}"].shape)
        if chosen[name].forward.winograd:
            arena.book(f"{name}.folded.forth", arena.buffers[f"{name}.forth"].shape)


def fold_preparations(found: Sequence[Fold], chosen: Mapping[str, Kernels], lanes: int) -> Iterator[Preparation]:
    """What the kernels of scores need transformed, when the folded weights are there."""
    for fold in found:
        if fold.conv is not None:
            for each in preparations(fold.conv, chosen[fold.conv.name], False, lanes):
                name = f"{fold.conv.name}.folded"
                yield replace(each, weights=f"{name}.weights", prepared=f"{name}.forth")


def _block(unit: Unit, groups: int, lanes: int) -> int:
    """Slices of a piece."""
    depth, size = unit.input.depth, unit.input.height * unit.input.width * lanes * 4 * groups
    return max(1, min(HELD // size, pieces(depth, LEAST)))


def _chain(calls: Sequence[Call]) -> Call:
    first, *rest = calls
    return replace(first, then=_chain(rest)) if rest else first


def adds(flow: Flow, unit: Unit) -> Unit | None:
    """The ADD that a BN of training takes along: the next unit, which alone reads what the BN makes."""
    after, number = _reader(flow, unit), flow.units.index(unit)
    if after is None or not isinstance(unit.node.layer, Bn) or not isinstance(after.node.layer, Add):
        return None
    return after if len(unit.nodes) == 1 and flow.units[number + 1] is after else None


def batch_forward(unit: Unit, x: str, groups: int, lanes: int, joint: Unit, shortcut: Sequence[str]) -> Call:
    """y = [RELU] of x normalised by the batch's own statistics, which move the running ones.

    joint: the unit whose y that is: the BN's own, or an ADD's, with the ``shortcut`` that it adds.
    """
    name, layer = unit.name, unit.node.layer
    assert isinstance(layer, Bn)
    block = _block(unit, groups, lanes)
    items, positions = pieces(unit.input.depth, block), unit.input.height * unit.input.width
    sums, moments, state = f"{name}.sums", f"{name}.moments", [f"{name}.mean", f"{name}.variance"]
    how = {"eps": layer.eps, "momentum": layer.momentum, "positions": positions}
    return _chain(
        [
            call("bn_level", [x, "present", moments], items, block=block),
            call("bn_squares", [x, "present", moments, sums], items, block=block),
            call("bn_statistics", [sums, f"{name}.weights", moments, *state], items, block=block, **how),
            call(
                "bn_forward",
                [x, moments, f"{name}.biases", joint.result, *shortcut],
                items,
                block=block,
                relu=joint.relu,
            ),
        ]
    )


def batch_backward(unit: Unit, x: str, before: Unit | None, groups: int, lanes: int) -> Call:
    """The gradients of weights and biases, and that of x if there is a unit ``before`` which wants it."""
    name, block = unit.name, _block(unit, groups, lanes)
    items, positions = pieces(unit.input.depth, block), unit.input.height * unit.input.width
    dy, sums, moments = f"{name}.dy", f"{name}.sums", f"{name}.moments"
    gradients = [f"{name}.weights.gradient", f"{name}.biases.gradient"]
    calls = [
        call("bn_gradient_sums", [dy, x, moments, sums], items, block=block),
        call("bn_learn", [sums, moments, *gradients], items, block=block, positions=positions),
    ]
    if before:
        named = [dy, x, moments, "present", before.gradient]
        calls.append(call("bn_backward", named, items, block=block, mask=before.masked))
    return _chain(calls)


def running_forward(unit: Unit, x: str) -> Call:
    """y = [RELU] (x * scale + shift)."""
    name = unit.name
    named = [x, f"{name}.scale", f"{name}.shift", f"{name}.y"]
    return call("bn_scale", named, unit.input.depth, relu=unit.relu)


def running_backward(unit: Unit, x: str, before: Unit) -> Call:
    """The gradient of x by way of the scale."""
    named = [f"{unit.name}.dy", f"{unit.name}.scale", x, before.gradient]
    return call("bn_scale_backward", named, unit.input.depth, mask=before.masked)


def folded_calls(
    calls: Sequence[Call], found: Sequence[Fold], chosen: Mapping[str, Kernels], target: Target
) -> Iterator[Call]:
    """The calls of scores, in which CONVs do what was BN's."""
    folded = [fold if fold.fits(chosen[fold.conv.name]) else replace(fold, pool=None) for fold in found if fold.conv]
    by_result = {f"{fold.merged.name}.y": fold for fold in folded}
    gone = {unit.result for fold in folded for unit in fold.taken}
    moved = {fold.unit.result: fold.taken[-1].result for fold in folded}  # functions that never fall go behind a POOL
    for made in calls:
        fold = next((by_result[name] for name in made.buffers[1:] if name in by_result), None)
        if fold:
            name = fold.merged.name
            other = {f"{name}.{kind}": f"{name}.folded.{kind}" for kind in ("weights", "biases", "forth")}
            other[f"{name}.y"] = fold.taken[-1].result
            whole = forward_call(fold.merged, chosen[name], made.buffers[0], target, False)
            yield replace(whole, buffers=tuple(other.get(buffer, buffer) for buffer in whole.buffers))
        elif made.family == "activation":
            yield replace(made, buffers=tuple(moved.get(buffer, buffer) for buffer in made.buffers))
        elif made.family not in ("bn_scale", "pool_forward") or made.buffers[-1] not in gone:
            yield made
