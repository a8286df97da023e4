"""How good scores are: accuracy, per class, and which class is taken for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from striate.data.dataset import Dataset
from striate.errors import ArgumentError
from striate.layers.loss import loss as loss_of

if TYPE_CHECKING:
    from striate.program import Program


@dataclass(frozen=True, slots=True)
class ClassResult:
    """What became of the images of one class."""

    name: str
    images: int
    correct: int

    @property
    def accuracy(self) -> float:
        """Return the fraction (0..1) that was recognised; nan where there was no image."""
        return self.correct / self.images if self.images else float("nan")


@dataclass(frozen=True, eq=False, slots=True)
class Evaluation:
    """The result of one test.

    `confusion[i, j]` counts the images of class i that had their highest score at class j;
    `loss` is the mean loss over the images.
    """

    classes: tuple[str, ...]
    confusion: npt.NDArray[np.int64]
    loss: float

    @property
    def images(self) -> int:
        """Return the number of images tested."""
        return int(self.confusion.sum())

    @property
    def correct(self) -> int:
        """Return how many had their highest score at their label."""
        return int(np.trace(self.confusion))

    @property
    def accuracy(self) -> float:
        """Return correct/images, 0..1."""
        return self.correct / self.images

    @property
    def per_class(self) -> tuple[ClassResult, ...]:
        """Return one result a class, in the order of the labels."""
        return tuple(
            ClassResult(name, int(row.sum()), int(row[number]))
            for number, (name, row) in enumerate(zip(self.classes, self.confusion, strict=True))
        )

    def mistakes(self, most: int = 5) -> tuple[tuple[str, str, int], ...]:
        """Return the most frequent mistakes as (class, taken for, how often), worst first."""
        wrong = self.confusion.copy()
        np.fill_diagonal(wrong, 0)
        order = np.argsort(-wrong, axis=None, kind="stable")[:most]
        pairs = [divmod(int(flat), len(self.classes)) for flat in order]
        return tuple((self.classes[i], self.classes[j], int(wrong[i, j])) for i, j in pairs if wrong[i, j])

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values for json.dumps."""
        return {
            "images": self.images,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "loss": self.loss if np.isfinite(self.loss) else None,
            "classes": [
                {
                    "name": result.name,
                    "images": result.images,
                    "correct": result.correct,
                    "accuracy": result.accuracy if result.images else None,
                }
                for result in self.per_class
            ],
            "confusion": self.confusion.tolist(),
        }

    def __str__(self) -> str:
        return f"accuracy {self.accuracy:.2%} ({self.correct:,} of {self.images:,} images), loss {self.loss:.4f}"


def judge(
    scores: npt.NDArray[np.float32], labels: npt.NDArray[Any], classes: tuple[str, ...], loss: str = "softmax"
) -> Evaluation:
    """Compare scores (N, classes) with labels (N,).

    Of equal highest scores the first counts. Raises ArgumentError where there is nothing to judge.

    >>> print(judge(np.float32([[2, 0], [0, 2], [2, 0]]), np.array([0, 1, 1]), ("no", "yes")))
    accuracy 66.67% (2 of 3 images), loss 0.7936
    """
    if len(labels) == 0:
        raise ArgumentError("there are no images to test: give at least one")
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (labels, scores.argmax(axis=1)), 1)
    losses, _ = loss_of(loss, scores.astype(np.float64), labels)
    return Evaluation(classes, confusion, float(losses.mean()))


def evaluate(program: Program, dataset: Dataset) -> Evaluation:
    """Score every image of the data set with the program's parameters and judge the scores."""
    return judge(program.scores(dataset.images), dataset.labels, dataset.classes, program.loss)
