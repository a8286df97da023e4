"""Judging scores, and matching a data set's classes to a model's."""

from __future__ import annotations

import json

import numpy as np
import pytest

from striate.data.dataset import Dataset
from striate.errors import ArgumentError
from striate.program import Program
from striate.train.evaluate import evaluate, judge
from striate.train.match import relabel

PETS = ("cat", "dog", "newt")


def test_accuracy_confusion_and_mistakes() -> None:
    scores = np.float32([[3, 1, 0], [0, 2, 9], [0, 5, 0], [0, 0, 1], [4, 0, 0], [1, 1, 0]])
    result = judge(scores, np.array([0, 1, 1, 1, 1, 0]), PETS)
    assert result.confusion.tolist() == [[2, 0, 0], [1, 1, 2], [0, 0, 0]]
    assert (result.images, result.correct, result.accuracy) == (6, 3, 0.5)
    assert [(each.images, each.correct) for each in result.per_class] == [(2, 2), (4, 1), (0, 0)]
    assert result.mistakes() == (("dog", "newt", 2), ("dog", "cat", 1))
    assert result.mistakes(1) == (("dog", "newt", 2),)


def test_it_agrees_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(0)
    scores = generator.standard_normal((500, 7)).astype(np.float32)
    labels = generator.integers(0, 7, 500)
    result = judge(scores, labels, tuple("abcdefg"))
    assert np.array_equal(result.confusion, metrics.confusion_matrix(labels, scores.argmax(1)))
    powers = np.exp(scores.astype(np.float64))
    assert result.loss == pytest.approx(metrics.log_loss(labels, powers / powers.sum(1, keepdims=True)))
    # scikit-learn's hinge loss counts the best wrong class only; with two classes that is all of them.
    two = judge(scores[:, :2], labels % 2, ("a", "b"), "svm")
    margins = (scores[:, 1] - scores[:, 0]).astype(np.float64)
    assert two.loss == pytest.approx(metrics.hinge_loss(labels % 2, margins))


def test_json_has_everything_and_no_nan() -> None:
    result = judge(np.float32([[3, 1, 0]]), np.array([0]), PETS)
    found = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert found["classes"][2] == {"name": "newt", "images": 0, "correct": 0, "accuracy": None}
    assert found["confusion"] == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert found["accuracy"] == 1.0


def test_a_program_is_judged_by_its_scores(program: Program, digits: Dataset) -> None:
    result = evaluate(program, digits)
    assert result.correct == (program.scores(digits.images).argmax(1) == digits.labels).sum()
    assert result.images == len(digits)


def test_nothing_cannot_be_judged() -> None:
    with pytest.raises(ArgumentError, match="no images to test"):
        judge(np.zeros((0, 3), np.float32), np.zeros(0, np.int64), PETS)


def test_classes_are_matched_by_name() -> None:
    data = Dataset("two", np.zeros((3, 1, 1, 1), np.uint8), np.array([0, 1, 1]), ("newt", "cat"))
    matched = relabel(data, PETS)
    assert matched.classes == PETS
    assert [PETS[label] for label in matched.labels] == ["newt", "cat", "cat"]
    assert relabel(matched, PETS) is matched


def test_an_unknown_class_is_named() -> None:
    data = Dataset("two", np.zeros((1, 1, 1, 1), np.uint8), np.array([0]), ("cat", "cow"))
    with pytest.raises(ArgumentError, match=r"'cow'.*cat, dog, newt"):
        relabel(data, PETS)
