"""How one number of a volume came to be: what it sees, and the multiply-and-add that made it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.layers import Activation, Add, Bn, Conv, Fc, Gap, Join, Local, Lrn, Maxout, Pool
from striate.notation.network import Network, Node
from striate.web.frames import Numbers, folded

LISTED = 16  # slices of the input that are written out, at most
NUMBERS = 50_000  # inputs and weights that are written out, at most: of large windows fewer slices

NORM = ("weights", "biases", "mean", "variance")  # what BN makes its scale and shift of

Doubles = npt.NDArray[np.float64]
Span = tuple[int, int]
"""First and last place along an axis, both included; a last before the first is nothing at all."""


def explain(
    network: Network, parameters: Numbers, made: Numbers, layer: str, position: tuple[int, int, int]
) -> dict[str, Any]:
    """The number at `position` (x, y, d) of a layer, whose activations `made` are (H, W, D) by name.

    Sums are in float64, of the float32 numbers that the engine had. Of a deep input the LISTED slices
    with the largest products are written out, fewer of large ones, and `rest` is the sum over the others.
    Raises ArgumentError for a position outside the layer's volume.
    """
    node = next(node for node in network.nodes if node.name == layer)
    x, y, d = position
    volume = node.output
    if x >= volume.width or y >= volume.height or d >= volume.depth:
        raise ArgumentError(f"{layer} is {volume}: position {list(position)} is outside")
    field = receptive_field(network, layer, (x, x), (y, y))
    said = {
        "layer": layer,
        "kind": node.layer.kind,
        "position": list(position),
        "value": float(made[layer][y, x, d]),
        "receptive_field": _box(*field),
        "depth_of_input": node.input.depth,
    }
    if not node.inputs:
        return said | {"input_layer": None, "window": None}
    if isinstance(node.layer, Join):
        return said | _joined(network, node, made, position)
    before = node.inputs[0]
    columns, rows = window(node, x, y)
    seen = cut(made[before].astype(np.float64), rows, columns)
    said |= {"input_layer": before, "window": _box(columns, rows)}
    if isinstance(node.layer, Conv | Fc | Local):
        filter = (y * volume.width + x) * volume.depth + d if isinstance(node.layer, Local) else d
        weights = folded(node, parameters[f"{layer}.weights"])[filter].astype(np.float64).transpose(1, 2, 0)
        biases = parameters.get(f"{layer}.biases")
        bias = float(biases.reshape(-1)[filter]) if biases is not None else None
        said |= {"depth": weights.shape[2], "numbers": weights.size}
        seen, weights, first = _met(node, seen, weights, d)
        return said | _products(seen, weights, bias, first)
    if isinstance(node.layer, Bn):
        return said | _standardised(node.layer, {kind: parameters[f"{layer}.{kind}"] for kind in NORM}, seen, d)
    if isinstance(node.layer, Lrn):
        return said | _normalized(node.layer, seen[0, 0], d)
    if isinstance(node.layer, Maxout):
        first = d * node.layer.pieces
        together = seen[0, 0, first : first + node.layer.pieces]
        slices = list(range(first, first + node.layer.pieces))
        return said | {"slices": slices, "inputs": [[[x]] for x in together.tolist()], "sum": float(together.max())}
    return said | _chosen(node, seen[:, :, d], d)


def window(node: Node, x: int, y: int) -> tuple[Span, Span]:
    """Columns and rows of the input that the position (x, y) of a layer reads; they may reach over the border."""
    layer = node.layer
    if isinstance(layer, Fc | Gap):
        return (0, node.input.width - 1), (0, node.input.height - 1)
    if isinstance(layer, Conv | Local | Pool):
        rows, columns = layer.windows(node.input)
        left, top = x * columns.stride - columns.before, y * rows.stride - rows.before
        return (left, left + columns.span - 1), (top, top + rows.span - 1)
    return (x, x), (y, y)


def receptive_field(network: Network, layer: str, columns: Span, rows: Span) -> tuple[Span, Span]:
    """Columns and rows of the image on which that part of a layer depends, padding left out.

    >>> from striate.notation.parse import parse
    >>> network = parse("INPUT[8x8x1] - CONV[4] - RELU - POOL - CONV[4] - FC[10]")
    >>> receptive_field(network, "conv2", (0, 0), (1, 1))
    ((0, 4), (0, 6))
    """
    seen = {layer: (columns, rows)}
    for node in network.nodes[:0:-1]:
        if node.name not in seen:
            continue
        columns, rows = seen.pop(node.name)
        if columns[0] > columns[1] or rows[0] > rows[1]:
            continue  # nothing but padding is seen
        first, last = window(node, columns[0], rows[0]), window(node, columns[1], rows[1])
        columns = max(0, first[0][0]), min(node.input.width - 1, last[0][1])
        rows = max(0, first[1][0]), min(node.input.height - 1, last[1][1])
        for name in node.inputs:
            seen[name] = _both(seen[name], (columns, rows)) if name in seen else (columns, rows)
    return seen.get("input", (columns, rows))


def _both(one: tuple[Span, Span], other: tuple[Span, Span]) -> tuple[Span, Span]:
    """What two parts span together; one that is nothing at all does not count."""
    for part, rest in ((one, other), (other, one)):
        if any(first > last for first, last in part):
            return rest
    columns, rows = ((min(a[0], b[0]), max(a[1], b[1])) for a, b in zip(one, other, strict=True))
    return columns, rows


def cut(volume: Doubles, rows: Span, columns: Span) -> Doubles:
    """That part of (H, W, D), with zeros where it reaches over the border."""
    height, width, depth = volume.shape
    part = np.zeros((rows[1] - rows[0] + 1, columns[1] - columns[0] + 1, depth))
    top, left = max(0, rows[0]), max(0, columns[0])
    bottom, right = min(height, rows[1] + 1), min(width, columns[1] + 1)
    if top < bottom and left < right:
        inside = volume[top:bottom, left:right]
        part[top - rows[0] : bottom - rows[0], left - columns[0] : right - columns[0]] = inside
    return part


def _met(node: Node, seen: Doubles, weights: Doubles, d: int) -> tuple[Doubles, Doubles, int]:
    """The slices that filter `d` of a group sees, its weights with zeros in the gaps, and the first of the slices."""
    if not isinstance(node.layer, Conv):
        return seen, weights, 0
    _, filters, slices = node.layer.parts(node.input)
    rows, columns = node.layer.windows(node.input)
    first, spread = d // filters * slices, np.zeros((rows.span, columns.span, slices))
    spread[:: rows.dilation, :: columns.dilation] = weights
    return seen[:, :, first : first + slices], spread, first


def _products(seen: Doubles, weights: Doubles, bias: float | None, first: int) -> dict[str, Any]:
    """The dot product of inputs and weights (F, F, D), slice by slice; `first` of them in the input.

    `bias` is None for a layer without: one that only a BN reads.
    """
    products = (seen * weights).sum((0, 1))
    most = min(LISTED, NUMBERS // (2 * seen.shape[0] * seen.shape[1]))
    listed = np.sort(np.argsort(-np.abs(products), kind="stable")[:most])
    return {
        "slices": (listed + first).tolist(),
        "inputs": seen[:, :, listed].transpose(2, 0, 1).tolist(),
        "weights": weights[:, :, listed].transpose(2, 0, 1).tolist(),
        "bias": bias,
        "products": products[listed].tolist(),
        "rest": float(np.delete(products, listed).sum()),
        "sum": float(products.sum() + (bias or 0.0)),
    }


def _standardised(layer: Bn, own: Numbers, seen: Doubles, d: int) -> dict[str, Any]:
    """The scale and the shift that the running statistics make of BN."""
    weight, bias, mean, variance = (float(own[kind][d]) for kind in NORM)
    scale = weight / (variance + layer.eps) ** 0.5
    shift = bias - mean * scale
    said = {"slices": [d], "inputs": [seen[:, :, d].tolist()], "scale": scale, "shift": shift}
    return said | {"mean": mean, "sum": float(seen[0, 0, d]) * scale + shift}


def _normalized(layer: Lrn, column: Doubles, d: int) -> dict[str, Any]:
    """The numbers of LRN's window, one of each of its slices, and what it divides slice `d` by."""
    before, after = layer.reach(len(column))
    slices = list(range(max(0, d - before), min(len(column), d + after + 1)))
    base = layer.k + layer.alpha / layer.slices * float(np.square(column[slices]).sum())
    said = {"slices": slices, "inputs": [[[float(column[other])]] for other in slices], "own": float(column[d])}
    return said | {"divisor": float(base**layer.beta), "sum": float(column[d] / base**layer.beta)}


def _pooled(of: str, seen: Doubles) -> dict[str, Any]:
    """What POOL or GAP makes of a window."""
    if of != "max":
        return {"of": of, "sum": float(seen.mean() if of == "average" else np.sqrt(np.square(seen).sum()))}
    row, column = np.unravel_index(int(seen.argmax()), seen.shape)
    return {"of": of, "won": [int(row), int(column)], "sum": float(seen.max())}


def _chosen(node: Node, seen: Doubles, d: int) -> dict[str, Any]:
    """What POOL and GAP made one of, RELU cut at zero, its like made of it, and DROPOUT let pass."""
    said: dict[str, Any] = {"slices": [d], "inputs": [seen.tolist()]}
    if isinstance(node.layer, Pool | Gap):
        return said | _pooled(node.layer.of if isinstance(node.layer, Pool) else "average", seen)
    value = float(seen[0, 0])
    if isinstance(node.layer, Activation):
        return said | {"sum": float(node.layer.function(seen)[0, 0])}
    return said | {"sum": max(0.0, value) if node.layer.kind == "RELU" else value}


def _joined(network: Network, node: Node, made: Numbers, position: tuple[int, int, int]) -> dict[str, Any]:
    """The numbers that ADD adds; of CONCAT, the one that it passes on, and from where."""
    x, y, d = position
    here = _box((x, x), (y, y))
    if isinstance(node.layer, Add):
        first, second = (float(made[name][y, x, d]) for name in node.inputs)
        added = {"layer": node.inputs[1], "value": second}
        return {"input_layer": node.inputs[0], "window": here, "slices": [d], "inputs": [[[first]]], "added": added,
                "sum": first + second}  # fmt: skip
    depths = {each.name: each.output.depth for each in network.nodes}
    for name in node.inputs:
        if d < depths[name]:
            break
        d -= depths[name]
    value, field = float(made[name][y, x, d]), receptive_field(network, name, (x, x), (y, y))
    return {"input_layer": name, "window": here, "slices": [d], "inputs": [[[value]]], "sum": value,
            "depth_of_input": depths[name], "receptive_field": _box(*field)}  # fmt: skip


def _box(columns: Span, rows: Span) -> dict[str, int]:
    width, height = columns[1] - columns[0] + 1, rows[1] - rows[0] + 1
    return {"x": columns[0], "y": rows[0], "width": max(0, width), "height": max(0, height)}
