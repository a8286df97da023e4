"""The parameters as one row of numbers: weights, then biases, then streamed weights: the update is two loops.

Among the biases are all that L2 leaves alone: those of BN that are called weights are a number for each slice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from striate.notation.network import Network

ALIGNED = 16  #: float32 numbers: 64 bytes
CHUNK = 1024  #: numbers that one work item of the update takes


@dataclass(frozen=True)
class Place:
    """A parameter tensor's name, shape and first number in the row."""

    name: str
    shape: tuple[int, ...]
    start: int

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)


@dataclass(frozen=True)
class Row:
    """The places, in the network's order; weights fill ``weights`` numbers, biases ``biases``, in chunks.

    ``streamed`` numbers at the end are weights whose gradient is never held as a whole.
    """

    places: tuple[Place, ...]
    weights: int
    biases: int
    streamed: int = 0

    @property
    def summed(self) -> int:
        """Numbers that have a place in a gradient slot, rounded up to whole chunks."""
        return self.weights + self.biases

    @property
    def size(self) -> int:
        """Numbers in all, rounded up to whole chunks."""
        return self.summed + self.streamed


def decays(name: str, shape: tuple[int, ...]) -> bool:
    """Whether a tensor is drawn at the start and L2 pulls it towards zero: weights, but not those of BN.

    >>> decays("fc1.weights", (10, 64)), decays("bn1.weights", (64,)), decays("local1.biases", (8, 8, 4))
    (True, False, False)
    """
    return name.endswith(".weights") and len(shape) > 1


def _chunks(size: int) -> int:
    return -(-size // CHUNK) * CHUNK


def row(network: Network, streamed: Collection[str] = ()) -> Row:
    """The row for a network's parameters; the layers named ``streamed`` have their weights at its end."""
    shapes = network.parameter_shapes()
    last = [f"{name}.weights" for name in streamed]
    parts = [
        [name for name, shape in shapes.items() if decays(name, shape) and name not in last],
        [name for name, shape in shapes.items() if not decays(name, shape)],
        last,
    ]
    starts: dict[str, int] = {}
    ends = [0]
    for part in parts:
        at = ends[-1]
        for name in part:
            starts[name] = at
            at += -(-prod(shapes[name]) // ALIGNED) * ALIGNED
        ends.append(_chunks(at))
    places = tuple(Place(name, shape, starts[name]) for name, shape in shapes.items())
    return Row(places, *(end - start for start, end in pairwise(ends)))
