"""A folder with one sub-folder of images per class, or with train/ and test/ that each are such a folder."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from striate.data import guard
from striate.data.dataset import Dataset, Splits
from striate.data.image import read_image, volume_of
from striate.errors import DataError
from striate.volume import Volume

_DROPPINGS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_TEST = ("test", "val", "valid", "validation")


def read_class_folders(folder: Path, volume: Volume | None = None) -> Splits:
    """Return the images under a folder, labelled with the sub-folder they are in, in sorted order.

    Each is resized and cropped to `volume`; without one, all must have the size of the first. A folder
    that holds train and one of test, val, valid or validation gives both parts; a folder that holds
    nothing but one folder of class folders is looked into. Hidden files are passed over.

    Raises DataError where there are no class folders, one has no images, or a file is no image.
    """
    top = _inside(folder)
    parts = {path.name.lower(): path for path in _folders(top)}
    test = [parts[name] for name in _TEST if name in parts]
    if "train" not in parts or len(test) != 1 or len(parts) != 2:
        files = _classes(top)
        return Splits(_read(top, files, tuple(files), _volume(files, volume)))
    both = [_classes(_inside(path)) for path in (parts["train"], test[0])]
    unknown = sorted(set(both[1]) - set(both[0]))
    if unknown:
        raise DataError(
            f"{test[0]}: it has the class folder {unknown[0]!r}, {parts['train']} has not: both need the same classes"
        )
    size, names = _volume(both[0], volume), tuple(both[0])
    train, held = (_read(top, files, names, size) for files in both)
    return Splits(train, held)


def _inside(folder: Path) -> Path:
    """Return the folder, or the one inside that an unpacked archive brings as its only content."""
    folders = _folders(folder)
    if len(folders) == 1 and not _files(folder) and _folders(folders[0]) and not _files(folders[0]):
        return folders[0]
    return folder


def _entries(folder: Path) -> list[Path]:
    """Return what is in the folder, sorted, without hidden things and the system's droppings."""
    with guard.decoding(folder, "folder"):
        found = sorted(folder.iterdir())
    return [path for path in found if _visible(path.name)]


def _visible(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _DROPPINGS


def _folders(folder: Path) -> list[Path]:
    """Return the sub-folders, without links to a folder that this one is in."""
    with guard.decoding(folder, "folder"):
        here = folder.resolve()
        inner = [path for path in _entries(folder) if path.is_dir()]
        return [path for path in inner if not here.is_relative_to(path.resolve())]


def _files(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if not path.is_dir()]


def _classes(folder: Path) -> dict[str, list[Path]]:
    """Return class name -> its files, both sorted."""
    folders = _folders(folder)
    if not folders:
        raise DataError(
            f"{folder}: it has no sub-folders: put the images of each class into a sub-folder with the class's name"
        )
    files = {path.name: _beneath(path) for path in folders}
    unprintable = [name for name in files if not name.isprintable()]
    if unprintable:
        raise DataError(f"{folder}: the class folder {unprintable[0]!r} has no printable name: rename it")
    empty = [name for name, found in files.items() if not found]
    if empty:
        listed = ", ".join(repr(name) for name in empty[:5])
        raise DataError(f"{folder}: no images in the class folder {listed}: put images there or remove it")
    if len(files) > guard.MOST_CLASSES:
        raise DataError(f"{folder}: {len(files)} class folders, at most {guard.MOST_CLASSES} are read")
    return files


def _beneath(folder: Path) -> list[Path]:
    """Return the files in the folder and the folders in it, sorted; links to folders are not followed."""
    found: list[Path] = []

    def stop(error: OSError) -> None:
        raise error

    with guard.decoding(folder, "folder"):
        for place, inner, names in os.walk(folder, onerror=stop):
            inner[:] = filter(_visible, inner)
            found += [Path(place) / name for name in filter(_visible, names)]
    return sorted(found)


def _volume(files: dict[str, list[Path]], volume: Volume | None) -> Volume:
    """Return the volume asked for; else the one that all images have in common."""
    if volume is not None:
        return volume
    paths = [path for found in files.values() for path in found]
    first = volume_of(paths[0])
    for path in paths:
        found = volume_of(path)
        if (found.width, found.height) != (first.width, first.height):
            raise DataError(
                f"{path}: it is {found.width}x{found.height} and {paths[0]} is {first.width}x{first.height}: "
                "say which size all should get (a network's INPUT, or volume=)"
            )
    return first


def _read(top: Path, files: dict[str, list[Path]], classes: tuple[str, ...], volume: Volume) -> Dataset:
    """Return all images of the classes as one set."""
    paths = [path for found in files.values() for path in found]
    labels = [classes.index(name) for name, found in files.items() for _ in found]
    guard.must_fit(top, len(paths) * volume.size, f"{len(paths)} images of {volume}")
    images = np.empty((len(paths), *volume.shape), np.uint8)
    for index, path in enumerate(paths):
        images[index] = read_image(path, volume)
    return Dataset(top.name, images, np.array(labels, np.int64), classes)
