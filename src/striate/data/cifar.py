"""CIFAR-10 in its two official distributions, Python and binary, as a folder or an archive.

Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009. Both hold six
batches of 10,000 images, each image as 1024 red, 1024 green and 1024 blue bytes, row-major; in the
binary one the label is the byte before the image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.data import archive, guard
from striate.data.dataset import Dataset, Splits
from striate.data.pickles import read_plain
from striate.errors import DataError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
ROWS = 10_000
"""Images in a batch."""

_PIXELS = 32 * 32 * 3
_MOST_BYTES = 64 << 20  # a batch has 31 MB
_TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))
_BATCHES = (*_TRAIN, "test_batch")

Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]


def is_folder(folder: Path) -> bool:
    """Return whether the folder holds a batch of CIFAR-10."""
    return any((folder / name).is_file() for batch in _BATCHES for name in (batch, f"{batch}.bin"))


def missing(folder: Path) -> tuple[str, ...]:
    """Return the names of the batches that the folder lacks, in the distribution it has more of."""
    return _missing({path.name for path in _present(folder)})


def read_folder(folder: Path) -> Splits:
    """Return CIFAR-10 from a folder of its batches.

    Raises DataError where a batch is missing or damaged.
    """
    present = {path.name: path for path in _present(folder)}
    _all_there(folder, set(present))
    parts: dict[str, Batch] = {}
    for name, path in present.items():
        size = guard.regular_size(path)
        if size > _MOST_BYTES:
            raise DataError(f"{path}: it has {size:,} bytes, a batch of CIFAR-10 has 31 million: get it again")
        with guard.decoding(path, "batch of CIFAR-10"):
            content = path.read_bytes()
        parts[name] = decode(path, name, content)
    return _assemble(parts)


def read_archive(path: Path) -> Splits:
    """Return CIFAR-10 from its tar archive; nothing is unpacked to the disk.

    Raises DataError where the archive or a batch is damaged, or a batch is missing.
    """
    wanted = frozenset(name for batch in _BATCHES for name in (batch, f"{batch}.bin"))
    parts: dict[str, Batch] = {}
    for name, content in archive.members(path, wanted, _MOST_BYTES):
        parts[name] = decode(path / name, name, content)
    _all_there(path, set(parts))
    return _assemble(parts)


def decode(path: Path, name: str, content: bytes) -> Batch:
    """Return (pixels (N, 3072), labels (N,)) of one batch; `path` names it in errors.

    Raises DataError where the batch is not what the distribution says.

    >>> pixels, labels = decode(Path("test_batch.bin"), "test_batch.bin", bytes(3073 * 10_000))
    >>> pixels.shape, labels.shape
    ((10000, 3072), (10000,))
    """
    read: Callable[[Path, bytes], Batch] = _binary if name.endswith(".bin") else _python
    pixels, labels = read(path, content)
    if len(labels) != len(pixels):
        raise DataError(f"{path}: {len(pixels)} images and {len(labels)} labels: get the file again")
    if len(pixels) != ROWS:
        raise DataError(
            f"{path}: it has {len(pixels):,} images, a batch of CIFAR-10 has {ROWS:,}: "
            "it is cut short or no official batch; get it again (or save a part of your own as .npz)"
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= len(CLASSES)))
    if wrong.size:
        raise DataError(f"{path}: label {labels[wrong[0]]} of image {wrong[0]} is out of range: labels are 0..9")
    return pixels, labels


def _binary(path: Path, content: bytes) -> Batch:
    if len(content) % (1 + _PIXELS):
        raise DataError(
            f"{path}: {len(content):,} bytes are no whole number of images of {1 + _PIXELS} bytes: "
            "the file is cut short; get it again"
        )
    rows = np.frombuffer(content, np.uint8).reshape(-1, 1 + _PIXELS)
    return rows[:, 1:], rows[:, 0].astype(np.int64)


def _python(path: Path, content: bytes) -> Batch:
    with guard.decoding(path, "batch of CIFAR-10 (a pickle of plain data)"):
        batch = read_plain(content)
    pixels: Any = batch.get("data")
    labels: Any = batch.get("labels")
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 2 or pixels.shape[1] != _PIXELS:
        raise DataError(f"{path}: it has no 'data' of shape (N, {_PIXELS}) in uint8: get the file again")
    if not isinstance(labels, list) or not all(type(label) is int and abs(label) < 1 << 62 for label in labels):
        raise DataError(f"{path}: it has no list of whole numbers called 'labels': get the file again")
    return pixels, np.array(labels, np.int64)


def _present(folder: Path) -> list[Path]:
    """Return the paths of the batches in the folder, of one distribution."""
    both = [[folder / f"{batch}{end}" for batch in _BATCHES] for end in ("", ".bin")]
    found = [[path for path in paths if path.exists()] for paths in both]
    return max(found, key=len)


def _missing(names: set[str]) -> tuple[str, ...]:
    end = ".bin" if any(name.endswith(".bin") for name in names) else ""
    return tuple(f"{batch}{end}" for batch in _BATCHES if f"{batch}{end}" not in names)


def _all_there(path: Path, names: set[str]) -> None:
    complete = [not {f"{batch}{end}" for batch in _BATCHES} - names for end in ("", ".bin")]
    if not any(complete):
        raise DataError(f"{path}: CIFAR-10 is not whole, {', '.join(_missing(names))} missing: get it again")


def _assemble(parts: Mapping[str, Batch]) -> Splits:
    """Return the batches as one set, depth last."""
    end = "" if "test_batch" in parts and "data_batch_1" in parts else ".bin"
    return Splits(_join([parts[f"{batch}{end}"] for batch in _TRAIN]), _join([parts[f"test_batch{end}"]]))


def _join(batches: list[Batch]) -> Dataset:
    images = np.empty((sum(len(pixels) for pixels, _ in batches), 32, 32, 3), np.uint8)
    start = 0
    for pixels, _ in batches:
        for depth in range(3):  # a depth slice at a time is the quick way to turn the axes
            images[start : start + len(pixels), ..., depth] = pixels[:, 1024 * depth : 1024 * (depth + 1)].reshape(
                -1, 32, 32
            )
        start += len(pixels)
    return Dataset("cifar10", images, np.concatenate([labels for _, labels in batches]), CLASSES)
