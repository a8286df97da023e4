"""Which images are trained on and which are held out."""

from __future__ import annotations

import numpy as np
import pytest

from striate.data.dataset import Dataset, Splits
from striate.errors import ArgumentError
from striate.train.held_out import fingerprint, hold_out


def numbered(count: int, start: int = 0) -> Dataset:
    """Images that are all different: image i holds i."""
    numbers = np.arange(start, start + count, dtype=np.float32)
    images = np.ascontiguousarray(np.broadcast_to(numbers[:, None, None, None], (count, 2, 2, 1)))
    return Dataset("numbered", images, np.arange(count) % 4, tuple("abcd"))


def held(part: Dataset | None) -> set[float]:
    return set() if part is None else set(part.images[:, 0, 0, 0].tolist())


def test_the_parts_share_no_image_and_lose_none() -> None:
    parts = hold_out(Splits(numbered(200)), 0.1, seed=1)
    train, validation, test = held(parts.train), held(parts.validation), held(parts.test)
    assert len(train) + len(validation) + len(test) == 200
    assert train | validation | test == set(range(200))
    assert (len(test), len(validation)) == (40, 16)
    assert np.bincount(parts.test.labels).tolist() == [10, 10, 10, 10]
    assert str(parts) == "144 to train, 16 to validate, 40 to test (stratified, seed 1)"


def test_an_official_test_part_stays_as_it_is() -> None:
    official = numbered(20, start=1000)
    parts = hold_out(Splits(numbered(100), official), 0.2, seed=1)
    assert parts.test is official
    assert str(parts) == "80 to train, 20 to validate (stratified, seed 1), 20 to test"
    assert str(hold_out(Splits(numbered(100), official), 0, seed=1)) == "100 to train, 20 to test"


def test_the_test_part_depends_on_the_seed_and_not_on_validation() -> None:
    splits = Splits(numbered(200))
    first = hold_out(splits, 0.1, seed=1)
    assert held(first.test) == held(hold_out(splits, 0.0, seed=1).test)
    assert held(first.test) != held(hold_out(splits, 0.0, seed=2).test)


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan"), float("inf")])
def test_a_fraction_is_a_fraction(fraction: float) -> None:
    with pytest.raises(ArgumentError, match="validation="):
        hold_out(Splits(numbered(100)), fraction, seed=0)


def test_the_fingerprint_changes_with_every_part_of_the_data() -> None:
    plain = numbered(20)
    names = [fingerprint(Splits(plain)), fingerprint(Splits(plain, plain))]
    for changed in (
        Dataset("other", plain.images + np.float32(1), plain.labels, plain.classes),
        Dataset("other", plain.images, plain.labels[::-1].copy(), plain.classes),
        Dataset("other", plain.images, plain.labels, tuple("abcx")),
        Dataset("other", plain.images.reshape(20, 4, 1, 1), plain.labels, plain.classes),
    ):
        names.append(fingerprint(Splits(changed)))
    assert len(set(names)) == len(names)
    assert fingerprint(Splits(numbered(20))) == names[0]
