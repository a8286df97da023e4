"""Does a data set fit a network? Asked before anything expensive begins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from striate.data.dataset import Dataset
from striate.errors import ArgumentError
from striate.notation.network import Network


def check_match(network: Network, dataset: Dataset) -> None:
    """Raise ArgumentError unless the images fill INPUT and every class has its score.

    >>> from striate.notation.parse import parse
    >>> images = np.zeros((2, 8, 8, 1), np.uint8)
    >>> data = Dataset("two", images, np.array([0, 1]), ("no", "yes"))
    >>> check_match(parse("INPUT[8x8x1] - FC[2]"), data)
    >>> check_match(parse("INPUT[8x8x1] - FC[3]"), data)
    Traceback (most recent call last):
        ...
    striate.errors.ArgumentError: the line ends in 3 scores, but two has 2 classes: end the line with FC[2]
    """
    if dataset.volume != network.input:
        raise ArgumentError(
            f"INPUT{network.input} does not fit {dataset.name}, whose images are {dataset.volume}:"
            f" begin the line with INPUT{dataset.volume}"
        )
    if network.classes != len(dataset.classes):
        count = len(dataset.classes)
        raise ArgumentError(
            f"the line ends in {network.classes} scores, but {dataset.name} has {count} classes: "
            f"end the line with FC[{count}]"
        )


def relabel(dataset: Dataset, classes: tuple[str, ...]) -> Dataset:
    """Return the data set with its labels numbered as in `classes`, matched by name.

    Raises ArgumentError where the data set has a class that `classes` lacks.

    >>> data = Dataset("pets", np.zeros((2, 1, 1, 1), np.uint8), np.array([0, 1]), ("cat", "dog"))
    >>> relabel(data, ("bird", "dog", "cat")).labels
    array([2, 1])
    """
    if dataset.classes == classes:
        return dataset
    strange = [name for name in dataset.classes if name not in classes]
    if strange:
        raise ArgumentError(
            f"{dataset.name} has the class {strange[0]!r}, which the model does not know;"
            f" its classes are {some(classes)}"
        )
    numbers = np.array([classes.index(name) for name in dataset.classes], np.int64)
    return replace(dataset, labels=numbers[dataset.labels], classes=classes)


def some(names: tuple[str, ...], most: int = 10) -> str:
    """Return the names in one readable piece, at most `most` of them.

    >>> some(("a", "b", "c"), most=2)
    'a, b and 1 more'
    """
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"
