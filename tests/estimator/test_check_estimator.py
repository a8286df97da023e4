"""scikit-learn's own list of what an estimator owes its users."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from sklearn.utils.estimator_checks import check_estimator

from striate import ConvNetClassifier, ConvNetRegressor


@pytest.mark.parametrize("estimator", [ConvNetClassifier(), ConvNetRegressor()], ids=lambda each: type(each).__name__)
def test_every_check_passes(estimator: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks provoke some on purpose
        results = check_estimator(estimator, on_fail=None, on_skip=None)
    bad = {each["check_name"]: repr(each["exception"]) for each in results if each["status"] in ("failed", "xfail")}
    assert not bad
    assert sum(each["status"] == "passed" for each in results) > 50
    # Skipped is only what asks for pandas where it is not, or for another kind of array.
    skipped = [str(each["exception"]) for each in results if each["status"] == "skipped"]
    assert all("pandas" in why or "SCIPY_ARRAY_API" in why for why in skipped), skipped
