"""The learned filters: every tile is a filter's weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from eyes import check_legible, texts, tile

import striate
from corpus import CASES, NETS
from striate.errors import ArgumentError
from striate.look.palette import theme
from striate.look.pixels import resampled, signed
from striate.train.model import Model


def test_filters_of_colours_are_coloured(make_model: Callable[..., Model]) -> None:
    model = make_model("INPUT[8x8x3] - CONV[6, 5x5] - RELU - FC[4]")
    figure = striate.look.filters(model, layers=["conv1"])
    weights = model.parameters["conv1.weights"]
    for number in range(6):
        found = tile(figure, "conv1", *divmod(number, 3), rows=2)
        own = weights[number].transpose(1, 2, 0)
        assert np.abs(found - (resampled_numbers(own / np.abs(own).max(), *found.shape[:2]) * 127 + 128)).max() <= 0.51


def resampled_numbers(values: np.ndarray, high: int, wide: int) -> np.ndarray:  # type: ignore[type-arg]
    """The nearest numbers, as `resampled` places them."""
    rows, columns = (np.arange(size) * count // size for size, count in zip((high, wide), values.shape, strict=False))
    return values[rows][:, columns]


def test_deep_filters_are_tiles_of_their_slices(model: Model) -> None:
    figure = striate.look.filters(model)
    weights = model.parameters["conv2.weights"].astype(np.float64)
    most = np.abs(weights).max()
    assert weights.shape == (14, 16, 3, 3)
    for k, d in ((0, 0), (13, 15), (5, 2)):
        found = tile(figure, "conv2", k, d, rows=14)
        assert np.array_equal(found, resampled(signed(weights[k, d], most, theme()), *found.shape[:2]))


def test_an_fc_is_folded_to_the_volume_that_it_reads(model: Model) -> None:
    figure = striate.look.filters(model, dark=True)
    weights = model.parameters["fc1.weights"].reshape(10, 14, 4, 4).astype(np.float64)
    found = tile(figure, "fc1", 7, 3, rows=10)
    shades = signed(weights[7, 3], np.abs(weights).max(), theme(dark=True))
    assert np.array_equal(found, resampled(shades, *found.shape[:2]))
    assert set(model.classes) < {text.get_text() for text in figure.axes[0].texts}
    check_legible(figure)


def test_of_many_filters_the_largest_are_shown(make_model: Callable[..., Model]) -> None:
    model = make_model("INPUT[6x6x20] - CONV[24] - FC[3]")
    figure = striate.look.filters(model, layers=["conv1"])
    weights = model.parameters["conv1.weights"].astype(np.float64)
    filters = sorted(np.argsort(-(weights**2).sum((1, 2, 3)))[:16])
    slices = sorted(np.argsort(-(weights[filters] ** 2).sum((0, 2, 3)))[:16])
    most = np.abs(weights).max()
    for row, column in ((0, 0), (15, 15), (3, 11)):
        found = tile(figure, "conv1", row, column, rows=16)
        shades = signed(weights[filters[row], slices[column]], most, theme())
        assert np.array_equal(found, resampled(shades, *found.shape[:2]))
    words = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert "the 16 largest of 24 filters" in words
    assert "the 16 largest of 20 depth slices" in words


ODD = ("one-pixel", "fc-only", "fc-1", "conv-7x7", "conv-11x11-stride-4", "conv-after-fc", "high")


@pytest.mark.parametrize("line", [*(CASES[n] for n in ODD), *NETS.values(), "INPUT[40x9x1] - FC[200]"], ids=str)
def test_it_can_be_read(make_model: Callable[..., Model], line: str) -> None:
    model = make_model(line)
    figure = striate.look.filters(model)
    check_legible(figure)
    assert texts(figure, "layer") == [n.name for n in model.network.nodes if n.layer.parameter_shapes(n.input)]
    assert figure.get_size_inches()[0] * 96 <= 1300


def test_layers_that_have_no_weights(make_model: Callable[..., Model]) -> None:
    with pytest.raises(ArgumentError, match=r"'relu1'.* conv1, conv2, fc1"):
        striate.look.filters(make_model("INPUT[4x4x1] - CONV[2] - RELU - CONV[2] - FC[2]"), layers=["relu1"])
    with pytest.raises(ArgumentError, match="no layers are named"):
        striate.look.filters(make_model("INPUT[4x4x1] - FC[2]"), layers=[])
    with pytest.raises(ArgumentError, match="no weights"):
        striate.look.filters(make_model("INPUT[4x4x1] - POOL"))
