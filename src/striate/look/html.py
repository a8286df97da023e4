"""A network's table for notebooks: HTML that reads well on light and on dark pages."""

from __future__ import annotations

from html import escape

from striate.look.palette import COLOURS, kind_colour
from striate.notation.columns import count_text, size_text
from striate.notation.network import Network
from striate.notation.table import Row, summary

_HEADS = ("layer", "notation", "output", "weights + biases", "connections", "sees", "activations", "flops")
_LEFT = 3  # columns of text; numbers stand right


def network_html(network: Network) -> str:
    """The table of the network: a row for each layer, its name on the colour of its kind.

    Only these names have colours, their own ground among them; all else is the page's.

    >>> from striate.notation.parse import parse
    >>> network_html(parse("INPUT[8x8x1] - CONV[4] - FC[10]")).count("<tr>")
    5
    """
    table = summary(network)
    kinds = [node.layer.kind for node in network.nodes]
    rows = [_row(row, kind) for row, kind in zip(table.rows, kinds, strict=True)]
    sums = table.totals
    total = ("total", "", "", f"{sums.weights:,} + {sums.biases:,}", "", "", size_text(sums.activation_bytes),
             count_text(sums.flops))  # fmt: skip
    lines = [
        '<table style="border-collapse:collapse;font-variant-numeric:tabular-nums">',
        f'<caption style="text-align:left;padding:4px 0;font-family:monospace">{escape(table.network)}</caption>',
        f"<thead><tr>{''.join(_cell(text, place, 'th') for place, text in enumerate(_HEADS))}</tr></thead>",
        f"<tbody>{''.join(rows)}</tbody>",
        f"<tfoot><tr>{''.join(_cell(text, place, 'th') for place, text in enumerate(total))}</tr></tfoot>",
        "</table>",
    ]
    return "\n".join(lines)


def _row(row: Row, kind: str) -> str:
    """One layer."""
    light = COLOURS["light"]
    name = _ways(row.mark) + (
        f'<span style="background:{kind_colour(light, kind)};color:{light["ground"]};border-radius:4px;'
        f'padding:1px 7px">{escape(row.name)}</span>'
    )
    learned = f"{row.weights:,} + {row.biases:,}" if row.parameters else "-"
    texts = (
        row.notation, str(row.output), learned, count_text(row.connections),
        "x".join(map(str, row.receptive_field)), size_text(row.activation_bytes), count_text(row.flops),
    )  # fmt: skip
    cells = "".join(_cell(escape(text), place, "td") for place, text in enumerate(texts, 1))
    return f"<tr>{_cell(name, 0, 'td')}{cells}</tr>"


def _cell(content: str, place: int, tag: str) -> str:
    """A cell; its content is HTML already."""
    side = "left" if place < _LEFT else "right"
    return f'<{tag} style="text-align:{side};padding:3px 9px;white-space:nowrap">{content}</{tag}>'


def _ways(mark: str) -> str:
    """What draws the ways before a name."""
    return f'<span style="white-space:pre">{mark}</span>' if mark else ""
