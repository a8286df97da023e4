"""What every reader checks: the file can be read, its claims fit the machine, its arrays are a set."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.data.dataset import Dataset, Images, Labels
from striate.errors import DataError, StriateError

MOST_CLASSES = 65_536


@contextlib.contextmanager
def decoding(path: Path | str, what: str, remedy: str = "get the file again") -> Iterator[None]:
    """Turn whatever a decoder says about the file at `path` into a DataError.

    Damaged bytes make zlib, lzma, tarfile, zipfile and Pillow raise a dozen unrelated kinds of
    exception (MemoryError and RecursionError among them), so every kind is caught. Keep the block small.
    """
    try:
        yield
    except StriateError:
        raise
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except OSError as error:
        if error.errno is not None and error.strerror:
            raise DataError(f"{path}: it cannot be read: {error.strerror}") from error
        raise _damage(path, what, error, remedy) from error
    except Exception as error:
        raise _damage(path, what, error, remedy) from error


def regular_size(path: Path) -> int:
    """Return the size of the regular file at `path` in bytes.

    Raises DataError where it is missing, empty, a folder, a device or a pipe (which could block).
    """
    with decoding(path, "file"):
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise DataError(f"{path}: this is a folder where a file is expected")
        if not stat.S_ISREG(found.st_mode):
            raise DataError(f"{path}: this is no regular file")
        if found.st_size == 0:
            raise DataError(f"{path}: the file is empty (0 bytes): get it again")
        # Opening shows at once what a lack of permission would show later.
        with path.open("rb"):
            return found.st_size


def memory() -> int:
    """Return the machine's memory in bytes (16 GiB where the system does not say)."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 16 << 30


def must_fit(path: Path, size: int, claim: str) -> None:
    """Raise DataError where `size` bytes, which the file claims, are more than the machine's memory."""
    if size > memory():
        raise DataError(
            f"{path}: it claims {claim}, {size:,} bytes, and this machine has {memory():,} bytes of memory: "
            "the file is damaged, or use a part of it"
        )


def dataset(
    path: Path, name: str, images: npt.NDArray[Any], labels: npt.NDArray[Any], classes: tuple[str, ...] = ()
) -> Dataset:
    """Return the set, once images and labels of the file at `path` were found to be one.

    Without `classes` their names are the numbers 0..max. Raises DataError naming the file.
    """
    checked = _images(path, images)
    numbers = _labels(path, labels, len(checked))
    highest = int(numbers.max())
    limit = len(classes) or MOST_CLASSES
    if highest >= limit or int(numbers.min()) < 0:
        wrong = int(np.flatnonzero((numbers < 0) | (numbers >= limit))[0])
        raise DataError(
            f"{path}: label {numbers[wrong]} of image {wrong} is out of range: labels are class numbers "
            f"0..{limit - 1}; correct the label"
        )
    return Dataset(name, checked, numbers, classes or numbered(highest + 1))


def numbered(count: int) -> tuple[str, ...]:
    """Return the class names "0", "1", ... where a source has no better ones."""
    return tuple(str(number) for number in range(count))


def _damage(path: Path | str, what: str, error: Exception, remedy: str) -> DataError:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return DataError(f"{path}: not a readable {what}, or damaged or cut short ({reason}): {remedy}")


def _images(path: Path, images: npt.NDArray[Any]) -> Images:
    """Return the images as (N, H, W, D) uint8 or float32."""
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4:
        raise DataError(f"{path}: images have shape {images.shape}: it must be (N, H, W, D), or (N, H, W) for D=1")
    if 0 in images.shape:
        raise DataError(f"{path}: images have shape {images.shape}: the set is empty, it needs an image or more")
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind in "iu":
        low, high = images.min(), images.max()
        if low < 0 or high > 255:
            raise DataError(
                f"{path}: pixels go from {low} to {high}: whole numbers must be 0..255; scale them or save float32"
            )
        return images.astype(np.uint8)
    if images.dtype.kind != "f":
        raise DataError(f"{path}: images are {images.dtype}: they must be uint8 or float32")
    with np.errstate(over="ignore"):
        pixels = images.astype(np.float32, copy=False)
    finite = np.isfinite(pixels).reshape(len(pixels), -1).all(axis=1)
    if not finite.all():
        raise DataError(
            f"{path}: {int((~finite).sum())} of {len(pixels)} images have pixels that are NaN or infinite "
            f"in float32, the first is image {int(np.argmin(finite))}: remove or mend them"
        )
    return pixels


def _labels(path: Path, labels: npt.NDArray[Any], count: int) -> Labels:
    """Return the labels as (N,) int64."""
    if labels.dtype.kind not in "iu":
        raise DataError(
            f"{path}: labels are {labels.dtype}: they must be whole numbers, such as labels.astype('int64')"
        )
    if labels.ndim != 1:
        raise DataError(f"{path}: labels have shape {labels.shape}: it must be ({count},), one number an image")
    if len(labels) != count:
        raise DataError(f"{path}: {count} images and {len(labels)} labels: there must be one label an image")
    if labels.dtype == np.uint64 and labels.max() > np.iinfo(np.int64).max:
        raise DataError(f"{path}: label {labels.max()} is out of range: labels are class numbers from 0")
    return labels.astype(np.int64)
