"""`striate nets`: the networks with a name."""

from __future__ import annotations

import json

from striate.notation.named import NAMED
from striate.notation.parse import parse
from striate.notation.table import summary

_HEADS = ("name", "images", "classes", "parameters", "volumes", "flops")
_MEANING = (
    "volumes: the numbers in all of them, for one image.  flops: of one image, forward.",
    "A name goes wherever a line does, with other images or classes if you like: striate plan vgg-16[64x64x3, 10]",
)


def nets(as_json: bool) -> None:
    """Print every network with its line and what it holds."""
    rows = [_row(name) for name in NAMED]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    cells = [_HEADS, *(tuple(f"{row[head]:,}" if isinstance(row[head], int) else str(row[head]) for head in _HEADS)
                       for row in rows)]  # fmt: skip
    widths = [max(len(cell[column]) for cell in cells) for column in range(len(_HEADS))]
    aligned = [
        "  ".join(text.ljust(width) if column == 0 else text.rjust(width)
                  for column, (text, width) in enumerate(zip(cell, widths, strict=True)))
        for cell in cells
    ]  # fmt: skip
    print(f"{aligned[0]}  from")
    for row, line in zip(rows, aligned[1:], strict=True):
        print(f"{line}  {row['source']}\n  {row['line']}")
    print("", *_MEANING, sep="\n")


def _row(name: str) -> dict[str, int | str]:
    """A network's numbers, by their heads."""
    network = parse(name)
    table = summary(network)
    return {
        "name": name,
        "images": NAMED[name].input,
        "classes": network.classes,
        "parameters": table.totals.parameters,
        "volumes": sum(row.output.size for row in table.rows),
        "flops": table.totals.flops,
        "source": NAMED[name].source,
        "line": str(network),
    }
