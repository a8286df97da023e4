"""Which layers run as one: RELU and POOL 2x2 ride on the CONV that feeds them, RELU on an FC or LOCAL; and LEAKY, ELU,
SIGMOID and TANH, whose results tell their slopes, on any of these.

DROPOUT works in place, on the volume that is there, and scores do without it: it belongs to the unit that makes the
volume. Behind INPUT, which is no unit, it is a unit of its own that makes none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from striate.layers import Activation, Conv, Dropout, Elu, Fc, Leaky, Local, Pool, Relu, Sigmoid, Tanh
from striate.notation.network import Network, Node
from striate.volume import Volume


@dataclass(frozen=True)
class Unit:
    """A layer and what is fused into it.

    ``pool`` is a fused 2x2 POOL, whose choices already know of the RELU. ``masked``: whoever passes a gradient
    back to this unit's output leaves out what its RELU held at zero, and with it what a DROPOUT behind it dropped.
    """

    node: Node
    nodes: tuple[Node, ...]
    relu: bool = False
    pool: bool = False

    @property
    def name(self) -> str:
        """The first node's name, in capitals its buffers' prefix."""
        return self.node.name

    @property
    def input(self) -> Volume:
        """The volume the unit takes."""
        return self.node.input

    @property
    def output(self) -> Volume:
        """The volume the unit makes."""
        return self.nodes[-1].output

    @property
    def masked(self) -> bool:
        """Whether gradients on the output must come with the RELU's zeros."""
        return self.relu and not self.pool

    @property
    def learns(self) -> bool:
        """Whether the unit has parameters."""
        return isinstance(self.node.layer, Conv | Fc | Local)

    @property
    def dropouts(self) -> tuple[Node, ...]:
        """Those that work on the unit's volume, in order."""
        return tuple(node for node in self.nodes if isinstance(node.layer, Dropout))

    @property
    def rider(self) -> Node | None:
        """The LEAKY, ELU, SIGMOID or TANH that works on the unit's volume, after its POOL and before its DROPOUTs."""
        return next((node for node in self.nodes[1:] if isinstance(node.layer, Activation)), None)

    @property
    def makes(self) -> bool:
        """Whether the unit makes a volume of its own, and is no DROPOUT behind INPUT."""
        return not isinstance(self.node.layer, Dropout)

    @property
    def result(self) -> str:
        """The buffer of the unit's output."""
        return f"{self.name}.y" if self.makes else "input.y"

    @property
    def gradient(self) -> str:
        """The buffer of the gradient on the unit's output."""
        return f"{self.name}.dy" if self.makes else "input.dy"

    def __str__(self) -> str:
        return " + ".join(node.name for node in self.nodes)


def _rides(node: Node) -> bool:
    """Whether a POOL is the 2x2, stride 2, unpadded one that a CONV's register tile can take along, and of maxima."""
    layer = node.layer
    if not isinstance(layer, Pool) or layer.field != 2 or layer.stride != 2 or layer.of != "max":
        return False
    return all(w.before == 0 and w.after == 0 for w in layer.windows(node.input))


#: Functions that never fall, and whose results tell their slopes.
RISING = (Elu, Leaky, Sigmoid, Tanh)


def _unit(nodes: Sequence[Node]) -> Unit:
    """The longest unit that starts with ``nodes[0]``."""
    first, taken, relu, pool, rider = nodes[0], 1, isinstance(nodes[0].layer, Relu), False, False
    if isinstance(first.layer, Conv | Fc | Local):
        for node in nodes[1:]:
            if isinstance(node.layer, Relu) and not relu and not rider:
                relu = True
            elif isinstance(node.layer, RISING) and not rider and (pool or not relu):
                rider = True
            elif _rides(node) and isinstance(first.layer, Conv) and not pool:
                pool = True
            else:
                break
            taken += 1
    while taken < len(nodes) and isinstance(nodes[taken].layer, Dropout):
        taken += 1
    return Unit(first, tuple(nodes[:taken]), relu, pool)


def fuse(network: Network) -> tuple[Unit, ...]:
    """The network's layers after INPUT as units, in order."""
    units, rest = [], network.nodes[1:]
    while rest:
        unit = _unit(rest)
        units.append(unit)
        rest = rest[len(unit.nodes) :]
    return tuple(units)
