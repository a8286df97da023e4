"""Which images are trained on, and which are held out to validate and to test."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import isfinite

import numpy as np

from striate.data.dataset import Dataset, Splits
from striate.data.split import split
from striate.errors import ArgumentError

TEST_FRACTION = 0.2  # of a data set without an official test part


@dataclass(frozen=True, slots=True)
class Parts:
    """The three parts of a data set; `test_drawn` says whether the seed made the test part too."""

    train: Dataset
    validation: Dataset | None
    test: Dataset
    test_drawn: bool
    seed: int

    def __str__(self) -> str:
        how = f" (stratified, seed {self.seed})"
        held = [f"{len(self.validation):,} to validate"] if self.validation is not None else []
        if held and not self.test_drawn:
            held[0] += how
        counts = [f"{len(self.train):,} to train", *held, f"{len(self.test):,} to test"]
        return ", ".join(counts) + (how if self.test_drawn else "")


def hold_out(splits: Splits, validation: float, seed: int) -> Parts:
    """Draw what the source has not set apart itself, class by class, from the seed.

    A source without an official test part gives a fifth of its images to it; then the fraction
    `validation` (0 up to 1) of the training images is taken for validation, none where it is 0.

    >>> from striate.data.load import load
    >>> print(hold_out(load("digits"), 0.1, seed=0))
    1,294 to train, 144 to validate, 359 to test (stratified, seed 0)
    """
    if not (isfinite(validation) and 0 <= validation < 1):
        raise ArgumentError(f"validation={validation}: give the fraction of the training images, 0 up to 1")
    train, test = splits.train, splits.test
    if test is None:
        train, test = split(train, TEST_FRACTION, seed)
    held = None
    if validation:
        train, held = split(train, validation, seed)
    return Parts(train, held, test, splits.test is None, seed)


def fingerprint(splits: Splits) -> str:
    """Return a short hexadecimal name of exactly these images, labels and classes.

    It tells whether a model has been trained on the very data it is to be tested on.
    """
    digest = hashlib.sha256()
    for part in (splits.train, splits.test):
        if part is not None:
            digest.update(repr((part.classes, part.images.shape, part.images.dtype.str)).encode())
            digest.update(np.ascontiguousarray(part.images).reshape(-1).data)
            digest.update(np.ascontiguousarray(part.labels).data)
    return digest.hexdigest()[:16]
