"""Hold a part of a set back: seeded, stratified, printable."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from striate.data.batches import shuffled
from striate.data.dataset import Dataset
from striate.errors import ArgumentError


def split(dataset: Dataset, fraction: float, seed: int) -> tuple[Dataset, Dataset]:
    """Return (rest, part): `part` holds `fraction` of the images, of every class alike.

    The choice is drawn from `seed` and the labels only; both halves keep the order of the set. The
    sizes per class are rounded so that they sum to the nearest whole number of images (largest
    remainders first), and no class that has two images or more leaves `rest` without one.

    Raises ArgumentError where fraction is not between 0 and 1 or leaves a half without images.

    >>> images = np.zeros((10, 8, 8, 1), np.uint8)
    >>> whole = Dataset("ten", images, np.array([0, 1] * 5), ("a", "b"))
    >>> rest, part = split(whole, 0.2, seed=0)
    >>> len(rest), sorted(part.labels.tolist())
    (8, [0, 1])
    """
    count = len(dataset)
    if not 0 < fraction < 1:
        raise ArgumentError(f"fraction is {fraction}: the part to hold back must be between 0 and 1, such as 0.1")
    per_class = np.bincount(dataset.labels, minlength=len(dataset.classes))
    quota = _quota(per_class, fraction)
    total = int(quota.sum())
    if not 0 < total < count:
        raise ArgumentError(
            f"{dataset.name}: {fraction} of {count} images leaves {count - total} and {total}: "
            "both parts need an image; choose another fraction or add images"
        )
    # One order for the whole set, cut per class: the first quota[c] images of class c are held back.
    chosen = np.zeros(count, dtype=bool)
    order = shuffled(count, seed, 0, "split")
    for label, wanted in enumerate(quota):
        chosen[order[dataset.labels[order] == label][:wanted]] = True
    return dataset.take(np.flatnonzero(~chosen)), dataset.take(np.flatnonzero(chosen))


def describe(rest: Dataset, part: Dataset, seed: int, name: str = "held back") -> str:
    """Return one line that says how a set was split.

    >>> whole = Dataset("ten", np.zeros((10, 8, 8, 1), np.uint8), np.array([0, 1] * 5), ("a", "b"))
    >>> describe(*split(whole, 0.2, seed=7), seed=7, name="validation")
    'ten: 10 images = 8 to train + 2 validation (20.0 %, 1 of each class, seed 7)'
    """
    total = len(rest) + len(part)
    counts = np.bincount(part.labels, minlength=len(part.classes))
    low, high = int(counts.min()), int(counts.max())
    each = f"{low}" if low == high else f"{low} to {high}"
    return (
        f"{part.name}: {total} images = {len(rest)} to train + {len(part)} {name} "
        f"({100 * len(part) / total:.1f} %, {each} of each class, seed {seed})"
    )


def _quota(per_class: npt.NDArray[np.int64], fraction: float) -> npt.NDArray[np.int64]:
    """Return how many images of each class are held back: largest remainders."""
    exact = per_class * fraction
    quota = np.floor(exact).astype(np.int64)
    ceiling = np.maximum(per_class - 1, 0)
    missing = round(float(exact.sum())) - int(quota.sum())
    # lexsort: the largest remainder first, the lower class number at a tie.
    for label in np.lexsort((np.arange(len(quota)), quota - exact)):
        if missing <= 0:
            break
        if quota[label] < min(ceiling[label], np.ceil(exact[label])):
            quota[label] += 1
            missing -= 1
    capped: npt.NDArray[np.int64] = np.minimum(quota, ceiling)
    return capped
