"""The NumPy oracle against PyTorch, in float64, on the whole corpus and on drawn nets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import CASES, NETS, draw
from striate.errors import NotationError
from striate.notation import Network, parse

pytest.importorskip("torch", reason="PyTorch is not installed: the oracle is compared with it only where it is")

import twin
from kept import kept


def compare(network: Network, images: int, loss: str, seed: int = 0) -> None:
    parameters, pixels, labels = draw(network, images, seed)
    scores, mean, expected = twin.gradients(network, parameters, pixels, labels, loss)
    np.testing.assert_allclose(network.forward(parameters, pixels), scores, rtol=1e-9, atol=1e-10)
    found_mean, found, _ = network.gradients(parameters, pixels, labels, loss)
    assert found_mean == pytest.approx(mean, rel=1e-9, abs=1e-12)
    check(found, expected)
    if network.dropouts:
        some = kept(network, images)
        _, mean, expected = twin.gradients(network, parameters, pixels, labels, loss, some)
        found_mean, found, _ = network.gradients(parameters, pixels, labels, loss, some)
        assert found_mean == pytest.approx(mean, rel=1e-9, abs=1e-12)
        check(found, expected)


def check(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert set(found) == set(expected)
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-8, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("loss", ["softmax", "svm"])
@pytest.mark.parametrize("name", CASES)
def test_layer_cases(name: str, loss: str) -> None:
    compare(parse(CASES[name]), 3, loss)


@pytest.mark.parametrize("name", NETS)
def test_named_nets(name: str) -> None:
    compare(parse(NETS[name]), 2, "softmax")


def test_layers_that_pytorch_has_by_name() -> None:
    """AvgPool2d and LPPool2d with their own padding, AdaptiveAvgPool2d, LocalResponseNorm."""
    from torch import from_numpy, nn

    from striate.layers import Gap, Lrn, Pool

    x = np.random.default_rng(0).standard_normal((2, 7, 9, 6))
    for layer, theirs in (
        (Pool(3, 2, 1, of="average"), nn.AvgPool2d(3, 2, 1)),
        (Pool(3, 2, of="l2"), nn.LPPool2d(2, 3, 2)),
        (Gap(), nn.AdaptiveAvgPool2d(1)),
        (Lrn(5, 2, 0.6, 0.5), nn.LocalResponseNorm(5, 2, 0.6, 0.5)),
    ):
        leaf = from_numpy(x.transpose(0, 3, 1, 2).copy()).requires_grad_()
        y = layer.forward(x, {})
        dy = np.random.default_rng(1).standard_normal(y.shape)
        made = theirs(leaf)
        made.backward(from_numpy(dy.transpose(0, 3, 1, 2).copy()))
        assert leaf.grad is not None
        np.testing.assert_allclose(y, made.detach().numpy().transpose(0, 2, 3, 1), rtol=1e-12, atol=1e-14)
        dx, _ = layer.backward(x, {}, y, dy)
        np.testing.assert_allclose(dx, leaf.grad.numpy().transpose(0, 2, 3, 1), rtol=1e-11, atol=1e-13)


KINDS = (
    "CONV", "LOCAL", "RELU", "POOL", "FC", "DROPOUT", "BN", "GAP", "LRN",
    "LEAKY", "ELU[2]", "GELU", "SILU", "SIGMOID", "TANH", "MAXOUT",
)  # fmt: skip


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Small nets whose sizes lean to the edges; layers that do not go together are drawn again."""
    side, depth = st.integers(1, 12), st.sampled_from([1, 2, 3, 7, 8])
    lines = [f"INPUT[{draw(side)}x{draw(side)}x{draw(depth)}]"]
    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=5)):
        fields, strides = (draw(st.lists(st.integers(1, most), min_size=2, max_size=2)) for most in (5, 4))
        paddings, fit = [draw(st.integers(0, field - 1)) for field in fields], draw(st.sampled_from(["pad", "crop"]))
        square = draw(st.booleans())
        pairs = ([pair[0]] * 2 if square else pair for pair in (fields, strides, paddings))
        field, stride, padding = ("x".join(map(str, pair)) for pair in pairs)
        window = f"F={field}, S={stride}, P={padding}, fit={fit}"
        apart, groups = (
            draw(st.sampled_from(["1", "1", "2", "1x3"])),
            draw(st.sampled_from(["1", "1", "2", "7", "each"])),
        )
        word, size = draw(st.sampled_from(["max", "average", "l2"])), draw(st.integers(1, 6))
        bracket = {
            "CONV": f"[{draw(depth)}, {window}, dilation={apart}, groups={groups}]",
            "LOCAL": f"[{draw(depth)}, {window}]",
            "POOL": f"[{window}, {word}]",
            "FC": f"[{draw(depth)}]",
            "LRN": f"[{size}, alpha=2, k={draw(st.sampled_from(['0.5', '1']))}]",
        }
        line = " - ".join([*lines, kind + bracket.get(kind, "")])
        try:
            parse(line)
        except NotationError:
            continue
        lines = [line]
    network = parse(" - ".join([*lines, "FC[3]"]))
    return network


@settings(deadline=None, max_examples=60)
@given(networks(), st.sampled_from([1, 2, 5]), st.sampled_from(["softmax", "svm"]), st.integers(0, 99))
def test_drawn_nets(network: Network, images: int, loss: str, seed: int) -> None:
    compare(network, images, loss, seed)
