"""Saliency and class activation maps against finite differences and against plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from eyes import check_legible, images, pixels, texts

import striate
from striate.errors import ArgumentError
from striate.look.gradient import class_activation_map, enlarged, last_wide, overlay, saliency_map
from striate.look.palette import theme
from striate.look.pixels import resampled, signed
from striate.look.subject import Subject
from striate.train.model import Model

LINE = "INPUT[6x6x3] - CONV[5] - RELU - POOL - CONV[4] - RELU - FC[7] - RELU - FC[3]"


def prepared(model: Model, image: Any) -> Any:
    """The pixels as the first layer gets them, in float64."""
    return (image[None] / 255 - np.array(model.preprocessing.mean)) / np.array(model.preprocessing.std)


def rgb_image(seed: int = 3) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (6, 6, 3)).astype(np.uint8)


@pytest.mark.parametrize("number", [0, 2])
def test_saliency_is_the_difference_that_a_pixel_makes(make_model: Callable[..., Model], number: int) -> None:
    model, image, step = make_model(LINE), rgb_image(), 1e-3
    wanted = np.zeros((6, 6, 3))
    for place in np.ndindex(6, 6, 3):
        moved = [image.astype(np.float64) for _ in range(2)]
        moved[0][place] -= step
        moved[1][place] += step
        below, above = (model.network.forward(model.parameters, prepared(model, each))[0, number] for each in moved)
        wanted[place] = abs(above - below) / (2 * step)
    found = saliency_map(Subject(model), image, number)
    assert found == pytest.approx(wanted.max(-1), rel=2e-4, abs=1e-7)


def test_the_map_that_is_drawn_is_the_saliency(make_model: Callable[..., Model]) -> None:
    model, image = make_model(LINE), rgb_image()
    figure = striate.look.saliency(model, image, of="class 1", title="a title")
    strength = saliency_map(Subject(model), image, 1)
    shades = signed(strength, float(np.quantile(strength, 0.99)), theme())
    found = pixels(figure, "saliency")
    assert np.array_equal(found, resampled(shades, *found.shape[:2]))
    assert "d score of class 1 / d pixel" in " ".join(text.get_text() for text in figure.axes[0].texts)
    check_legible(figure)


def grad_cam(model: Model, image: Any, number: int, until: str) -> Any:
    """Selvaraju et al. 2017, equations 1 and 2, on the oracle's float64 volumes and backward passes."""
    network = model.network
    volumes = network.activations(model.parameters, prepared(model, image))
    gradient = np.zeros_like(volumes[network.nodes[-1].name])
    gradient[0, 0, 0, number] = 1
    for node, before in zip(network.nodes[:0:-1], network.nodes[-2::-1], strict=True):
        if node.name == until:
            break
        own = {name: model.parameters[f"{node.name}.{name}"].astype(np.float64)
               for name in node.layer.parameter_shapes(node.input)}  # fmt: skip
        gradient, _ = node.layer.backward(volumes[before.name], own, volumes[node.name], gradient)
    height, width, depth = volumes[until].shape[1:]
    weights = [sum(gradient[0, y, x, k] for y in range(height) for x in range(width)) / (height * width)
               for k in range(depth)]  # fmt: skip
    return np.maximum(sum(weights[k] * volumes[until][0, :, :, k] for k in range(depth)), 0)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_where_is_grad_cam(make_model: Callable[..., Model], number: int) -> None:
    model, image = make_model(LINE), rgb_image()
    node = last_wide(model.network)
    assert node.name == "relu2"
    seen = class_activation_map(*Subject(model).score_gradients(image, number), node)
    assert seen == pytest.approx(grad_cam(model, image, number, "relu2"), rel=1e-4, abs=1e-6)
    figure = striate.look.where(model, image, of=number)
    found = pixels(figure, "where")
    assert np.array_equal(found, resampled(overlay(image, seen), *found.shape[:2]))
    check_legible(figure)


def test_the_best_class_is_explained_unless_one_is_named(make_model: Callable[..., Model]) -> None:
    model, image = make_model(LINE), rgb_image()
    best = int(model.compile(threads=1).scores(image[None]).argmax())
    for draw in (striate.look.where, striate.look.saliency):
        assert f"class {best}" in texts(draw(model, image), "title")[0]
        assert np.array_equal(images(draw(model, image))["image"].get_array(),
                              images(draw(model, image, of=f"class {best}"))["image"].get_array())  # fmt: skip


@pytest.mark.parametrize("of", ["class 9", 3, -1, 1.0])
def test_a_class_that_is_not_there(make_model: Callable[..., Model], of: Any) -> None:
    with pytest.raises(ArgumentError, match=r"there is no class .*: the classes are class 0, class 1, class 2"):
        striate.look.where(make_model(LINE), rgb_image(), of=of)


def test_no_place_to_point_at(make_model: Callable[..., Model]) -> None:
    model = make_model("INPUT[1x1x3] - CONV[4] - RELU - FC[2]")
    with pytest.raises(ArgumentError, match="no place to point at"):
        striate.look.where(model, np.zeros((1, 1, 3), np.uint8))
    check_legible(striate.look.saliency(model, np.zeros((1, 1, 3), np.uint8)))


def test_a_class_that_nothing_speaks_for() -> None:
    image, nothing = rgb_image(), np.zeros((3, 3))
    grey = overlay(image, nothing)
    assert (grey[..., 0] == grey[..., 1]).all()
    assert (grey[..., 0] == grey[..., 2]).all()


def test_enlarging_is_linear_between_middles() -> None:
    row = np.array([[1.0, 3.0, 2.0]])
    found = enlarged(row, 2, 12)
    middles = np.arange(12) / 4 + 0.125
    assert found == pytest.approx(np.stack([np.interp(middles, [0.5, 1.5, 2.5], row[0])] * 2))


def test_saliency_is_pytorchs(make_model: Callable[..., Model]) -> None:
    torch = pytest.importorskip("torch")
    model, image = make_model("INPUT[6x6x3] - CONV[5] - RELU - POOL - FC[3]"), rgb_image()
    weights = {name: torch.tensor(values) for name, values in model.parameters.items()}
    pixels = torch.tensor(image.transpose(2, 0, 1)[None], dtype=torch.float32, requires_grad=True)
    mean, std = (
        torch.tensor(values).view(1, 3, 1, 1) for values in (model.preprocessing.mean, model.preprocessing.std)
    )
    x = torch.conv2d((pixels / 255 - mean) / std, weights["conv1.weights"], weights["conv1.biases"], padding=1)
    x = torch.max_pool2d(torch.relu(x), 2).flatten(1)
    (x @ weights["fc1.weights"].T + weights["fc1.biases"])[0, 1].backward()
    wanted = pixels.grad[0].abs().amax(0).numpy()
    assert saliency_map(Subject(model), image, 1) == pytest.approx(wanted, rel=1e-3, abs=1e-7)
