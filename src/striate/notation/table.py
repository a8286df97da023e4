"""The table of a network: what every layer holds, learns, sees and costs.

Bytes are of float32 (4 each). Receptive fields follow Araujo, Norris and Sim, "Computing Receptive Fields of
Convolutional Neural Networks", Distill 2019: r += (F - 1)*j, then j *= S, from r = j = 1 on the input; they
are given no larger than the input itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import prod

from striate.errors import ArgumentError
from striate.notation.network import Network, Node
from striate.volume import Volume

__all__ = ["Row", "Summary", "Totals", "summary", "table_text"]

_FLOAT = 4  # bytes
_COPIES = 3  # of every parameter in training: itself, its gradient, its momentum


@dataclass(frozen=True)
class Row:
    """One layer. ``neurons`` counts those with weights of their own kind to learn: CONV's, LOCAL's and FC's.

    ``unshared`` is what ``weights + biases`` would be if every neuron had its own; ``connections`` are per
    neuron; ``receptive_field`` is (width, height) on the input; ``flops`` are of one image's forward pass.
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
            rows.append({**asdict(row), **size, "receptive_field": list(row.receptive_field)})
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
    if not isinstance(batch, int) or isinstance(batch, bool) or batch < 1:
        raise ArgumentError(f"batch is a number of images from 1, not {batch!r}")
    fields = _receptive_fields(network)
    rows = tuple(_row(node, field, batch) for node, field in zip(network.nodes, fields, strict=True))
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


def _row(node: Node, field: tuple[int, int], batch: int) -> Row:
    layer, shapes = node.layer, node.layer.parameter_shapes(node.input)
    weights, biases = (prod(shapes[name]) if shapes else 0 for name in ("weights", "biases"))
    neurons = node.output.size if shapes else 0
    connections = layer.connections(node.input)
    return Row(
        name=node.name,
        notation=layer.notation(),
        output=node.output,
        neurons=neurons,
        weights=weights,
        biases=biases,
        unshared=neurons * (connections + 1),
        connections=connections,
        receptive_field=field,
        activation_bytes=_FLOAT * batch * node.output.size,
        parameter_bytes=_FLOAT * _COPIES * (weights + biases),
        flops=layer.flops(node.input),
    )


def _receptive_fields(network: Network) -> Iterator[tuple[int, int]]:
    """(width, height) on the input, for each node."""
    wide, high, step_wide, step_high = 1, 1, 1, 1
    for node in network.nodes:
        across, down, *steps = node.layer.receptive(node.input)
        wide, high = wide + (across - 1) * step_wide, high + (down - 1) * step_high
        step_wide, step_high = step_wide * steps[0], step_high * steps[1]
        yield min(wide, network.input.width), min(high, network.input.height)
