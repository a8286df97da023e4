"""A CONV of one image: the kernel that computes it, its buffers and its call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from striate.layers import Conv
from striate.layers.sides import sides_text
from striate.plan.call import Call, call
from striate.plan.convolution import shared_axis
from striate.plan.fuse import Unit
from striate.plan.geometry import TILE_SIZES, counts, forward, windows
from striate.plan.kernels import FAR, PRODUCTS
from striate.plan.shape import Axis, Shape
from striate.plan.sweep import pieces
from striate.plan.target import Target
from striate.plan.tiles import CACHED, BlockTile, block_tile, block_winograd_tile

SHARED = 2**19  #: bytes of weights beyond which threads share filters, and each reads its own alone
STREAM = 8  #: bytes of weights a cycle that reach one thread from far away


@dataclass(frozen=True)
class SingleConv:
    """A CONV unit of the path: ``size`` results a side of a Winograd tile, 0 for the direct kernel.

    Of a CONV with groups, lanes are filters of one group that see the same slices, where they fill whole vectors;
    or of as many groups, that see a slice each (``apart``); else they are neighbours, and weights of slices that a
    filter does not see are zeros.
    """

    unit: Unit
    size: int
    target: Target
    why_not: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "; ".join([f"{self.kind}, {self.cycles():,.0f} cycles", *self.why_not])

    @property
    def kind(self) -> str:
        """Of kernel."""
        field = self.layer.field
        if self.grouped:
            return "depthwise" if self.apart else f"direct in {self.sets} groups"
        return f"winograd F({self.size}x{self.size}, {field}x{field})" if self.size else "direct"

    @property
    def grouped(self) -> bool:
        """Whether filters see a part of the slices."""
        return self.groups > 1

    @property
    def apart(self) -> bool:
        """Whether every filter sees one slice, with its own number."""
        return self.grouped and self.layer.parts(self.unit.input)[1:] == (1, 1)

    @property
    def groups(self) -> int:
        """Of the CONV."""
        return self.layer.parts(self.unit.input)[0]

    @property
    def zeros(self) -> bool:
        """Whether filters have weights of zero for the slices that they do not see."""
        return not self.apart and self.sets == 1

    @property
    def sets(self) -> int:
        """Groups of filters whose weights are told apart; 1 where there are none or zeros fill up the others."""
        groups, filters, _ = self.layer.parts(self.unit.input)
        return groups if not self.apart and filters % self.target.lanes == 0 else 1

    @property
    def slices(self) -> int:
        """Of the input, that a filter has weights for, zeros included."""
        return 1 if self.apart else self.unit.input.depth // self.sets

    @property
    def taps(self) -> tuple[int, int]:
        """Rows and columns of a filter's weights."""
        down, across = windows(self.unit.node)
        return down.field, across.field

    @property
    def name(self) -> str:
        """Of its buffers."""
        return f"single.{self.unit.name}"

    @property
    def layer(self) -> Conv:
        """The CONV."""
        assert isinstance(self.unit.node.layer, Conv)
        return self.unit.node.layer

    @property
    def blocks(self) -> int:
        """Of ``lanes`` filters."""
        return pieces(self.layer.filters, self.target.lanes)

    @property
    def weight_bytes(self) -> int:
        """Of its weights in blocks."""
        each = PRODUCTS if self.size else prod(self.taps)
        return self.blocks * self.target.lanes * self.slices * each * 4

    @property
    def tiles(self) -> tuple[int, int]:
        """Winograd's tiles, down and across."""
        rows, columns = counts(self.unit)
        return pieces(rows, self.size), pieces(columns, self.size)

    def shapes(self) -> Iterator[tuple[str, Shape]]:
        """Its weights, in blocks of ``lanes`` filters, and its biases."""
        lanes, depth = self.target.lanes, self.unit.input.depth
        if self.grouped:
            shape = Shape.of(self.slices, *self.taps, self.blocks * lanes, element="f32")
            yield f"{self.name}.weights", shape
        elif self.size:
            yield f"{self.name}.weights", Shape.of(PRODUCTS, self.blocks, depth, lanes, element="f32")
        else:
            yield f"{self.name}.weights", Shape.of(self.blocks, depth, *self.taps, lanes, element="f32")
        yield f"{self.name}.biases", Shape.of(self.blocks, lanes, element="f32")

    def scratch(self) -> Iterator[tuple[str, Shape]]:
        """What a thread needs for Winograd's blocks."""
        if self.size:
            tile, lanes = self.tile, self.target.lanes
            vectors = pieces(self.unit.input.depth, lanes)
            depth = Axis(vectors * lanes, 0, lanes * (1 - vectors % 2))  # odd numbers of vectors apart, or points
            tiles = Axis(tile.count, 0, 1 - tile.count % 2)  # would crowd into few cache sets
            yield f"{self.unit.name}.v.single", Shape((Axis(PRODUCTS), tiles, depth), "f32")
            yield f"{self.unit.name}.m.single", Shape.of(tile.held, tile.count, PRODUCTS, lanes, element="f32")

    @property
    def shares_rows(self) -> bool:
        """Whether threads share the rows of blocks: weights that stay in the cache may be read for every block."""
        return self.weight_bytes <= FAR and self.tiles[0] > 1

    @property
    def tile(self) -> BlockTile:
        """Winograd's block: a row of tiles, or all of them."""
        down, across = self.tiles
        if self.shares_rows:
            down = 1
        registers = self.target.registers
        blocks, run = block_winograd_tile(self.blocks, down * across, not self.shares_rows, registers)
        most = CACHED // (down * across * PRODUCTS * self.target.lanes * 4)
        held = max(blocks, min(self.blocks, most)) if self.shares_rows else blocks
        return BlockTile(self.size, down, across, blocks, run, held)

    def cycles(self) -> float:
        """Of one thread."""
        rows, columns = counts(self.unit)
        depth, blocks, lanes = self.unit.input.depth, self.blocks, self.target.lanes
        if not self.size:
            return 1.05 * rows * columns * self.slices * prod(self.taps) * blocks
        down, across = self.tiles
        ends = down * across * (200 * pieces(depth, lanes) + 160 * blocks)
        products = 1.2 * PRODUCTS * down * across * depth * blocks
        return ends + max(products, self.weight_bytes / STREAM if self.weight_bytes > FAR else 0)

    def call(self, x: str) -> Call:
        """The kernel's run on ``x``."""
        buffers = [x, f"{self.name}.weights", f"{self.name}.biases", f"{self.name}.y"]
        rows, columns = forward(self.unit)
        how: dict[str, Any] = {"rows": rows, "columns": columns, "relu": self.unit.relu, "pool": self.unit.pool}
        if self.size:
            tile = self.tile
            if self.shares_rows:
                how |= {"split": "rows", "items": self.tiles[0]}
            else:
                how |= {"split": "filters", "items": pieces(self.blocks, tile.held)}
            return call("single_winograd", [*buffers, *(name for name, _ in self.scratch())], tile=tile, **how)
        step = 2 if self.unit.pool else 1
        direct = block_tile(self.blocks // self.sets, rows.count, columns.count, step, self.target.registers)
        down = pieces(rows.count // step, direct.rows // step)
        turns = self.sets * pieces(self.blocks // self.sets, direct.filters)
        cut = shared_axis(0 if self.weight_bytes > SHARED and turns >= 4 else down, turns)
        if self.grouped:
            return call("single_grouped", buffers, tile=direct, groups=self.sets, apart=self.apart, **how, **cut)
        return call("single_conv", buffers, tile=direct, **how, **cut)


def choose_single(unit: Unit, target: Target, first: bool, force: str | None) -> SingleConv:
    """The cheaper kernel for a CONV; the first reads the caller's image, whose positions are no whole vectors."""
    direct = SingleConv(unit, 0, target)
    field, stride = direct.taps[0], direct.layer.stride
    plain = direct.layer.dilation == 1 and not direct.grouped and direct.taps == (field, field)
    size = TILE_SIZES.get(field, 0) if plain else 0
    if not size:
        dilated = "" if direct.layer.dilation == 1 else "dilated "
        groups = " in groups" if direct.grouped else ""
        shown = "x".join(map(str, reversed(direct.taps)))
        return replace(direct, why_not=(f"no winograd tile for {dilated}{shown}{groups}",))
    if stride != 1:
        return replace(direct, why_not=(f"winograd needs S=1, not {sides_text(stride)}",))
    if first:
        return replace(direct, why_not=("winograd needs whole vectors of slices, not an image's",))
    winograd = SingleConv(unit, size, target)
    if force is not None:
        taken, other = (winograd, direct) if force == "winograd" else (direct, winograd)
        return replace(taken, why_not=(f"{other.kind}: not asked for",))
    taken, other = sorted((winograd, direct), key=SingleConv.cycles)
    return replace(taken, why_not=(f"{other.kind}: {other.cycles():,.0f}",))
