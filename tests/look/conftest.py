"""Programs and models with drawn weights, and what it takes to look at a picture without eyes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import striate
from corpus import draw
from striate.preprocessing import Preprocessing
from striate.train.model import Model

DIGITS = "INPUT[8x8x1] - CONV[16] - RELU - POOL - CONV[14] - RELU - FC[10]"
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.fixture(scope="session")
def make_model() -> Callable[..., Model]:
    """A model of a line, its weights drawn."""

    def make(line: str, classes: tuple[str, ...] | None = None, loss: str = "softmax", seed: int = 0) -> Model:
        network = striate.parse(line)
        drawn = draw(network, 1, seed)[0]
        names = classes if classes is not None else tuple(f"class {k}" for k in range(network.classes))
        depth = network.input.depth
        preprocessing = Preprocessing((0.4,) * depth, tuple(0.2 + 0.1 * k for k in range(depth)))
        return Model(network, {k: v.astype(np.float32) for k, v in drawn.items()}, names, preprocessing, loss)

    return make


@pytest.fixture(scope="session")
def model(make_model: Callable[..., Model]) -> Model:
    return make_model(DIGITS, NAMES)


@pytest.fixture(scope="session")
def image() -> Any:
    return np.random.default_rng(1).integers(0, 256, (8, 8, 1)).astype(np.uint8)


@pytest.fixture(scope="session")
def oracle() -> Callable[[Model, Any], dict[str, Any]]:
    """Every volume (H, W, D) of one image, in float64, by the plain NumPy layers."""

    def volumes(model: Model, image: Any) -> dict[str, Any]:
        scale, shift = model.preprocessing.scales(model.network.input.depth, image.dtype == np.uint8)
        made = model.network.activations(model.parameters, image[None] * scale.astype(float) + shift)
        return {name: volume[0] for name, volume in made.items()}

    return volumes
