"""A trained network that slides over a bigger image: its FC layers as CONV layers, scores for every window at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.intake import check_images
from striate.notation.convert import reshaped, step, to_conv
from striate.train.model import Model
from striate.volume import Volume

Numbers = npt.NDArray[Any]

__all__ = ["Slid", "converted", "slide", "slide_size"]


@dataclass(frozen=True, eq=False)
class Slid:
    """Scores (rows, columns, classes) of windows of ``window`` (W, H) pixels that are ``apart`` across and down."""

    scores: Numbers
    window: tuple[int, int]
    apart: tuple[int, int]

    def cover(self, values: Numbers) -> Numbers:
        """A number for each pixel, (H, W): the mean of ``values`` (rows, columns) over the windows that hold it.

        >>> Slid(np.zeros((1, 2, 3)), (2, 1), (1, 1)).cover(np.array([[4.0, 8.0]])).tolist()
        [[4.0, 6.0, 8.0]]
        """
        rows, columns = values.shape
        (wide, high), (across, down) = self.window, self.apart
        shape = high + (rows - 1) * down, wide + (columns - 1) * across
        sums, counts = np.zeros(shape), np.zeros(shape)
        for row in range(rows):
            for column in range(columns):
                y, x = row * down, column * across
                place = slice(y, y + high), slice(x, x + wide)
                sums[place] += values[row, column]
                counts[place] += 1
        return np.asarray(sums / np.maximum(counts, 1))


def converted(model: Model) -> Model:
    """The model with a CONV in place of every FC: the same numbers, in other shapes; ArgumentError as ``to_conv``.

    >>> from striate.notation.parse import parse
    >>> parameters = {"fc1.weights": np.ones((2, 4), np.float32), "fc1.biases": np.zeros(2, np.float32)}
    >>> print(converted(Model(parse("INPUT[2x2x1] - FC[2]"), parameters, ("no", "yes"))).network)
    INPUT[2x2x1] - CONV[2, 2x2, P=0]
    """
    return replace(model, network=to_conv(model.network), parameters=reshaped(model.network, model.parameters))


def slide(model: Model, image: Numbers, threads: int | None = None) -> Slid:
    """The scores of every window of an image (H, W, D), uint8 or float32, in one pass.

    Raises ArgumentError where the image is smaller than INPUT, where its size does not work out, and for a network
    whose scores are a volume.

    >>> from striate.notation.parse import parse
    >>> parameters = {"fc1.weights": np.ones((2, 4), np.float32), "fc1.biases": np.zeros(2, np.float32)}
    >>> model = Model(parse("INPUT[2x2x1] - FC[2]"), parameters, ("no", "yes"))
    >>> slide(model, np.ones((3, 4, 1), np.float32)).scores.shape
    (2, 3, 2)
    """
    from striate.program import compile as compile_network

    own = model.network.input
    network, each = to_conv(model.network, image.shape[1], image.shape[0]), model.network.output
    if each.size != each.depth:
        raise ArgumentError(f"the scores of {model.network} are a volume {each}: to slide, a network ends in FC or GAP")
    pixels = check_images(image[None], network.input, None)
    program = compile_network(
        network, batch=1, loss=model.loss, threads=threads, preprocessing=model.preprocessing, cache=False
    )
    program.load(reshaped(model.network, model.parameters))
    out = network.output
    scores = program.scores(pixels)[0].reshape(out.depth, out.height, out.width).transpose(1, 2, 0)
    return Slid(scores, (own.width, own.height), step(model.network))


def slide_size(model: Model, image: Volume, most: int) -> Volume:
    """The size at which an image is slid over: its own, brought down to a step, and to ``most`` windows' sides.

    >>> from striate.notation.parse import parse
    >>> parameters = {"fc1.weights": np.ones((2, 4), np.float32), "fc1.biases": np.zeros(2, np.float32)}
    >>> model = Model(parse("INPUT[2x2x1] - FC[2]"), parameters, ("no", "yes"))
    >>> slide_size(model, Volume(100, 50, 1), 4)
    Volume(width=8, height=4, depth=1)
    """
    own, apart = model.network.input, step(model.network)
    part = min(1.0, most * own.width / image.width, most * own.height / image.height)
    part = max(part, own.width / image.width, own.height / image.height)
    sides = [
        least + max(0, int(side * part + 1e-9) - least) // by * by
        for side, least, by in zip((image.width, image.height), (own.width, own.height), apart, strict=True)
    ]
    return Volume(sides[0], sides[1], own.depth)
