from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from striate.errors import ArgumentError
from striate.layers.loss import LOSSES, Loss, as_loss, loss, mean_weight


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


WEIGHED = Loss(smoothing=0.2, class_weights=(1, 2, 3, 0.5, 0.25, 4, 1))


@pytest.mark.parametrize(
    "kind", [*LOSSES, "real", Loss(smoothing=0.1), Loss(class_weights=(3, 2, 1, 1, 1, 1, 9)), WEIGHED]
)
def test_gradients_against_finite_differences(kind: str | Loss) -> None:
    random = np.random.default_rng(3)
    scores, labels, step = random.standard_normal((6, 7)), random.integers(0, 7, 6), 1e-6
    name, labels = ("l2", random.standard_normal((6, 7))) if kind == "real" else (kind, labels)
    gradient, total = loss(name, scores, labels)[1], mean_weight(as_loss(name), labels, 7)
    for place in np.ndindex(scores.shape):
        moved = [scores.copy(), scores.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        slope = (loss(name, moved[0], labels)[0].sum() - loss(name, moved[1], labels)[0].sum()) / (2 * step * total)
        assert gradient[place] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize(
    ("name", "scores", "labels", "message"),
    [
        ("hinges", np.zeros((1, 2)), np.array([0]), "loss is one of softmax, svm, svm-squared, l2, not 'hinges'"),
        ("svm", np.zeros(2), np.array([0]), r"scores are \(N, C\)"),
        ("svm", np.zeros((0, 2)), np.zeros(0, int), "N from 1"),
        ("softmax", np.zeros((2, 2)), np.array([0]), r"\(2, 2\) and \(1,\)"),
        ("softmax", np.zeros((1, 2)), np.array([2]), "labels are 0 to 1 for 2 scores"),
        ("softmax", np.zeros((1, 2)), np.array([-1]), "labels are 0 to 1"),
        ("softmax", np.zeros((1, 2)), np.array([0.5]), "whole numbers"),
        ("l2", np.zeros((1, 2)), np.array([0.5]), r"real targets \(N, C\)"),
        ("l2", np.zeros((1, 2)), np.zeros((1, 3)), r"\(1, 2\) and \(1, 3\)"),
        ("l2", np.zeros((1, 2)), np.array([2]), "labels are 0 to 1"),
        (Loss(class_weights=(1, 2, 3)), np.zeros((1, 2)), np.array([1]), "one for each of the 2 classes, not 3"),
        (3, np.zeros((1, 2)), np.array([1]), "or a Loss, not 3"),
    ],
)
def test_wrong_arguments(name: Any, scores: np.ndarray, labels: np.ndarray, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        loss(name, scores, labels)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "hinge"}, "loss is one of softmax, svm"),
        ({"smoothing": 1}, "up to, but not including, 1, not 1"),
        ({"smoothing": -0.1}, "smoothing is a number from 0"),
        ({"smoothing": float("nan")}, "smoothing is a number from 0"),
        ({"smoothing": "much"}, "not 'much'"),
        ({"class_weights": (1, 0)}, "finite numbers above zero"),
        ({"class_weights": (1, float("inf"))}, "finite numbers above zero"),
        ({"class_weights": "ab"}, "class_weights are numbers, one for each class"),
        ({"class_weights": 3}, "class_weights are numbers, one for each class"),
        ({"name": "svm", "smoothing": 0.1}, "are softmax's: with svm, leave them out"),
        ({"name": "l2", "class_weights": (1, 1)}, "are softmax's: with l2, leave them out"),
    ],
)
def test_a_loss_that_cannot_be(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Loss(**settings)


def test_a_loss_says_what_it_is() -> None:
    assert str(Loss("svm")) == "svm"
    assert str(Loss(smoothing=0.1, class_weights=[1, 2])) == "softmax (smoothing=0.1; classes weigh 1, 2)"


def test_equal_class_weights_are_none() -> None:
    random = np.random.default_rng(5)
    scores, labels = random.standard_normal((6, 4)), random.integers(0, 4, 6)
    plain, weighed = loss("softmax", scores, labels), loss(Loss(class_weights=(2,) * 4), scores, labels)
    assert weighed[0] == pytest.approx(2 * plain[0]) and weighed[1] == pytest.approx(plain[1])
