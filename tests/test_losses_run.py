"""Losses in a program: the digits of small gradients, real outputs, and class weights that count images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import judge
from judge import EACH_TARGET
from striate import SGD, ArgumentError, Loss, compile, parse
from striate.layers.loss import as_loss, softmax

LINE = "INPUT[5x3x2] - CONV[3] - RELU - FC[7] - RELU - FC[3]"  # filters and inputs that fill no vectors


@pytest.mark.parametrize("target", EACH_TARGET)
@pytest.mark.parametrize("loss", ["softmax", Loss(class_weights=(1, 4, 0.5)), Loss(smoothing=0.1)], ids=str)
def test_a_sure_guess_keeps_the_digits_of_its_gradient(loss: str | Loss, target: str) -> None:
    """With p close to 1, p - 1 would have few digits left of the gradient, or none."""
    program, known = compile(parse("INPUT[1x1x3] - FC[3]"), 16, SGD(0.0), loss, target=target), as_loss(loss)
    program.load({"fc1.weights": np.eye(3, dtype=np.float32), "fc1.biases": np.zeros(3, np.float32)})
    for margin in (0, 5, 10, 15, 20):
        scores, labels = np.random.default_rng(margin).standard_normal((8, 3)).astype(np.float32), np.arange(8) % 3
        scores[np.arange(8), labels] += margin
        weights = None if known.class_weights is None else np.array(known.class_weights)
        for one, label in zip(scores[:, None], labels[:, None], strict=True):
            expected = softmax(one.astype(np.float64), label, known.smoothing, weights)[1][0]
            found = program.gradients(one[:, None, None], label)[1]["fc1.biases"]
            assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


def test_real_targets() -> None:
    """Regression: loss, gradients and five steps; labels would be one at the class and zero elsewhere."""
    network = parse("INPUT[4x4x2] - CONV[3] - RELU - FC[2]")
    program = compile(network, 23, SGD(0.01, 0.9), "l2", threads=2)
    random = np.random.default_rng(1)
    for count in (23, 16, 3):
        images, targets = (
            random.standard_normal((count, 4, 4, 2)).astype(np.float32),
            random.standard_normal((count, 2)),
        )
        mean, expected, _ = network.gradients(program.parameters(), images, targets, "l2")
        found, gradients = program.gradients(images, targets)
        judge.check(found, mean, "loss")
        judge.check_all(gradients, expected, "gradient")
        assert program.train(images, targets.astype(np.float32)) == found and program.correct == 0
        seen = program.inside(images, targets)
        judge.check(seen.values, ((program.scores(images) - targets) ** 2).sum(1), "own losses")
    labels = np.arange(3) % 2
    assert program.gradients(images, labels)[0] == program.gradients(images, np.eye(2)[labels])[0]


def test_one_output_takes_a_row_of_numbers() -> None:
    program = compile(parse("INPUT[2x2x1] - FC[1]"), 8, SGD(0.1), "l2")
    images = np.random.default_rng(0).random((8, 2, 2, 1), np.float32)
    targets = images.sum((1, 2, 3))
    losses = [program.train(images, targets) for _ in range(300)]
    assert losses[-1] < 1e-3 * losses[0]
    assert program.scores(images)[:, 0] == pytest.approx(targets, abs=0.05)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (
            np.zeros((2, 3)),
            r"2 images need targets of the shape \(2, 2\), or labels \(2,\) as whole numbers, not \(2, 3\)",
        ),
        (np.zeros(2), r"targets of the shape \(2, 2\)"),
        (np.array([[0, np.nan], [0, 0]]), "targets are finite numbers"),
        (np.array([0, 2]), "labels are from 0 to 1"),
        (np.zeros((2, 2), int), r"labels of the shape \(2,\)"),
    ],
)
def test_wrong_targets(targets: Any, message: str) -> None:
    program = compile(parse("INPUT[2x2x1] - FC[2]"), 8, loss="l2")
    with pytest.raises(ArgumentError, match=message):
        program.train(np.zeros((2, 2, 2, 1), np.float32), targets)


def test_class_weights_count_images() -> None:
    """A mean over images that weigh differently, as PyTorch's; each image's own loss and gradient inside."""
    network, loss = parse(LINE), Loss(smoothing=0.1, class_weights=(1, 4, 0.5))
    program = compile(network, 8, loss=loss)
    images, labels = np.random.default_rng(2).random((5, 3, 5, 2), np.float32), np.array([0, 1, 1, 2, 0])
    mean = program.train(images, labels)
    assert mean == pytest.approx(program.losses.sum() / (1 + 4 + 4 + 0.5 + 1), rel=1e-6)
    assert program.loss == "softmax"
    seen = program.inside(images, labels)
    program.train(images, labels)
    judge.check(seen.values, program.losses, "own losses")
    one = compile(network, 8, loss=loss)
    one.load(program.parameters())
    for i in range(2):
        own = program.inside(images[i : i + 1], labels[i : i + 1])
        weight = loss.weights(3)[labels[i]]
        assert one.gradients(images[i : i + 1], labels[i : i + 1])[0] == pytest.approx(own.values[0] / weight, rel=1e-5)
