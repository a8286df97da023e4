"""The confusion matrix and the surest mistakes are those of `evaluate` and of the scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eyes import check_legible, images, pixels, texts, widths

import striate
from striate.data.dataset import Dataset
from striate.data.load import load
from striate.errors import ArgumentError
from striate.look.judged import images_to_test
from striate.look.matrix import worst_classes
from striate.look.pixels import picture, resampled
from striate.look.surest import surest
from striate.train.evaluate import Evaluation, evaluate
from striate.train.held_out import fingerprint, hold_out
from striate.train.model import Model


def drawn(classes: int, seed: int = 0, name: str = "class") -> Evaluation:
    """A made-up result: mostly right."""
    random = np.random.default_rng(seed)
    confusion = random.poisson(0.5, (classes, classes)) + np.diag(random.integers(5, 60, classes))
    return Evaluation(tuple(f"{name} {k}" for k in range(classes)), confusion, 0.4)


def test_the_confusion_is_evaluates(model: Model) -> None:
    digits = load("digits").train
    data = Dataset("digits", digits.images[:300], digits.labels[:300], model.classes)
    figure = striate.look.confusion(model, data)
    result = evaluate(model.compile(threads=1), data)
    assert texts(figure, "count") == [f"{n:,}" for n in result.confusion.ravel() if n]
    assert texts(figure, "recognised") == [f"{100 * each.accuracy:.1f} %" for each in result.per_class]
    assert texts(figure, "class") == list(model.classes)
    assert f"{100 * result.accuracy:.1f} % recognised" in " ".join(t.get_text() for t in figure.axes[0].texts)
    check_legible(figure)


def test_what_is_tested_is_what_striate_test_takes(model: Model) -> None:
    splits = load("digits")
    notes = {"data": "digits", "seed": 4, "fingerprint": fingerprint(splits)}
    named = Model(model.network, model.parameters, tuple("0123456789"), model.preprocessing, notes=notes)
    dataset, what = images_to_test(named, None)
    wanted = hold_out(splits, 0.0, 4).test
    assert np.array_equal(dataset.images, wanted.images)
    assert "held out when the model was trained" in what
    assert len(images_to_test(Model(named.network, named.parameters, named.classes), "digits")[0]) == 1797


def test_data_that_do_not_do(model: Model) -> None:
    with pytest.raises(ArgumentError, match="name a data set"):
        striate.look.confusion(model)
    with pytest.raises(ArgumentError, match="as a Dataset"):
        striate.look.mistakes(model.compile(threads=1), "digits")
    with pytest.raises(ArgumentError, match="class '0'"):
        striate.look.confusion(model, load("digits").train)
    with pytest.raises(ArgumentError, match="from 1"):
        striate.look.mistakes(model, load("digits").train, most=0)


@pytest.mark.parametrize("classes", [1, 2, 3, 10, 20, 30, 47, 100])
@pytest.mark.parametrize("name", ["c", "a class with a name that is much too long for a picture"])
def test_a_matrix_can_be_read_whatever_its_size(classes: int, name: str) -> None:
    figure = striate.look.confusion(drawn(classes, name=name))
    check_legible(figure)
    assert len(texts(figure, "class")) == len(texts(figure, "recognised")) == classes
    assert figure.get_size_inches().max() * 96 <= 1400


def test_of_many_classes_those_with_most_mistakes_are_shown() -> None:
    result = drawn(130)
    figure = striate.look.confusion(result)
    wrong = [result.confusion[k].sum() + result.confusion[:, k].sum() - 2 * result.confusion[k, k] for k in range(130)]
    kept = sorted(sorted(range(130), key=lambda k: -wrong[k])[:100])
    assert worst_classes(result.confusion, 100) == kept
    assert texts(figure, "class") == [f"class {k}" for k in kept]
    assert "The 100 of 130 classes" in " ".join(text.get_text() for text in figure.axes[0].texts)


def test_a_class_without_images() -> None:
    figure = striate.look.confusion(Evaluation(("a", "b"), np.array([[3, 0], [0, 0]]), 0.1))
    assert texts(figure, "recognised") == ["100.0 %", "no images"]


@pytest.mark.parametrize("loss", ["softmax", "svm"])
def test_the_surest_mistakes(make_model: Callable[..., Model], loss: str) -> None:
    model = make_model("INPUT[8x8x1] - CONV[3] - RELU - FC[10]", tuple("0123456789"), loss)
    digits = load("digits").train.take(range(120))
    figure = striate.look.mistakes(model, digits, most=9)
    scores = model.compile(threads=1).scores(digits.images).astype(np.float64)
    taken = scores.argmax(1)
    chances = np.exp(scores - scores.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    rows = np.arange(len(scores))
    sure = chances.max(1) if loss == "softmax" else scores.max(1) - scores[rows, digits.labels]
    order = [int(k) for k in np.argsort(-sure, kind="stable") if taken[k] != digits.labels[k]][:9]
    assert list(images(figure)) == [f"image {k}" for k in order]
    assert texts(figure, "taken for") == [str(taken[k]) for k in order]
    assert texts(figure, "is") == [f"is {digits.labels[k]}" for k in order]
    values = [f"{100 * chances[k].max():.1f} %" if loss == "softmax" else f"{scores[k].max():.2f}" for k in order]
    assert texts(figure, "value") == values
    found = pixels(figure, f"image {order[0]}")
    assert np.array_equal(found, resampled(picture(digits.images[order[0]]), *found.shape[:2]))
    check_legible(figure)


def test_no_mistakes(make_model: Callable[..., Model]) -> None:
    model = make_model("INPUT[2x2x1] - FC[2]")
    images_ = np.random.default_rng(0).integers(0, 255, (5, 2, 2, 1)).astype(np.uint8)
    labels = model.compile(threads=1).scores(images_).argmax(1).astype(np.int64)
    figure = striate.look.mistakes(model, Dataset("five", images_, labels, model.classes))
    assert "No mistakes: five." in [text.get_text() for text in figure.axes[0].texts]
    check_legible(figure)
    assert surest(np.eye(3), np.arange(3), ("a", "b", "c"), "softmax") == []


def test_bars_of_accuracy_are_as_long_as_it_is() -> None:
    result = drawn(4)
    figure = striate.look.confusion(result)
    drawn_widths = sorted(patch.get_width() for patch in figure.axes[0].patches)
    for each in result.per_class:
        assert any(width == pytest.approx(90 * each.accuracy) for width in drawn_widths)


def test_models_from_files(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named: Any = Model(model.network, model.parameters, tuple("0123456789"), model.preprocessing)
    named.save(tmp_path / "m.striate")
    assert texts(striate.look.mistakes(tmp_path / "m.striate", "digits", most=3), "taken for")
    assert not widths(striate.look.confusion(drawn(2)), "bar")
