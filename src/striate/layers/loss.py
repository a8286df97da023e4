"""The losses on the scores: softmax, the support vector machine's hinge and its square, and L2 for real outputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.layers.layer import Array
from striate.scalars import plain

__all__ = ["LOSSES", "Loss", "as_loss", "hinge", "loss", "mean_weight", "softmax", "squared", "squared_hinge"]

Labels = npt.NDArray[Any]


@dataclass(frozen=True)
class Loss:
    """A loss by its name, one of LOSSES, and how softmax weighs its classes.

    smoothing: so much of each image's target, from 0 up to 1, is spread over all classes (Szegedy et al. 2016).
    class_weights: a factor above zero for each class's part in the loss. Both are softmax's alone, and those of
    PyTorch's ``cross_entropy``: the mean is the sum over the sum of the images' class weights.
    Raises ArgumentError for anything else.

    >>> Loss("softmax", smoothing=0.1).weighs, Loss("svm").weighs
    (True, False)
    """

    name: str = "softmax"
    smoothing: float = 0.0
    class_weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.name not in LOSSES:
            raise ArgumentError(f"loss is one of {', '.join(LOSSES)}, not {self.name!r}")
        object.__setattr__(self, "smoothing", plain(self.smoothing))
        if not isinstance(self.smoothing, Real) or not 0 <= self.smoothing < 1:
            raise ArgumentError(f"smoothing is a number from 0 up to, but not including, 1, not {self.smoothing!r}")
        weights = self.class_weights
        if weights is not None:
            try:
                object.__setattr__(self, "class_weights", tuple(float(weight) for weight in weights))
            except (TypeError, ValueError):
                raise ArgumentError(f"class_weights are numbers, one for each class, not {weights!r}") from None
            if not all(math.isfinite(weight) and weight > 0 for weight in self.class_weights or ()):
                raise ArgumentError(f"class_weights are finite numbers above zero, not {weights}")
        if self.name != "softmax" and self.weighs:
            raise ArgumentError(f"smoothing and class weights are softmax's: with {self.name}, leave them out")

    @property
    def weighs(self) -> bool:
        """Whether there is a smoothing, or classes weigh differently."""
        return self.smoothing > 0 or self.class_weights is not None

    @property
    def kind(self) -> str:
        """The name of the kernel that computes it."""
        return f"{self.name}-weighted" if self.weighs else self.name

    def weights(self, classes: int) -> Array:
        """Every class's weight; ArgumentError where there are not as many as ``classes``.

        >>> Loss().weights(3).tolist()
        [1.0, 1.0, 1.0]
        """
        if self.class_weights is None:
            return np.ones(classes)
        if len(self.class_weights) != classes:
            raise ArgumentError(
                f"class_weights are one for each of the {classes} classes, not {len(self.class_weights)}"
            )
        return np.array(self.class_weights)

    def __str__(self) -> str:
        smoothing = [f"smoothing={self.smoothing:g}"] * bool(self.smoothing)
        listed = ", ".join(f"{weight:g}" for weight in self.class_weights or ())
        extra = [*smoothing, *([f"classes weigh {listed}"] if self.class_weights is not None else [])]
        return f"{self.name} ({'; '.join(extra)})" if extra else self.name


def as_loss(loss: str | Loss) -> Loss:
    """A loss given by its name or as it is.

    >>> as_loss("svm")
    Loss(name='svm', smoothing=0.0, class_weights=None)
    """
    if not isinstance(loss, str | Loss):
        raise ArgumentError(f"loss is one of {', '.join(LOSSES)}, or a Loss, not {loss!r}")
    return Loss(loss) if isinstance(loss, str) else loss


def softmax(scores: Array, labels: Labels, smoothing: float = 0.0, weights: Array | None = None) -> tuple[Array, Array]:
    """Cross-entropy of softmax(scores) ``(N, C)``: ``(losses (N,), gradient of their mean on the scores)``.

    -log(exp(s_y) / sum_j exp(s_j)), with the largest score subtracted first so that nothing overflows. With a
    smoothing e or class weights w it is sum_j q_j * -log p_j with q_j = w_j * ((1 - e)*[j = y] + e/C), and the mean is
    sum(losses) / sum(w_y).

    >>> import numpy as np
    >>> print(softmax(np.zeros((1, 4)), np.array([2]))[0])
    [1.38629436]
    """
    rows, classes = np.arange(len(scores)), scores.shape[1]
    shifted = scores - scores.max(1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(1))
    gradient = np.exp(shifted - log_sum[:, None])
    if not smoothing and weights is None:
        gradient[rows, labels] = 0
        gradient[rows, labels] = -gradient.sum(1)  # p - 1, with all its digits where p is close to 1
        return log_sum - shifted[rows, labels], gradient / len(scores)
    weights = np.ones(classes) if weights is None else weights
    shares = np.full(scores.shape, smoothing / classes)
    shares[rows, labels] += 1 - smoothing
    shares *= weights
    gradient = gradient * shares.sum(1, keepdims=True) - shares
    gradient[rows, labels] = 0
    gradient[rows, labels] = -gradient.sum(1)  # as above
    return (shares * (log_sum[:, None] - shifted)).sum(1), gradient / weights[labels].sum()


def _margins(scores: Array, labels: Labels) -> Array:
    rows = np.arange(len(scores))
    margins = scores - scores[rows, labels][:, None] + 1.0
    margins[rows, labels] = 0.0
    return np.maximum(margins, 0.0)


def hinge(scores: Array, labels: Labels) -> tuple[Array, Array]:
    """The multiclass SVM loss, sum over j != y of max(0, s_j - s_y + 1); returns as softmax does.

    >>> import numpy as np
    >>> print(hinge(np.array([[13.0, -7.0, 11.0]]), np.array([0]))[0])
    [0.]
    """
    margins = _margins(scores, labels)
    gradient = (margins > 0).astype(np.float64)
    gradient[np.arange(len(scores)), labels] = -gradient.sum(1)
    return margins.sum(1), gradient / len(scores)


def squared_hinge(scores: Array, labels: Labels) -> tuple[Array, Array]:
    """The L2-SVM, sum over j != y of max(0, s_j - s_y + 1)**2; returns as softmax does.

    >>> import numpy as np
    >>> print(squared_hinge(np.array([[3.0, 2.5, 4.0]]), np.array([0]))[0])
    [4.25]
    """
    margins = _margins(scores, labels)
    gradient = 2 * margins
    gradient[np.arange(len(scores)), labels] = -gradient.sum(1)
    return (margins**2).sum(1), gradient / len(scores)


def squared(scores: Array, targets: Array) -> tuple[Array, Array]:
    """The L2 loss of real outputs, sum over j of (s_j - t_j)**2; returns as softmax does.

    targets: (N, C); labels (N,), whole numbers, stand for 1 at the label and 0 elsewhere.

    >>> import numpy as np
    >>> print(squared(np.array([[3.0, 1.0]]), np.array([[2.5, 3.0]]))[0])
    [4.25]
    """
    if targets.ndim == 1:
        targets = np.eye(scores.shape[1])[targets]
    away = scores - targets
    return (away**2).sum(1), 2 * away / len(scores)


LOSSES: dict[str, Callable[..., tuple[Array, Array]]] = {
    "softmax": softmax,
    "svm": hinge,
    "svm-squared": squared_hinge,
    "l2": squared,
}


def loss(kind: str | Loss, scores: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Array, Array]:
    """``(losses (N,), gradient of the MEAN loss on the scores (N, C))`` by a loss or the loss of that name.

    The mean is their sum over ``mean_weight``. Labels are (N,); for ``l2`` also real targets (N, C).
    Raises ArgumentError for an unknown name, for shapes that do not match, for labels that are no class.

    >>> loss("svm", [[3.2, 5.1, -1.7]], [0])[0].round(6).tolist()
    [2.9]
    """
    kind = as_loss(kind)
    table, classes = np.asarray(scores, np.float64), np.asarray(labels)
    real = kind.name == "l2" and classes.dtype.kind == "f"
    wanted = table.shape if real else table.shape[:1]
    if table.ndim != 2 or classes.shape != wanted or not len(classes):
        also = ", real targets (N, C)" if kind.name == "l2" else ""
        raise ArgumentError(
            f"scores are (N, C) and labels (N,){also}, with N from 1; not {table.shape} and {classes.shape}"
        )
    if real:
        return squared(table, classes.astype(np.float64))
    if not np.issubdtype(classes.dtype, np.integer):
        raise ArgumentError(f"labels are whole numbers, not {classes.dtype}")
    if classes.min() < 0 or classes.max() >= table.shape[1]:
        raise ArgumentError(
            f"labels are 0 to {table.shape[1] - 1} for {table.shape[1]} scores; "
            f"here they go from {classes.min()} to {classes.max()}"
        )
    if kind.weighs:
        return softmax(table, classes, kind.smoothing, kind.weights(table.shape[1]))
    return LOSSES[kind.name](table, classes)


def mean_weight(kind: Loss, labels: Labels, classes: int) -> float:
    """What the sum of the losses is divided by for their mean: N, or the images' class weights, summed.

    >>> mean_weight(Loss(class_weights=(1, 3)), np.array([0, 1, 1]), 2)
    7.0
    """
    if kind.class_weights is None:
        return float(len(labels))
    return float(kind.weights(classes)[labels].sum())
