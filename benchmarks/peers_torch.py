"""The same networks in PyTorch, in its own idiom."""

from __future__ import annotations

from collections import Counter, OrderedDict
from itertools import pairwise
from typing import Any

from benchmarks.nets import data
from benchmarks.peers import Made
from striate.layers import Add, Bn, Conv, Fc, Gap, Pool, Relu
from striate.layers.sides import both
from striate.notation import Network
from striate.notation.network import Node


def torch_module(net: Network) -> Any:
    """The network as a torch.nn.Module; where every layer reads the one before it, a torch.nn.Sequential."""
    from torch import nn

    read = Counter(name for node in net.nodes for name in node.inputs)
    flat: set[str] = set()  # layers whose results have no width and height any more
    modules: OrderedDict[str, Any] = OrderedDict()
    for node in net.nodes[1:]:
        modules[node.name] = _layer(node, read[node.inputs[0]] == 1, node.inputs[0] in flat)
        if isinstance(node.layer, Fc) or node.inputs[0] in flat:
            flat.add(node.name)
    if all(node.inputs == (before.name,) for before, node in pairwise(net.nodes)):
        return nn.Sequential(modules)
    first, last = net.nodes[0].name, net.nodes[-1].name
    reads = {node.name: node.inputs for node in net.nodes[1:]}

    class Graph(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleDict({name: made for name, made in modules.items() if made is not None})

        def forward(self, x: Any) -> Any:
            made = {first: x}
            for name, inputs in reads.items():
                x = made[inputs[0]]
                made[name] = self.layers[name](x) if name in self.layers else x + made[inputs[1]]
            return made[last]

    return Graph()


def _layer(node: Node, alone: bool, flat: bool) -> Any:
    """A layer's module, or None for ADD. alone: nothing else reads what it reads, which has no sides where ``flat``.

    Raises ValueError for layers that are in no net here.
    """
    from torch import nn

    layer, depth = node.layer, node.input.depth
    if isinstance(layer, Conv):
        sides = (layer.field, layer.stride, layer.padding, layer.dilation)
        field, stride, padding, dilation = (both(each)[::-1] for each in sides)
        groups = layer.parts(node.input)[0]
        return nn.Conv2d(depth, layer.filters, field, stride, padding, dilation, groups, layer.biased)
    if isinstance(layer, Pool) and layer.of == "max" and not layer.padding:
        return nn.MaxPool2d(layer.field, layer.stride)
    if isinstance(layer, Relu):
        return nn.ReLU(inplace=alone)
    if isinstance(layer, Bn):
        return nn.BatchNorm2d(depth, layer.eps, layer.momentum)
    if isinstance(layer, Gap):
        return nn.AdaptiveAvgPool2d(1)
    if isinstance(layer, Fc):
        linear = nn.Linear(node.input.size, layer.outputs)
        return linear if flat else nn.Sequential(nn.Flatten(), linear)
    if isinstance(layer, Add):
        return None
    raise ValueError(f"{layer.notation()} is in no net that PyTorch runs here")


def torch_calls(
    net: Network, batch: int, threads: int, channels_last: bool = False, bf16: bool = False, compiled: bool = False
) -> Made:
    """PyTorch: eager or compiled, in either memory format, in float32 or with autocast to bfloat16."""
    import torch

    torch.set_num_threads(threads)
    model, (images, labels) = torch_module(net), data(net, batch)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = model.to(memory_format=layout)
    x, y = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=layout), torch.from_numpy(labels)
    one = x[:1].clone(memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, foreach=True)
    forward = torch.compile(model, dynamic=False) if compiled else model

    def train() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = torch.nn.functional.cross_entropy(forward(x), y)
        loss.backward()
        optimizer.step()

    def infer(images: Any) -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            forward(images)

    return {"train": train, "infer": lambda: infer(x), "one": lambda: infer(one)}
