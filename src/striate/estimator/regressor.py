"""A regressor with scikit-learn's conventions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from striate.errors import ArgumentError
from striate.estimator.base import ConvNet
from striate.estimator.examples import Examples
from striate.layers import Fc
from striate.layers.loss import Loss
from striate.train.model import Model


class ConvNetRegressor(RegressorMixin, ConvNet):  # type: ignore[misc]
    """A ConvNet with real outputs, as an estimator of scikit-learn; it learns by the L2 loss.

    y: (n,) or (n, outputs); it is standardised for training, and predictions come in its own units. The settings are
    those of ``ConvNetClassifier`` but for what is of classes; with early stopping, R² counts.

    ``net_`` (the network), ``model_`` (to be saved: its outputs are in the units of y), ``n_iter_``, ``history_`` (one
    dict an epoch), ``image_shape_``, ``n_features_in_``.

    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().images / 16
    >>> y = X[:, :4].sum((1, 2))  # how much ink there is in the upper half
    >>> model = ConvNetRegressor("CONV[4] - RELU - POOL - FC", random_state=0)
    >>> model.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:]) > 0.9
    True
    """

    _real = True
    _mean: npt.NDArray[np.float64]
    _scale: npt.NDArray[np.float64]

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """The outputs of each image, (n,) or (n, outputs) as y had it."""
        found: npt.NDArray[np.float64] = self._scores(X).astype(np.float64) * self._scale + self._mean
        return found[:, 0] if self._flat else found

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> ConvNetRegressor:
        """One epoch on these images, at a constant rate; the first call decides how y is standardised."""
        self._partial(X, y, sample_weight, not hasattr(self, "_engine"))
        return self

    @property
    def model_(self) -> Model:
        """What was learned, as a model that can be saved; its last FC gives outputs in the units of y.

        ArgumentError where the network does not end in FC.
        """
        check_is_fitted(self, "_engine")
        model: Model = self._engine.model
        node = model.network.nodes[-1]
        if not isinstance(node.layer, Fc):
            raise ArgumentError(f"{node.name} is no FC that could give outputs in the units of y: end the line with FC")
        scale, mean = self._scale, self._mean
        parameters = dict(model.parameters)
        weights, biases = (parameters[f"{node.name}.{kind}"].astype(np.float64) for kind in ("weights", "biases"))
        parameters[f"{node.name}.weights"] = (weights * scale[:, None]).astype(np.float32)
        parameters[f"{node.name}.biases"] = (biases * scale + mean).astype(np.float32)
        return replace(model, parameters=parameters)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _encode(
        self, y: npt.NDArray[Any], weights: npt.NDArray[np.float64], reset: bool
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        columns = y.reshape(len(y), -1).astype(np.float64)
        if reset:
            self._flat = y.ndim == 1
            self.n_outputs_ = columns.shape[1]
        elif columns.shape[1] != self.n_outputs_:
            raise ArgumentError(f"y has {columns.shape[1]} outputs, not {self.n_outputs_} as before")
        return columns, weights

    def _settle(self, examples: Examples, reset: bool) -> Examples:
        """The targets standardised; their mean and deviation are those of the weighted examples."""
        targets = examples.targets
        if reset or self._mean.shape != targets.shape[1:]:
            self._mean = np.average(targets, 0, examples.weights)
            spread = np.sqrt(np.average((targets - self._mean) ** 2, 0, examples.weights))
            self._scale = np.where(spread > 1e-12 * np.maximum(1.0, np.abs(self._mean)), spread, 1.0)
        return replace(examples, targets=((targets - self._mean) / self._scale).astype(np.float32))

    def _outputs(self) -> int:
        return int(self.n_outputs_)

    def _names(self) -> tuple[str, ...]:
        return tuple(f"output {number}" for number in range(self._outputs()))

    def _kind(self) -> Loss:
        return Loss("l2")
