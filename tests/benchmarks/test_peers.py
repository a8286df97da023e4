"""The nets that peers run are the networks that Striate runs."""

from __future__ import annotations

import pytest
from benchmarks.nets import network, plain

torch = pytest.importorskip("torch", reason="PyTorch is not installed: it is compared only where it is")

from benchmarks.peers_torch import torch_module  # noqa: E402

import twin  # noqa: E402 - it needs torch


@pytest.mark.parametrize("name", ["lenet", "resnet-20", "depthwise"])
def test_pytorch_computes_the_network_that_is_measured(name: str) -> None:
    net = network(name)
    module = torch_module(net).double().train()
    tensors = {}
    for path, tensor in module.named_parameters():
        node = path.removeprefix("layers.").split(".")[0]
        tensors[f"{node}.{'weights' if path.endswith('weight') else 'biases'}"] = tensor.detach()
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == net.parameter_shapes()
    for name, shape in net.state_shapes().items():
        tensors[name] = torch.full(shape, float(name.endswith("variance")), dtype=torch.float64)
    images = torch.randn(2, net.input.depth, net.input.height, net.input.width, dtype=torch.float64)
    expected = twin.forward(net, tensors, images, training=True)
    torch.testing.assert_close(module(images), expected)


def test_what_a_peer_does_not_know_it_refuses() -> None:
    assert plain(network("lenet")) == network("lenet")
    for name in ("resnet-20", "depthwise"):
        with pytest.raises(ValueError, match="is in no net that this peer runs"):
            plain(network(name))
