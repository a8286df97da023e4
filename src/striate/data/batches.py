"""The order in which a network meets the images: drawn from (seed, epoch) and nothing else."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from striate.data.dataset import Dataset, Images, Labels
from striate.errors import ArgumentError


def shuffled(count: int, seed: int, epoch: int, purpose: str = "batches") -> npt.NDArray[np.intp]:
    """Return 0..count-1 in an order drawn from (seed, epoch, purpose).

    It sorts raw words of PCG64, whose stream NumPy promises never to change, so that an order
    written down today is the same after an update.

    Raises ArgumentError where seed or epoch is negative.

    >>> shuffled(5, seed=0, epoch=0).tolist() == shuffled(5, seed=0, epoch=0).tolist()
    True
    >>> sorted(shuffled(5, seed=0, epoch=1).tolist())
    [0, 1, 2, 3, 4]
    """
    if seed < 0 or epoch < 0:
        raise ArgumentError(f"seed is {seed} and epoch {epoch}: both are whole numbers from 0")
    key = np.random.SeedSequence([int(seed), int(epoch), zlib.crc32(purpose.encode())])
    words = np.random.PCG64(key).random_raw(count)
    return np.argsort(words, kind="stable")


def batches(dataset: Dataset, batch: int, seed: int, epoch: int, start: int = 0) -> Iterator[tuple[Images, Labels]]:
    """Return an iterator over all images once, `batch` at a time, as (images, labels).

    The order is drawn from (seed, epoch) only; the last batch holds what is left and may be short.
    The first `start` images of that order are passed over.
    Shapes: images (n, H, W, D) and labels (n,) with n <= batch; each is a copy.

    Raises ArgumentError where batch is below 1, or seed or epoch is negative.

    >>> five = Dataset("five", np.zeros((5, 8, 8, 1), np.uint8), np.arange(5), tuple("abcde"))
    >>> [len(labels) for _, labels in batches(five, 2, seed=0, epoch=0)]
    [2, 2, 1]
    """
    if batch < 1:
        raise ArgumentError(f"batch is {batch}: a batch has 1 image or more")
    order = shuffled(len(dataset), seed, epoch)
    return (
        (dataset.images[chosen], dataset.labels[chosen])
        for chosen in (order[first : first + batch] for first in range(start, len(order), batch))
    )
