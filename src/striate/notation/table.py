"""The table of a network: what every layer holds, learns, sees and costs.

Bytes are of float32 (4 each). Receptive fields follow Araujo, Norris and Sim, "Computing Receptive Fields of
Convolutional Neural Networks", Distill 2019: r += (F - 1)*j, then j *= S, from r = j = 1 on the input; they
are given no larger than the input itself. Behind ways that join, they span what all ways see.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import prod

from striate.errors import ArgumentError
from striate.notation.network import Network, Node
from striate.notation.tree import marks, sources
from striate.scalars import plain
from striate.volume import Volume

__all__ = ["Row", "Summary", "Totals", "summary", "table_text"]

_FLOAT = 4  # bytes
_COPIES = 3  # of every parameter in training: itself, its gradient, its momentum


@dataclass(frozen=True)
class Row:
    """One layer. ``neurons`` counts those with weights of their own kind to learn: CONV's, LOCAL's and FC's, not BN's.

    ``unshared`` is what ``weights + biases`` would be if every neuron had its own; ``connections`` are per
    neuron; ``receptive_field`` is (width, height) on the input; ``flops`` are of one image's forward pass.
    ``inputs`` are the layers that it reads, and ``notation`` names those that it joins; ``mark`` draws the ways.
    """

    name: str
    notation: str
    output: Volume
    neurons: int
    weights: int
    biases: int
    unshared: int
    connections: int
    receptive_field: tuple[int, int]
    activation_bytes: int
    parameter_bytes: int
    flops: int
    inputs: tuple[str, ...] = ()
    mark: str = ""

    @property
    def parameters(self) -> int:
        """Weights and biases together."""
        return self.weights + self.biases


@dataclass(frozen=True)
class Totals:
    """The sums of the columns that add up."""

    neurons: int
    weights: int
    biases: int
    unshared: int
    activation_bytes: int
    parameter_bytes: int
    flops: int

    @property
    def parameters(self) -> int:
        """Weights and biases together."""
        return self.weights + self.biases


@dataclass(frozen=True)
class Summary:
    """The rows of a network's layers and their totals; ``str`` is the aligned table."""

    network: str
    batch: int
    rows: tuple[Row, ...]
    totals: Totals

    def to_dict(self) -> dict[str, object]:
        """Plain numbers, texts, lists and dicts: what ``to_json`` writes."""
        rows = []
        for row in self.rows:
            volume = row.output
            size = {"output": [volume.width, volume.height, volume.depth], "parameters": row.parameters}
            lists = {"receptive_field": list(row.receptive_field), "inputs": list(row.inputs)}
            told = {name: value for name, value in asdict(row).items() if name != "mark"}
            rows.append({**told, **size, **lists})
        totals = {**asdict(self.totals), "parameters": self.totals.parameters}
        return {"network": self.network, "batch": self.batch, "layers": rows, "totals": totals}

    def to_json(self) -> str:
        """The table as JSON text; volumes are [W, H, D]."""
        return json.dumps(self.to_dict(), indent=2)

    def __str__(self) -> str:
        from striate.notation.columns import render

        return render(self)


def summary(network: Network, batch: int = 1) -> Summary:
    """The table of ``network``, with the activations of ``batch`` images; ArgumentError unless batch >= 1.

    >>> from striate.notation import parse
    >>> row = summary(parse("INPUT[227x227x3] - CONV[96, 11x11, S=4, P=0]")).rows[1]
    >>> row.neurons, row.unshared, row.parameters, row.connections
    (290400, 105705600, 34944, 363)
    """
    batch = plain(batch)
    if not isinstance(batch, int) or isinstance(batch, bool) or batch < 1:
        raise ArgumentError(f"batch is a number of images from 1, not {batch!r}")
    fields = _receptive_fields(network)
    parts = zip(network.nodes, fields, marks(network.nodes), strict=True)
    rows = tuple(_row(node, field, mark, batch) for node, field, mark in parts)
    totals = Totals(
        neurons=sum(row.neurons for row in rows),
        weights=sum(row.weights for row in rows),
        biases=sum(row.biases for row in rows),
        unshared=sum(row.unshared for row in rows),
        activation_bytes=sum(row.activation_bytes for row in rows),
        parameter_bytes=sum(row.parameter_bytes for row in rows),
        flops=sum(row.flops for row in rows),
    )
    return Summary(str(network), batch, rows, totals)


def table_text(network: Network, batch: int = 1) -> str:
    """The table of ``network`` as aligned text."""
    return str(summary(network, batch))


def _row(node: Node, field: tuple[int, int], mark: str, batch: int) -> Row:
    layer, shapes = node.layer, node.layer.parameter_shapes(node.input)
    weights, biases = (prod(shapes[name]) if name in shapes else 0 for name in ("weights", "biases"))
    neurons = node.output.size if len(shapes.get("weights", ())) > 1 else 0
    state = sum(map(prod, layer.state_shapes(node.input).values()))
    connections = layer.connections(node.input)
    return Row(
        name=node.name,
        notation=sources(node) or layer.notation(),
        output=node.output,
        neurons=neurons,
        weights=weights,
        biases=biases,
        unshared=neurons * (connections + ("biases" in shapes)),
        connections=connections,
        receptive_field=field,
        activation_bytes=_FLOAT * batch * node.output.size,
        parameter_bytes=_FLOAT * (_COPIES * (weights + biases) + state),
        flops=layer.flops(node.input),
        inputs=node.inputs,
        mark=mark,
    )


@dataclass(frozen=True)
class _Seen:
    """Along one axis of the input: what the first number sees, from ``first`` to ``last``, and the step to the next."""

    first: int = 0
    last: int = 0
    step: int = 1

    def through(self, field: int, before: int, stride: int) -> _Seen:
        """What a window over such numbers sees, with ``before`` zeros ahead of the first."""
        first = self.first - before * self.step
        return _Seen(first, self.last + (field - 1 - before) * self.step, self.step * stride)


def _receptive_fields(network: Network) -> Iterator[tuple[int, int]]:
    """(width, height) on the input, for each node."""
    seen: dict[str, tuple[_Seen, _Seen]] = {}
    for node in network.nodes:
        ways = [seen[name] for name in node.inputs] or [(_Seen(), _Seen())]
        across, down = (
            _Seen(min(s.first for s in axis), max(s.last for s in axis), max(s.step for s in axis))
            for axis in zip(*ways, strict=True)
        )
        wide, high, step_wide, step_high = node.layer.receptive(node.input)
        left, top = _before(node)
        seen[node.name] = across, down = across.through(wide, left, step_wide), down.through(high, top, step_high)
        reach = across.last - across.first + 1, down.last - down.first + 1
        yield min(reach[0], network.input.width), min(reach[1], network.input.height)


def _before(node: Node) -> tuple[int, int]:
    """The zeros ahead of the first column and of the first row."""
    if not hasattr(node.layer, "windows"):
        return 0, 0
    rows, columns = node.layer.windows(node.input)
    return columns.before, rows.before
