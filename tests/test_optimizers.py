from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import judge
from striate import SGD, ArgumentError, compile, parse

LINE = "INPUT[4x4x2] - CONV[3] - RELU - FC[3]"


def test_defaults() -> None:
    assert SGD() == SGD(lr=0.01, momentum=0.9, l2=0.0)


def test_it_is_a_value() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SGD().lr = 1.0  # type: ignore[misc]
    assert dataclasses.replace(SGD(), lr=0.5).lr == 0.5


@pytest.mark.parametrize("name", ["lr", "momentum", "l2"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_numbers_that_make_no_sense(name: str, value: float) -> None:
    with pytest.raises(ArgumentError, match=rf"{name} is a finite number, zero or more, not {value}: try"):
        SGD(**{name: value})


@pytest.mark.parametrize("momentum", [1, 1.5])
def test_a_momentum_that_never_fades(momentum: float) -> None:
    with pytest.raises(ArgumentError, match=rf"momentum is below 1 .*, not {momentum}: try 0.9"):
        SGD(momentum=momentum)


@pytest.mark.parametrize(
    "optimizer",
    [SGD(0.1, 0, 0), SGD(0.1, 0.9, 0), SGD(0.1, 0, 0.5), SGD(0.1, 0.99, 0.5), SGD(0, 0.9, 0.1), SGD(3, 0.5)],
)
def test_the_formula(optimizer: SGD) -> None:
    """Two steps by hand, from the engine's own gradients; l2 on weights and not on biases."""
    known = judge.trial(LINE, "softmax")
    program = judge.program(known)
    program.optimizer = optimizer
    now = {name: p.astype(np.float64) for name, p in program.parameters().items()}
    velocity = {name: np.zeros(p.shape) for name, p in now.items()}
    for step in known.steps[:2]:
        _, gradients = program.gradients(step.images, step.labels)
        program.train(step.images, step.labels)
        for name, gradient in gradients.items():
            pull = optimizer.l2 * now[name] if name.endswith(".weights") else 0
            velocity[name] = optimizer.momentum * velocity[name] + gradient + pull
            now[name] = now[name] - optimizer.lr * velocity[name]
            np.testing.assert_allclose(program.parameters()[name], now[name], rtol=2e-5, atol=1e-6)
            np.testing.assert_allclose(program.velocity()[name], velocity[name], rtol=2e-5, atol=1e-6)


def test_the_optimizer_changes_without_compiling() -> None:
    known = judge.trial(LINE, "softmax")
    program, step = judge.program(known), known.steps[0]
    before = program.parameters()
    program.optimizer = SGD(lr=0)
    program.train(step.images, step.labels)
    assert all(np.array_equal(program.parameters()[name], p) for name, p in before.items())
    program.optimizer = SGD(lr=1)
    program.train(step.images, step.labels)
    assert not any(np.array_equal(program.parameters()[name], p) for name, p in before.items())


def test_velocity_goes_out_and_in() -> None:
    known = judge.trial(LINE, "softmax")
    one, two = judge.program(known), judge.program(known)
    for step in known.steps[:2]:
        one.train(step.images, step.labels)
    two.load(one.parameters())
    two.load_velocity(one.velocity())
    step = known.steps[3]
    assert one.train(step.images, step.labels) == two.train(step.images, step.labels)
    assert all(np.array_equal(a, b) for a, b in zip(one.velocity().values(), two.velocity().values(), strict=True))


def test_what_is_given_out_is_a_copy() -> None:
    program = compile(parse(LINE), 8)
    for row in (program.parameters, program.velocity):
        for array in row().values():
            array[...] = 77
        assert all((array != 77).all() for array in row().values())


def test_the_start_is_hes() -> None:
    """Normal, variance 2 / fan-in, from the seed; biases and velocity zero."""
    network = parse("INPUT[16x16x8] - CONV[64] - RELU - FC[64]")
    program = compile(network, 4, seed=5)
    parameters = program.parameters()
    for name, fan_in in (("conv1.weights", 72), ("fc1.weights", 64 * 256)):
        numbers = parameters[name] * np.sqrt(fan_in / 2)
        assert abs(numbers.mean()) < 0.05 and abs(numbers.std() - 1) < 0.03 and np.abs(numbers).max() > 3
    assert not parameters["conv1.biases"].any() and not parameters["fc1.biases"].any()
    assert not any(v.any() for v in program.velocity().values())
    again, other = compile(network, 9, seed=5).parameters(), compile(network, 4, seed=6).parameters()
    assert all(np.array_equal(again[name], p) for name, p in parameters.items())
    assert not np.array_equal(other["conv1.weights"], parameters["conv1.weights"])
