"""Images with weights: each one's part in the mean loss and its gradient, as if it were there so many times."""

from __future__ import annotations

import numpy as np
import pytest

import striate
from striate.errors import ArgumentError

LINE = "INPUT[8x8x1] - CONV[4] - RELU - FC[3]"
LOSSES = ("softmax", "svm", "svm-squared", "l2", striate.Loss("softmax", 0.1, (1, 2, 3)))
WEIGHTS = np.array([1, 0, 2, 0.5, 3])


def five() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.standard_normal((5, 8, 8, 1)).astype(np.float32), np.array([0, 1, 2, 1, 0])


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("target", ["avx512", "avx2", "sse2"])
def test_a_weighted_mean_is_that_of_the_single_images(loss: str | striate.Loss, target: str) -> None:
    images, labels = five()
    try:
        program = striate.compile(striate.parse(LINE), batch=16, loss=loss, target=target)
    except ArgumentError as error:
        pytest.skip(str(error))
    mean, gradients = program.gradients(images, labels, WEIGHTS)
    singles = [program.gradients(images[i : i + 1], labels[i : i + 1]) for i in range(5)]
    # The mean of one image has its class's weight above and below the line.
    classes = np.array([1, 2, 3.0])[labels] if isinstance(loss, striate.Loss) else np.ones(5)
    parts = WEIGHTS * classes / (WEIGHTS * classes).sum()
    assert mean == pytest.approx(sum(part * single for part, (single, _) in zip(parts, singles, strict=True)), rel=1e-5)
    for name, values in gradients.items():
        expected = sum(part * single[name] for part, (_, single) in zip(parts, singles, strict=True))
        np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6 * float(np.abs(expected).max()) + 1e-7)


def test_a_weight_is_a_number_of_copies() -> None:
    images, labels = five()
    times = np.array([1, 0, 2, 1, 3])
    program = striate.compile(striate.parse(LINE), batch=16)
    loss, gradients = program.gradients(images, labels, times)
    again, copied = program.gradients(images.repeat(times, 0), labels.repeat(times))
    assert loss == pytest.approx(again, rel=1e-6)
    for name, values in copied.items():
        np.testing.assert_allclose(gradients[name], values, rtol=1e-4, atol=1e-6)


def test_equal_weights_change_nothing() -> None:
    images, labels = five()
    one, other = (striate.compile(striate.parse(LINE), batch=16) for _ in range(2))
    assert one.train(images, labels) == pytest.approx(other.train(images, labels, np.full(5, 7.0)), rel=1e-6)
    for name, values in one.parameters().items():
        np.testing.assert_allclose(values, other.parameters()[name], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("weights", "part"),
    [
        ([1, 2], "5 images need weights of the shape (5,), not (2,)"),
        ([0] * 5, "not all of them 0"),
        ([1, 1, -1, 1, 1], "from 0"),
        ([1, 1, np.nan, 1, 1], "finite"),
    ],
)
def test_wrong_weights_are_refused(weights: list[float], part: str) -> None:
    program = striate.compile(striate.parse(LINE), batch=16)
    with pytest.raises(ArgumentError) as refused:
        program.train(*five(), weights)
    assert part in str(refused.value)
