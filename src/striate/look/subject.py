"""What a picture is of: a model in whatever form the caller has it, and an image, brought into one form."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from striate.data.image import read_image
from striate.errors import ArgumentError
from striate.intake import check_images
from striate.notation.network import Network
from striate.program import Program
from striate.train.guess import Guess, best
from striate.train.match import some
from striate.train.model import Model
from striate.volume import Volume

Numbers = npt.NDArray[Any]
ImageSource = Union[npt.ArrayLike, str, "os.PathLike[str]"]


@dataclass(frozen=True, eq=False)
class Subject:
    """A network with its parameters, the names of its classes, and the loss that says what scores mean."""

    source: Model | Program
    threads: int | None = None  # of the program to compile; all processors if None

    @property
    def network(self) -> Network:
        """The network."""
        return self.source.network

    @property
    def loss(self) -> str:
        """Softmax or svm."""
        return self.source.loss

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the scores; a program has none, so there they are numbers from 0."""
        if isinstance(self.source, Model):
            return self.source.classes
        return tuple(str(number) for number in range(self.source.classes))

    @property
    def parameters(self) -> Mapping[str, npt.NDArray[np.float32]]:
        """All weights and biases, by name."""
        return self.source.parameters if isinstance(self.source, Model) else self.source.parameters()

    @functools.cached_property
    def program(self) -> Program:
        """The program, compiled when it is first wanted."""
        return self.source.compile(threads=self.threads) if isinstance(self.source, Model) else self.source

    def guesses(self, image: Numbers) -> tuple[Guess, ...]:
        """The best classes of one image (H, W, D), best first."""
        return best(self.program.scores(image[None])[0], self.classes, self.loss)

    def activations(self, image: Numbers) -> dict[str, Numbers]:
        """Every volume (H, W, D) that one image (H, W, D) makes, by the layer's name."""
        return {name: volume[0] for name, volume in self.program.activations(image[None]).items()}

    def score_gradients(self, image: Numbers, number: int) -> tuple[dict[str, Numbers], dict[str, Numbers]]:
        """Every volume (H, W, D), and the gradient of the score of class ``number`` on it, by the layer's name."""
        found = self.program.inside(image[None], [number], of="score")
        return {k: v[0] for k, v in found.activations.items()}, {k: v[0] for k, v in found.gradients.items()}

    def class_number(self, wanted: str | int | None, image: Numbers) -> int:
        """The class of that name or number, the best one of the image if None; ArgumentError for another."""
        if wanted is None:
            return int(self.program.scores(image[None])[0].argmax())
        if isinstance(wanted, str) and wanted in self.classes:
            return self.classes.index(wanted)
        if isinstance(wanted, int | np.integer) and 0 <= wanted < len(self.classes):
            return int(wanted)
        raise ArgumentError(f"there is no class {wanted!r}: the classes are {some(self.classes)}")


Source = Union[Model, Program, Subject, str, "os.PathLike[str]"]


def subject(model: Source) -> Subject:
    """The model, the program, or the model in that file; ArgumentError for anything else.

    >>> from striate.notation.parse import parse
    >>> from striate.program import compile
    >>> subject(compile(parse("INPUT[8x8x1] - FC[3]"), batch=1)).classes
    ('0', '1', '2')
    """
    if isinstance(model, str | os.PathLike):
        return Subject(Model.load(model))
    if isinstance(model, Subject):
        return model
    if not isinstance(model, Model | Program):
        raise ArgumentError(f"a picture is of a model, a program or a model file, not of {type(model).__name__}")
    return Subject(model)


def pixels_of(image: ImageSource, volume: Volume) -> tuple[Numbers, str]:
    """The image as (H, W, D), uint8 or float32, and its name: that of its file, or nothing.

    A file is resized and cropped to ``volume``; an array must have its size, (H, W) will do for a depth of 1.
    Raises DataError and ArgumentError.

    >>> pixels_of(np.zeros((8, 8), np.uint8), Volume(8, 8, 1))[0].shape
    (8, 8, 1)
    """
    if isinstance(image, str | os.PathLike):
        path = Path(image)
        return read_image(path, volume), path.name
    array = np.asarray(image)
    if array.ndim == 2 and volume.depth == 1:
        array = array[..., None]
    if array.ndim != 3:
        height, width, depth = volume.shape
        raise ArgumentError(f"an image for INPUT{volume} has the shape ({height}, {width}, {depth}), not {array.shape}")
    found: Numbers = check_images(array[None], volume, None)[0]
    return found, ""
