"""What an estimator learns from: a weighted set of examples, in which their order counts for nothing.

Equal examples are one with their weights' sum, and those of weight zero are none. So weights mean the same as copies,
to the last bit, and neither the order of the rows nor how they were collected changes what is learned.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.data.batches import shuffled
from striate.preprocessing import Preprocessing

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Examples:
    """Images (N, H, W, D), uint8 or float32; targets (N,) class numbers or (N, outputs); weights (N,) above zero."""

    images: Array
    targets: Array
    weights: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.images)

    def take(self, chosen: npt.NDArray[Any]) -> Examples:
        """Those at the places ``chosen``, in that order."""
        return Examples(self.images[chosen], self.targets[chosen], self.weights[chosen])

    def split(self, fraction: float, seed: int, stratify: bool) -> tuple[Examples, Examples]:
        """(rest, part held back), with ``fraction`` of the examples; stratified, of every class alike.

        No class loses its last example, and each part keeps at least one.
        """
        order = shuffled(len(self), seed, 0, "validation")
        groups = [order] if not stratify else [order[self.targets[order] == label] for label in np.unique(self.targets)]
        held = [group[: min(round(fraction * len(group)), len(group) - 1)] for group in groups]
        chosen = np.concatenate(held)
        if not len(chosen) and len(self) > 1:
            chosen = max(groups, key=len)[:1]
        mask = np.zeros(len(self), bool)
        mask[chosen] = True
        return self.take(np.flatnonzero(~mask)), self.take(np.flatnonzero(mask))

    def preprocessing(self) -> Preprocessing:
        """The weighted mean and standard deviation of each depth slice."""
        unit = 255.0 if self.images.dtype == np.uint8 else 1.0
        depth, pixels = self.images.shape[-1], self.images.shape[1] * self.images.shape[2]
        total, middle, spread = self.weights.sum() * pixels, np.zeros(depth), np.zeros(depth)
        for part, weights in self._parts():
            middle += np.einsum("npd,n->d", part / unit, weights)
        middle /= total
        for part, weights in self._parts():
            spread += np.einsum("npd,n->d", (part / unit - middle) ** 2, weights)
        deviation = np.sqrt(spread / total)
        deviation = np.where(deviation > 1e-6 * np.maximum(1.0, np.abs(middle)), deviation, 1.0)
        return Preprocessing(tuple(middle.tolist()), tuple(deviation.tolist()))

    def _parts(self, rows: int = 4096) -> Any:
        flat = self.images.reshape(len(self), -1, self.images.shape[-1])
        for first in range(0, len(flat), rows):
            yield flat[first : first + rows].astype(np.float64), self.weights[first : first + rows]


def gather(images: Array, targets: Array, weights: npt.NDArray[np.float64]) -> Examples:
    """The examples of these rows.

    >>> found = gather(np.uint8([[[[7]]], [[[5]]], [[[7]]]]), np.array([1, 0, 1]), np.array([1.0, 0.0, 2.0]))
    >>> found.images.ravel().tolist(), found.targets.tolist(), found.weights.tolist()
    ([7], [1], [3.0])
    """
    first: dict[bytes, int] = {}
    sums: dict[bytes, float] = {}
    for row in np.flatnonzero(weights):
        picture = hashlib.blake2b(np.ascontiguousarray(images[row]).data, digest_size=16).digest()
        key = picture + np.ascontiguousarray(targets[row : row + 1]).tobytes()
        first.setdefault(key, int(row))
        sums[key] = sums.get(key, 0.0) + float(weights[row])
    keys = sorted(first)
    rows = np.array([first[key] for key in keys], np.intp)
    return Examples(images[rows], targets[rows], np.array([sums[key] for key in keys]))
