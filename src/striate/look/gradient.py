"""Where in an image a score comes from: the gradient on the pixels, and the class activation map.

Saliency: Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", 2014. Grad-CAM: Selvaraju et al.,
"Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", 2017.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from striate.errors import ArgumentError
from striate.look.layout import size_text
from striate.look.palette import POSITIVE, rgb, theme
from striate.look.panels import beside
from striate.look.pixels import Bytes, picture, signed
from striate.look.subject import ImageSource, Numbers, Source, Subject, pixels_of, subject
from striate.notation.network import Network, Node

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE = 288  # CSS pixels of an image's longer side
BRIGHT = (255, 236, 150)  # where the map is largest
COVER = 0.85  # how much of the image the map hides there


def saliency(
    model: Source, image: ImageSource, *, of: str | int | None = None, dark: bool = False, title: str = ""
) -> Figure:
    """The image, and beside it how much each pixel moves the score of its best class, or of the class ``of``.

    Raises ArgumentError, DataError or ModelError.

    >>> import numpy as np, striate
    >>> program = striate.compile(striate.parse("INPUT[8x8x1] - FC[3]"), batch=1)
    >>> figure = saliency(program, np.zeros((8, 8), np.uint8), of=2)
    >>> [image.get_gid() for image in figure.axes[0].images]
    ['image', 'saliency']
    """
    about = subject(model)
    pixels, name = pixels_of(image, about.network.input)
    number = about.class_number(of, pixels)
    strength = saliency_map(about, pixels, number)
    full = float(np.quantile(strength, 0.99)) or float(strength.max())
    shades = signed(strength, full, theme(dark))
    note = f"|d score of {about.classes[number]} / d pixel|, the largest over the depth of each pixel"
    caption = "full colour: the strongest hundredth of the pixels"
    panels = [(picture(pixels), "image", ""), (shades, "saliency", caption)]
    title = title or f"What moves the score of {about.classes[number]} in {name or 'this image'}"
    return beside(panels, about.guesses(pixels), number, (title, note), about.network.input, SIDE, dark)


def where(
    model: Source, image: ImageSource, *, of: str | int | None = None, dark: bool = False, title: str = ""
) -> Figure:
    """The image, and over it where its best class, or the class ``of``, was seen: its class activation map.

    The map is made of the last volume that is wider or higher than 1. Raises ArgumentError where there is none,
    DataError or ModelError.

    >>> import numpy as np, striate
    >>> program = striate.compile(striate.parse("INPUT[8x8x1] - CONV[4] - RELU - FC[3]"), batch=1)
    >>> figure = where(program, np.zeros((8, 8), np.uint8), of=2)
    >>> [image.get_gid() for image in figure.axes[0].images]
    ['image', 'where']
    """
    about = subject(model)
    pixels, name = pixels_of(image, about.network.input)
    number = about.class_number(of, pixels)
    node = last_wide(about.network)
    seen = class_activation_map(*about.score_gradients(pixels, number), node)
    note = f"Grad-CAM of {about.classes[number]} on {node.name} {size_text(node.output)}"
    panels = [(picture(pixels), "image", ""), (overlay(pixels, seen), "where", _found(seen))]
    title = title or f"Where {name or 'this image'} looks like {about.classes[number]}"
    return beside(panels, about.guesses(pixels), number, (title, note), about.network.input, SIDE, dark)


def saliency_map(about: Subject, pixels: Numbers, number: int) -> Numbers:
    """|d score / d pixel| (H, W) of one image (H, W, D), the largest over its depth."""
    _, gradients = about.score_gradients(pixels, number)
    scale, _ = about.program.preprocessing.scales(about.network.input.depth, pixels.dtype == np.uint8)
    found: Numbers = np.abs(gradients["input"] * scale).max(-1)
    return found


def last_wide(network: Network) -> Node:
    """The last layer whose volume is wider or higher than 1; ArgumentError where there is none.

    >>> from striate.notation.parse import parse
    >>> last_wide(parse("INPUT[8x8x1] - CONV[4] - RELU - POOL - FC[3]")).name
    'pool1'
    """
    for node in network.nodes[::-1]:
        if node.output.width > 1 or node.output.height > 1:
            return node
    raise ArgumentError(f"no volume of {network} is wider or higher than 1: there is no place to point at")


def class_activation_map(activations: Mapping[str, Numbers], gradients: Mapping[str, Numbers], node: Node) -> Numbers:
    """Grad-CAM (H, W), numbers from 0: max(0, sum over slices of the mean gradient times the activations).

    >>> from striate.notation.parse import parse
    >>> node = parse("INPUT[2x1x1] - FC[1]").nodes[0]
    >>> class_activation_map({"input": np.array([[[3.0], [-1.0]]])}, {"input": np.full((1, 2, 1), 2.0)}, node)
    array([[6., 0.]])
    """
    weights = np.asarray(gradients[node.name], np.float64).mean((0, 1))
    seen: Numbers = np.maximum(np.asarray(activations[node.name], np.float64) @ weights, 0.0)
    return seen


def enlarged(values: Numbers, high: int, wide: int) -> Numbers:
    """(H, W) numbers at (high, wide), linear between the middles of neighbours.

    >>> enlarged(np.array([[0.0, 1.0]]), 1, 4).tolist()
    [[0.0, 0.25, 0.75, 1.0]]
    """
    for axis, size in ((0, high), (1, wide)):
        count = values.shape[axis]
        at = ((np.arange(size) + 0.5) * count / size - 0.5).clip(0, count - 1)
        low = np.minimum(at.astype(int), max(count - 2, 0))
        part = (at - low).reshape((-1, 1) if axis == 0 else (1, -1))
        after = np.take(values, np.minimum(low + 1, count - 1), axis=axis)
        values = (1 - part) * np.take(values, low, axis=axis) + part * after
    return values


def overlay(pixels: Numbers, seen: Numbers, side: int = 720) -> Bytes:
    """The image in grey with the map over it, from clear to orange to yellow; (H, W, 3), about ``side`` large."""
    high, wide = pixels.shape[:2]
    times = max(1, round(side / max(high, wide)))
    ground = picture(pixels).mean(-1).repeat(times, 0).repeat(times, 1)[..., None]
    top = float(seen.max())
    part = enlarged(seen / top if top > 0 else seen, high * times, wide * times)[..., None]
    orange, bright = np.array(rgb(POSITIVE), np.float64), np.array(BRIGHT, np.float64)
    colour = orange + np.clip((part - 0.5) / 0.5, 0, 1) * (bright - orange)
    # The image's own light and dark stay visible under the colour, and never reach its ends.
    cover = COVER * part**0.7
    mixed: Bytes = ((1 - cover) * (24 + 0.55 * ground) + cover * colour + 0.5).astype(np.uint8)
    return mixed


def _found(seen: Numbers) -> str:
    return "the brighter, the more it speaks for the class" if seen.max() > 0 else "nothing in it speaks for the class"
