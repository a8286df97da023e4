"""Striate compiles ConvNets: one line of notation is the network, checked, planned and made native code.

>>> import striate
>>> net = striate.parse("INPUT[32x32x3] - CONV[12, 5x5] - RELU - POOL - FC[10]")
>>> program = striate.compile(net, batch=128, optimizer=striate.SGD(lr=0.01, momentum=0.9))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from striate.errors import ArgumentError, DataError, DivergedError, FitError, ModelError, NotationError, StriateError
from striate.layers.loss import Loss
from striate.notation.network import Network
from striate.notation.parse import parse
from striate.optimizers import SGD, Adadelta, Adagrad, Adam, AdamW, RMSProp
from striate.preprocessing import Preprocessing
from striate.program import Program, compile
from striate.train.model import Model
from striate.version import __version__
from striate.volume import Volume

if TYPE_CHECKING:
    from striate import look
    from striate.estimator import ConvNetClassifier, ConvNetRegressor

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "ArgumentError",
    "ConvNetClassifier",
    "ConvNetRegressor",
    "DataError",
    "DivergedError",
    "FitError",
    "Loss",
    "Model",
    "ModelError",
    "Network",
    "NotationError",
    "Preprocessing",
    "Program",
    "RMSProp",
    "StriateError",
    "Volume",
    "__version__",
    "compile",
    "look",
    "parse",
]


def __getattr__(name: str) -> Any:
    """The room of pictures and the estimators, when they are first asked for: they need other libraries."""
    from importlib import import_module

    if name == "look":
        return import_module("striate.look")
    if name in ("ConvNetClassifier", "ConvNetRegressor"):
        try:
            import_module("sklearn")
        except ModuleNotFoundError:
            raise ModuleNotFoundError(f"{name} needs scikit-learn: pip install 'striate[sklearn]'") from None
        return getattr(import_module("striate.estimator"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
