"""The table of a network for terminals: in one piece where it fits, else what it holds and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from striate.notation.columns import count_text as number
from striate.notation.columns import size_text as size
from striate.notation.table import Row, Summary, Totals

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


@dataclass(frozen=True)
class _Column:
    """A column: its head, what it says of a layer, and of the totals."""

    head: str
    cell: Callable[[Row], str]
    total: Callable[[Totals], str] = lambda totals: ""
    left: bool = False


def _learned(row: Row | Totals) -> str:
    return f"{row.weights:,} + {row.biases:,}" if row.parameters else "-"


_NAME = _Column("layer", lambda row: row.mark + row.name, lambda totals: "total", left=True)

_HOLDS = (
    _Column("notation", lambda row: row.notation, left=True),
    _Column("output", lambda row: str(row.output), left=True),
    _Column("neurons", lambda row: number(row.neurons), lambda totals: number(totals.neurons)),
    _Column("weights + biases", _learned, _learned),
    _Column("unshared", lambda row: number(row.unshared), lambda totals: number(totals.unshared)),
)

_COSTS = (
    _Column("connections", lambda row: number(row.connections)),
    _Column("sees", lambda row: "x".join(map(str, row.receptive_field))),
    _Column("activations", lambda row: size(row.activation_bytes), lambda totals: size(totals.activation_bytes)),
    _Column("parameters", lambda row: size(row.parameter_bytes), lambda totals: size(totals.parameter_bytes)),
    _Column("flops", lambda row: number(row.flops), lambda totals: number(totals.flops)),
)


def tables(summary: Summary, width: int) -> list[RenderableType]:
    """Return what to print for the network on a terminal of this width."""
    from rich.console import Console
    from rich.measure import Measurement
    from rich.text import Text

    endless = Console(width=10_000)
    whole = _table(summary, (_NAME, *_HOLDS, *_COSTS))
    pieces = [whole]
    if Measurement.get(endless, endless.options, whole).maximum > width:
        pieces = [_table(summary, (_NAME, *part)) for part in (_HOLDS, _COSTS)]
    spaced = [line for piece in pieces for line in (Text(), piece)]
    return [Text(summary.network, "bold"), *spaced, Text(), Text(_legend(summary), "dim")]


def _table(summary: Summary, columns: tuple[_Column, ...]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE, show_footer=True, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column.head,
            Text(column.total(summary.totals), "bold"),
            justify="left" if column.left else "right",
            style="cyan" if column is _NAME else None,
            overflow="fold",
        )
    for row in summary.rows:
        table.add_row(*(Text(column.cell(row)) for column in columns))
    return table


def _legend(summary: Summary) -> str:
    images = "1 image" if summary.batch == 1 else f"{summary.batch:,} images"
    return (
        "unshared: weights + biases if every neuron had its own\n"
        "connections: per neuron · sees: receptive field on the input\n"
        f"activations: of {images} · flops: of one image, forward\n"
        "parameters: with gradient and momentum"
    )
