"""Residual networks and GoogLeNet against PyTorch modules with the same numbers, put together as their papers say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from striate.notation import NAMED, Network, parse

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed: the networks are compared with it only where it is"
)
nn: Any = torch.nn if torch else None

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


def conv(before: int, after: int, field: int = 3, stride: int = 1, eps: float = 1e-5) -> list[Any]:
    """A CONV without bias, and its BN."""
    return [nn.Conv2d(before, after, field, stride, field // 2, bias=False), nn.BatchNorm2d(after, eps)]


class Residual(nn.Module):  # type: ignore[misc]
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

    def forward(self, x: Any) -> Any:
        return torch.relu(self.body(x) + self.shortcut(x))


class Inception(nn.Module):  # type: ignore[misc]
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


def module(name: str, classes: int) -> Any:
    """The network of that name."""
    if name == "googlenet":
        found = {place: Inception(*widths) for place, widths in INCEPTIONS.items()}
        halve = [nn.MaxPool2d(3, 2, ceil_mode=True) for _ in range(3)]
        last = nn.MaxPool2d(2, 2, ceil_mode=True)
        head = [*block(3, 64, 7, 2), halve[0], *block(64, 64, 1), *block(64, 192), halve[1]]
        middle = [*(found[f"4{place}"] for place in "abcde"), last, found["5a"], found["5b"]]
        end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1024, classes)]
        return nn.Sequential(*head, found["3a"], found["3b"], halve[2], *middle, *end)
    if name == "resnet-20":
        return residual([*conv(3, 16), nn.ReLU()], 16, (3, 3, 3), False, classes)
    first = [*conv(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    groups = {"resnet-18": (2, 2, 2, 2), "resnet-34": (3, 4, 6, 3), "resnet-50": (3, 4, 6, 3)}[name]
    return residual(first, 64, groups, name == "resnet-50", classes)


def drawn(network: Network) -> dict[str, np.ndarray]:
    """Numbers that neither grow nor vanish on the way: every tensor of the network, running statistics too."""
    random, values = np.random.default_rng(7), {}
    for name, shape in network.tensor_shapes().items():
        values[name] = random.standard_normal(shape) * 0.1
        if len(shape) > 1:
            values[name] = random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
        elif name.endswith((".weights", ".variance")):
            values[name] = random.uniform(0.5, 1.5, shape)
    return values


def give(network: Network, values: dict[str, np.ndarray], twin: Any) -> None:
    """The network's numbers to the modules, which stand in the same order."""
    parts = [part for part in twin.modules() if isinstance(part, nn.Conv2d | nn.BatchNorm2d | nn.Linear)]
    learning = [node for node in network.nodes if node.layer.kind in ("CONV", "BN", "FC")]
    assert len(parts) == len(learning)
    names = {"weights": "weight", "biases": "bias", "mean": "running_mean", "variance": "running_var"}
    for part, node in zip(parts, learning, strict=True):
        own = {key[len(node.name) + 1 :]: value for key, value in values.items() if key.startswith(f"{node.name}.")}
        state = {names[key]: torch.from_numpy(value) for key, value in own.items()}
        part.load_state_dict(state, strict=not isinstance(part, nn.BatchNorm2d))


@pytest.mark.parametrize("name", ["resnet-20", "resnet-18", "resnet-34", "resnet-50", "googlenet"])
def test_scores_are_those_of_pytorch(name: str) -> None:
    with torch.device("meta"):
        whole = module(name, NAMED[name].classes)
    assert NAMED[name].parameters == sum(numbers.numel() for numbers in whole.parameters())
    network = parse(f"{name}[32x32x3, 5]")
    values, twin = drawn(network), module(name, 5).double().eval()
    give(network, values, twin)
    images = np.random.default_rng(3).standard_normal((2, 32, 32, 3))
    with torch.no_grad():
        expected = twin(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()
    found = network.forward(values, images)
    assert np.abs(found - expected).max() < 1e-9 * np.abs(expected).max()
