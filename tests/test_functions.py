"""Functions of single numbers and MAXOUT as plans and programs have them: what rides, what is kept, what is none."""

from __future__ import annotations

import numpy as np
import pytest

import judge
from striate import SGD, compile, parse
from striate.layers import LAYERS, Activation
from striate.layers.activation import Elu, Gelu, Leaky
from striate.notation.network import Network
from striate.plan.fuse import RISING, fuse
from striate.plan.plan import Plan, plan
from striate.plan.target import TARGETS

FUNCTIONS = [kind for kind, layer in LAYERS.items() if issubclass(layer, Activation)]


def made(line: str) -> Plan:
    return plan(parse(line), TARGETS["avx2"], 19, "softmax")


@pytest.mark.parametrize(
    ("line", "units"),
    [
        ("CONV[4] - TANH - POOL - FC[2]", ["conv1 + tanh1 + pool1", "fc1"]),
        ("CONV[4] - POOL - TANH - DROPOUT - FC[2]", ["conv1 + pool1 + tanh1 + dropout1", "fc1"]),
        ("CONV[4] - RELU - POOL - ELU - FC[2] - LEAKY", ["conv1 + relu1 + pool1 + elu1", "fc1 + leaky1"]),
        ("CONV[4] - RELU - TANH - FC[2]", ["conv1 + relu1", "tanh1", "fc1"]),
        ("CONV[4] - TANH - RELU - FC[2]", ["conv1 + tanh1", "relu1", "fc1"]),
        ("CONV[4] - TANH - SIGMOID - FC[2]", ["conv1 + tanh1", "sigmoid1", "fc1"]),
        ("CONV[4] - DROPOUT - TANH - FC[2]", ["conv1 + dropout1", "tanh1", "fc1"]),
        ("CONV[4] - GELU - POOL - FC[2]", ["conv1", "gelu1", "pool1", "fc1"]),
        ("TANH - CONV[4] - MAXOUT - TANH - FC[2]", ["tanh1", "conv1", "maxout1", "tanh2", "fc1"]),
    ],
)
def test_what_rides(line: str, units: list[str]) -> None:
    assert [str(unit) for unit in fuse(parse(f"INPUT[8x8x3] - {line}"))] == units


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_no_volume_is_kept_beyond_what_the_way_back_needs(kind: str) -> None:
    buffers = made(f"INPUT[8x8x3] - CONV[4] - {kind} - FC[2]").buffers
    alone = set() if issubclass(LAYERS[kind], RISING) else {f"{kind.lower()}1.y"}
    found = {name for name in buffers if name.endswith(".y") and not name.startswith("single.")}
    assert found == {"input.y", "conv1.y", "fc1.y"} | alone


def test_the_choices_of_maxout_are_bytes_where_they_can_be() -> None:
    for pieces, element in ((2, "bytes"), (256, "bytes"), (257, "lanes")):
        choice = made(f"INPUT[1x1x3] - FC[{2 * pieces}] - MAXOUT[{pieces}] - FC[2]").buffers["maxout1.choice"]
        assert choice.shape.element == element


@pytest.mark.parametrize("pieces", [256, 257])
def test_many_slices_become_one(pieces: int) -> None:
    known = judge.trial(f"INPUT[1x1x3] - FC[{2 * pieces}] - MAXOUT[{pieces}] - FC[2]", "softmax", sizes=(5, 5, 5, 5, 5))
    judge.play(known, judge.program(known)).check_oracle(known)


@pytest.mark.parametrize("target", judge.EACH_TARGET)
def test_large_numbers(target: str) -> None:
    """Functions of numbers far from zero, one image and many."""
    for kind in FUNCTIONS:
        network = parse(f"INPUT[1x1x1] - FC[9] - {kind}")
        program = compile(network, 19, target=target, threads=1)
        weights = np.array([1e-6, 0.01, 1, 3, 10, 100, 1e4, -1e4, -50], np.float32).reshape(9, 1)
        program.load({"fc1.weights": weights, "fc1.biases": np.zeros(9, np.float32)})
        images = np.linspace(-2, 2, 19, dtype=np.float32).reshape(19, 1, 1, 1)
        expected = network.forward(program.parameters(), images)
        for count in (1, 19):
            found = program.scores(images[:count])
            np.testing.assert_allclose(found, expected[:count], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [*FUNCTIONS, "MAXOUT"])
def test_what_is_no_number_stays_none(kind: str) -> None:
    program = compile(parse(f"INPUT[1x1x2] - FC[4] - {kind} - FC[2]"), 19, threads=1)
    images = np.full((19, 1, 1, 2), np.nan, np.float32)
    assert np.isnan(program.scores(images)).all() and np.isnan(program.scores(images[:1])).all()
    assert np.isnan(program.train(images, np.zeros(19, int)))


def test_canonical_numbers() -> None:
    layers = [Leaky(0.00001), Leaky(0.01), Leaky(0.0), Leaky(1.0), Elu(2.0), Elu(), Gelu()]
    shown = ["LEAKY[0.00001]", "LEAKY", "LEAKY[0]", "LEAKY[1]", "ELU[2]", "ELU", "GELU"]
    assert [layer.notation() for layer in layers] == shown
    network = Network.of([*parse("INPUT[2x2x1] - FC[2]").layers, *layers])
    assert parse(str(network)) == network


def test_rates_that_change_keep_slopes_right() -> None:
    """The way back tells slopes from what DROPOUT made of the results, by the rates of now."""
    network = parse("INPUT[3x3x1] - FC[50] - SIGMOID - DROPOUT[0.5] - FC[2]")
    images = np.random.default_rng(0).standard_normal((8, 3, 3, 1)).astype(np.float32)
    labels = np.arange(8) % 2
    program = compile(network, 8, SGD(0.1), threads=1)
    program.set_dropout(0.0)
    start = program.parameters()
    found = program.gradients(images, labels)[1]
    expected = network.gradients(start, images, labels, "softmax")[1]
    judge.check_all(found, expected, "gradient")
