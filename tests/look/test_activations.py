"""The figure of an image on its way: what is shown is what the network made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eyes import check_legible, images, pixels, texts, widths
from PIL import Image

import striate
from corpus import CASES, NETS, draw
from striate.errors import ArgumentError, DataError
from striate.look.columns import COLUMNS, groups, most_active
from striate.look.pixels import grey, resampled
from striate.look.through import Way, draw_way
from striate.train.guess import best
from striate.train.model import Model

VGG16 = (
    "INPUT[32x32x3] - [CONV[13] - RELU]*2 - POOL - [CONV[14] - RELU]*2 - POOL - [CONV[15] - RELU]*3 - POOL"
    " - [[CONV[16] - RELU]*3 - POOL]*2 - [FC[40] - RELU]*2 - FC[50]"
)

ODD = ("one-pixel", "depth-17", "relu-last", "conv-after-fc", "volume-last", "fc-only", "fc-1", "no-conv", "wide",
       "high", "one-dimension")  # fmt: skip
SHAPES = [*(CASES[name] for name in ODD), NETS["tinyvgg"], NETS["lenet"], VGG16]


def test_every_volume_is_a_column(model: Model, image: Any) -> None:
    figure = striate.look.activations(model, image)
    assert texts(figure, "layer") == ["INPUT", "CONV", "RELU", "POOL", "CONV", "RELU", "FC"]
    assert texts(figure, "size") == ["8x8x1", "8x8x16", "4x4x16", "4x4x14", "1x1x10"]
    columns = {name.split("[")[0] for name in images(figure)}
    assert columns == {node.name for node in model.network.nodes}
    # Columns stand from left to right in the order of the layers.
    lefts = [min(i.get_extent()[0] for k, i in images(figure).items() if k.split("[")[0] == node.name)
             for node in model.network.nodes]  # fmt: skip
    assert lefts == sorted(lefts)


def test_the_slices_are_the_most_active_ones(
    model: Model, image: Any, oracle: Callable[[Model, Any], dict[str, Any]]
) -> None:
    figure = striate.look.activations(model, image)
    volumes = oracle(model, image)
    shown: dict[str, list[int]] = {}
    for name in images(figure):
        if "[" in name:
            shown.setdefault(name.split("[")[0], []).append(int(name.split("[")[1][:-1]))
    for last, group in (("relu1", ["conv1", "relu1"]), ("pool1", ["pool1"]), ("relu2", ["conv2", "relu2"])):
        activity = np.abs(volumes[last]).mean((0, 1))
        wanted = sorted(np.argsort(-activity, kind="stable")[:10].tolist())
        for name in group:
            assert shown[name] == wanted
    assert shown["fc1"] == list(range(10))
    assert texts(figure, "chosen") == ["10 most active of 16", "10 of 16", "10 most active of 14"]


def test_maps_go_from_black_to_white_over_their_volume(
    model: Model, image: Any, oracle: Callable[[Model, Any], dict[str, Any]]
) -> None:
    figure = striate.look.activations(model, image)
    for name, volume in oracle(model, image).items():
        for key in images(figure):
            if key.startswith(f"{name}["):
                found = pixels(figure, key)
                shade = grey(volume[..., int(key.split("[")[1][:-1])], volume.min(), volume.max())
                # The engine and the oracle differ by roundings, a shade at most.
                difference = found.astype(int) - resampled(shade, *found.shape[:2])
                assert np.abs(difference).max() <= 1
                assert (found[..., 0] == found[..., 2]).all()


def test_a_number_of_the_image_fills_whole_pixels(model: Model, image: Any) -> None:
    found = pixels(striate.look.activations(model, image), "input")
    high, wide = found.shape[:2]
    assert np.array_equal(found[..., 0], resampled(np.repeat(image, 3, -1), high, wide)[..., 0])


@pytest.mark.parametrize("loss", ["softmax", "svm"])
def test_the_bars_are_what_predict_says(make_model: Callable[..., Model], image: Any, loss: str) -> None:
    model = make_model("INPUT[8x8x1] - CONV[3] - RELU - FC[7]", loss=loss)
    figure = striate.look.activations(model, image)
    scores = model.compile(threads=1).scores(image[None])[0].astype(np.float64)
    order = np.argsort(-scores)[:5]
    written = [text.get_text() for text in figure.axes[0].texts]
    chances = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    for place, number in enumerate(order, 1):
        assert texts(figure, f"class{place}") == [f"class {number}"]
        assert (f"{100 * chances[number]:.1f} %" if loss == "softmax" else f"{scores[number]:.2f}") in written
    shares = chances[order] if loss == "softmax" else np.maximum(scores[order], 0) / scores.max()
    drawn = [widths(figure, f"bar{place}") for place in range(1, 6)]
    full = drawn[0][0] / shares[0]
    for share, found in zip(shares, drawn, strict=True):
        assert found == ([pytest.approx(max(share * full, 1), abs=0.02)] if share > 0 else [])


def test_chosen_slices_are_shown(model: Model, image: Any) -> None:
    figure = striate.look.activations(model, image, slices=[0, 15, 3])
    assert [name for name in images(figure) if name.startswith("relu1")] == ["relu1[0]", "relu1[15]", "relu1[3]"]
    assert [name for name in images(figure) if name.startswith("relu2")] == ["relu2[0]", "relu2[3]"]
    assert texts(figure, "chosen") == ["3 chosen of 16", "3 chosen of 16", "2 chosen of 14"]


@pytest.mark.parametrize("slices", [[16], [-1], [], [1.5]])
def test_slices_that_are_not_there(model: Model, image: Any, slices: Any) -> None:
    with pytest.raises(ArgumentError, match="slice"):
        striate.look.activations(model, image, slices=slices)


@pytest.mark.parametrize("most", [0, -1, 2.5])
def test_as_many_slices_as_there_cannot_be(model: Model, image: Any, most: Any) -> None:
    with pytest.raises(ArgumentError, match="from 1"):
        striate.look.activations(model, image, most=most)


def test_equal_slices_are_taken_in_order() -> None:
    assert most_active(np.zeros((2, 2, 20)), 10) == tuple(range(10))


def test_scores_of_many_classes_show_the_highest(make_model: Callable[..., Model], image: Any) -> None:
    model = make_model("INPUT[8x8x1] - FC[70] - RELU - FC[50]")
    made = {k: v[0] for k, v in model.compile(threads=1).activations(image[None]).items()}
    first, last = groups(model.network, made, None)
    assert (first[0].chosen, last[0].chosen) == ("32 most active of 70", "32 highest of 50")
    assert sorted(np.argsort(-made["fc2"].ravel())[:32]) == list(last[0].slices)


@pytest.mark.parametrize("line", SHAPES, ids=str)
def test_it_can_be_read(line: str) -> None:
    network = striate.parse(line)
    parameters, images_, _ = draw(network, 1)
    made = {name: volume[0] for name, volume in network.activations(parameters, images_).items()}
    scores = network.forward(parameters, images_)[0]
    guesses = best(scores, tuple(f"class {k}" for k in range(len(scores))))
    figure = draw_way(Way(network, images_[0], made, guesses), title="the image")
    check_legible(figure)
    assert figure.get_size_inches()[0] * 96 <= 1300
    assert figure.get_size_inches()[1] * 96 <= 1300


@pytest.mark.filterwarnings("ignore:Glyph")
def test_long_names_are_shortened(make_model: Callable[..., Model], image: Any) -> None:
    names = ("a class whose name goes on and on and never seems to end", "$x^2$", "  ", "猫", "two\nlines")
    figure = striate.look.activations(make_model("INPUT[8x8x1] - FC[5]", names), image)
    check_legible(figure)
    written = {texts(figure, f"class{place}")[0] for place in range(1, 6)}
    assert {"$x^2$", "猫", "two lines", "(no name)"} < written
    assert any(name.startswith("a class whose") and name.endswith("…") for name in written)


def test_very_long_networks_lose_their_middle() -> None:
    network = striate.parse("INPUT[8x8x1] - [CONV[2] - RELU]*70 - FC[3]")
    made = {node.name: np.zeros(node.output.shape) for node in network.nodes}
    figure = draw_way(Way(network, made["input"], made, best(np.zeros(3), ("a", "b", "c"))))
    check_legible(figure)
    shown = len(texts(figure, "layer")) - 1
    assert shown <= COLUMNS
    assert f"{141 - shown} layers in the middle are left out" in [t.get_text() for t in figure.axes[0].texts]


def test_programs_arrays_and_files_are_the_same(model: Model, image: Any, tmp_path: Path) -> None:
    model.save(tmp_path / "digits.striate")
    Image.fromarray(image[..., 0]).save(tmp_path / "one.png")
    shown = [
        images(striate.look.activations(tmp_path / "digits.striate", tmp_path / "one.png")),
        images(striate.look.activations(model.compile(), image[..., 0])),
    ]
    assert shown[0].keys() == shown[1].keys()
    for name in shown[0]:
        assert np.array_equal(shown[0][name].get_array(), shown[1][name].get_array())


def test_what_is_no_model_and_no_image(model: Model, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="not of int"):
        striate.look.activations(3, np.zeros((8, 8)))  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"\(8, 8, 1\)"):
        striate.look.activations(model, np.zeros((8, 8, 1, 1)))
    with pytest.raises(ArgumentError, match=r"not \(1, 9, 8, 1\)"):
        striate.look.activations(model, np.zeros((9, 8, 1), np.uint8))
    with pytest.raises(DataError, match=r"nothing\.png"):
        striate.look.activations(model, tmp_path / "nothing.png")
