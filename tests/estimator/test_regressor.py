"""The regressor: units of y, several outputs, weights, and the model that is saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import striate
from striate import ConvNetRegressor
from striate.errors import ArgumentError

IMAGES = load_digits().images.astype(np.float32) / 16
LINE = "CONV[8] - RELU - POOL - FC"
ROWS, COLUMNS = np.mgrid[:8, :8]
INK = IMAGES.sum((1, 2))
CENTRE = np.stack([(IMAGES * ROWS).sum((1, 2)) / INK, 100 + (IMAGES * COLUMNS).sum((1, 2)) / INK], 1)


def small(**settings: Any) -> ConvNetRegressor:
    return ConvNetRegressor(**{"net": LINE, "epochs": 20, "learning_rate": 0.01, "random_state": 0, **settings})


@pytest.fixture(scope="module")
def fitted() -> ConvNetRegressor:
    return small().fit(IMAGES[:1200], CENTRE[:1200])


def test_it_finds_the_middle_of_the_ink(fitted: ConvNetRegressor) -> None:
    assert fitted.score(IMAGES[1200:], CENTRE[1200:]) > 0.9
    found = fitted.predict(IMAGES[1200:])
    assert found.shape == (597, 2) and np.abs(found - CENTRE[1200:]).mean() < 0.1
    assert fitted.n_outputs_ == fitted.net_.classes == 2


def test_one_output_is_flat_as_y_was() -> None:
    model = small(epochs=3).fit(IMAGES[:600], CENTRE[:600, 0])
    assert model.predict(IMAGES[:5]).shape == (5,)
    column = small(epochs=3).fit(IMAGES[:600], CENTRE[:600, :1])
    np.testing.assert_array_equal(column.predict(IMAGES[:5])[:, 0], model.predict(IMAGES[:5]))


def test_units_of_y_change_nothing(fitted: ConvNetRegressor) -> None:
    other = small().fit(IMAGES[:1200], CENTRE[:1200] * 1024 - 4096)  # exact in binary
    np.testing.assert_allclose((other.predict(IMAGES) + 4096) / 1024, fitted.predict(IMAGES), rtol=1e-4)


def test_the_saved_model_speaks_in_units_of_y(fitted: ConvNetRegressor, tmp_path: Path) -> None:
    fitted.model_.save(tmp_path / "centre.striate")
    program = striate.Model.load(tmp_path / "centre.striate").compile()
    np.testing.assert_allclose(program.scores(IMAGES[:50, :, :, None]), fitted.predict(IMAGES[:50]), rtol=1e-4)


def test_a_weight_is_a_number_of_copies() -> None:
    times = np.random.default_rng(2).integers(0, 4, 200)
    weighted = small(epochs=3).fit(IMAGES[:200], CENTRE[:200], sample_weight=times)
    copied = small(epochs=3).fit(IMAGES[:200].repeat(times, 0), CENTRE[:200].repeat(times, 0))
    np.testing.assert_array_equal(weighted.predict(IMAGES), copied.predict(IMAGES))


def test_partial_fit_keeps_the_first_units() -> None:
    model = small()
    for _ in range(10):
        model.partial_fit(IMAGES[:600], CENTRE[:600])
    assert model.n_iter_ == 10 and model.score(IMAGES[600:], CENTRE[600:]) > 0.8
    with pytest.raises(ArgumentError, match="1 outputs, not 2"):
        model.partial_fit(IMAGES[:10], CENTRE[:10, 0])


def test_warm_start_keeps_the_units_of_what_it_knows() -> None:
    model = small(warm_start=True).fit(IMAGES[:800], CENTRE[:800])
    knew = model.score(IMAGES, CENTRE)
    high = CENTRE[:, 0] > CENTRE[:, 0].mean()  # others than before on average
    after = model.set_params(epochs=1, learning_rate=1e-9).fit(IMAGES[high], CENTRE[high]).score(IMAGES, CENTRE)
    assert after == pytest.approx(knew, abs=1e-3)
    assert model.fit(IMAGES, CENTRE[:, 0]).predict(IMAGES[:3]).shape == (3,)  # a network with one output begins anew


def test_early_stopping_looks_at_r2() -> None:
    model = small(epochs=60, early_stopping=True, n_iter_no_change=3, tol=0.01).fit(IMAGES, CENTRE)
    assert model.n_iter_ < 60 and max(row["validation_score"] for row in model.history_) > 0.8


def test_a_net_that_ends_otherwise_has_no_model_in_units_of_y() -> None:
    model = small(net=striate.parse("INPUT[8x8x1] - CONV[2, 8x8, P=0]"), epochs=2).fit(IMAGES[:100], CENTRE[:100])
    assert model.predict(IMAGES[:3]).shape == (3, 2)
    with pytest.raises(ArgumentError, match="end the line with FC"):
        _ = model.model_
