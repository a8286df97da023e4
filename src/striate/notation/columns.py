"""The table of a network as aligned text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from striate.notation.table import Summary

__all__ = ["render"]

_HEADS = (
    "layer", "notation", "output", "neurons", "weights + biases", "unshared",
    "connections", "sees", "activations", "parameters", "flops",
)  # fmt: skip
_LEFT = 3  # columns of text; the others are numbers and stand right


def render(table: Summary) -> str:
    """Two lines on the network, a line for each layer, the totals, and what the columns mean."""
    lines = [_HEADS]
    for row in table.rows:
        wide, high = row.receptive_field
        learned = f"{row.weights:,} + {row.biases:,}" if row.parameters else "-"
        lines.append((
            row.mark + row.name, row.notation, str(row.output), count_text(row.neurons), learned,
            count_text(row.unshared), count_text(row.connections), f"{wide}x{high}", size_text(row.activation_bytes),
            size_text(row.parameter_bytes), count_text(row.flops),
        ))  # fmt: skip
    sums = table.totals
    lines.append((
        "total", "", "", count_text(sums.neurons), f"{sums.weights:,} + {sums.biases:,}", count_text(sums.unshared),
        "", "", size_text(sums.activation_bytes), size_text(sums.parameter_bytes), count_text(sums.flops),
    ))  # fmt: skip
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADS))]
    aligned = [_align(line, widths) for line in lines]
    rule = "-" * max(len(line) for line in aligned)
    images = "1 image" if table.batch == 1 else f"{table.batch:,} images"
    meaning = (
        "unshared: weights + biases if every neuron had its own.  connections: per neuron.",
        "sees: the receptive field on the input.  flops: of one image, forward.",
        f"activations: of {images}.  parameters: with gradient and momentum.  Both in float32.",
    )
    return "\n".join([table.network, "", aligned[0], rule, *aligned[1:-1], rule, aligned[-1], "", *meaning])


def _align(line: tuple[str, ...], widths: list[int]) -> str:
    cells = (
        cell.ljust(width) if column < _LEFT else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def count_text(number: int) -> str:
    return f"{number:,}" if number else "-"


def size_text(number: int) -> str:
    """1,234 B, then KiB, MiB, GiB with one digit."""
    if not number:
        return "-"
    size, units = float(number), ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{number:,} B" if number < 1024 else f"{size:,.1f} {units[0]}"
