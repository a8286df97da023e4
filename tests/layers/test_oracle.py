"""The NumPy layers against the notes' example, against plain loops, and against finite differences."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np
import pytest

from corpus import CASES, NETS, draw
from kept import kept
from striate.layers import Conv, Fc, Lrn, Pool, Relu
from striate.notation import Network, parse
from striate.volume import Volume


def one_dimension(numbers: list[float]) -> np.ndarray:
    return np.array(numbers, np.float64).reshape(1, 1, len(numbers), 1)


@pytest.mark.parametrize(("stride", "scores"), [(1, [-2, 2, 1, 2, 1]), (2, [-2, 1, 1])])
def test_the_notes_example_in_one_dimension(stride: int, scores: list[int]) -> None:
    weights = np.zeros((1, 1, 3, 3))
    weights[0, 0, 1] = [1, 0, -1]
    parameters = {"weights": weights, "biases": np.zeros(1)}
    y = Conv(1, stride=stride).forward(one_dimension([1, 2, -1, 1, -3]), parameters)
    assert y.ravel().tolist() == scores


@pytest.mark.parametrize("conv", [Conv(3), Conv(2, 5, 2, 1, "pad"), Conv(2, 2, 3, 0, "crop"), Conv(4, 1, 2, 0, "pad")])
def test_conv_against_plain_loops(conv: Conv) -> None:
    random = np.random.default_rng(1)
    x = random.standard_normal((2, 6, 7, 3))
    weights, biases = (
        random.standard_normal((conv.filters, 3, conv.field, conv.field)),
        random.standard_normal(conv.filters),
    )
    y = conv.forward(x, {"weights": weights, "biases": biases})
    rows, columns = conv.windows(Volume(7, 6, 3))
    for n, i, j, k in np.ndindex(y.shape):
        total = biases[k]
        for r, c, d in np.ndindex(conv.field, conv.field, 3):
            row, column = i * conv.stride + r - rows.before, j * conv.stride + c - columns.before
            if 0 <= row < 6 and 0 <= column < 7:
                total += weights[k, d, r, c] * x[n, row, column, d]
        assert y[n, i, j, k] == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize("pool", [Pool(), Pool(3, 2, 1, "pad"), Pool(3, 1, 0), Pool(2, 3, 0, "crop")])
def test_pool_against_plain_loops(pool: Pool) -> None:
    x = np.random.default_rng(2).standard_normal((2, 8, 6, 3)) - 1
    rows, columns = pool.windows(Volume(6, 8, 3))
    y = pool.forward(x, {})
    for n, i, j, d in np.ndindex(y.shape):
        seen = []
        for r, c in np.ndindex(pool.field, pool.field):
            row, column = i * pool.stride + r - rows.before, j * pool.stride + c - columns.before
            seen.append(x[n, row, column, d] if 0 <= row < 8 and 0 <= column < 6 else 0.0)
        assert y[n, i, j, d] == max(seen)


@pytest.mark.parametrize("of", ["average", "l2"])
@pytest.mark.parametrize("pool", [Pool(), Pool(3, 2, 1, "pad"), Pool(3, 1, 0), Pool(2, 3, 0, "crop")])
def test_averages_and_norms_against_plain_loops(pool: Pool, of: str) -> None:
    x = np.random.default_rng(2).standard_normal((2, 8, 6, 3)) - 1
    rows, columns = pool.windows(Volume(6, 8, 3))
    y = replace(pool, of=of).forward(x, {})
    for n, i, j, d in np.ndindex(y.shape):
        top, left = i * pool.stride - rows.before, j * pool.stride - columns.before
        seen = x[n, max(0, top) : top + pool.field, max(0, left) : left + pool.field, d]
        expected = seen.sum() / pool.field**2 if of == "average" else np.sqrt((seen * seen).sum())
        assert y[n, i, j, d] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("lrn", [Lrn(), Lrn(4, 2, 0.6, 0.5), Lrn(1, 1, 1, 1), Lrn(50, 3, 0.75, 2)])
def test_lrn_against_plain_loops(lrn: Lrn) -> None:
    """ONNX's definition, letter by letter."""
    x = np.random.default_rng(2).standard_normal((2, 2, 3, 7))
    y = lrn.forward(x, {})
    for n, i, j, d in np.ndindex(y.shape):
        first, last = max(0, d - (lrn.slices - 1) // 2), min(6, d + ceil((lrn.slices - 1) / 2))
        squares = sum(x[n, i, j, other] ** 2 for other in range(first, last + 1))
        expected = x[n, i, j, d] / (lrn.k + lrn.alpha / lrn.slices * squares) ** lrn.beta
        assert y[n, i, j, d] == pytest.approx(expected, abs=1e-12)


def test_the_gradient_of_a_norm_is_finite_at_zero() -> None:
    x = np.zeros((1, 2, 2, 1))
    dx, _ = Pool(of="l2").backward(x, {}, Pool(of="l2").forward(x, {}), np.ones((1, 1, 1, 1)))
    assert dx.ravel().tolist() == [0, 0, 0, 0]


def test_fc_reads_its_input_depth_first() -> None:
    x = np.arange(12.0).reshape(1, 2, 3, 2)  # H, W, D
    for d, h, w in np.ndindex(2, 2, 3):
        weights = np.zeros((1, 12))
        weights[0, (d * 2 + h) * 3 + w] = 1
        assert Fc(1).forward(x, {"weights": weights, "biases": np.zeros(1)}).item() == x[0, h, w, d]


def test_relu_passes_nothing_at_zero() -> None:
    x = one_dimension([-1, 0, 2])
    dx, _ = Relu().backward(x, {}, Relu().forward(x, {}), np.ones_like(x))
    assert dx.ravel().tolist() == [0, 0, 1]


def test_of_equal_numbers_the_first_gets_the_gradient() -> None:
    x = np.ones((1, 2, 2, 1))
    dx, _ = Pool().backward(x, {}, x[:, :1, :1], np.full((1, 1, 1, 1), 5.0))
    assert dx.ravel().tolist() == [5, 0, 0, 0]


def test_a_zero_of_the_padding_keeps_the_gradient_it_wins() -> None:
    x = np.full((1, 1, 1, 1), -3.0)
    y = Pool(2, 2, 0, "pad").forward(x, {})
    dx, _ = Pool(2, 2, 0, "pad").backward(x, {}, y, np.ones_like(y))
    assert y.item() == 0 and dx.item() == 0


@pytest.mark.parametrize("loss", ["softmax", "svm"])
@pytest.mark.parametrize("name", CASES)
def test_gradients_against_finite_differences(name: str, loss: str) -> None:
    network = parse(CASES[name])
    check_slopes(network, loss, images=3, step=1e-6)


@pytest.mark.parametrize("name", ["seed", "tinyvgg"])
def test_gradients_of_named_nets_against_finite_differences(name: str) -> None:
    check_slopes(parse(NETS[name]), "softmax", images=1, step=1e-7)


def check_slopes(network: Network, loss: str, images: int, step: float) -> None:
    """The slope of the loss along a random direction of every parameter, DROPOUT keeping the same numbers."""
    parameters, pixels, labels = draw(network, images, seed=7)
    random = np.random.default_rng(8)
    some = kept(network, images)
    _, gradients, made = network.gradients(parameters, pixels, labels, loss, some)
    assert list(gradients) == list(network.parameter_shapes())
    for name, gradient in gradients.items():
        direction = random.standard_normal(gradient.shape)
        ends = [
            network.gradients({**parameters, name: parameters[name] + way * direction}, pixels, labels, loss, some)[0]
            for way in (step, -step)
        ]
        slope = (ends[0] - ends[1]) / (2 * step)
        assert np.sum(gradient * direction) == pytest.approx(slope, rel=1e-5, abs=1e-7), name
    assert made["input"] is not pixels or np.array_equal(made["input"], pixels)


@pytest.mark.parametrize("name", CASES)
def test_every_layers_input_gradient_against_finite_differences(name: str) -> None:
    network = parse(CASES[name])
    parameters, pixels, _ = draw(network, 2, seed=9)
    random, step = np.random.default_rng(10), 1e-6
    some = kept(network, 2)
    made = network.activations(parameters, pixels, some)
    for before, node in zip(network.nodes, network.nodes[1:], strict=False):
        own = {key: parameters[f"{node.name}.{key}"] for key in node.layer.parameter_shapes(node.input)}
        own |= {"kept": some[node.name]} if node.name in some else {}
        # Off the exact zeros that an earlier RELU left: at a kink there is no slope to compare.
        x = made[before.name] + 0.01 * random.standard_normal(made[before.name].shape)
        y = node.layer.forward(x, own)
        dy, direction = random.standard_normal(y.shape), random.standard_normal(x.shape)
        dx, _ = node.layer.backward(x, own, y, dy)
        ends = [np.sum(dy * node.layer.forward(x + sign * step * direction, own)) for sign in (1, -1)]
        slope = (ends[0] - ends[1]) / (2 * step)
        assert np.sum(dx * direction) == pytest.approx(slope, rel=1e-5, abs=1e-6), node.name
