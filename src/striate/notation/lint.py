"""Hints: what the notes advise and a network does otherwise. None of them is an error.

From "Layer Patterns" and "Layer Sizing Patterns" of the CS231n notes on Convolutional Networks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import log2, prod

from striate.errors import pointed
from striate.layers import Conv, Fc, Layer, Leaky, Pool
from striate.layers.sides import both
from striate.notation.named import expand
from striate.notation.network import Network, Node
from striate.notation.parse import parse, read

__all__ = ["Hint", "hints"]

LARGEST_FIELD = 5  # of a CONV that does not look at the image
LARGEST_POOL = 3
HIDDEN = 3  # FCs before the last: as a rule there are fewer
MUCH = 10_000_000  # activations of one image before the first volume becomes smaller; and weights of one FC
_LEARNING = ("CONV", "LOCAL", "FC")
_LINEAR = ("INPUT", "BN", "DROPOUT", "GAP")  # whatever else stands between two layers makes them more than a linear one


@dataclass(frozen=True)
class Hint:
    """A reason, and the layers that it is about, which stand at ``text[position : position + length]``."""

    names: tuple[str, ...]
    reason: str
    text: str
    position: int
    length: int

    def __str__(self) -> str:
        return f"{pointed(self.text, self.position, self.length)}\n{', '.join(self.names)}: {self.reason}"


def hints(text: str, fit: str = "raise") -> list[Hint]:
    """The hints on a line of notation, a name or a pattern, in the order of its layers; ``fit`` as for ``parse``.

    Raises NotationError as ``parse`` does.

    >>> for hint in hints("INPUT[32x32x3] - CONV[8] - RELU - CONV[8, 7x7] - RELU - POOL - FC[10]"):
    ...     print(hint.names, hint.reason[:35])
    ('conv2',) three CONVs of 3x3 in a row see 7x7
    """
    network = parse(text, fit)
    named = expand(text)
    line = named.line if named else text
    places = _places(line, fit)
    found: dict[tuple[int, str], Hint] = {}
    for node, reason in _all(network):
        position, length = places.get(node.name, (0, 1))
        same = found.get((position, reason))
        names = (*same.names, node.name) if same else (node.name,)
        found[position, reason] = Hint(names, reason, line, position, length)
    return list(found.values())


def _places(line: str, fit: str) -> dict[str, tuple[int, int]]:
    """Where each layer stands, by its name in the network."""
    counts: Counter[str] = Counter()
    places = {}
    for placed, _ in read(line, fit):
        kind = placed.layer.kind
        counts[kind] += 1
        name = kind.lower() + ("" if kind == "INPUT" else str(counts[kind]))
        places[name] = placed.position, placed.length
    return places


def _all(network: Network) -> Iterator[tuple[Node, str]]:
    """Every hint with its layer."""
    first = network.path()
    for node in network.nodes:
        nodes = first if node in first else network.path(node.name)
        at = nodes.index(node)
        for rule in _RULES:
            for reason in rule(nodes, at):
                yield node, reason


def _input(nodes: Sequence[Node], at: int) -> Iterator[str]:
    if at:
        return
    volume, strides = nodes[0].output, [both(getattr(node.layer, "stride", 1)) for node in nodes]
    told = set()
    for axis, side in enumerate((volume.width, volume.height)):
        halvings = sum(int(log2(s[axis])) for s in strides if s[axis] & (s[axis] - 1) == 0)
        twos = (side & -side).bit_length() - 1
        if twos < halvings and side > 1 and side not in told:
            told.add(side)
            near = max(1, round(side / 2**halvings)) * 2**halvings
            yield (
                f"{side} can be halved {_times(twos)}, and the strides halve it {_times(halvings)}: sides divisible by "
                f"2 many times, as 32, 64, 96, 224, 384 or 512, work out; {near} would here"
            )


def _times(count: int) -> str:
    return {0: "not at all", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _memory(nodes: Sequence[Node], at: int) -> Iterator[str]:
    if at:
        return
    full = [node.output.size for node in nodes if node.output.width == nodes[0].output.width]
    if sum(full) > MUCH:
        size = sum(full) * 4 * 2 / 2**20
        yield (
            f"the volumes as wide as the image hold {sum(full) / 1e6:.1f} million numbers, {size:,.0f} MiB with their "
            "gradients, of each image in training: where memory is short, the first CONV is the place for a larger "
            "filter and stride, as 7x7 with S=2 in ZF net or 11x11 with S=4 in AlexNet"
        )


def _conv(nodes: Sequence[Node], at: int) -> Iterator[str]:
    node, first = nodes[at], not any(isinstance(before.layer, Conv) for before in nodes[:at])
    layer = node.layer
    if not isinstance(layer, Conv) or node.output.size == node.output.depth:
        return
    fields, strides, paddings = both(layer.field), both(layer.stride), both(layer.padding)
    gaps, field = both(getattr(layer, "dilation", 1)), fields[0]
    if (
        field > LARGEST_FIELD
        and not first
        and fields == (field, field)
        and gaps == (1, 1)
        and node.input.depth == layer.connections(node.input) // field**2
    ):
        yield _stack(field, node.input.depth, layer.filters)
    reaches = [gap * (side - 1) for gap, side in zip(gaps, fields, strict=True)]
    if strides == (1, 1) and any(2 * zeros < reach for zeros, reach in zip(paddings, reaches, strict=True)):
        even = next((side for side in fields if side % 2 == 0), 0)
        usual = "x".join(str(reach // 2) for reach in dict.fromkeys(reaches))
        keeping = f"an odd F, as F={even + 1}" if even else f"P={usual}"
        yield (
            f"it makes {node.output} of {node.input}: {keeping} keeps width and height, leaves making volumes smaller "
            "to POOL, and does not wash away what is at the border"
        )
    if strides != (1, 1) and not first:
        shown = "x".join(str(stride) for stride in dict.fromkeys(strides))
        yield (
            f"S={shown}: a stride of 1 works better in practice, and leaves making volumes smaller to POOL; "
            "if memory is short, the stride of the first CONV is the one to change"
        )


def _gaps(nodes: Sequence[Node], at: int) -> Iterator[str]:
    layer, volume = nodes[at].layer, nodes[at].input
    if not isinstance(layer, Conv):
        return
    for field, gap, side in zip(both(layer.field), both(layer.dilation), (volume.width, volume.height), strict=True):
        if field > 1 and gap > 1 and gap >= side:
            reach = gap * (field - 1) + 1
            yield (
                f"dilation={gap} spreads F={field} over {reach:,} numbers of a side of {side}, so no two of its "
                f"weights meet the image at once: a dilation below {side} lets them"
            )
            return


def _stack(field: int, depth: int, filters: int) -> str:
    """Why CONVs of 3x3 in place of a large one, with the numbers of weights."""
    count = field // 2
    sees = f"{2 * count + 1}x{2 * count + 1}{', too,' if field % 2 else ''}"
    stack = 9 * depth * filters + (count - 1) * 9 * filters**2
    return (
        f"{_COUNTS.get(count, count)} CONVs of 3x3 in a row see {sees} with a RELU behind each, and "
        f"have fewer weights, {9 * count}C^2 and not {field**2}C^2 for C slices, here {stack:,} and not "
        f"{field**2 * depth * filters:,}; large filters are for the first CONV, which looks at the image"
    )


def _pool(nodes: Sequence[Node], at: int) -> Iterator[str]:
    node, layer = nodes[at], nodes[at].layer
    if not isinstance(layer, Pool) or node.output.size == node.output.depth:
        return
    fields, strides, paddings = both(layer.field), both(layer.stride), both(layer.padding)
    if max(fields) > LARGEST_POOL:
        kept = 100 * node.output.size / node.input.size
        yield (
            f"F={max(fields)} keeps {kept:.0f} % of the numbers: fields above 3 are too destructive, and usually "
            "lead to worse performance; POOL or POOL[3x3, S=2] are common"
        )
    elif (fields, strides) not in (((2, 2), (2, 2)), ((3, 3), (2, 2))):
        yield f"{layer.notation()} is not common: POOL, which is 2x2 with S=2, and POOL[3x3, S=2] are"
    if any(paddings):
        made = {"max": "maximum", "average": "average", "l2": "norm"}[layer.of]
        yield f"P={max(paddings)}: it is not common to pad a POOL; its zeros take part in the {made}"


def _fit(nodes: Sequence[Node], at: int) -> Iterator[str]:
    fit = getattr(nodes[at].layer, "fit", "raise")
    if fit != "raise":
        done = "zeros are added" if fit == "pad" else "the last rows or columns are not looked at"
        yield f"it does not fit {nodes[at].input} neatly, so {done}: other sizes would do without fit={fit}"


def _is_linear(layer: Layer) -> bool:
    if isinstance(layer, Leaky):
        return layer.a == 1
    return layer.kind in _LINEAR or (isinstance(layer, Pool) and layer.of == "average")


def _linear(nodes: Sequence[Node], at: int) -> Iterator[str]:
    if nodes[at].layer.kind not in _LEARNING:
        return
    before = next((node for node in nodes[at - 1 :: -1] if not _is_linear(node.layer)), None)
    if before is not None and before.layer.kind in _LEARNING:
        between = f"nothing but linear functions is between {before.name} and this"
        yield f"{between}: a RELU there makes more of them than one linear layer"


def _hidden(nodes: Sequence[Node], at: int) -> Iterator[str]:
    layer = nodes[at].layer
    if not isinstance(layer, Fc):
        return
    fcs = [node for node in nodes if isinstance(node.layer, Fc)]
    if nodes[at] is fcs[0] and len(fcs) > HIDDEN:
        yield f"{len(fcs) - 1} FCs come before the last, and as a rule fewer than {HIDDEN} do"
    weights = nodes[at].input.size * layer.outputs
    total = sum(prod(n.layer.parameter_shapes(n.input)["weights"]) for n in nodes if n.layer.kind in _LEARNING)
    if weights > MUCH and 2 * weights > total:
        yield (
            f"it has {weights:,} of the {total:,} weights: GAP, the average of each depth slice, in place of the first "
            "FCs does without most of them, and they do not seem to matter much"
        )


def _last(nodes: Sequence[Node], at: int) -> Iterator[str]:
    if at < len(nodes) - 1:
        return
    if nodes[at].layer.kind == "RELU":
        yield "the scores end in a RELU, so none is below zero: the last FC holds the scores as they are"
    elif nodes[at].output.size != nodes[at].output.depth:
        yield f"the scores are a volume {nodes[at].output}: as a rule the last FC holds one number for each class"


_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}
_RULES: tuple[Callable[[Sequence[Node], int], Iterator[str]], ...] = (
    _input, _memory, _conv, _gaps, _pool, _fit, _linear, _hidden, _last,
)  # fmt: skip
