"""NumPy's .npz files with labelled images; nothing in them is ever run.

Names in the file: images and labels, and where wanted classes, test_images and test_labels. Keras'
names x_train, y_train, x_test and y_test are understood too.

Source of the format: NumPy's documentation of numpy.lib.format. The header is read here, not by
NumPy, so that a header's claim is compared with the file before anything is allocated.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from striate.data import guard
from striate.data.dataset import Dataset, Splits
from striate.errors import DataError

if TYPE_CHECKING:
    import zipfile

_ALIASES = {"x_train": "images", "y_train": "labels", "x_test": "test_images", "y_test": "test_labels"}
_NAMES = ("images", "labels", "classes", "test_images", "test_labels")
_DEFLATE = 1032
_LONGEST_HEADER = 10_000
_MOST_BYTES = 1 << 42  # an array's size, before it is compared with the file's

Array = npt.NDArray[Any]


def read_npz(path: Path, name: str = "") -> Splits:
    """Return the set in an .npz file; its name is the file's where none is given.

    Images are (N, H, W, D) or (N, H, W); whole numbers 0..255 become uint8, other numbers float32.

    Raises DataError where an array is missing, damaged or of the wrong type, where counts differ,
    labels are out of range, or pixels are NaN.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "few.npz"
    >>> np.savez(file, images=np.zeros((2, 8, 8), np.uint8), labels=[1, 0])
    >>> print(read_npz(file).train)
    few: 2 images [8x8x1] uint8, 2 classes
    """
    arrays, name = read_arrays(path), name or path.stem
    for wanted in ("images", "labels"):
        if wanted not in arrays:
            held = ", ".join(sorted(arrays)) or "nothing of the kind"
            raise DataError(
                f"{path}: it has no array '{wanted}' (it has {held}): save images= and labels=; "
                "where it is an archive of image files, unpack it and give the folder"
            )
    classes = _classes(path, arrays.get("classes"))
    train = guard.dataset(path, name, arrays["images"], arrays["labels"], classes)
    given = [wanted in arrays for wanted in ("test_images", "test_labels")]
    if not any(given):
        return Splits(train)
    if not all(given):
        raise DataError(f"{path}: it has only one of test_images and test_labels: save both or none")
    test = guard.dataset(path, name, arrays["test_images"], arrays["test_labels"], classes)
    if test.volume != train.volume or test.images.dtype != train.images.dtype:
        raise DataError(
            f"{path}: images are {train.volume} {train.images.dtype}, test_images {test.volume} "
            f"{test.images.dtype}: both must be alike"
        )
    shared = max(train.classes, test.classes, key=len)
    return Splits(Dataset(name, train.images, train.labels, shared), Dataset(name, test.images, test.labels, shared))


def read_arrays(path: Path, names: tuple[str, ...] = _NAMES) -> dict[str, Array]:
    """Return the arrays of those names (and Keras' names for them) that the .npz file has.

    Raises DataError where the file or an array in it is damaged, or claims more than it holds.
    """
    import zipfile

    guard.regular_size(path)
    arrays: dict[str, Array] = {}
    with guard.decoding(path, ".npz file"), zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            stem = info.filename.removesuffix(".npy")
            name = _ALIASES.get(stem, stem)
            if name not in names:
                continue
            if name in arrays:
                raise DataError(f"{path}: it has two arrays that mean '{name}': save one")
            with archive.open(info) as member:
                arrays[name] = _array(path, stem, member, info)
    return arrays


def _array(path: Path, name: str, member: Any, info: zipfile.ZipInfo) -> Array:
    """Return the array in an open member of the archive."""
    magic = member.read(8)
    if magic[:6] != b"\x93NUMPY" or magic[6] not in (1, 2, 3):
        raise DataError(f"{path}: '{name}' in it is no NumPy array")
    width = 2 if magic[6] == 1 else 4
    length = int.from_bytes(member.read(width), "little")
    if length > _LONGEST_HEADER:
        raise DataError(f"{path}: the header of '{name}' has {length:,} bytes: the file is damaged")
    dtype, fortran, shape = _header(path, name, member.read(length).decode("latin-1"))
    size = math.prod(shape) * dtype.itemsize
    held = info.file_size - len(magic) - width - length
    claim = f"an array '{name}' of {'x'.join(map(str, shape))} {dtype}"
    if size != held:
        raise DataError(f"{path}: it claims {claim}, {size:,} bytes, and holds {held:,}: the file is damaged")
    # A zip's own sizes are claims as well: stored (0) content is as long, deflated (8) at most 1032 times.
    if held > info.compress_size * _DEFLATE + 1024 and info.compress_type in (0, 8):
        raise DataError(f"{path}: {claim} cannot come from {info.compress_size:,} bytes: the file is damaged")
    guard.must_fit(path, size, claim)
    content = bytearray()
    while piece := member.read(1 << 22):
        content += piece
    if len(content) != size:
        raise DataError(f"{path}: it claims {claim} and ends after {len(content):,} bytes: get the file again")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")


def _header(path: Path, name: str, text: str) -> tuple[np.dtype[Any], bool, tuple[int, ...]]:
    """Return (dtype, Fortran order, shape) of a header such as {'descr': '<f4', ...}."""
    descr = re.search(r"'descr': *([^,]{1,40})", text)
    order = re.search(r"'fortran_order': *(True|False)", text)
    shape = re.search(r"'shape': *\(([\dL, ]*)\)", text)
    if descr is None or order is None or shape is None:
        raise DataError(f"{path}: the header of '{name}' is damaged: get the file again")
    plain = re.fullmatch(r"'([<>|=]?[biufUS]\d{1,6})'", descr[1])
    try:
        dtype = np.dtype(plain[1] if plain else "no such type")
    except TypeError:
        raise DataError(
            f"{path}: '{name}' is an array of {descr[1]}: only plain numbers and text are read, no Python objects"
        ) from None
    sizes = tuple(int(size.strip("L ")[:19]) for size in shape[1].split(",") if size.strip("L "))
    if len(sizes) > 8 or math.prod(sizes) * dtype.itemsize > _MOST_BYTES:
        raise DataError(f"{path}: '{name}' claims the shape ({shape[1][:80]}): the file is damaged")
    return dtype, order[1] == "True", sizes


def _classes(path: Path, names: Array | None) -> tuple[str, ...]:
    """Return the names of the classes, () where the file has none."""
    if names is None:
        return ()
    if names.dtype.kind not in "US" or names.ndim != 1 or not 0 < len(names) <= guard.MOST_CLASSES:
        raise DataError(f"{path}: classes are {names.dtype} {names.shape}: they must be a list of names")
    with guard.decoding(path, ".npz file with class names"):
        # Through bytes and back: a damaged name must fail here, not where it is printed.
        raw = [name if isinstance(name, bytes) else str(name).encode() for name in names.tolist()]
        texts = [name.decode("utf-8") for name in raw]
    if not all(text.isprintable() for text in texts):
        raise DataError(f"{path}: a class has no printable name: use plain text")
    if len(set(texts)) != len(texts):
        raise DataError(f"{path}: two classes have the same name: give each its own")
    return tuple(texts)
