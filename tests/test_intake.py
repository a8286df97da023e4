"""What a program refuses: every message says the rule, the numbers, and what to do. And what it must not hide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import judge
from judge import EACH_TARGET
from striate import SGD, ArgumentError, Loss, Program, compile, parse
from striate.layers.loss import LOSSES

LINE = "INPUT[5x4x3] - CONV[4] - RELU - FC[3]"


@pytest.fixture(scope="module")
def program() -> Program:
    return compile(parse(LINE), batch=8)


def images(count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).random((count, 4, 5, 3), np.float32)


SHAPE = r"images for INPUT\[5x4x3\] have the shape \(N, 4, 5, 3\), not "


@pytest.mark.parametrize("call", ["train", "gradients", "scores"])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((2, 5, 4, 3)), SHAPE + r"\(2, 5, 4, 3\)"),
        (np.zeros((2, 3, 4, 5)), SHAPE + r"\(2, 3, 4, 5\)"),
        (np.zeros((4, 5, 3)), SHAPE + r"\(4, 5, 3\)"),
        (np.zeros((2, 60)), SHAPE + r"\(2, 60\)"),
        (np.float32(1), SHAPE + r"\(\)"),
        ([], SHAPE + r"\(0,\)"),
        (np.zeros((2, 4, 5, 3), np.int64), r"uint8 \(0 to 255\) or float32, not int64: convert them first"),
        (np.zeros((2, 4, 5, 3), np.int8), "not int8"),
        (np.zeros((2, 4, 5, 3), bool), "not bool"),
        (np.zeros((2, 4, 5, 3), complex), "not complex128"),
        (np.full((2, 4, 5, 3), "a"), "not <U1"),
        (np.full((2, 4, 5, 3), None), "not object"),
    ],
)
def test_wrong_images(program: Program, call: str, wrong: Any, message: str) -> None:
    method: Callable[..., Any] = getattr(program, call)
    with pytest.raises(ArgumentError, match=message):
        method(*((wrong,) if call == "scores" else (wrong, [0, 1])))


@pytest.mark.parametrize("call", ["train", "gradients"])
@pytest.mark.parametrize("count", [0, 9, 100])
def test_more_images_than_the_batch(program: Program, call: str, count: int) -> None:
    with pytest.raises(ArgumentError, match=rf"takes 1 to 8 images \(the batch\), not {count}"):
        getattr(program, call)(images(count), np.zeros(count, int))


def test_no_images_have_no_scores(program: Program) -> None:
    assert program.scores(images(0)).shape == (0, 3)


@pytest.mark.parametrize("call", ["train", "gradients"])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([0, 3], "labels are from 0 to 2 for 3 scores, but one is 3"),
        ([-1, 0], "labels are from 0 to 2 for 3 scores, but one is -1"),
        ([2**63 - 1, 0], "but one is 9223372036854775807"),
        (np.array([2**64 - 1, 0], np.uint64), "but one is 18446744073709551615"),
        ([0], r"2 images need labels of the shape \(2,\), not \(1,\)"),
        ([[0], [1]], r"of the shape \(2,\), not \(2, 1\)"),
        (1, r"of the shape \(2,\), not \(\)"),
        ([0.0, 1.0], "labels are whole numbers, not float64: convert them first"),
        ([True, False], "labels are whole numbers, not bool"),
        (["a", "b"], "labels are whole numbers, not <U1"),
    ],
)
def test_wrong_labels(program: Program, call: str, wrong: Any, message: str) -> None:
    before = program.parameters()
    with pytest.raises(ArgumentError, match=message):
        getattr(program, call)(images(), wrong)
    assert all(np.array_equal(program.parameters()[name], p) for name, p in before.items())


@pytest.mark.parametrize("call", ["load", "load_velocity"])
def test_wrong_parameters(program: Program, call: str) -> None:
    right = program.parameters()
    method = getattr(program, call)
    names = "conv1.weights, conv1.biases, fc1.weights, fc1.biases"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, f"the network's parameters are {names}; missing conv1.biases"),
        ({**right, "fc2.weights": 1}, "unknown fc2.weights"),
        (
            {("conv2" + n[5:] if n == "conv1.biases" else n): p for n, p in right.items()},
            "missing conv1.biases; unknown",
        ),
        (
            {**right, "fc1.weights": right["fc1.weights"].T},
            r"fc1.weights is numbers of the shape \(3, 80\), not",
        ),
        ({**right, "fc1.biases": 0.0}, r"fc1.biases is numbers of the shape \(3,\), not float64 \(\)"),
        ({**right, "fc1.biases": ["a", "b", "c"]}, "not <U1"),
    ]
    for values, message in wrong:
        with pytest.raises(ArgumentError, match=message):
            method(values)
    assert all(np.array_equal(program.parameters()[name], p) for name, p in right.items())  # nothing half loaded
    method({name: p.astype(np.float64).tolist() for name, p in right.items()})
    row = program.parameters() if call == "load" else program.velocity()
    assert all(np.array_equal(row[name], p) for name, p in right.items())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch": 0}, "batch is a whole number from 1, not 0"),
        ({"batch": -3}, "batch is a whole number from 1, not -3"),
        ({"batch": 2.5}, "batch is a whole number from 1, not 2.5"),
        ({"batch": "8"}, "batch is a whole number from 1, not '8'"),
        ({"threads": 0}, "threads is a whole number from 1, not 0"),
        ({"threads": 1.5}, "threads is a whole number from 1, not 1.5"),
        ({"loss": "hinge"}, "loss is one of softmax, svm, svm-squared, l2, not 'hinge'"),
        ({"loss": Loss(class_weights=(1, 2))}, "one for each of the 3 classes, not 2"),
        ({"optimizer": "sgd"}, r"an optimizer is one of SGD, Adagrad, .*, as in SGD\(lr=0.01\), not 'sgd'"),
        ({"target": "avx1024"}, "target is one of avx512, avx2, sse2, neon, not 'avx1024'"),
        ({"target": "AVX2"}, "target is one of avx512, avx2, sse2, neon, not 'AVX2'"),
    ],
)
def test_wrong_arguments_of_compile(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        compile(parse(LINE), **arguments)


def test_a_line_is_no_network() -> None:
    with pytest.raises(ArgumentError, match=r"takes a network, as striate.parse gives it, not str"):
        compile(LINE)  # type: ignore[arg-type]


def test_more_memory_than_there_is() -> None:
    with pytest.raises(ArgumentError, match=r"needs [\d,]+\.\d GiB of memory, .*(smaller batch|smaller images)"):
        compile(parse("INPUT[20000x20000x5] - RELU - POOL - FC[1]"), batch=1000, threads=64, cache=False)


def test_numbers_of_numpy() -> None:
    program = compile(parse(LINE), batch=np.int64(4), threads=np.int32(2))  # type: ignore[arg-type]
    assert (program.batch, program.loss, program.threads) == (4, "softmax", 2)
    assert np.isfinite(program.train(images(4), [0, 1, 2, 0]))


# ---- what must not be hidden
@pytest.mark.parametrize("target", EACH_TARGET)
@pytest.mark.parametrize("loss", ["softmax", "svm"])
@pytest.mark.parametrize(
    "line",
    [
        LINE,
        "INPUT[5x4x3] - FC[3]",
        "INPUT[5x4x3] - FC[9] - RELU - FC[3]",
        "INPUT[5x4x3] - CONV[4] - RELU - POOL - FC[3]",
        "INPUT[5x4x3] - CONV[4, 1x1] - RELU - POOL[fit=pad] - FC[3]",
        "INPUT[5x4x3] - POOL[2x2, S=1] - FC[3]",
        "INPUT[5x4x3] - POOL[2x2, S=1, P=1] - RELU - FC[3]",
        "INPUT[5x4x3] - RELU - FC[3]",
        "INPUT[5x4x3] - CONV[4] - FC[3] - RELU",
    ],
)
def test_what_is_no_number_gives_a_loss_that_is_none(line: str, loss: str, target: str) -> None:
    """In any pixel of any window; the loss of the other images stays a number, and so do their scores."""
    network = parse(line.replace("POOL -", "POOL[fit=crop] -"))
    for pixel in ((1, 2, 0), (0, 0, 1), (1, 1, 2), (0, 3, 2), (1, 0, 0)):
        program = compile(network, 8, SGD(lr=0.1), loss, target=target)
        poisoned = images(5)
        poisoned[(3, *pixel)] = np.nan
        scores = program.scores(poisoned)
        assert np.isfinite(scores[[0, 1, 2, 4]]).all()
        assert np.isnan(scores[3]).any(), f"scores hide the NaN at {pixel}"
        mean = program.train(poisoned, [0, 1, 2, 0, 1])
        assert np.isnan(mean) and np.isnan(program.losses[3]), f"the loss hides the NaN at {pixel}"
        assert np.isfinite(program.losses[[0, 1, 2, 4]]).all()


@pytest.mark.parametrize("value", [1e30, np.nan])
@pytest.mark.parametrize("target", EACH_TARGET)
@pytest.mark.parametrize(
    "line",
    [
        LINE,
        "INPUT[5x5x3] - CONV[4] - POOL[3x3, S=2, P=1] - RELU - FC[3]",
        "INPUT[5x5x3] - CONV[4] - RELU - POOL[3x3, S=2] - FC[3]",
        "INPUT[4x4x3] - CONV[4] - RELU - POOL - FC[3]",
    ],
)
def test_an_exploded_network_shows_it(line: str, target: str, value: float) -> None:
    """Parameters beyond all bounds, or none any more: no POOL may turn them into a reasonable loss."""
    network = parse(line)
    weighed = Loss(smoothing=0.1, class_weights=(1, 2, 3))
    for loss in (*LOSSES, weighed):
        program = compile(network, 8, loss=loss, target=target)
        program.load({name: np.full(p.shape, value) for name, p in program.parameters().items()})
        pixels = np.random.default_rng(1).random((4, *network.input.shape), np.float32)
        assert not np.isfinite(program.train(pixels, [0, 1, 2, 0])), loss


@pytest.mark.parametrize("target", EACH_TARGET)
def test_an_exploded_convolution_shows_it(target: str) -> None:
    """The same where the last layer is sound."""
    network = parse("INPUT[5x5x3] - CONV[4] - POOL[3x3, S=2, P=1] - RELU - FC[3]")
    program = compile(network, 8, target=target)
    parameters = program.parameters()
    program.load({**parameters, "conv1.weights": np.full_like(parameters["conv1.weights"], np.nan)})
    assert np.isnan(program.train(np.ones((4, 5, 5, 3), np.float32), [0, 1, 2, 0]))


@pytest.mark.parametrize("target", EACH_TARGET)
@pytest.mark.parametrize("loss", ["softmax", "svm"])
def test_a_dead_network_is_not_right_about_everything(loss: str, target: str) -> None:
    """All scores equal: the first class is the guess, as with argmax, and no other."""
    program = compile(parse(LINE), 8, SGD(lr=0), loss, target=target)
    program.load({name: np.zeros(p.shape) for name, p in program.parameters().items()})
    assert not program.scores(images(6)).any()
    mean = program.train(images(6), [0, 1, 2, 2, 1, 1])
    assert program.correct == 1
    assert mean == pytest.approx(np.log(3) if loss == "softmax" else 2, rel=1e-6)
    program.train(images(5), [1, 1, 2, 1, 2])
    assert program.correct == 0


@pytest.mark.parametrize("target", EACH_TARGET)
@pytest.mark.parametrize("loss", ["softmax", "svm"])
def test_far_apart_scores(loss: str, target: str) -> None:
    """Softmax neither overflows nor takes the logarithm of nothing."""
    network = parse("INPUT[1x1x1] - FC[3]")
    program = compile(network, 8, loss=loss, target=target)
    weights, biases = np.array([[1e4], [-1e4], [0.0]], np.float32), np.array([0, 3e4, 1], np.float32)
    program.load({"fc1.weights": weights, "fc1.biases": biases})
    pixels, labels = np.array([-1, 0, 1, 3, 1], np.float32).reshape(5, 1, 1, 1), [0, 1, 2, 0, 1]
    mean, expected, _ = network.gradients({"fc1.weights": weights, "fc1.biases": biases}, pixels, labels, loss)
    found, gradients = program.gradients(pixels, labels)
    judge.check(found, mean, "loss")
    judge.check_all(gradients, expected, "gradient")


def test_some_parameters_are_asked_for_by_name(program: Program) -> None:
    every = program.parameters()
    name = next(iter(every))
    some = program.parameters(name)
    assert list(some) == [name]
    np.testing.assert_array_equal(some[name], every[name])
    with pytest.raises(ArgumentError, match="there is no parameter 'nothing'"):
        program.parameters(name, "nothing")
