"""A classifier with scikit-learn's conventions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets

from striate.errors import ArgumentError
from striate.estimator.base import ConvNet
from striate.estimator.examples import Examples
from striate.layers.loss import Loss
from striate.train.model import Model


def _has_probabilities(estimator: Any) -> bool:
    return bool(estimator.loss == "softmax")


class ConvNetClassifier(ClassifierMixin, ConvNet):  # type: ignore[misc]
    """A ConvNet that tells classes apart, as an estimator of scikit-learn.

    net: a line of notation, in which INPUT and the size of the last FC may be left out, for they come from X and y; a
    name such as ``tiny-vgg``; a Network; or None for a small network that goes with X. image_shape: (H, W) or
    (H, W, D) of what flat rows hold. epochs: None for as many as make a thousand steps, from 20 to 200. learning_rate:
    None for what suits the optimizer, a name or a value such as ``striate.SGD(0.01)``. schedule: constant, cosine,
    step, one-cycle. fit_sizes: raise, pad or crop, for filters that do not fit. loss: softmax, svm, svm-squared, or l2
    on 1 and 0. class_weight: as everywhere in scikit-learn. early_stopping: hold back ``validation_fraction`` of the
    examples, of every class alike; end after ``n_iter_no_change`` epochs in which their accuracy has not grown by
    ``tol``; keep the best. warm_start: go on from what the last fit has learned. n_jobs: threads; results do not depend
    on them.

    ``classes_``, ``net_`` (the network), ``model_`` (to be saved, or opened by ``striate serve``), ``n_iter_``,
    ``history_`` (one dict an epoch), ``image_shape_``, ``n_features_in_``.

    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ConvNetClassifier("CONV[16] - RELU - POOL - FC", image_shape=(8, 8), random_state=0)
    >>> model.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:]) > 0.9
    True
    """

    def __init__(
        self,
        net: Any = None,
        *,
        loss: str = "softmax",
        label_smoothing: float = 0.0,
        class_weight: Any = None,
        image_shape: tuple[int, ...] | None = None,
        epochs: int | None = None,
        batch_size: int = 64,
        learning_rate: float | None = None,
        optimizer: Any = "adam",
        schedule: str = "cosine",
        l2: float = 1e-4,
        fit_sizes: str = "raise",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        tol: float = 1e-4,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            net,
            image_shape=image_shape,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            optimizer=optimizer,
            schedule=schedule,
            l2=l2,
            fit_sizes=fit_sizes,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            tol=tol,
            warm_start=warm_start,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
        )
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> ConvNetClassifier:
        """One epoch on these images, at a constant rate; ``classes``, all there will be, at the first call."""
        first = _check_partial_fit_first_call(self, classes)
        self._partial(X, y, sample_weight, first)
        return self

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """The class scores (n, classes); of two classes, by how much the second is ahead (n,)."""
        scores = self._scores(X).astype(np.float64)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Probabilities (n, classes); with the loss softmax alone."""
        scores = self._scores(X).astype(np.float64)
        powers = np.exp(scores - scores.max(1, keepdims=True))
        found: npt.NDArray[np.float64] = powers / powers.sum(1, keepdims=True)
        return found

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """The logarithms of the probabilities."""
        scores = self._scores(X).astype(np.float64)
        shifted = scores - scores.max(1, keepdims=True)
        found: npt.NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
        return found

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The best class of each image (n,)."""
        best = self._scores(X).argmax(1)
        found: npt.NDArray[Any] = self.classes_[best]
        return found

    @property
    def model_(self) -> Model:
        """What was learned, as a model that can be saved."""
        model: Model = self._engine.model
        return model

    def _encode(
        self, y: npt.NDArray[Any], weights: npt.NDArray[np.float64], reset: bool
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Class numbers, and the weights with those of their classes; classes that weigh nothing are none."""
        check_classification_targets(y)
        if reset:
            self.classes_ = np.unique(y[weights > 0]) if (weights > 0).any() else np.unique(y)
            if len(self.classes_) < 2:
                only = self.classes_[0]
                raise ArgumentError(f"y has one class only, {only!r}: a classifier needs two or more classes")
        numbers = np.minimum(np.searchsorted(self.classes_, y), len(self.classes_) - 1)
        strange = (self.classes_[numbers] != y) & (weights > 0)
        if strange.any():
            raise ArgumentError(f"y has {y[strange][0]!r}, which is none of the classes {list(self.classes_)}")
        return numbers.astype(np.int64), weights * self._class_weights(numbers, weights)[numbers]

    def _class_weights(self, numbers: npt.NDArray[Any], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        count = len(self.classes_)
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            totals = np.bincount(numbers, weights, minlength=count)
            even: npt.NDArray[np.float64] = weights.sum() / (count * np.where(totals > 0, totals, 1.0))
            return even
        found: npt.NDArray[np.float64] = compute_class_weight(
            self.class_weight, classes=self.classes_, y=self.classes_[numbers]
        )
        return found

    def _settle(self, examples: Examples, reset: bool) -> Examples:
        return examples

    def _outputs(self) -> int:
        return len(self.classes_)

    def _names(self) -> tuple[str, ...]:
        return tuple(str(name) for name in self.classes_)

    def _kind(self) -> Loss:
        return Loss(self.loss, self.label_smoothing)
