"""The networks with a name as PyTorch modules, put together as their papers say. It needs torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from striate.notation import Network

INCEPTIONS = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}
VGG = {
    "vgg-11": ((64, 1), (128, 1), (256, 2), (512, 2), (512, 2)),
    "vgg-13": ((64, 2), (128, 2), (256, 2), (512, 2), (512, 2)),
    "vgg-16": ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)),
    "vgg-19": ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4)),
}
RESIDUAL = {"resnet-18": (2, 2, 2, 2), "resnet-34": (3, 4, 6, 3), "resnet-50": (3, 4, 6, 3)}


class Dropout(nn.Module):
    """In training, what it keeps is given: ones and zeros (N, H, W, D)."""

    def __init__(self, rate: float = 0.5) -> None:
        super().__init__()
        self.rate, self.kept = rate, None

    def forward(self, x: Any) -> Any:
        if not self.training:
            return x
        kept = torch.from_numpy(self.kept).permute(0, 3, 1, 2).reshape(x.shape)
        return x * kept.to(x.dtype) / (1 - self.rate)


class Residual(nn.Module):
    """relu(what ``body`` makes of x + what ``shortcut`` makes of it)."""

    def __init__(self, before: int, width: int, stride: int, deep: bool) -> None:
        super().__init__()
        after = 4 * width if deep else width
        if deep:
            head = [*conv(before, width, 1), nn.ReLU(), *conv(width, width, 3, stride), nn.ReLU()]
            self.body = nn.Sequential(*head, *conv(width, after, 1))
        else:
            self.body = nn.Sequential(*conv(before, width, 3, stride), nn.ReLU(), *conv(width, width))
        fits = stride == 1 and before == after
        self.shortcut = nn.Identity() if fits else nn.Sequential(*conv(before, after, 1, stride))
        self.relu = nn.ReLU()

    def forward(self, x: Any) -> Any:
        return self.relu(self.body(x) + self.shortcut(x))


class Inception(nn.Module):
    """Four ways side by side."""

    def __init__(
        self, before: int, ones: int, narrow3: int, threes: int, narrow5: int, fives: int, pooled: int
    ) -> None:
        super().__init__()
        ways = [
            block(before, ones, 1),
            [*block(before, narrow3, 1), *block(narrow3, threes)],
            [*block(before, narrow5, 1), *block(narrow5, fives)],
            [nn.MaxPool2d(3, 1, 1), *block(before, pooled, 1)],
        ]
        self.ways = nn.ModuleList(nn.Sequential(*way) for way in ways)

    def forward(self, x: Any) -> Any:
        return torch.cat([way(x) for way in self.ways], 1)


def conv(before: int, after: int, field: int = 3, stride: int = 1, eps: float = 1e-5) -> list[Any]:
    """A CONV without bias, and its BN."""
    return [nn.Conv2d(before, after, field, stride, field // 2, bias=False), nn.BatchNorm2d(after, eps)]


def block(before: int, after: int, field: int = 3, stride: int = 1) -> list[Any]:
    """A CONV, BN and RELU of GoogLeNet."""
    return [*conv(before, after, field, stride, 0.001), nn.ReLU()]


def residual(first: list[Any], width: int, groups: tuple[int, ...], deep: bool, classes: int) -> Any:
    """A residual net: each stage has twice the filters of the one before, and half its sides."""
    made, before = [*first], width
    for stage, times in enumerate(groups):
        for turn in range(times):
            made.append(Residual(before, width << stage, 2 if stage and not turn else 1, deep))
            before = (width << stage) * (4 if deep else 1)
    return nn.Sequential(*made, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def googlenet(classes: int) -> Any:
    found = {place: Inception(*widths) for place, widths in INCEPTIONS.items()}
    halve = [nn.MaxPool2d(3, 2, ceil_mode=True) for _ in range(3)]
    last = nn.MaxPool2d(2, 2, ceil_mode=True)
    head = [*block(3, 64, 7, 2), halve[0], *block(64, 64, 1), *block(64, 192), halve[1]]
    middle = [*(found[f"4{place}"] for place in "abcde"), last, found["5a"], found["5b"]]
    end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), Dropout(0.2), nn.Linear(1024, classes)]
    return nn.Sequential(*head, found["3a"], found["3b"], halve[2], *middle, *end)


def rectified(*sizes: Any) -> list[Any]:
    """A CONV with biases, and its RELU."""
    return [nn.Conv2d(*sizes), nn.ReLU()]


def vgg(name: str) -> list[Any]:
    """The CONVs and POOLs of a VGG net."""
    made, before = [], 3
    for width, times in VGG[name]:
        for _ in range(times):
            made += rectified(before, width, 3, 1, 1)
            before = width
        made.append(nn.MaxPool2d(2))
    return made


def features(name: str) -> list[Any]:
    """The layers before the first FC of a network that has no ways: slices, filters, field, stride, padding."""
    if name in VGG:
        return vgg(name)
    if name == "alexnet":
        first = [*rectified(3, 64, 11, 4, 2), nn.MaxPool2d(3, 2), *rectified(64, 192, 5, 1, 2), nn.MaxPool2d(3, 2)]
        deep = [*rectified(192, 384, 3, 1, 1), *rectified(384, 256, 3, 1, 1), *rectified(256, 256, 3, 1, 1)]
        return [*first, *deep, nn.MaxPool2d(3, 2)]
    if name == "alexnet-2012":
        norms = [nn.LocalResponseNorm(5, 5 * 0.0001, 0.75, 2) for _ in range(2)]
        first = [*rectified(3, 96, 11, 4), norms[0], nn.MaxPool2d(3, 2)]
        second = [*rectified(96, 256, 5, 1, 2, 1, 2), norms[1], nn.MaxPool2d(3, 2), *rectified(256, 384, 3, 1, 1)]
        return [*first, *second, *rectified(384, 384, 3, 1, 1, 1, 2), *rectified(384, 256, 3, 1, 1, 1, 2),
                nn.MaxPool2d(3, 2)]  # fmt: skip
    if name == "zfnet":
        norms = [nn.LocalResponseNorm(5, 5 * 0.0001, 0.75, 2) for _ in range(2)]
        first = [*rectified(3, 96, 7, 2, 1), nn.MaxPool2d(3, 2, ceil_mode=True), norms[0]]
        second = [*rectified(96, 256, 5, 2), nn.MaxPool2d(3, 2, ceil_mode=True), norms[1]]
        deep = [*rectified(256, 384, 3, 1, 1), *rectified(384, 384, 3, 1, 1), *rectified(384, 256, 3, 1, 1)]
        return [*first, *second, *deep, nn.MaxPool2d(3, 2)]
    if name == "lenet-5":
        return [*rectified(1, 6, 5, 1, 2), nn.MaxPool2d(2), *rectified(6, 16, 5), nn.MaxPool2d(2)]
    if name == "tiny-vgg":
        rounds = [[*rectified(before, 10, 3, 1, 1), *rectified(10, 10, 3, 1, 1), nn.MaxPool2d(2)]
                  for before in (3, 10, 10)]  # fmt: skip
        return [layer for each in rounds for layer in each]
    if name == "convnetjs-cifar10":
        rounds = [[*rectified(before, after, 5, 1, 2), nn.MaxPool2d(2)]
                  for before, after in ((3, 16), (16, 20), (20, 20))]  # fmt: skip
        return [layer for each in rounds for layer in each]
    if name == "convnetjs-mnist":
        return [*rectified(1, 8, 5, 1, 2), nn.MaxPool2d(2), *rectified(8, 16, 5, 1, 2), nn.MaxPool2d(3)]
    raise KeyError(name)


def module(name: str, size: tuple[int, int, int], classes: int) -> Any:
    """The network of that name, for images of that width, height and depth."""
    if name == "googlenet":
        return googlenet(classes)
    if name == "resnet-20":
        return residual([*conv(3, 16), nn.ReLU()], 16, (3, 3, 3), False, classes)
    if name in RESIDUAL:
        first = [*conv(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        return residual(first, 64, RESIDUAL[name], name == "resnet-50", classes)
    convs = nn.Sequential(*features(name), nn.Flatten())
    with torch.no_grad():
        inputs = convs(torch.zeros(1, size[2], size[1], size[0])).shape[1]
    if name == "lenet-5":
        return nn.Sequential(convs, nn.Linear(inputs, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                             nn.Linear(84, classes))  # fmt: skip
    if name in ("tiny-vgg", "convnetjs-cifar10", "convnetjs-mnist"):
        return nn.Sequential(convs, nn.Linear(inputs, classes))
    hidden = [[nn.Linear(before, 4096), nn.ReLU()] for before in (inputs, 4096)]
    ends = [[Dropout(), *each] if name == "alexnet" else [*each, Dropout()] for each in hidden]
    return nn.Sequential(convs, *ends[0], *ends[1], nn.Linear(4096, classes))


def give(network: Network, values: Mapping[str, np.ndarray], twin: Any) -> dict[str, Any]:
    """The network's numbers to the modules, which stand in the same order; every tensor of theirs by its name here."""
    parts = [part for part in twin.modules() if isinstance(part, nn.Conv2d | nn.BatchNorm2d | nn.Linear)]
    learning = [node for node in network.nodes if node.layer.kind in ("CONV", "BN", "FC")]
    assert len(parts) == len(learning)
    names = {"weights": "weight", "biases": "bias", "mean": "running_mean", "variance": "running_var"}
    every = {}
    for part, node in zip(parts, learning, strict=True):
        own = {key[len(node.name) + 1 :]: value for key, value in values.items() if key.startswith(f"{node.name}.")}
        state = {names[key]: torch.from_numpy(value) for key, value in own.items()}
        part.load_state_dict(state, strict=not isinstance(part, nn.BatchNorm2d))
        every |= {f"{node.name}.{key}": getattr(part, names[key]) for key in own}
    return every
