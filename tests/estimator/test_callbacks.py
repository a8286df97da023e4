"""scikit-learn's callbacks hear of the fit and of every epoch, and may end it."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import pytest

from striate import ConvNetClassifier

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from 1.9 on")

IMAGES, LABELS = np.random.default_rng(0).random((60, 6, 6)), np.arange(60) % 3


class Listening:
    """Keeps what it is told, and asks for the end after so many epochs."""

    def __init__(self, most: int = 99) -> None:
        self.most, self.heard, self.scores = most, [], []  # type: ignore[var-annotated]

    def setup(self, estimator: Any, context: Any) -> None:
        self.heard.append("setup")

    def teardown(self, estimator: Any, context: Any) -> None:
        self.heard.append("teardown")

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.heard.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any = None) -> bool:
        self.heard.append(f"end {context.task_name}")
        if context.task_name != "fit" and fitted_estimator is not None:
            self.scores.append(fitted_estimator.score(IMAGES, LABELS))
        return len(self.scores) >= self.most


def model(**settings: Any) -> ConvNetClassifier:
    return ConvNetClassifier("CONV[4] - RELU - FC", **{"epochs": 3, "random_state": 0, **settings})


def test_every_epoch_is_told_with_what_it_has_learned() -> None:
    listening = Listening()
    fitted = model().set_callbacks(listening).fit(IMAGES, LABELS)
    epochs = [f"{what} epoch {number}" for number in (1, 2, 3) for what in ("begin", "end")]
    assert listening.heard == ["setup", "begin fit", *epochs, "end fit", "teardown"]
    assert len(listening.scores) == 3 and listening.scores[-1] == fitted.score(IMAGES, LABELS)


def test_a_callback_may_end_the_fit() -> None:
    assert model(epochs=50).set_callbacks(Listening(2)).fit(IMAGES, LABELS).n_iter_ == 2


def test_after_an_error_callbacks_are_taken_down() -> None:
    listening = Listening()
    with pytest.raises(Exception, match="steps are too large"):
        model(optimizer="sgd", learning_rate=1e12).set_callbacks(listening).fit(IMAGES, LABELS)
    assert listening.heard[-1] == "teardown"


def test_the_progress_bar_goes_with_it() -> None:
    with redirect_stdout(io.StringIO()):
        model().set_callbacks(callback.ProgressBar()).fit(IMAGES, LABELS)
