"""exp, log and the functions of the vocabulary against float64, over all of their range."""

from __future__ import annotations

import math

import numpy as np
import pytest
from python_reading import make_plan

from striate.emit.lrn import power
from striate.emit.mathematics import exp, exp_minus_one, logarithm, normal, sigmoid, tanh
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


BOTH = np.concatenate([np.linspace(-20, 20, 10001), np.logspace(-30, -1, 5000), -np.logspace(-30, -1, 5000)])
BOTH = BOTH.astype(np.float32)


def test_exp_minus_one() -> None:
    x = -np.concatenate([np.linspace(0.001, 100, 10001), np.logspace(-30, -3, 10000)]).astype(np.float32)
    assert np.abs(exp_minus_one(builder(), x) / np.expm1(x.astype(np.float64)) - 1).max() < 2e-7
    assert exp_minus_one(builder(), np.zeros(20001, np.float32))[0] == 0


def test_sigmoid() -> None:
    exact = 1 / (1 + np.exp(-BOTH.astype(np.float64)))
    assert np.abs(sigmoid(builder(), BOTH) / exact - 1).max() < 3e-7


def test_tanh() -> None:
    x = BOTH[BOTH != 0]
    b = builder()
    b.lanes = len(x)
    assert np.abs(tanh(b, x) / np.tanh(x.astype(np.float64)) - 1).max() < 4e-7
    b.lanes = 1
    assert tanh(b, np.zeros(1, np.float32))[0] == 0


def test_normal() -> None:
    x = BOTH.astype(np.float64)
    share = np.array([0.5 * math.erfc(-float(v) / math.sqrt(2)) for v in x])
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    for found, exact in zip(normal(builder(), BOTH), (share, density), strict=True):
        assert np.abs(found - exact).max() < 3e-7
        assert np.abs(found / exact - 1)[np.abs(x) <= 4].max() < 1e-6


def test_far_from_zero_the_functions_stay_finite() -> None:
    x = np.array([-3e38, -1e30, -1e4, 1e4, 1e30, 3e38], np.float32)
    b = builder()
    b.lanes = len(x)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(sigmoid(b, x), [0, 0, 0, 1, 1, 1], atol=2e-38)
        np.testing.assert_allclose(tanh(b, x), [-1, -1, -1, 1, 1, 1])
        np.testing.assert_allclose(normal(b, x)[0], [0, 0, 0, 1, 1, 1], atol=2e-38)


def test_what_is_no_number_stays_none() -> None:
    x = np.full(20001, np.nan, np.float32)
    with np.errstate(all="ignore"):
        for function in (sigmoid, tanh, lambda b, x: normal(b, x)[0], exp_minus_one):
            assert np.isnan(function(builder(), x)).all()
