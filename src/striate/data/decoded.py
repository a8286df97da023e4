"""Keep what took long to unpack as a plain .npz in the cache, so that the second start is fast."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from striate.data import guard
from striate.data.dataset import Dataset, Splits
from striate.data.npz import read_arrays
from striate.errors import DataError
from striate.files import cache_folder, write_whole

_FORM = 1  # raise it when the decoded form changes

_ARRAYS = ("images", "labels", "classes", "test_images", "test_labels")


def remembered(source: Path, read: Callable[[Path], Splits]) -> Splits:
    """Return read(source), or its decoded copy where source has not changed since.

    The copy is keyed by the source's path, size and time of change; a damaged copy is made again,
    and a cache that cannot be written is done without. Raises what `read` raises.
    """
    with guard.decoding(source, "file"):
        found = source.stat()
        place = str(source.resolve())
    key = hashlib.sha256(repr((_FORM, place, found.st_size, found.st_mtime_ns)).encode()).hexdigest()
    # One copy a path: a changed source replaces its old copy.
    name = hashlib.sha256(place.encode("utf-8", "replace")).hexdigest()[:24]
    copy = cache_folder() / "decoded" / f"{name}.npz"
    with contextlib.suppress(DataError, OSError):
        return _load(copy, key)
    splits = read(source)
    with contextlib.suppress(OSError):
        write_whole(copy, lambda file: _save(file, splits, key))
    return splits


def _load(copy: Path, key: str) -> Splits:
    """Return the copy; DataError where it is not there, damaged, or another source's."""
    if not copy.is_file():
        raise DataError(f"{copy}: there is no such file")
    # The key alone first: a stale copy is not worth reading.
    held = read_arrays(copy, ("key", "name"))
    if set(held) != {"key", "name"} or held["key"].tolist() != key:
        raise DataError(f"{copy}: made from another file")
    arrays = read_arrays(copy, _ARRAYS)
    if not {"images", "labels", "classes"} <= set(arrays):
        raise DataError(f"{copy}: an array is missing")
    name, classes = str(held["name"]), tuple(str(text) for text in arrays["classes"].tolist())
    train = guard.dataset(copy, name, arrays["images"], arrays["labels"], classes)
    if "test_images" not in arrays or "test_labels" not in arrays:
        return Splits(train)
    return Splits(train, guard.dataset(copy, name, arrays["test_images"], arrays["test_labels"], classes))


def _save(file: BinaryIO, splits: Splits, key: str) -> None:
    train, test = splits.train, splits.test
    arrays: dict[str, npt.NDArray[Any]] = {
        "key": np.array(key),
        "name": np.array(train.name),
        "images": train.images,
        "labels": train.labels,
        "classes": np.array(train.classes),
    }
    if isinstance(test, Dataset):
        arrays |= {"test_images": test.images, "test_labels": test.labels}
    np.savez(file, **arrays)  # type: ignore[arg-type]
