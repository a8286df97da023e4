"""The classifier on images: shapes, weights, threads, files, and its place among scikit-learn's tools."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import striate
from striate import ConvNetClassifier
from striate.errors import ArgumentError, DivergedError, NotationError

LINE = "CONV[8] - RELU - POOL - FC"
DIGITS = load_digits()
MIXED = np.random.default_rng(0).permutation(len(DIGITS.target))  # the last ones come from other writers
IMAGES, LABELS = DIGITS.images[MIXED].astype(np.float32), DIGITS.target[MIXED]


def small(**settings: Any) -> ConvNetClassifier:
    return ConvNetClassifier(**{"net": LINE, "epochs": 3, "learning_rate": 0.01, "random_state": 0, **settings})


@pytest.fixture(scope="module")
def fitted() -> ConvNetClassifier:
    return small(epochs=6).fit(IMAGES[:1200], LABELS[:1200])


def test_it_learns_the_digits(fitted: ConvNetClassifier) -> None:
    assert fitted.score(IMAGES[1200:], LABELS[1200:]) > 0.9
    assert str(fitted.net_) == "INPUT[8x8x1] - CONV[8] - RELU - POOL - FC[10]"
    assert fitted.n_iter_ == len(fitted.history_) == 6 and fitted.n_features_in_ == 64
    losses = [row["loss"] for row in fitted.history_]
    assert losses == sorted(losses, reverse=True)


def test_without_a_line_it_learns_too() -> None:
    model = ConvNetClassifier(random_state=0).fit(IMAGES[:1200], LABELS[:1200])
    assert model.score(IMAGES[1200:], LABELS[1200:]) > 0.95


def test_images_may_be_flat_or_of_two_or_three_sides(fitted: ConvNetClassifier) -> None:
    wanted = fitted.predict_proba(IMAGES[:40])
    np.testing.assert_array_equal(fitted.predict_proba(IMAGES[:40, :, :, None]), wanted)
    np.testing.assert_array_equal(fitted.predict_proba(IMAGES[:40].reshape(40, -1)), wanted)
    np.testing.assert_array_equal(fitted.predict_proba(IMAGES[:40].tolist()), wanted)
    flat = small(epochs=6, image_shape=(8, 8)).fit(IMAGES[:1200].reshape(1200, -1), LABELS[:1200])
    np.testing.assert_array_equal(flat.predict_proba(IMAGES[:40]), wanted)


def test_bytes_stand_for_zero_to_one() -> None:
    pixels = (IMAGES * 15).astype(np.uint8)
    byte = small().fit(pixels, LABELS)
    # The same numbers in another form, on the way to the same scores.
    np.testing.assert_allclose(byte.decision_function(pixels), byte.decision_function(pixels / 255), atol=1e-4)
    real = small().fit(pixels / 255, LABELS)
    assert byte.model_.preprocessing.mean == pytest.approx(real.model_.preprocessing.mean, rel=1e-6)
    assert byte.model_.preprocessing.std == pytest.approx(real.model_.preprocessing.std, rel=1e-6)


def test_the_order_of_the_rows_means_nothing(fitted: ConvNetClassifier) -> None:
    order = np.random.default_rng(1).permutation(1200)
    other = small(epochs=6).fit(IMAGES[:1200][order], LABELS[:1200][order])
    np.testing.assert_array_equal(other.predict_proba(IMAGES), fitted.predict_proba(IMAGES))


def test_threads_change_no_bit(fitted: ConvNetClassifier) -> None:
    for jobs in (1, 2, -1):
        other = small(epochs=6, n_jobs=jobs).fit(IMAGES[:1200], LABELS[:1200])
        np.testing.assert_array_equal(other.predict_proba(IMAGES), fitted.predict_proba(IMAGES))


def test_a_score_does_not_depend_on_its_company(fitted: ConvNetClassifier) -> None:
    whole = fitted.decision_function(IMAGES)
    for rows in ([0], [5, 9], list(range(40))):
        np.testing.assert_array_equal(fitted.decision_function(IMAGES[rows]), whole[rows])


def test_a_weight_is_a_number_of_copies() -> None:
    times = np.random.default_rng(2).integers(0, 4, 300)
    weighted = small().fit(IMAGES[:300], LABELS[:300], sample_weight=times)
    copied = small().fit(IMAGES[:300].repeat(times, 0), LABELS[:300].repeat(times))
    np.testing.assert_array_equal(weighted.predict_proba(IMAGES), copied.predict_proba(IMAGES))


def test_classes_may_weigh_differently() -> None:
    few = np.flatnonzero((LABELS == 3) | (LABELS == 8))
    keep = np.r_[few[LABELS[few] == 3], few[LABELS[few] == 8][:8]]
    X, y = IMAGES[keep] + np.random.default_rng(0).normal(0, 8, (len(keep), 8, 8)), LABELS[keep]
    plain, even = (small(epochs=4, class_weight=weight).fit(X, y) for weight in (None, "balanced"))
    asked = small(epochs=4, class_weight={3: 1.0, 8: 50.0}).fit(X, y)
    assert (asked.predict(X) == 8).sum() >= (even.predict(X) == 8).sum() >= (plain.predict(X) == 8).sum()
    assert (asked.predict(X) == 8).sum() > (plain.predict(X) == 8).sum()


@pytest.mark.parametrize("loss", ["svm", "svm-squared", "l2"])
def test_other_losses_have_scores_but_no_probabilities(loss: str) -> None:
    model = small(loss=loss, epochs=40).fit(IMAGES[:1000], LABELS[:1000])
    assert model.score(IMAGES[1000:], LABELS[1000:]) > 0.85
    assert not hasattr(model, "predict_proba") and model.decision_function(IMAGES[:7]).shape == (7, 10)


def test_names_may_be_words_and_two_classes_have_one_column() -> None:
    chosen = LABELS < 2
    words = np.array(["zero", "one"])[LABELS[chosen]]
    model = small().fit(IMAGES[chosen], words)
    assert model.classes_.tolist() == ["one", "zero"] and set(model.predict(IMAGES[chosen])) == {"one", "zero"}
    ahead = model.decision_function(IMAGES[chosen])
    assert ahead.shape == (chosen.sum(),)
    np.testing.assert_array_equal(model.classes_[(ahead > 0).astype(int)], model.predict(IMAGES[chosen]))
    np.testing.assert_allclose(
        model.predict_log_proba(IMAGES[:9]), np.log(model.predict_proba(IMAGES[:9])), atol=1e-9
    )  # fmt: skip


def test_early_stopping_keeps_the_best() -> None:
    model = small(epochs=100, early_stopping=True, n_iter_no_change=2, tol=0.0).fit(IMAGES, LABELS)
    scores = [row["validation_score"] for row in model.history_]
    assert model.n_iter_ == len(scores) < 100
    best = int(np.argmax(scores))
    assert len(scores) == best + 3
    again = small(epochs=best + 1, early_stopping=True, schedule="constant", n_iter_no_change=100)
    other = small(epochs=100, early_stopping=True, schedule="constant", n_iter_no_change=2, tol=0.0)
    other.fit(IMAGES, LABELS)
    at = int(np.argmax([row["validation_score"] for row in other.history_]))
    again.set_params(epochs=at + 1).fit(IMAGES, LABELS)
    np.testing.assert_array_equal(again.decision_function(IMAGES[:50]), other.decision_function(IMAGES[:50]))


def test_warm_start_goes_on() -> None:
    model = small(warm_start=True, epochs=1, schedule="constant").fit(IMAGES, LABELS)
    first = model.history_[0]["loss"]
    assert model.fit(IMAGES, LABELS).history_[0]["loss"] < first
    cold = small(epochs=1, schedule="constant").fit(IMAGES, LABELS)
    assert cold.fit(IMAGES, LABELS).history_[0]["loss"] == first


@pytest.mark.parametrize("other", [{"net": "CONV[6] - RELU - POOL - FC"}, {}])
def test_warm_start_begins_anew_where_the_network_is_another(other: dict[str, Any]) -> None:
    model = small(warm_start=True).fit(IMAGES, LABELS)
    chosen = slice(None) if other else LABELS < 5  # another line, or other classes
    again = model.set_params(**other).fit(IMAGES[chosen], LABELS[chosen])
    fresh = small(**other).fit(IMAGES[chosen], LABELS[chosen])
    np.testing.assert_array_equal(again.decision_function(IMAGES), fresh.decision_function(IMAGES))


def test_partial_fit_goes_on_with_what_the_optimizer_remembers() -> None:
    model = small()
    for part in range(8):
        rows = slice(150 * (part % 8), 150 * (part % 8) + 150)
        model.partial_fit(IMAGES[rows], LABELS[rows], classes=np.arange(10))
    assert model.n_iter_ == 8 and model.score(IMAGES[1200:], LABELS[1200:]) > 0.7
    assert model._engine.program(None).steps == 8 * 3  # batches of 64, in one program
    with pytest.raises(ValueError, match="none of the classes"):
        model.partial_fit(IMAGES[:5], [1, 2, 3, 4, 11])


def test_it_is_cloned_pickled_and_saved(fitted: ConvNetClassifier, tmp_path: Path) -> None:
    wanted = fitted.predict_proba(IMAGES[:50])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(IMAGES[:50]), wanted)
    again = clone(fitted)
    assert not hasattr(again, "classes_") and again.get_params() == fitted.get_params()
    fitted.model_.save(tmp_path / "digits.striate")
    loaded = striate.Model.load(tmp_path / "digits.striate")
    assert loaded.classes == tuple("0123456789")
    scores = loaded.compile().scores(IMAGES[:50, :, :, None])
    np.testing.assert_allclose(scores, fitted.decision_function(IMAGES[:50]), rtol=1e-5, atol=1e-5)


def test_it_goes_where_estimators_go() -> None:
    flat = IMAGES.reshape(len(IMAGES), -1)[:600]
    model = small(image_shape=(8, 8), epochs=20)
    assert cross_val_score(make_pipeline(MinMaxScaler(), model), flat, LABELS[:600], cv=3).mean() > 0.8
    search = GridSearchCV(model, {"net": ["FC", LINE], "learning_rate": [0.01]}, cv=2, n_jobs=2)
    search.fit(flat, LABELS[:600])
    assert search.best_params_["net"] == LINE and search.best_score_ > 0.8
    calibrated = CalibratedClassifierCV(model, cv=2).fit(flat, LABELS[:600])
    assert calibrated.score(flat, LABELS[:600]) > 0.9


@pytest.mark.parametrize(
    ("settings", "error", "part"),
    [
        ({"net": "INPUT[9x9x1] - FC"}, ArgumentError, "begin it with INPUT[8x8x1]"),
        ({"net": "CONV[4] - RELU - FC[7]"}, ArgumentError, "end it with FC[10]"),
        ({"net": "CONF[4] - FC"}, NotationError, "CONV"),
        ({"net": 7}, ArgumentError, "not int"),
        ({"optimizer": "adamm"}, ArgumentError, "one of sgd"),
        ({"schedule": "cosin"}, ArgumentError, "cosine"),
        ({"batch_size": 0}, ArgumentError, "batch_size"),
        ({"epochs": 0}, ArgumentError, "epochs"),
        ({"loss": "hinge"}, ArgumentError, "softmax"),
        ({"image_shape": (7, 8)}, ValueError, "image_shape"),
        ({"early_stopping": True, "validation_fraction": 1.0}, ArgumentError, "validation_fraction"),
        ({"optimizer": "sgd", "learning_rate": 1e9}, DivergedError, "learning_rate=1e+08"),
    ],
)
def test_what_cannot_be_is_said(settings: dict[str, Any], error: type[Exception], part: str) -> None:
    with pytest.raises(error) as said:
        small(**settings).fit(IMAGES[:100], LABELS[:100])
    assert part in str(said.value)


def test_other_images_than_learned_are_refused(fitted: ConvNetClassifier) -> None:
    with pytest.raises(ValueError, match=r"\(9, 9, 1\), but \(8, 8, 1\)"):
        fitted.predict(np.zeros((2, 9, 9)))
    with pytest.raises(ValueError, match="64"):
        fitted.predict(np.zeros((2, 63)))
