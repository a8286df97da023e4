"""exp and log of the vocabulary against NumPy's, over all of their range."""

from __future__ import annotations

import numpy as np
import pytest
from python_reading import make_plan

from striate.emit.lrn import power
from striate.emit.mathematics import exp, logarithm
from striate.emit.python import PythonBuilder


def builder() -> PythonBuilder:
    b = PythonBuilder(make_plan("INPUT[1x1x1] - FC[1]"), np.zeros(0, np.uint8), np.zeros(0), np.zeros(0, np.float32))
    b.lanes = 20001  # one long vector
    return b


def test_exp() -> None:
    x = np.linspace(-87, 0, 20001).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    assert np.abs(exp(builder(), x) / exact - 1).max() < 2e-7
    assert exp(builder(), np.zeros(20001, np.float32))[0] == 1


def test_exp_far_below() -> None:
    found = exp(builder(), np.full(20001, -1e30, np.float32))
    assert np.all(found > 0) and np.all(found < 2e-38)


@pytest.mark.parametrize(("low", "high"), [(-37.9, 38), (-0.2, 0.2), (-1e-3, 1e-3), (0, 6)])
def test_logarithm(low: float, high: float) -> None:
    x = np.logspace(low, high, 20001).astype(np.float32)
    exact = np.log(x.astype(np.float64))
    found = logarithm(builder(), x)
    assert np.abs(found - exact).max() < 1e-7 * max(1.0, np.abs(exact).max())
    # Close to 1, where the logarithm vanishes, its digits stay.
    assert np.abs(found - exact)[np.abs(exact) > 0].max(initial=0, where=np.abs(exact)[np.abs(exact) > 0] < 0.3) < 1e-7


@pytest.mark.parametrize("exponent", [0, 0.5, 0.75, 1, 0.3, 1.5, 2, 10])
def test_power(exponent: float) -> None:
    """LRN's: of 1/base, which is at most 1000; in range, and never below e**-87."""
    x = np.logspace(max(-30, -37 / max(exponent, 0.1)), 3, 20001).astype(np.float32)
    exact = x.astype(np.float64) ** exponent
    bound = 2e-7 if exponent in (0, 0.5, 0.75, 1) else (1 + exponent * (1 + np.abs(np.log(x)))) * 1.5e-7
    assert (np.abs(power(builder(), x, exponent) / exact - 1) < bound).all()


def test_a_power_of_what_is_no_number() -> None:
    for exponent in (0.75, 0.3):
        with np.errstate(all="ignore"):
            assert np.isnan(power(builder(), np.full(20001, np.nan, np.float32), exponent)).all()


def test_logarithm_of_one() -> None:
    assert logarithm(builder(), np.ones(20001, np.float32))[0] == 0
