"""The plan for looking inside: every volume can be read, and gradients go back to the images.

Nothing rides on anything and no two volumes share bytes. Activations come from the path of one image, image by image;
gradients from a group of images at a time, on their way back from the loss, or from the score of a class.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from striate.layers import Conv
from striate.notation.network import Network
from striate.plan.arena import Arena, aligned
from striate.plan.call import SUMS
from striate.plan.convolution import book_prepared, preparations, scratch_shapes
from striate.plan.fuse import Unit
from striate.plan.kernels import choose
from striate.plan.order import Order
from striate.plan.parameters import row
from striate.plan.plan import LOSSES, Plan, book_images, book_parameters, book_volumes
from striate.plan.schedule import backward_calls, forward_calls, loss_call
from striate.plan.single import single
from striate.plan.target import Target
from striate.plan.volumes import volumes

OF = (*LOSSES, "score")  #: what gradients may be of: a loss, or the score of each image's label


def alone(network: Network) -> tuple[Unit, ...]:
    """Every layer after INPUT as a unit of its own; a RELU leaves gradients of its results as they are."""
    return tuple(Unit(node, (node,)) for node in network.nodes[1:])


def plan_inside(network: Network, target: Target, of: str) -> Plan:
    """The plan for one lane group: ``train`` holds the calls forwards and back, without those that learn.

    >>> from striate.notation.parse import parse
    >>> from striate.plan.target import TARGETS
    >>> made = plan_inside(parse("INPUT[4x4x1] - CONV[2] - RELU - FC[3]"), TARGETS["avx2"], "score")
    >>> [call.buffers[-1] for call in made.train if call.family.endswith(("gradient", "backward"))]
    ['relu1.dy', 'conv1.dy', 'input.dy']
    """
    units, arena = alone(network), Arena(target.lanes)
    convs = {unit.name: unit for unit in units if isinstance(unit.node.layer, Conv)}
    chosen = {name: choose(unit, target.lanes) for name, unit in convs.items()}
    numbers = row(network)
    book_parameters(arena, numbers)
    book_images(arena, network, 1)
    for name, unit in convs.items():
        book_prepared(arena, unit, chosen[name], True)
    shapes = dict(volumes(network, units, chosen, inside=True))
    source = Unit(network.nodes[0], (network.nodes[0],))
    forth = forward_calls(units, chosen, target, True)
    back = backward_calls(units, chosen, target, shapes, False, source)
    calls = (*forth, loss_call(units, of), *(call for call in back if call.family not in SUMS))
    scratch = dict(shape for made in calls for shape in scratch_shapes(convs, made, target.lanes))
    book_volumes(arena, shapes, scratch, calls, 1, apart=True)
    one = single(arena, network, units, chosen, target)
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
    )


def volume_names(units: Sequence[Unit]) -> list[str]:
    """The layers whose volumes can be read: INPUT, then every unit's.

    >>> from striate.notation.parse import parse
    >>> volume_names(alone(parse("INPUT[4x4x1] - CONV[2] - RELU - FC[3]")))
    ['input', 'conv1', 'relu1', 'fc1']
    """
    return ["input", *(unit.name for unit in units)]
