"""An image's way through a network as columns: which depth slices of a volume are shown, and what stands together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.layers import Activation, Bn, Dropout, Relu
from striate.notation.network import Network, Node

MOST = 10  # depth slices of a volume that are shown where it has many
FEW = 12  # up to so many, all are
CELLS = 32  # the same for volumes of one column, whose slices are single numbers
COLUMNS = 120  # of longer networks, layers in the middle are left out

Numbers = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Column:
    """One volume: what made it, its numbers (H, W, D), and the depth slices to show, in their order."""

    node: Node
    values: Numbers
    slices: tuple[int, ...]
    how: str  # "" where all are shown, else how they were chosen: "most active", "highest", "chosen"

    @property
    def cells(self) -> bool:
        """Whether a slice is a single number."""
        return self.node.output.width == self.node.output.height == 1

    @property
    def chosen(self) -> str:
        """In words, which slices are shown; empty where all are."""
        return f"{len(self.slices)} {self.how} of {self.node.output.depth:,}" if self.how else ""

    @property
    def low(self) -> float:
        """The least number of the whole volume."""
        return float(self.values.min())

    @property
    def high(self) -> float:
        """The largest number of the whole volume."""
        return float(self.values.max())


Group = tuple[Column, ...]


def most_active(values: Numbers, most: int) -> tuple[int, ...]:
    """The ``most`` depth slices of (H, W, D) with the largest mean absolute activation, in ascending order.

    Of equal ones the first count.

    >>> most_active(np.array([[[0.0, -3.0, 1.0, 2.0]]]), 2)
    (1, 3)
    """
    activity = np.abs(np.asarray(values, np.float64)).mean((0, 1))
    return tuple(sorted(int(k) for k in np.argsort(-activity, kind="stable")[:most]))


def groups(
    network: Network, made: Mapping[str, Numbers], slices: Sequence[int] | None, most: int = MOST
) -> list[Group]:
    """The columns after INPUT, a CONV or FC together with the RELU behind it: they show the same slices.

    ``made`` holds every volume (H, W, D) by its layer's name. Which slices are the most active is asked of
    the last volume of a group, of what the next layer gets. ``slices`` are shown instead, where a volume has
    them. Raises ArgumentError where ``most`` is no whole number from 1.
    """
    if not isinstance(most, int | np.integer) or most < 1:
        raise ArgumentError(f"most is how many depth slices are shown, from 1, not {most!r}")
    found: list[Group] = []
    for nodes in _together(network.nodes[1:]):
        last = nodes[-1]
        shown, how = _choose(made[last.name], slices, most, scores=last is network.nodes[-1])
        found.append(tuple(Column(node, made[node.name], shown, how) for node in nodes))
    return found


def check_slices(network: Network, slices: Sequence[int] | None) -> None:
    """Raise ArgumentError for slices that no volume has, or none at all."""
    if slices is None:
        return
    deepest = max(node.output.depth for node in network.nodes[1:])
    if not len(slices):
        raise ArgumentError("no depth slices are given: name some, such as 0,3,7")
    for number in slices:
        if not isinstance(number, int | np.integer) or not 0 <= number < deepest:
            raise ArgumentError(f"there is no depth slice {number!r}: the deepest volume has 0 to {deepest - 1}")


def shortened_way(columns: list[Group]) -> tuple[list[Group], int, int | None]:
    """The groups, how many layers were left out of the middle, and the group after these; 0 and None if none."""
    total = sum(map(len, columns))
    if total <= COLUMNS:
        return columns, 0, None
    front, back = _first(columns), _first(columns[::-1])[::-1]
    shown = [*front, *back]
    return shown, total - sum(map(len, shown)), len(front)


def _first(columns: list[Group]) -> list[Group]:
    """As many groups as make half a figure."""
    found: list[Group] = []
    for group in columns:
        if sum(map(len, found)) + len(group) > COLUMNS // 2:
            break
        found.append(group)
    return found


def _together(nodes: Sequence[Node]) -> list[tuple[Node, ...]]:
    """The layers in groups: BN, RELU, its like and DROPOUT stand beside the CONV, LOCAL or FC before them."""
    found: list[list[Node]] = []
    for node in nodes:
        behind = found and node.inputs == (found[-1][-1].name,)
        beside = isinstance(node.layer, Activation | Bn | Dropout | Relu)
        if behind and beside and found[-1][0].layer.kind in ("CONV", "LOCAL", "FC"):
            found[-1].append(node)
        else:
            found.append([node])
    return [tuple(group) for group in found]


def _choose(values: Numbers, slices: Sequence[int] | None, most: int, scores: bool) -> tuple[tuple[int, ...], str]:
    """The slices of one volume to show, and how they were chosen."""
    height, width, depth = values.shape
    if height == width == 1:
        if depth <= CELLS:
            return tuple(range(depth)), ""
        if scores:
            highest = np.argsort(-values[0, 0], kind="stable")[:CELLS]
            return tuple(sorted(int(k) for k in highest)), "highest"
        return most_active(values, CELLS), "most active"
    if slices is not None:
        own = tuple(dict.fromkeys(int(k) for k in slices if k < depth))
        if own:
            return own, "chosen"
    if depth <= max(FEW if most == MOST else most, 1):
        return tuple(range(depth)), ""
    return most_active(values, most), "most active"
