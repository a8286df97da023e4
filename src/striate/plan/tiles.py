"""Register tiles: how many sums a kernel keeps in registers at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TypeVar

from striate.plan.sweep import Sweep, pieces
from striate.plan.target import Target

T = TypeVar("T")

NEAR = 24 * 2**10  #: bytes of the first-level cache that a block of data may fill beside its weights
CACHED = 2**18  #: bytes of the second-level cache that one kernel's copy of its input may fill
PASSED = 2**17  #: bytes of the second-level cache that rows may fill which several sums pass over
HELD_TAPS = 9  #: weights of a filter of one slice that stay in registers
SUMS = 2**20  #: bytes of a weight gradient's sums that are held at a time


@dataclass(frozen=True)
class Tile:
    """Filters x rows x columns of results whose sums stay in registers."""

    filters: int
    rows: int
    columns: int

    def __str__(self) -> str:
        return f"{self.filters} filters x {self.rows}x{self.columns}"


@dataclass(frozen=True)
class GradientTile:
    """Weight gradients kept in registers: filters x slices x filter rows (each of ``field`` weights), summed over
    ``columns`` positions a turn, and over ``rows`` that the cache holds before other weights are."""

    filters: int
    slices: int
    field_rows: int
    columns: int
    rows: int

    def __str__(self) -> str:
        return f"{self.filters} filters x {self.slices} slices x {self.field_rows} filter rows"


def _cheapest(offers: Iterable[tuple[float, T]]) -> T:
    """What is offered at the lowest cost, the first of equals."""
    return min(offers, key=lambda offer: offer[0])[1]


def _widest(total: int, most: int) -> int:
    """The widest of the tiles that ``split_evenly`` makes."""
    return -(-total // pieces(total, most)) if total else 1


@lru_cache
def correlation_tile(
    filters: int, rows: int, columns: int, reach: int, step: int, unit: int, registers: int, idle: float = 0
) -> Tile:
    """The tile with the fewest loads per multiply-add that fits the registers.

    ``reach`` weights of a filter row meet the columns; ``unit`` rows and columns go together (2 under POOL). ``idle``:
    the share of products with zeros beyond the edges that each further column of a tile brings.
    """

    def offers() -> Iterator[tuple[float, Tile]]:
        yield float("inf"), Tile(1, unit, unit)
        for columns_wide in range(unit, min(columns, 16) + 1, unit):
            width = _widest(columns // unit, columns_wide // unit) * unit
            held = width + (0 if step > 1 else reach - 1)
            read = width * reach if step > 1 else held  # with steps, each weight meets inputs of its own
            for many in range(1, min(filters, 16) + 1):
                sums = many * unit * width
                if sums + held + 2 > registers:
                    continue
                loads = unit * (read + reach * many) / (sums * reach)
                fill = _fill(filters, many) * _fill(columns // unit, width // unit)
                cost = (1 + 0.5 * loads + 0.3 * max(0.0, loads - 0.8)) / fill * max(1, 8 / sums)
                yield cost * (1 + idle * (width - 1)), Tile(many, unit, width)

    return _cheapest(offers())


def _fill(total: int, most: int) -> float:
    """The average tile as a share of the widest: near-equal tiles lose little."""
    return 0.5 + 0.5 * total / (pieces(total, most) * _widest(total, most))


def _even(total: int, most: int) -> float:
    """What two threads use of their time when they share the tiles."""
    turns = pieces(total, most)
    return turns / (turns + turns % 2)


@lru_cache
def gradient_tile(filters: int, depth: int, rows: Sweep, columns: Sweep, target: Target) -> GradientTile:
    """The tile for a weight gradient: whole filters where they fit, else one filter row at a time.

    The sums, what is given to a tile's columns, and one number met fit the registers.
    """
    high, field, step, apart = len(rows.taps), len(columns.taps), columns.step, columns.apart

    def offers() -> Iterator[tuple[float, GradientTile]]:
        widths = sorted({_widest(columns.count, most) for most in range(1, 9)})
        sizes = product(range(1, min(filters, 16) + 1), range(1, min(depth, 6) + 1), (1, high))
        for many, slices, field_rows in sizes:
            sums = many * slices * field_rows * field
            across = step * columns.count + apart * (field - 1) + 1
            line = (many * columns.count + slices * rows.step * across) * target.lanes * 4
            fill = _fill(filters, many) * _fill(depth, slices)
            for width in widths:
                least = many * slices * field_rows * width == 1
                if sums + many * width + 2 > target.registers and not least:
                    continue
                met = len({step * column + apart * tap for column in range(width) for tap in range(field)})
                loads = (many * width + slices * field_rows * met) / (sums * width)
                cost = (1 + loads) / fill / _fill(columns.count, width) * max(1, 8 / sums)
                yield cost, GradientTile(many, slices, field_rows, width, max(1, min(rows.count, PASSED // line)))

    return _cheapest(offers())


@lru_cache
def plane_tile(rows: Sweep, columns: Sweep, unit: int, registers: int) -> Tile:
    """Rows x columns of one slice whose sums stay in registers, beside the weights of a small filter.

    Every number of the source is loaded once a tile. ``unit`` rows and columns go together (2 under POOL).
    """
    taps = max(1, len(rows.taps) * len(columns.taps))

    def offers() -> Iterator[tuple[float, Tile]]:
        yield float("inf"), Tile(1, unit, unit)
        for tall in range(unit, min(rows.count, 8) + 1, unit):
            for wide in range(unit, min(columns.count, 16) + 1, unit):
                sums = tall * wide
                if sums + min(taps, HELD_TAPS) + 2 > registers:
                    continue
                met = _met(rows, tall) * _met(columns, wide)
                fill = _fill(rows.count // unit, tall // unit) * _fill(columns.count // unit, wide // unit)
                yield (1 + met / (sums * taps)) / fill * max(1, 8 / sums), Tile(1, tall, wide)

    return _cheapest(offers())


def _met(sweep: Sweep, count: int) -> int:
    """How many numbers ``count`` neighbouring results meet along an axis."""
    return len({sweep.step * i + tap.offset for i in range(count) for tap in sweep.taps})


@dataclass(frozen=True)
class FcTiles:
    """Outputs a turn forwards, inputs unrolled; outputs a turn and inputs a block backwards; outputs a turn for the
    weights."""

    forward: int
    unroll: int
    data: int
    block: int
    weights: int


def fc_tiles(target: Target) -> FcTiles:
    """The FC tiles: sums, and for the weights also a transposed square of inputs, fit the registers.

    Rows of weights are often a multiple of 4096 bytes apart: of more than eight at a time, each would drive another
    out of the first-level cache.
    """
    return FcTiles(8, 16, 8, 384, target.registers - target.lanes - 2)


@dataclass(frozen=True)
class WinogradTile:
    """Tiles of ``size`` x ``size`` results, ``down`` x ``across`` of them a block; sums in registers are
    ``filters`` x tiles of the block, over ``slices`` at a time; or ``filters`` x ``slices`` for the weight gradient."""

    size: int
    down: int
    across: int
    filters: int
    slices: int = 1

    def held(self, filters: int, points: int, lanes: int) -> int:
        """How many of the filters a cache holds the products of, for one block: whole tiles of them."""
        most = CACHED // (self.down * self.across * points * lanes * 4)
        return _widest(filters, max(1, most // self.filters) * self.filters)

    def summed(self, filters: int, rows: int, columns: int, each: int) -> int:
        """How many of the filters have room for their sums, ``each`` bytes: all, unless all tiles are one block."""
        if -(-rows // self.size) > self.down or -(-columns // self.size) > self.across:
            return filters
        return min(filters, max(1, SUMS // each // self.filters) * self.filters)

    def __str__(self) -> str:
        return f"{self.size}x{self.size} results, {self.down}x{self.across} a block, {self.filters} filters"


@lru_cache
def winograd_tile(size: int, filters: int, depth: int, rows: int, columns: int, target: Target) -> WinogradTile:
    """The block and the filters a turn with the fewest loads per multiply-add."""
    down, across = -(-rows // size), -(-columns // size)

    def offers() -> Iterator[tuple[float, WinogradTile]]:
        for wide in range(1, min(across, 8) + 1):
            for tall in range(1, (min(down, 4) if wide == across else 1) + 1):
                count = wide * tall
                for many in range(1, min(filters, 16) + 1):
                    if many * count + count + 1 <= target.registers:
                        fill = _fill(filters, many) * _fill(across, wide) * _fill(down, tall)
                        most = NEAR if size > 1 else CACHED
                        slices = _widest(depth, max(1, most // (count * target.lanes * 4)))
                        yield _square(many, count, 6) / fill, WinogradTile(size, tall, wide, many, slices)

    return _cheapest(offers())


def _square(many: int, wide: int, least: int) -> float:
    """The cost of a multiply-add with ``many`` x ``wide`` sums: its loads, and idle units below ``least`` sums."""
    sums = many * wide
    return (1 + (many + wide) / sums) * max(1, least / sums)


def _sums(filters: int, width: int, most: int, least: int, registers: int) -> Iterator[tuple[float, tuple[int, int]]]:
    """Filters x at most ``most`` of ``width`` for a square of sums in registers."""
    for many, wide in product(range(1, min(filters, 16) + 1), range(1, min(width, most) + 1)):
        if many * wide + wide + 1 <= registers:
            yield _square(many, wide, least) / (_fill(filters, many) * _fill(width, wide)), (many, wide)


@lru_cache
def winograd_gradient_tile(
    size: int, filters: int, depth: int, rows: int, columns: int, registers: int
) -> WinogradTile:
    """Blocks of up to 16 tiles, so that few sums travel to memory; a square of sums in registers."""
    down, across = -(-rows // size), -(-columns // size)
    wide = _widest(across, 8)
    sums = _cheapest(_sums(filters, depth, 16, 1, registers))
    return WinogradTile(size, _widest(down, max(1, 16 // wide)), wide, *sums)


@lru_cache
def deep_tile(size: int, filters: int, depth: int, rows: int, columns: int, target: Target) -> WinogradTile:
    """Four tiles a block, or as many single positions as fit the cache; sums of filters x bundles of slices in
    registers, in an even number of turns if that costs little: each thread transforms all data for its filters."""
    down, across = -(-rows // size), -(-columns // size)
    bundles = -(-depth // target.lanes)
    most = 4 if size > 1 else max(1, min(64, CACHED // (bundles * target.lanes**2 * 4)))
    wide = _widest(across, most)
    offers = _sums(filters, bundles, 6, 8, target.registers)
    sums = _cheapest((cost / _even(filters, square[0]), square) for cost, square in offers)
    return WinogradTile(size, _widest(down, max(1, most // wide)), wide, *sums)


@lru_cache
def block_tile(blocks: int, rows: int, columns: int, unit: int, registers: int) -> Tile:
    """Blocks of filters x rows x columns for one image: every number of the input is spread over the lanes.

    ``unit`` rows and columns go together (2 under POOL).
    """

    def offers() -> Iterator[tuple[float, Tile]]:
        yield float("inf"), Tile(1, unit, unit)
        for many in range(1, min(blocks, 4) + 1):
            for tall in range(unit, min(rows, 4) + 1, unit):
                for columns_wide in range(unit, min(columns, 28) + 1, unit):
                    wide = _widest(columns // unit, columns_wide // unit) * unit
                    sums = many * tall * wide
                    if sums + many + 1 <= registers:
                        fill = _fill(blocks, many) * _fill(rows // unit, tall // unit)
                        fill *= _fill(columns // unit, wide // unit)
                        yield _square(many, tall * wide, 8) / fill, Tile(many, tall, wide)

    return _cheapest(offers())


@dataclass(frozen=True)
class BlockTile:
    """One image's Winograd: tiles of ``size`` x ``size`` results, ``down`` x ``across`` of them a block; sums in
    registers are ``blocks`` of filters x ``run`` tiles; products of ``held`` blocks of filters at a time."""

    size: int
    down: int
    across: int
    blocks: int
    run: int
    held: int

    @property
    def count(self) -> int:
        """Tiles of a block."""
        return self.down * self.across

    def __str__(self) -> str:
        tiles = f"{self.size}x{self.size} results, {self.down}x{self.across} a block"
        return f"{tiles}, {self.blocks} blocks of filters x {self.run} tiles"


@lru_cache
def block_winograd_tile(blocks: int, count: int, even: bool, registers: int) -> tuple[int, int]:
    """Blocks of filters x tiles, of ``count`` tiles, whose sums stay in registers.

    even: threads share the turns through the filters, and an even number of them fits most teams.
    """

    def offers() -> Iterator[tuple[float, tuple[int, int]]]:
        for held in range(1, min(blocks, 8) + 1):
            for run in range(1, min(count, 14) + 1):
                if held * run + held + 1 <= registers:
                    fill = _fill(blocks, held) * _fill(count, run) * (_even(blocks, held) if even else 1)
                    yield _square(held, run, 8) / fill, (held, run)

    return _cheapest(offers())
