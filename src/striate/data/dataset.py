"""Labelled images in memory, the one form that every reader returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError, DataError
from striate.volume import Volume

Images = npt.NDArray[Any]
"""Images (N, H, W, D), uint8 (0..255) or float32 (taken as they are)."""

Labels = npt.NDArray[np.int64]
"""Class numbers (N,), 0..classes-1."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images: a name, images (N, H, W, D), labels (N,) and the names of the classes.

    Raises ArgumentError where shapes, types, counts or labels are not what they say.

    >>> few = Dataset("few", np.zeros((2, 8, 8, 1), np.uint8), np.array([1, 0]), ("no", "yes"))
    >>> print(few)
    few: 2 images [8x8x1] uint8, 2 classes
    >>> print(few.take([1]))
    few: 1 image [8x8x1] uint8, 2 classes
    """

    name: str
    images: Images
    labels: Labels
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        images, labels, classes = self.images, self.labels, self.classes
        if images.ndim != 4 or images.dtype not in (np.uint8, np.float32):
            raise ArgumentError(
                f"{self.name}: images are {images.dtype} {images.shape}: "
                "they must be uint8 or float32 of shape (N, H, W, D)"
            )
        if labels.shape != images.shape[:1] or labels.dtype != np.int64:
            raise ArgumentError(
                f"{self.name}: labels are {labels.dtype} {labels.shape} for {len(images)} images: "
                f"they must be int64 of shape ({len(images)},)"
            )
        if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < len(classes):
            raise ArgumentError(
                f"{self.name}: labels go from {labels.min()} to {labels.max()}: "
                f"with {len(classes)} classes they must be 0..{len(classes) - 1}"
            )

    def __len__(self) -> int:
        return len(self.images)

    def __str__(self) -> str:
        count = f"{len(self)} image{'' if len(self) == 1 else 's'}"
        return f"{self.name}: {count} {self.volume} {self.images.dtype}, {len(self.classes)} classes"

    @property
    def volume(self) -> Volume:
        """The volume of one image."""
        _, height, width, depth = self.images.shape
        return Volume(width, height, depth)

    def take(self, indices: Sequence[int] | npt.NDArray[Any]) -> Dataset:
        """Return the images at `indices`, in that order, as a set of their own."""
        chosen = np.asarray(indices, dtype=np.intp)
        return Dataset(self.name, self.images[chosen], self.labels[chosen], self.classes)


@dataclass(frozen=True, eq=False)
class Splits:
    """What a source holds: a training part, and a test part where the source has an official one."""

    train: Dataset
    test: Dataset | None = None

    def __str__(self) -> str:
        return f"{self.train}; {'no test part of its own' if self.test is None else f'test {len(self.test)}'}"

    def matching(self, volume: Volume | None, source: str) -> Splits:
        """Return itself where every image is one `volume` (or none is asked for).

        Raises DataError with both volumes where they differ.
        """
        for part in (self.train, self.test):
            if part is None or volume is None or part.volume == volume:
                continue
            hint = ""
            if (part.volume.height, part.volume.depth) == (volume.depth, volume.width):
                hint = "; these images seem to have their depth first: images.transpose(0, 2, 3, 1) puts it last"
            raise DataError(
                f"{source}: its images are {part.volume}, the network's INPUT is {volume}: "
                f"write INPUT{part.volume} or take images of that size{hint}"
            )
        return self
