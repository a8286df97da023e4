"""A network as the page knows it: its table, and the windows of its layers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from striate.layers import Conv, Local, Pool
from striate.notation.network import Network, Node
from striate.notation.table import summary
from striate.volume import Volume


def network_json(network: Network, batch: int) -> dict[str, Any]:
    """The answer to `plan`: the table of the network, with the input and the window of each layer.

    >>> from striate.notation.parse import parse
    >>> found = network_json(parse("INPUT[8x8x1] - CONV[4] - POOL - FC[10]"), 1)
    >>> found["layers"][1]["window"], found["totals"]["parameters"]
    ({'F': 3, 'S': 1, 'P': [1, 1], 'rows': [1, 1]}, 690)
    """
    table = summary(network, batch)
    layers = []
    for node, row in zip(network.nodes, table.rows, strict=True):
        layers.append({
            "name": row.name,
            "kind": node.layer.kind,
            "notation": row.notation,
            "input": sides(node.input),
            "output": sides(node.output),
            "weights": row.weights,
            "biases": row.biases,
            "parameters": row.parameters,
            "neurons": row.neurons,
            "unshared": row.unshared,
            "connections": row.connections,
            "receptive_field": list(row.receptive_field),
            "activation_bytes": row.activation_bytes,
            "parameter_bytes": row.parameter_bytes,
            "flops": row.flops,
            "window": window(node),
        })  # fmt: skip
    totals = {**asdict(table.totals), "parameters": table.totals.parameters}
    return {"network": table.network, "batch": batch, "layers": layers, "totals": totals}


def sides(volume: Volume) -> list[int]:
    """[W, H, D]."""
    return [volume.width, volume.height, volume.depth]


def window(node: Node) -> dict[str, Any] | None:
    """Field and stride, one number or (W, H), and the zeros before and after, along the columns (P) and the rows; None
    without a window."""
    layer = node.layer
    if not isinstance(layer, Conv | Local | Pool):
        return None
    rows, columns = layer.windows(node.input)
    return {
        "F": layer.field,
        "S": layer.stride,
        "P": [columns.before, columns.after],
        "rows": [rows.before, rows.after],
    }
