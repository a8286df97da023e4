"""The oracle's scores of residual networks and GoogLeNet against PyTorch modules with the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from striate.notation import Network, parse

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed: the networks are compared with it only where it is"
)

from named_modules import give, module  # noqa: E402 - it needs torch


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


@pytest.mark.parametrize("name", ["resnet-20", "resnet-18", "resnet-34", "resnet-50", "googlenet"])
def test_scores_are_those_of_pytorch(name: str) -> None:
    network = parse(f"{name}[32x32x3, 5]")
    values, twin = drawn(network), module(name, (32, 32, 3), 5).double().eval()
    give(network, values, twin)
    images = np.random.default_rng(3).standard_normal((2, 32, 32, 3))
    with torch.no_grad():
        expected = twin(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()
    found = network.forward(values, images)
    assert np.abs(found - expected).max() < 1e-9 * np.abs(expected).max()
