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
