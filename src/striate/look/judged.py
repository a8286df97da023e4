"""A model judged on data, for the pictures that show how it fared."""

from __future__ import annotations

import os
from typing import Union

from striate.data.dataset import Dataset
from striate.data.load import load
from striate.errors import ArgumentError
from striate.look.subject import Source, subject
from striate.train.evaluate import Evaluation, evaluate
from striate.train.match import check_match, relabel
from striate.train.model import Model
from striate.train.tested import tested

Data = Union[Dataset, str, "os.PathLike[str]", None]


def images_to_test(model: Source, data: Data) -> tuple[Dataset, str]:
    """The images, labelled as the model's classes are, and in words which they are.

    A Dataset is taken as it is; of a named one, or of the model's own where ``data`` is None, the images are
    those that ``striate test`` takes. Raises ArgumentError or DataError.
    """
    about = subject(model)
    if isinstance(data, Dataset):
        dataset, what = data, str(data.name)
    else:
        if not isinstance(about.source, Model):
            raise ArgumentError("a program does not say what it was trained on: give images and labels as a Dataset")
        name = data if data is not None else about.source.notes.get("data")
        if not isinstance(name, str | os.PathLike):
            raise ArgumentError("the model does not say what it was trained on: name a data set")
        dataset, which = tested(load(name, volume=about.network.input), about.source)
        what = f"{dataset.name}, {which}"
    if isinstance(about.source, Model):
        dataset = relabel(dataset, about.classes)
    check_match(about.network, dataset)
    return dataset, what


def judged(model: Source, data: Data) -> tuple[Evaluation, str]:
    """How the model fared on the data, and in words on which.

    >>> import numpy as np, striate
    >>> program = striate.compile(striate.parse("INPUT[2x2x1] - FC[2]"), batch=1)
    >>> pets = Dataset("pets", np.zeros((3, 2, 2, 1), np.uint8), np.array([0, 0, 1]), ("cat", "dog"))
    >>> judged(program, pets)[0].confusion.tolist()
    [[2, 0], [1, 0]]
    """
    about = subject(model)
    dataset, what = images_to_test(about, data)
    return evaluate(about.program, dataset), what
