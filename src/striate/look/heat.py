"""Where in a bigger image a class is: a network slides over it, and every pixel shows what its windows say.

After "Converting FC layers to CONV layers" of the CS231n notes: the scores of all windows come of one pass.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from striate.data.image import read_image, volume_of
from striate.errors import ArgumentError
from striate.look.gradient import overlay
from striate.look.panels import beside
from striate.look.pixels import picture
from striate.look.subject import ImageSource, Numbers
from striate.notation.convert import is_padded, shown_step
from striate.train.guess import Guess, best
from striate.train.match import some
from striate.train.model import Model
from striate.train.slide import Slid, slide, slide_size
from striate.volume import Volume

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE = 384  # CSS pixels of an image's longer side
MOST = 4  # windows side by side, without overlap, in an image whose size is not asked for


def heat(
    model: Model | str | os.PathLike[str],
    image: ImageSource,
    *,
    size: tuple[int, int] | None = None,
    of: str | int | None = None,
    threads: int | None = None,
    dark: bool = False,
    title: str = "",
) -> Figure:
    """The image, and over it how much each pixel's windows look like a class: the best of their mean, or ``of``.

    ``image`` is a file, which is brought to ``size`` (W, H), by itself its own size as far as windows fit; or an array
    (H, W, D) as it is. Raises ArgumentError, DataError or ModelError.

    >>> from striate.notation.parse import parse
    >>> parameters = {"fc1.weights": np.ones((2, 4), np.float32), "fc1.biases": np.zeros(2, np.float32)}
    >>> figure = heat(Model(parse("INPUT[2x2x1] - FC[2]"), parameters, ("no", "yes")), np.zeros((6, 8, 1), np.uint8))
    >>> [image.get_gid() for image in figure.axes[0].images]
    ['image', 'heat']
    """
    about = model if isinstance(model, Model) else Model.load(model)
    pixels, name = _pixels(about, image, size)
    found = slide(about, pixels, threads)
    shares = _shares(found, about.loss)
    number = _class_number(about, shares, of)
    guesses = _guesses(about, shares, found)
    seen = found.cover(shares[..., number])
    panels = [
        (picture(pixels), "image", f"{pixels.shape[1]}x{pixels.shape[0]} pixels"),
        (overlay(pixels, _unit(seen, about.loss)), "heat", _caption(shares[..., number], about.loss)),
    ]  # fmt: skip
    title = title or f"Where {name or 'this image'} is {about.classes[number]}"
    volume = Volume(pixels.shape[1], pixels.shape[0], pixels.shape[2])
    return beside(panels, guesses, number, (title, _note(about, found)), volume, SIDE, dark)


def _pixels(model: Model, image: ImageSource, size: tuple[int, int] | None) -> tuple[Numbers, str]:
    """The image (H, W, D) and its name."""
    depth = model.network.input.depth
    if isinstance(image, str | os.PathLike):
        path = Path(image)
        whole = Volume(*size, depth) if size else slide_size(model, volume_of(path), MOST)
        return read_image(path, whole), path.name
    array = np.asarray(image)
    if array.ndim == 2 and depth == 1:
        array = array[..., None]
    if array.ndim != 3:
        raise ArgumentError(f"an image has the shape (H, W, {depth}), not {array.shape}")
    return array, ""


def _shares(found: Slid, loss: str) -> Numbers:
    """(rows, columns, classes): probabilities with softmax, scores as they are otherwise."""
    scores = np.asarray(found.scores, np.float64)
    if loss != "softmax":
        return scores
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def _class_number(model: Model, shares: Numbers, of: str | int | None) -> int:
    if of is None:
        return int(shares.mean((0, 1)).argmax())
    if isinstance(of, str) and of in model.classes:
        return model.classes.index(of)
    if isinstance(of, int | np.integer) and 0 <= of < len(model.classes):
        return int(of)
    raise ArgumentError(f"there is no class {of!r}: the classes are {some(model.classes)}")


def _guesses(model: Model, shares: Numbers, found: Slid) -> tuple[Guess, ...]:
    """The best classes of the mean over all windows."""
    if model.loss != "softmax":
        return best(found.scores.mean((0, 1)), model.classes, model.loss)
    return best(np.log(np.maximum(shares.mean((0, 1)), 1e-30)), model.classes, model.loss)


def _unit(seen: Numbers, loss: str) -> Numbers:
    """The map with its least number at 0: probabilities begin there, scores do not."""
    return seen if loss == "softmax" else np.asarray(seen - seen.min())


def _caption(values: Numbers, loss: str) -> str:
    low, high = float(values.min()), float(values.max())
    if loss == "softmax":
        return f"probability in a window: {100 * low:.0f} to {100 * high:.0f} %"
    return f"score of a window: {low:.2f} to {high:.2f}"


def _note(model: Model, found: Slid) -> str:
    rows, columns, _ = found.scores.shape
    wide, high = found.window
    apart = shown_step(model.network)
    note = f"{columns} x {rows} windows of {wide}x{high} pixels, {apart} apart, in one pass; at right their mean"
    return note + ("; zero-padding sees neighbours inside" if is_padded(model.network) else "")
