from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import judge
from striate import ArgumentError, Preprocessing, compile, parse

FLOATS = st.floats(-1e6, 1e6)
STDS = st.floats(1e-6, 1e6)


def test_none_is_the_identity() -> None:
    scale, shift = Preprocessing().scales(3)
    assert scale.tolist() == [1, 1, 1] and shift.tolist() == [0, 0, 0]
    assert Preprocessing().scales(2, byte=True)[0].tolist() == [np.float32(1 / 255)] * 2


def test_what_is_measured_makes_mean_0_and_std_1() -> None:
    random = np.random.default_rng(1)
    images = random.normal((3, -2, 0), (1, 5, 0.01), (50, 6, 7, 3)).astype(np.float32)
    found = Preprocessing.measure(images)
    scale, shift = found.scales(3)
    made = images.astype(np.float64) * scale + shift
    assert made.mean((0, 1, 2)) == pytest.approx([0, 0, 0], abs=1e-5)
    assert made.std((0, 1, 2)) == pytest.approx([1, 1, 1], abs=1e-5)


def test_bytes_are_measured_as_parts_of_255() -> None:
    images = np.random.default_rng(2).integers(0, 256, (40, 5, 5, 2), np.uint8)
    found, parts = Preprocessing.measure(images), Preprocessing.measure(images / 255)
    assert found.mean == pytest.approx(parts.mean) and found.std == pytest.approx(parts.std)
    scale, shift = found.scales(2, byte=True)
    assert (images * scale + shift).std((0, 1, 2)) == pytest.approx([1, 1], abs=1e-4)


def test_more_numbers_than_one_part() -> None:
    images = np.random.default_rng(3).random((300, 60, 60, 1), np.float32)
    found = Preprocessing.measure(images)
    assert found.mean[0] == pytest.approx(images.mean(dtype=np.float64), rel=1e-9)
    assert found.std[0] == pytest.approx(images.std(dtype=np.float64), rel=1e-6)


@pytest.mark.parametrize("value", [0, 7, 255])
def test_a_constant_slice_stays_as_it_is(value: int) -> None:
    found = Preprocessing.measure(np.full((4, 3, 3, 1), value, np.uint8))
    assert found.std == (1.0,) and found.mean == pytest.approx((value / 255,))


@given(st.lists(st.tuples(FLOATS, STDS), max_size=4))
def test_json_there_and_back_is_exact(pairs: list[tuple[float, float]]) -> None:
    made = Preprocessing(tuple(m for m, _ in pairs), tuple(s for _, s in pairs))
    assert Preprocessing.from_json(made.to_json()) == made


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"mean": 3, "std": 4}', '{"mean": ["a"], "std": [1]}', "null"])
def test_json_of_something_else(text: str) -> None:
    with pytest.raises(ArgumentError, match="no preprocessing"):
        Preprocessing.from_json(text)


@pytest.mark.parametrize(
    ("mean", "std", "message"),
    [
        ((0.5,), (), "1 means but 0 stds: give one of each per depth slice"),
        ((0.5,), (0.0,), "stds are above zero"),
        ((0.5,), (-1.0,), "stds are above zero"),
        ((float("nan"),), (1.0,), "means are finite"),
        ((0.0,), (float("inf"),), "means are finite"),
    ],
)
def test_numbers_that_make_no_sense(mean: tuple[float, ...], std: tuple[float, ...], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Preprocessing(mean, std)
    with pytest.raises(ArgumentError):
        Preprocessing.from_json(json.dumps({"mean": mean, "std": std}))


def test_the_wrong_depth_is_found_when_compiling() -> None:
    with pytest.raises(ArgumentError, match="preprocessing has 2 means, but the images have depth 3"):
        compile(parse("INPUT[4x4x3] - FC[2]"), preprocessing=Preprocessing((0, 0), (1, 1)))


def test_padding_comes_after() -> None:
    """A padded zero is an average pixel: images of the mean alone give each position the same score."""
    network = parse("INPUT[4x4x2] - CONV[3]")
    program = compile(network, 4, preprocessing=Preprocessing((0.25, 100.0), (2.0, 50.0)))
    images = np.broadcast_to(np.float32([0.25, 100.0]), (2, 4, 4, 2))
    assert np.abs(program.scores(images)).max() < 1e-5


def test_it_changes_between_calls_without_compiling() -> None:
    network = parse("INPUT[4x4x2] - CONV[3] - RELU - FC[2]")
    program = compile(network, 4)
    images = np.random.default_rng(4).random((3, 4, 4, 2), np.float32)
    program.preprocessing = Preprocessing((0.5, 0.2), (0.1, 3.0))
    expected = network.forward(program.parameters(), (images - [0.5, 0.2]) / [0.1, 3.0])
    judge.check(program.scores(images), expected, "scores")
