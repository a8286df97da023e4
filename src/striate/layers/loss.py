"""The losses on the class scores: softmax and the multiclass support vector machine (hinge)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.layers.layer import Array

__all__ = ["LOSSES", "hinge", "loss", "softmax"]

Labels = npt.NDArray[Any]


def softmax(scores: Array, labels: Labels) -> tuple[Array, Array]:
    """Cross-entropy of softmax(scores) ``(N, C)``: ``(losses (N,), gradient of their mean on the scores)``.

    -log(exp(s_y) / sum_j exp(s_j)), with the largest score subtracted first so that nothing overflows.

    >>> import numpy as np
    >>> print(softmax(np.zeros((1, 4)), np.array([2]))[0])
    [1.38629436]
    """
    rows = np.arange(len(scores))
    shifted = scores - scores.max(1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(1))
    gradient = np.exp(shifted - log_sum[:, None])
    gradient[rows, labels] -= 1
    return log_sum - shifted[rows, labels], gradient / len(scores)


def hinge(scores: Array, labels: Labels) -> tuple[Array, Array]:
    """The multiclass SVM loss, sum over j != y of max(0, s_j - s_y + 1); returns as softmax does.

    >>> import numpy as np
    >>> print(hinge(np.array([[13.0, -7.0, 11.0]]), np.array([0]))[0])
    [0.]
    """
    rows = np.arange(len(scores))
    margins = scores - scores[rows, labels][:, None] + 1.0
    margins[rows, labels] = 0.0
    gradient = (margins > 0).astype(np.float64)
    gradient[rows, labels] = -gradient.sum(1)
    return np.maximum(margins, 0.0).sum(1), gradient / len(scores)


LOSSES: dict[str, Callable[[Array, Labels], tuple[Array, Array]]] = {"softmax": softmax, "svm": hinge}


def loss(name: str, scores: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Array, Array]:
    """``(losses (N,), gradient of the MEAN loss on the scores (N, C))`` by the loss of that name.

    Raises ArgumentError for an unknown name, for shapes that do not match, for labels that are no class.

    >>> loss("svm", [[3.2, 5.1, -1.7]], [0])[0].round(6).tolist()
    [2.9]
    """
    if name not in LOSSES:
        raise ArgumentError(f"there is no loss {name!r}: the losses are {', '.join(LOSSES)}")
    table, classes = np.asarray(scores, np.float64), np.asarray(labels)
    if table.ndim != 2 or classes.shape != table.shape[:1] or not len(classes):
        raise ArgumentError(f"scores are (N, C) and labels (N,), with N from 1; not {table.shape} and {classes.shape}")
    if not np.issubdtype(classes.dtype, np.integer):
        raise ArgumentError(f"labels are whole numbers, not {classes.dtype}")
    if classes.min() < 0 or classes.max() >= table.shape[1]:
        raise ArgumentError(
            f"labels are 0 to {table.shape[1] - 1} for {table.shape[1]} scores; "
            f"here they go from {classes.min()} to {classes.max()}"
        )
    return LOSSES[name](table, classes)
