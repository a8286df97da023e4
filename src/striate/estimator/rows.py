"""From scikit-learn's X to images: (n, H, W, D), (n, H, W), or flat rows (n, features)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_array, check_consistent_length, validate_data

Shape = tuple[int, int, int]


NONE = object()  # no y, where none is wanted


def read(estimator: Any, X: Any, reset: bool, y: Any = NONE, multi: bool = False) -> tuple[npt.NDArray[Any], Any]:
    """X as images (n, H, W, D) of uint8 or float32, and y checked where it is given.

    In fitting (``reset``) the shape of the images becomes ``estimator.image_shape_``, (H, W, D); afterwards only that
    shape is taken, or rows of as many numbers. Raises ValueError, in scikit-learn's words where it has some.
    """
    if _sides(X) > 2:
        array = check_array(X, allow_nd=True, dtype="numeric", estimator=estimator)
        if array.ndim == 3:
            array = array[..., None]
        if array.ndim != 4:
            raise ValueError(f"images are (n, H, W, D) or (n, H, W), not {array.shape}")
        if y is not NONE:
            y = _targets(estimator, array, y, multi)
        features = int(np.prod(array.shape[1:]))
        if reset:
            estimator.n_features_in_ = features
            estimator.__dict__.pop("feature_names_in_", None)
    elif y is NONE:
        array = validate_data(estimator, X, reset=reset, dtype="numeric")
    else:
        array, y = validate_data(
            estimator, X, y, reset=reset, dtype="numeric", multi_output=multi, y_numeric=multi
        )  # fmt: skip
    shape = _shape(estimator, array, reset)
    if reset:
        estimator.image_shape_ = shape
    return _numbers(array).reshape(len(array), *shape), y


def _sides(X: Any) -> int:
    """How many axes X has; what is no array and no list is left to scikit-learn."""
    shape = getattr(X, "shape", None)
    if shape is not None:
        return len(shape)
    return np.ndim(X) if isinstance(X, list | tuple) else 2


def _targets(estimator: Any, array: npt.NDArray[Any], y: Any, multi: bool) -> Any:
    if y is None:
        raise ValueError(f"{type(estimator).__name__} requires y to be passed, but the target y is None")
    y = check_array(y, ensure_2d=False, dtype="numeric" if multi else None, input_name="y")
    check_consistent_length(array, y)
    return y


def _shape(estimator: Any, array: npt.NDArray[Any], reset: bool) -> Shape:
    """(H, W, D) of one image."""
    if not reset:
        wanted: Shape = estimator.image_shape_
        given = array.shape[1:] if array.ndim == 4 else None
        if given not in (None, wanted):
            raise ValueError(f"the images are {given}, but {wanted} were learned from")
        return wanted
    asked = estimator.image_shape
    if asked is None:
        return (1, 1, array.shape[1]) if array.ndim == 2 else array.shape[1:]
    shape = tuple(int(side) for side in asked)
    shape = (*shape, 1) if len(shape) == 2 else shape
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"image_shape is (H, W) or (H, W, D), not {asked}")
    if array.ndim == 4 and array.shape[1:] != shape:
        raise ValueError(f"the images are {array.shape[1:]}, but image_shape is {shape}")
    if array.shape[1:] != shape and int(np.prod(shape)) != array.shape[1]:
        raise ValueError(f"rows of {array.shape[1]} numbers are no images of image_shape={shape}")
    return shape


def _numbers(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """uint8 stays; all else becomes float32, which ValueError is raised for where numbers are beyond it."""
    if array.dtype == np.uint8:
        return array
    with np.errstate(over="ignore"):
        found = array.astype(np.float32)
    if not np.isfinite(found).all():
        raise ValueError("X has numbers that are too large for float32: scale them first")
    return found
