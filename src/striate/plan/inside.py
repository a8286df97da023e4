"""The plan for looking inside: every volume can be read, and gradients go back to the images.

Nothing rides on anything and no two volumes share bytes. Activations come from the path of one image, image by image;
gradients from a group of images at a time, on their way back from the loss, or from the score of a class. DROPOUT
drops nothing here, as in scores, and what is seen of it is the volume before it. BN normalises by the running
statistics, as in scores: so an image's numbers, and the gradients on them, do not depend on its company.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from striate.layers import Conv, Dropout
from striate.notation.network import Network
from striate.plan.arena import Arena, aligned
from striate.plan.bn import book_folds, book_state, folds
from striate.plan.call import DROPS, SUMS, Call
from striate.plan.convolution import book_prepared, preparations
from striate.plan.flow import Flow, flow
from striate.plan.fuse import Unit, linked, readers
from striate.plan.kernels import choose
from striate.plan.order import Order
from striate.plan.parameters import row
from striate.plan.parts import fitted, parts
from striate.plan.plan import LOSSES, Plan, book_images, book_parameters, book_volumes, scratch_of
from striate.plan.schedule import Chosen, backward_calls, forward_calls, loss_call
from striate.plan.shape import Shape
from striate.plan.single import single
from striate.plan.target import TARGETS, Target
from striate.plan.volumes import volumes

OF = (*LOSSES, "score")  #: what gradients may be of: a loss, or the score of each image's label


def for_few(target: Target, images: int) -> Target:
    """The target for so many images: half of a wide vector's lanes are done in half of the time.

    >>> for_few(TARGETS["avx512"], 1).name, for_few(TARGETS["avx512"], 9).name, for_few(TARGETS["sse2"], 1).name
    ('avx2', 'avx512', 'sse2')
    """
    narrow = TARGETS["avx2"]
    return narrow if target.name == "avx512" and images <= narrow.lanes else target


def alone(network: Network) -> tuple[Unit, ...]:
    """Every layer after INPUT as a unit of its own; a RELU leaves gradients of its results as they are.

    DROPOUT alone makes no volume, and so belongs to the unit before it, unless others read that one, too.
    """
    units: list[Unit] = []
    read = readers(network)
    for node in network.nodes[1:]:
        behind = units and node.inputs == (units[-1].nodes[-1].name,) and read[node.inputs[0]] == 1
        if behind and isinstance(node.layer, Dropout):
            units[-1] = Unit(units[-1].node, (*units[-1].nodes, node))
        else:
            units.append(Unit(node, (node,)))
    return linked(network, units)


def plan_inside(network: Network, target: Target, of: str) -> Plan:
    """The plan for one lane group: ``train`` holds the calls forwards and back, without those that learn.

    >>> from striate.notation.parse import parse
    >>> from striate.plan.target import TARGETS
    >>> made = plan_inside(parse("INPUT[4x4x1] - CONV[2] - RELU - FC[3]"), TARGETS["avx2"], "score")
    >>> [call.buffers[-1] for call in made.train if call.family.endswith(("gradient", "backward"))]
    ['relu1.dy', 'conv1.dy', 'input.dy']
    """
    units, arena = alone(network), Arena(target.lanes)
    way = flow(network, units, inside=True)
    convs = {unit.name: unit for unit in units if isinstance(unit.node.layer, Conv)}
    chosen = {name: choose(unit, target.lanes) for name, unit in convs.items()}
    numbers = row(network)
    norms = folds(way, apart=True)
    book_parameters(arena, network, numbers)
    book_state(arena, network)
    book_images(arena, network, 1, of)
    for name, unit in convs.items():
        book_prepared(arena, unit, chosen[name], True)
    book_folds(arena, norms, chosen)
    joint = parts(way)
    shapes = fitted(dict(volumes(network, way, chosen, inside=True)), joint)
    forth, calls = _both_ways(way, chosen, target, shapes, of)
    book_volumes(arena, shapes, scratch_of(units, calls, target.lanes), calls, 1, True, joint)
    one = single(arena, network, way, chosen, target)
    return Plan(
        network,
        target,
        target.lanes,
        of,
        units,
        Order(True, "every volume is read afterwards"),
        MappingProxyType(chosen),
        numbers,
        0,
        MappingProxyType(arena.buffers),
        tuple(p for name, unit in convs.items() for p in preparations(unit, chosen[name], True, target.lanes)),
        calls,
        forth,
        one,
        aligned(arena.shared),
        aligned(arena.rank),
        inside=True,
        folds=norms,
    )


def _both_ways(
    way: Flow, chosen: Chosen, target: Target, shapes: Mapping[str, Shape], of: str
) -> tuple[tuple[Call, ...], tuple[Call, ...]]:
    """The calls forwards, and those with the way back; none drops numbers or makes gradients of parameters."""
    forth = tuple(call for call in forward_calls(way, chosen, target, shapes, True) if call.family not in DROPS)
    back = backward_calls(way, chosen, target, shapes, None, learns=False)
    return forth, (*forth, loss_call(way, of), *(call for call in back if call.family not in SUMS | DROPS))


def volume_names(units: Sequence[Unit]) -> dict[str, str]:
    """Every layer, INPUT first, with the one whose volume is its own: itself, unless it is DROPOUT.

    >>> from striate.notation.parse import parse
    >>> volume_names(alone(parse("INPUT[4x4x1] - CONV[2] - DROPOUT - FC[3]")))
    {'input': 'input', 'conv1': 'conv1', 'dropout1': 'conv1', 'fc1': 'fc1'}
    """
    names = {"input": "input"}
    for unit in units:
        names |= {node.name: unit.name if unit.makes else "input" for node in unit.nodes}
    return names
