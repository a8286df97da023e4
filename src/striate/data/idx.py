"""The idx files of MNIST and its relatives, packed with gzip or not.

Source of the format: the page of the MNIST database. Big-endian header 0x00000803 (images: count,
rows, columns) or 0x00000801 (labels: count), then one unsigned byte a pixel or label.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from striate.data import guard
from striate.data.dataset import Dataset, Splits
from striate.errors import DataError

_CHUNK = 1 << 20
_DEFLATE = 1032  # no deflate stream grows to more than 1032 times its size

FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def names(part: str, what: str) -> tuple[str, ...]:
    """Return the spellings of a file's name, such as train-images-idx3-ubyte.gz.

    >>> names("t10k", "labels")[:2]
    ('t10k-labels-idx1-ubyte', 't10k-labels.idx1-ubyte')
    """
    kind = "idx3-ubyte" if what == "images" else "idx1-ubyte"
    return tuple(f"{part}-{what}{dot}{kind}{packed}" for packed in ("", ".gz") for dot in "-.")


def find(folder: Path, part: str, what: str) -> Path | None:
    """Return that file in the folder, in the first spelling that is there; None where none is."""
    return next((folder / name for name in names(part, what) if (folder / name).is_file()), None)


def read_array(path: Path) -> npt.NDArray[np.uint8]:
    """Return the bytes in one idx file: (N, H, W) for images, (N,) for labels.

    Raises DataError where the file is damaged, cut short, longer than it says, or claims too much.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "t10k-labels-idx1-ubyte"
    >>> file.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3]))
    10
    >>> read_array(file)
    array([7, 3], dtype=uint8)
    """
    size = guard.regular_size(path)
    with guard.decoding(path, "idx file"), path.open("rb") as raw:
        if raw.read(2) != b"\x1f\x8b":
            raw.seek(0)
            return _read(path, raw, size)
        import gzip

        raw.seek(0)
        with gzip.open(raw, "rb") as unpacked:
            return _read(path, unpacked, size * _DEFLATE)  # type: ignore[arg-type]


def first_labels(path: Path, count: int) -> bytes:
    """Return the first labels of an idx file without reading the rest; DataError where it is damaged."""
    import gzip

    guard.regular_size(path)
    with guard.decoding(path, "idx file"), path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        with gzip.open(raw, "rb") if packed else raw as file:
            return bytes(file.read(8 + count)[8:])


def read_folder(folder: Path, name: str, classes: tuple[str, ...] = ()) -> Splits:
    """Return the set in a folder of idx files: train-* and, where they are there, t10k-*.

    Raises DataError where a file is missing or damaged, or where two do not belong together.
    """
    train = _pair(folder, "train", name, classes)
    has_test = any(find(folder, "t10k", what) for what in ("images", "labels"))
    test = _pair(folder, "t10k", name, classes) if has_test else None
    if test is not None and len(test.classes) != len(train.classes):
        shared = max(train.classes, test.classes, key=len)
        train = Dataset(name, train.images, train.labels, shared)
        test = Dataset(name, test.images, test.labels, shared)
    return Splits(train, test)


def _pair(folder: Path, part: str, name: str, classes: tuple[str, ...]) -> Dataset:
    found = {what: find(folder, part, what) for what in ("images", "labels")}
    for what, path in found.items():
        if path is None:
            raise DataError(f"{folder}: {names(part, what)[0]} (or .gz) is missing: put it there")
    images, labels = found["images"], found["labels"]
    assert images is not None and labels is not None
    pixels, numbers = read_array(images), read_array(labels)
    if pixels.ndim != 3:
        raise DataError(f"{images}: it holds labels where images are expected: are two files swapped?")
    if numbers.ndim != 1:
        raise DataError(f"{labels}: it holds images where labels are expected: are two files swapped?")
    if len(pixels) != len(numbers):
        raise DataError(
            f"{images} has {len(pixels)} images and {labels} has {len(numbers)} labels: "
            "there must be one label an image; get both from the same place"
        )
    if 0 in pixels.shape:
        raise DataError(f"{images}: its images are {pixels.shape}: the set is empty, it needs an image or more")
    return guard.dataset(labels, name, pixels, numbers, classes)


def _read(path: Path, file: BinaryIO, most: int) -> npt.NDArray[np.uint8]:
    """Return the array in an unpacked stream of at most `most` bytes."""
    head = file.read(4)
    if head not in (b"\0\0\x08\x03", b"\0\0\x08\x01"):
        raise DataError(
            f"{path}: it starts with {head.hex() or 'nothing'}: an idx file starts with 00000803 (images) "
            "or 00000801 (labels); get the file again"
        )
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        raise DataError(f"{path}: the header is cut short: get the file again")
    shape = tuple(int.from_bytes(sizes[at : at + 4], "big") for at in range(0, len(sizes), 4))
    total = math.prod(shape)
    claim = "x".join(map(str, shape)) + " bytes"
    # Before anything is allocated: the claim must be possible for a file of that size on this machine.
    if total + 4 + len(sizes) > most:
        raise DataError(
            f"{path}: its header claims {claim}, the file holds {most:,} bytes at most: "
            "it is damaged or cut short; get it again"
        )
    guard.must_fit(path, total, claim)
    return np.frombuffer(_exactly(path, file, total, claim), np.uint8).reshape(shape)


def _exactly(path: Path, file: BinaryIO, total: int, claim: str) -> bytearray:
    """Return the rest of the stream, which must be `total` bytes long."""
    content = bytearray()
    while len(content) <= total:
        piece = file.read(min(_CHUNK, total + 1 - len(content)))
        if not piece:
            break
        content += piece
    if len(content) != total:
        held = "more" if len(content) > total else f"{len(content):,} bytes"
        raise DataError(f"{path}: its header claims {claim}, it holds {held}: get the file again")
    return content
