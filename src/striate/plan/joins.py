"""The calls of ADD and CONCAT, and gradients that several units add to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from striate.layers import Add
from striate.plan.call import Call, call
from striate.plan.flow import Flow
from striate.plan.fuse import Unit
from striate.plan.parts import inherits, slices, takes_over, writes_there

#: Families that can add to the gradient of what a unit read; the setting is ``add``.
ADDS = frozenset(
    {
        "conv_data_gradient",
        "winograd_data_gradient",
        "packed_data_gradient",
        "fc_data_gradient",
        "pool_backward",
        "relu_backward",
    }
)


def join_forward(flow: Flow, unit: Unit) -> Iterator[Call]:
    """The sum of two volumes; of a CONCAT, the slices that no way writes there by itself."""
    sources, depth = flow.sources[unit.name], unit.output.depth
    if isinstance(unit.node.layer, Add):
        yield call("add_forward", [*(source.result for source in sources), unit.result], depth, relu=unit.relu)
        return
    for number, source in enumerate(sources):
        if not writes_there(flow, source, unit):
            yield call("copy", [source.result, slices(flow, unit, number, "y")], source.output.depth)


def join_backward(flow: Flow, unit: Unit) -> Iterator[tuple[Unit | None, list[Call]]]:
    """Calls, each with the unit whose gradient it hands on, if it does that; none where that is there already."""
    for number, source in enumerate(flow.sources[unit.name]):
        depth, dy = source.output.depth, unit.gradient
        if source.name not in flow.wanted:
            continue
        if not isinstance(unit.node.layer, Add):
            dy = slices(flow, unit, number, "dy")
            if writes_there(flow, source, unit):
                if source.masked and not unit.masked:
                    yield None, [call("mask_gradient", [source.result, dy], depth)]
                continue
        elif takes_over(flow, source):
            continue
        elif inherits(flow, source, unit):
            yield source, []
            continue
        yield source, [call("relu_backward", [dy, source.result, source.gradient], depth, mask=source.masked)]


class Gradients:
    """Which gradients have been written on the way back: who comes first writes, those behind add."""

    def __init__(self) -> None:
        self._begun: set[str] = set()

    def into(self, before: Unit | None, calls: Iterable[Call], spare: str) -> Iterator[Call]:
        """The calls of one unit on its way back, made to add to the gradient of ``before`` where that has begun.

        spare: a buffer for calls that cannot add.
        """
        dx, made = before.gradient if before else "", list(calls)
        if not before or dx not in self._begun:
            self._begun.add(dx)
            yield from made
            return
        writing = [each for each in made if dx in each.named]
        if len(writing) == 1 and writing[0].family in ADDS:
            yield from (_adding(each) if each in writing else each for each in made)
            return
        for each in made:
            yield _renamed(each, dx, spare)
        yield call("relu_backward", [spare, before.result, dx], before.output.depth, mask=False, add=True)


def _renamed(made: Call, old: str, new: str) -> Call:
    """The call, and all after it, with another buffer."""
    buffers = tuple(new if name == old else name for name in made.buffers)
    return replace(made, buffers=buffers, then=_renamed(made.then, old, new) if made.then else None)


def _adding(made: Call) -> Call:
    return replace(made, settings=(*made.settings, ("add", True)))
