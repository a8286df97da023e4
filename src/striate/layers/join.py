"""ADD and CONCAT: where ways of a network meet again, number by number or depth slice beside depth slice.

Sources: He et al., "Deep Residual Learning for Image Recognition", 2015; Szegedy et al., "Going Deeper with
Convolutions", 2014.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from striate.errors import FitError
from striate.layers.layer import Array, Layer, Parameters
from striate.volume import Volume

__all__ = ["Add", "Concat", "Join", "join_all", "part_all"]


@dataclass(frozen=True)
class Join(Layer):
    """A layer that reads several volumes. They become one, ``joined``; on that one it changes nothing more."""

    @abstractmethod
    def joined(self, volumes: Sequence[Volume]) -> Volume:
        """The volume that these become; FitError where they do not go together."""

    @abstractmethod
    def join(self, xs: Sequence[Array]) -> Array:
        """The activations ``(N, H, W, D)`` of the ways as one."""

    @abstractmethod
    def part(self, dx: Array, depths: Sequence[int]) -> list[Array]:
        """The gradient on each way's activations, whose depths are given, from that on the joined ones."""

    def output(self, input: Volume) -> Volume:
        """The joined volume, unchanged."""
        return input

    def notation(self) -> str:
        """The kind: in a line, the brackets around the ways say it."""
        return self.kind

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """The joined activations, unchanged."""
        return x

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """The gradient on the joined activations, unchanged."""
        return dy, {}


@dataclass(frozen=True)
class Add(Join):
    """ADD: the sum of two volumes of one size; ``( A - B )+`` adds its input to what A and B make of it.

    >>> import numpy as np
    >>> Add().join([np.array([1.0, 2.0]), np.array([10.0, 20.0])])
    array([11., 22.])
    >>> print(Add().joined([Volume(8, 8, 4), Volume(8, 8, 4)]))
    [8x8x4]
    """

    kind: ClassVar[str] = "ADD"
    example: ClassVar[str] = "( CONV[64] - RELU - CONV[64] )+"

    def joined(self, volumes: Sequence[Volume]) -> Volume:
        """The volume of each way; FitError, with a projection that would mend it, where they differ."""
        result, shortcut = volumes
        if result == shortcut:
            return result
        reason = f"the group makes {result} and its shortcut {shortcut}; only volumes of one size can be added: "
        forth, back = projection(shortcut, result), projection(result, shortcut)
        if forth:
            raise FitError(f"{reason}let the shortcut end with {forth}, as in ( ... | {forth} )+")
        if back:
            raise FitError(f"{reason}let the group end with {back}, or change its strides")
        raise FitError(f"{reason}change strides or padding of one of them")

    def connections(self, input: Volume) -> int:
        """Two: one number of each way."""
        return 2

    def flops(self, input: Volume) -> int:
        """One addition a number."""
        return input.size

    def join(self, xs: Sequence[Array]) -> Array:
        """Their sum."""
        return np.add(*xs)

    def part(self, dx: Array, depths: Sequence[int]) -> list[Array]:
        """All of it to each."""
        return [dx for _ in depths]


@dataclass(frozen=True)
class Concat(Join):
    """CONCAT: volumes one behind the other along the depth; ``{ A | B }`` gives what A and what B make of its input.

    >>> print(Concat().joined([Volume(8, 8, 4), Volume(8, 8, 16)]))
    [8x8x20]
    """

    kind: ClassVar[str] = "CONCAT"
    example: ClassVar[str] = "{ CONV[8, 1x1] | CONV[16] }"

    def joined(self, volumes: Sequence[Volume]) -> Volume:
        """As wide and high as each way, and as deep as all together; FitError where widths or heights differ."""
        first = volumes[0]
        if any((volume.width, volume.height) != (first.width, first.height) for volume in volumes):
            raise FitError(
                f"the ways make {', '.join(map(str, volumes))}; volumes behind each other must be equally wide and "
                "high: give every way the same strides, and padding that keeps sizes, as POOL[3x3, S=1, P=1] does"
            )
        return Volume(first.width, first.height, sum(volume.depth for volume in volumes))

    def connections(self, input: Volume) -> int:
        """One: each number is that of its way."""
        return 1

    def flops(self, input: Volume) -> int:
        """None."""
        return 0

    def join(self, xs: Sequence[Array]) -> Array:
        """One behind the other."""
        return np.concatenate(xs, -1)

    def part(self, dx: Array, depths: Sequence[int]) -> list[Array]:
        """To each its own slices."""
        return np.split(dx, np.cumsum(depths)[:-1], -1)


def join_all(layer: Layer, xs: Sequence[Array]) -> Array:
    """What ``layer`` reads: the one volume, or the join's of several."""
    return layer.join(xs) if isinstance(layer, Join) else xs[0]


def part_all(layer: Layer, dx: Array, depths: Sequence[int]) -> list[Array]:
    """The gradient on each volume that ``layer`` reads, from that on what they are joined to."""
    return layer.part(dx, depths) if isinstance(layer, Join) else [dx]


def projection(source: Volume, target: Volume) -> str:
    """The CONV of 1x1 filters that makes ``target`` of ``source``; empty where no stride does.

    >>> projection(Volume(9, 9, 16), Volume(5, 5, 32)), projection(Volume(8, 8, 16), Volume(4, 4, 32))
    ('CONV[32, 1x1, S=2]', 'CONV[32, 1x1, S=2, fit=crop]')
    """
    for stride in dict.fromkeys((-(-source.width // target.width), -(-source.height // target.height))):
        fits = [((old - 1) // stride + 1, (old - 1) % stride) for old in (source.width, source.height)]
        if [count for count, _ in fits] == [target.width, target.height]:
            crop = ", fit=crop" if any(rest for _, rest in fits) else ""
            return f"CONV[{target.depth}, 1x1{f', S={stride}' if stride > 1 else ''}{crop}]"
    return ""
