"""Which images of a data set a model is tested on."""

from __future__ import annotations

from striate.data.dataset import Dataset, Splits
from striate.train.held_out import fingerprint, hold_out
from striate.train.model import Model


def tested(splits: Splits, model: Model) -> tuple[Dataset, str]:
    """Return the images to test on, and in words which they are.

    Of a data set with a test part, that; of the one that the model was trained on, the images held out
    then; of any other, all.

    >>> import numpy as np
    >>> from striate.data.load import load
    >>> from striate.notation.parse import parse
    >>> network = parse("INPUT[8x8x1] - FC[10]")
    >>> zeros = {name: np.zeros(shape, np.float32) for name, shape in network.parameter_shapes().items()}
    >>> tested(load("digits"), Model(network, zeros, tuple("0123456789")))[1]
    'all 1,797 images'
    """
    if splits.test is not None:
        return splits.test, f"its {_count(len(splits.test), 'test image')}"
    seed = model.notes.get("seed")
    if isinstance(seed, int) and seed >= 0 and model.notes.get("fingerprint") == fingerprint(splits):
        held = hold_out(splits, 0.0, seed).test
        return held, f"the {_count(len(held), 'test image')} that were held out when the model was trained"
    return splits.train, f"all {_count(len(splits.train), 'image')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
