"""Register tiles: how many sums a kernel keeps in registers at a time."""

from __future__ import annotations

from dataclasses import dataclass

from striate.plan.sweep import split_evenly
from striate.plan.target import Target


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
    """Weight gradients kept in registers: filters x filter rows (each of ``field`` weights), summed over
    ``columns`` positions a turn."""

    filters: int
    field_rows: int
    columns: int

    def __str__(self) -> str:
        return f"{self.filters} filters x {self.field_rows} filter rows"


def _widest(total: int, most: int) -> int:
    return split_evenly(total, most)[0][1] if total else 1


def correlation_tile(filters: int, rows: int, columns: int, reach: int, step: int, unit: int, registers: int) -> Tile:
    """The tile with the fewest loads per multiply-add that fits the registers.

    ``reach`` weights of a filter row meet the columns; ``unit`` rows and columns go together (2 under POOL).
    """
    best: tuple[float, Tile] | None = None
    for columns_wide in range(unit, min(columns, 16) + 1, unit):
        for many in range(1, min(filters, 16) + 1):
            width = _widest(columns // unit, columns_wide // unit) * unit
            sums = many * unit * width
            held = min(step * (width - 1) + reach, width + (2 if step > 1 else reach - 1))
            if sums + held + 2 > registers:
                continue
            loads = unit * (held + reach * many) / (sums * reach)
            fill = _fill(filters, many) * _fill(columns // unit, width // unit)
            cost = (1 + 0.5 * loads + 0.3 * max(0.0, loads - 0.8)) / fill * (1 if sums >= 8 else 8 / sums)
            if best is None or cost < best[0]:
                best = cost, Tile(many, unit, width)
    return best[1] if best else Tile(1, unit, unit)


def _fill(total: int, most: int) -> float:
    """The average tile as a share of the widest: near-equal tiles lose little."""
    runs = split_evenly(total, most)
    pieces = sum(n for _, _, n in runs)
    return 0.5 + 0.5 * total / (pieces * max(w for _, w, _ in runs))


def gradient_tile(filters: int, field: int, columns: int, step: int, registers: int) -> GradientTile:
    """The tile for a weight gradient: whole filters where they fit, else one filter row at a time."""
    best: tuple[float, GradientTile] | None = None
    for field_rows in {1, field}:
        for many in range(1, min(filters, 16) + 1):
            sums = many * field_rows * field
            if sums + min(field, 4) + many + 1 > registers and (many > 1 or field_rows > 1):
                continue
            width = min(columns, 4)
            inputs = field_rows * (min(step * (width - 1) + field, width * field)) / width
            loads = (many + inputs) / sums
            cost = (1 + loads) / _fill(filters, many) * (1 if sums >= 8 else 8 / sums)
            if best is None or cost < best[0]:
                best = cost, GradientTile(many, field_rows, width)
    assert best is not None
    return best[1]


@dataclass(frozen=True)
class FcTiles:
    """Outputs a turn forwards, inputs unrolled, inputs a turn backwards, outputs a turn for the weights."""

    forward: int
    unroll: int
    data: int
    weights: int


def fc_tiles(target: Target) -> FcTiles:
    """The FC tiles: sums, and for the weights also a transposed square of inputs, fit the registers."""
    half = target.registers // 2
    return FcTiles(half, 4, half - 4, target.registers - target.lanes - 2)


@dataclass(frozen=True)
class WinogradTile:
    """Tiles of ``size`` x ``size`` results, ``down`` x ``across`` of them a block; sums in registers are
    ``filters`` x tiles of the block, or ``filters`` x ``slices`` for the weight gradient."""

    size: int
    down: int
    across: int
    filters: int
    slices: int = 1

    def __str__(self) -> str:
        return f"{self.size}x{self.size} results, {self.down}x{self.across} a block, {self.filters} filters"


def winograd_tile(size: int, filters: int, rows: int, columns: int, registers: int) -> WinogradTile:
    """The block and the filters a turn with the fewest loads per multiply-add."""
    down, across = -(-rows // size), -(-columns // size)
    best: tuple[float, WinogradTile] | None = None
    for wide in range(1, min(across, 8) + 1):
        for tall in range(1, (min(down, 4) if wide == across else 1) + 1):
            count = wide * tall
            for many in range(1, min(filters, 16) + 1):
                if many * count + count + 1 > registers:
                    continue
                fill = _fill(filters, many) * _fill(across, wide) * _fill(down, tall)
                sums = many * count
                cost = (1 + (many + count) / sums) / fill * (1 if sums >= 6 else 6 / sums)
                if best is None or cost < best[0]:
                    best = cost, WinogradTile(size, tall, wide, many)
    assert best is not None
    return best[1]


def winograd_gradient_tile(
    size: int, filters: int, depth: int, rows: int, columns: int, registers: int
) -> WinogradTile:
    """Blocks of up to 16 tiles, so that few sums travel to memory; a square of sums in registers."""
    down, across = -(-rows // size), -(-columns // size)
    wide = _widest(across, 8)
    tall = _widest(down, max(1, 16 // wide))
    best: tuple[float, int, int] | None = None
    for many in range(1, min(filters, 16) + 1):
        for deep in range(1, min(depth, 16) + 1):
            if many * deep + deep + 1 > registers:
                continue
            cost = (1 + (many + deep) / (many * deep)) / (_fill(filters, many) * _fill(depth, deep))
            if best is None or cost < best[0]:
                best = cost, many, deep
    assert best is not None
    return WinogradTile(size, tall, wide, best[1], best[2])


def winograd_deep_tile(size: int, filters: int, depth: int, rows: int, columns: int, target: Target) -> WinogradTile:
    """Four tiles a block; sums of filters x bundles of slices in registers."""
    down, across = -(-rows // size), -(-columns // size)
    wide = _widest(across, 4)
    bundles = -(-depth // target.lanes)
    best: tuple[float, int, int] | None = None
    for many in range(1, min(filters, 16) + 1):
        for deep in range(1, min(bundles, 6) + 1):
            if many * deep + deep + 1 > target.registers:
                continue
            sums = many * deep
            cost = (1 + (many + deep) / sums) / (_fill(filters, many) * _fill(bundles, deep)) * max(1, 8 / sums)
            if best is None or cost < best[0]:
                best = cost, many, deep
    assert best is not None
    return WinogradTile(size, _widest(down, max(1, 4 // wide)), wide, best[1], best[2])
