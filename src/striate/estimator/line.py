"""From what a person writes of a network to the network: INPUT comes from the images, the last FC from the classes."""

from __future__ import annotations

import re

from striate.errors import ArgumentError
from striate.notation.named import NAMED, expand
from striate.notation.network import Network
from striate.notation.parse import parse

_BARE = re.compile(r"(?:^|[-→>])\s*FC\s*$", re.IGNORECASE)
_INPUT = re.compile(r"^\s*INPUT\b", re.IGNORECASE)
FILTERS = 16  # of the first CONV, where nothing was said; each POOL doubles them
NEURONS = 64  # between features and scores, likewise


def complete(net: str | Network | None, shape: tuple[int, int, int], outputs: int, fit: str = "raise") -> Network:
    """The network for images (H, W, D) with so many outputs.

    A line may leave out INPUT, and end in a bare FC or without one; a name in NAMED takes its size and classes from
    here; None is a small network that goes with the images. Raises NotationError for a line that is wrong, and
    ArgumentError for one that reads other images or has other outputs.

    >>> str(complete("CONV[8] - RELU - POOL - FC", (28, 28, 1), 10))
    'INPUT[28x28x1] - CONV[8] - RELU - POOL - FC[10]'
    >>> str(complete(None, (8, 8, 1), 3))
    'INPUT[8x8x1] - CONV[16] - BN - RELU - POOL - CONV[32] - BN - RELU - POOL - FC[3]'
    >>> str(complete(None, (1, 1, 30), 2))
    'INPUT[1x1x30] - FC[64] - RELU - FC[2]'
    """
    height, width, depth = shape
    if isinstance(net, Network):
        network = net
    elif net is None:
        network = parse(f"INPUT[{width}x{height}x{depth}] - {usual(height, width)} - FC[{outputs}]")
    elif not isinstance(net, str):
        raise ArgumentError(f"net is a line, a name, a network or None, not {type(net).__name__}")
    else:
        network = parse(_whole(net, f"{width}x{height}x{depth}", outputs), fit)
    return _checked(network, shape, outputs)


def usual(height: int, width: int) -> str:
    """All layers but the first and the last of a network for images of that size."""
    blocks: list[str] = []
    filters = FILTERS
    while min(height, width) >= 4 and len(blocks) < 3:
        pool = "POOL" if height % 2 == width % 2 == 0 else "POOL[2x2, fit=pad]"
        blocks.append(f"CONV[{filters}] - BN - RELU - {pool}")
        height, width, filters = -(-height // 2), -(-width // 2), 2 * filters
    return " - ".join(blocks) if blocks else f"FC[{NEURONS}] - RELU"


def _whole(line: str, size: str, outputs: int) -> str:
    """A line with INPUT and the last FC; an error in it still points at what was written."""
    named = expand(line) if not _INPUT.match(line) else None
    if named is not None:
        return NAMED[named.name].line(size, str(outputs)) if "[" not in line else line
    begun = line if _INPUT.match(line) else f"INPUT[{size}] - {line.strip()}"
    if _BARE.search(begun):
        return f"{begun.rstrip()}[{outputs}]"
    ends = re.search(r"\bFC\s*\[[^\]]*\]\s*$", begun, re.IGNORECASE)
    return begun if ends else f"{begun.rstrip()} - FC[{outputs}]"


def _checked(network: Network, shape: tuple[int, int, int], outputs: int) -> Network:
    height, width, depth = shape
    if network.input.shape != shape:
        raise ArgumentError(
            f"the network reads {network.input}, but the images are {width}x{height}x{depth}: "
            f"begin it with INPUT[{width}x{height}x{depth}], or leave INPUT out"
        )
    if network.classes != outputs:
        raise ArgumentError(
            f"the network ends in {network.classes} outputs, but {outputs} are wanted: "
            f"end it with FC[{outputs}], or with FC alone"
        )
    return network
