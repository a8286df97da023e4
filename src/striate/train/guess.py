"""The best classes of an image, with what their scores mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

BEST = 5


@dataclass(frozen=True, slots=True)
class Guess:
    """One class: its number and name, its score, and with softmax its probability (0..1)."""

    number: int
    name: str
    score: float
    probability: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values; without a probability where there is none."""
        known = {} if self.probability is None else {"probability": self.probability}
        return {"class": self.name, "score": self.score, **known}

    @property
    def value(self) -> str:
        """Return the probability in per cent, or the bare score.

        >>> Guess(0, "cat", 2.5, 0.9784).value, Guess(0, "cat", 2.5).value
        ('97.8 %', '2.50')
        """
        return f"{self.score:.2f}" if self.probability is None else f"{100 * self.probability:.1f} %"


def best(
    scores: npt.NDArray[Any], classes: tuple[str, ...], loss: str = "softmax", most: int = BEST
) -> tuple[Guess, ...]:
    """Return the best classes for one image's scores (classes,), best first.

    Softmax gives each a probability; the scores of the SVM are none. Of equal scores the first class counts.

    >>> [(guess.name, guess.value) for guess in best(np.log([1.0, 3.0]), ("cat", "dog"))]
    [('dog', '75.0 %'), ('cat', '25.0 %')]
    """
    exact = np.asarray(scores, np.float64)
    order = np.argsort(-exact, kind="stable")[:most]
    if loss != "softmax":
        return tuple(Guess(int(i), classes[i], float(exact[i])) for i in order)
    powers = np.exp(exact - exact.max())
    return tuple(Guess(int(i), classes[i], float(exact[i]), float(powers[i] / powers.sum())) for i in order)
