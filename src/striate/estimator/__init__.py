"""Estimators with scikit-learn's conventions: networks for whoever has arrays, pipelines and searches.

>>> import numpy as np
>>> from striate import ConvNetClassifier
>>> images, labels = np.random.default_rng(0).random((40, 8, 8)), np.arange(40) % 2
>>> images[labels == 1, :4] += 1
>>> ConvNetClassifier("CONV[4] - RELU - POOL - FC", random_state=0).fit(images, labels).score(images, labels)
1.0
"""

from striate.estimator.classifier import ConvNetClassifier
from striate.estimator.regressor import ConvNetRegressor

__all__ = ["ConvNetClassifier", "ConvNetRegressor"]
