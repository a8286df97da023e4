from __future__ import annotations

import numpy as np
import pytest

from striate.errors import ArgumentError
from striate.layers.loss import LOSSES, loss


def test_softmax_of_equal_scores() -> None:
    losses, gradient = loss("softmax", np.zeros((2, 5)), np.array([0, 4]))
    assert losses == pytest.approx([np.log(5)] * 2)
    assert gradient[0] == pytest.approx(np.array([-0.8, 0.2, 0.2, 0.2, 0.2]) / 2)


def test_softmax_neither_overflows_nor_vanishes() -> None:
    losses, gradient = loss("softmax", np.array([[1e5, 0.0], [0.0, 1e5]]), np.array([0, 0]))
    assert losses.tolist() == [0.0, 1e5]
    assert np.isfinite(gradient).all()


def test_hinge_counts_the_scores_within_the_margin() -> None:
    losses, gradient = loss("svm", np.array([[3.0, 2.5, 1.0, 4.0]]), np.array([0]))
    assert losses.tolist() == [2.5]
    assert gradient.tolist() == [[-2, 1, 0, 1]]


def test_hinge_at_the_margin_gives_nothing() -> None:
    losses, gradient = loss("svm", np.array([[2.0, 1.0]]), np.array([0]))
    assert losses.item() == 0 and not gradient.any()


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_against_finite_differences(name: str) -> None:
    random = np.random.default_rng(3)
    scores, labels, step = random.standard_normal((6, 7)), random.integers(0, 7, 6), 1e-6
    gradient = loss(name, scores, labels)[1]
    for place in np.ndindex(scores.shape):
        moved = [scores.copy(), scores.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        slope = (loss(name, moved[0], labels)[0].mean() - loss(name, moved[1], labels)[0].mean()) / (2 * step)
        assert gradient[place] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize(
    ("name", "scores", "labels", "message"),
    [
        ("hinges", np.zeros((1, 2)), np.array([0]), "there is no loss 'hinges': the losses are softmax, svm"),
        ("svm", np.zeros(2), np.array([0]), r"scores are \(N, C\)"),
        ("svm", np.zeros((0, 2)), np.zeros(0, int), "N from 1"),
        ("softmax", np.zeros((2, 2)), np.array([0]), r"\(2, 2\) and \(1,\)"),
        ("softmax", np.zeros((1, 2)), np.array([2]), "labels are 0 to 1 for 2 scores"),
        ("softmax", np.zeros((1, 2)), np.array([-1]), "labels are 0 to 1"),
        ("softmax", np.zeros((1, 2)), np.array([0.5]), "whole numbers"),
    ],
)
def test_wrong_arguments(name: str, scores: np.ndarray, labels: np.ndarray, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        loss(name, scores, labels)
