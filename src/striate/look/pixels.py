"""Numbers as pixels: grey maps, signed maps, images, each resampled to the very pixels that it will fill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.look.palette import NEGATIVE, POSITIVE, rgb

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[Any]


def grey(values: Numbers, low: float, high: float) -> Bytes:
    """(H, W) numbers as (H, W, 3) bytes: black at ``low``, white at ``high``; all black where these are equal.

    >>> grey(np.array([[0.0, 1.0, 3.0]]), 0.0, 2.0)[0, :, 0].tolist()
    [0, 128, 255]
    """
    span = high - low
    unit = (np.asarray(values, np.float64) - low) / span if span > 0 else np.zeros(np.shape(values))
    level = (np.nan_to_num(unit, nan=0.0).clip(0, 1) * 255 + 0.5).astype(np.uint8)
    return np.repeat(level[..., None], 3, axis=-1)


def signed(values: Numbers, most: float, colours: dict[str, str]) -> Bytes:
    """(H, W) numbers as (H, W, 3) bytes: blue at -``most``, the ground's grey at 0, orange at +``most``.

    >>> from striate.look.palette import theme
    >>> signed(np.array([[-1.0, 0.0, 1.0]]), 1.0, theme())[0].tolist()
    [[43, 108, 176], [246, 247, 249], [217, 115, 13]]
    """
    unit = np.asarray(values, np.float64) / most if most > 0 else np.zeros(np.shape(values))
    unit = np.nan_to_num(unit, nan=0.0).clip(-1, 1)[..., None]
    middle = np.array(rgb(colours["raised"]), np.float64)
    ends = np.where(unit < 0, np.array(rgb(NEGATIVE), np.float64), np.array(rgb(POSITIVE), np.float64))
    mixed: Bytes = (middle + np.abs(unit) * (ends - middle) + 0.5).astype(np.uint8)
    return mixed


def picture(image: Numbers) -> Bytes:
    """An image (H, W, D) as (H, W, 3) bytes: D = 3 in colour, any other D as the mean over its slices, in grey.

    Bytes are taken as they are; floats are stretched from their least number to their largest.

    >>> picture(np.full((1, 1, 1), 7, np.uint8)).tolist()
    [[[7, 7, 7]]]
    """
    if image.dtype != np.uint8:
        whole = np.asarray(image, np.float64)
        low, high = (float(whole.min()), float(whole.max())) if not _unit(whole) else (0.0, 1.0)
        image = grey(whole, low, high)[..., 0]
    if image.shape[-1] == 3:
        return np.ascontiguousarray(image, np.uint8)
    return np.repeat((image.mean(-1, keepdims=True) + 0.5).astype(np.uint8), 3, axis=-1)


def _unit(values: Numbers) -> bool:
    """Whether the numbers look like pixels from 0 to 1."""
    return bool(values.min() >= 0 and values.max() <= 1)


def resampled(pixels: Bytes, high: int, wide: int) -> Bytes:
    """(H, W, 3) as (high, wide, 3): enlarged by the nearest pixel, made smaller by the mean of those that meet.

    >>> resampled(np.arange(12, dtype=np.uint8).reshape(2, 2, 3), 1, 4)[0, :, 0].tolist()
    [3, 3, 6, 6]
    """
    return _along(_along(pixels, high, 0), wide, 1)


def tiled(rows: Sequence[Sequence[Bytes]], high: int, wide: int, gap: int, ground: tuple[int, int, int]) -> Bytes:
    """Rows of tiles as one image: each resampled to (high, wide), ``gap`` pixels of the ground between them.

    >>> white = np.full((1, 1, 3), 255, np.uint8)
    >>> tiled([[white, white]], 1, 2, 1, (0, 0, 0))[0, :, 0].tolist()
    [255, 255, 0, 255, 255]
    """
    across = max(map(len, rows))
    sheet = np.empty((len(rows) * (high + gap) - gap, across * (wide + gap) - gap, 3), np.uint8)
    sheet[:] = ground
    for row, tiles in enumerate(rows):
        for column, tile in enumerate(tiles):
            y, x = row * (high + gap), column * (wide + gap)
            sheet[y : y + high, x : x + wide] = resampled(tile, high, wide)
    return sheet


def _along(pixels: Bytes, size: int, axis: int) -> Bytes:
    """Resample one axis."""
    count = pixels.shape[axis]
    if size >= count:
        nearest: Bytes = np.take(pixels, np.arange(size) * count // size, axis=axis)
        return nearest
    # Pixel i of the result is the mean over [i, i + 1) * count / size, parts of pixels included.
    total = np.cumsum(pixels, axis=axis, dtype=np.float64)
    total = np.concatenate([np.zeros_like(np.take(total, [0], axis=axis)), total], axis=axis)
    edges = np.arange(size + 1) * (count / size)
    whole = np.minimum(edges.astype(int), count - 1)
    part = (edges - whole).reshape([-1 if a == axis else 1 for a in range(pixels.ndim)])
    below, above = np.take(total, whole, axis=axis), np.take(total, whole + 1, axis=axis)
    sums = below + part * (above - below)
    mean: Bytes = (np.diff(sums, axis=axis) * (size / count) + 0.5).clip(0, 255).astype(np.uint8)
    return mean
