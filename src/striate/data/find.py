"""Look for an official set in the folders where one may be."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from striate.data import cifar, idx
from striate.data.sources import Source, plain
from striate.errors import DataError
from striate.files import cache_folder

_ARCHIVES = (".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar")

_STARTS = {
    "mnist": bytes([5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7]),
    "fashion-mnist": bytes([9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9]),
}
"""The first training labels: the files of both sets have the same names, so names cannot tell them apart."""


@dataclass(frozen=True)
class Found:
    """Where a set is: a folder or an archive, or None, and what is there in part."""

    place: Path | None
    notes: tuple[str, ...]


def folders(data_dir: str | os.PathLike[str] | None) -> list[Path]:
    """Return the folders to look in: data_dir, STRIATE_DATA, the cache."""
    given = [data_dir, os.environ.get("STRIATE_DATA"), cache_folder() / "data"]
    # os.path.expanduser leaves a ~ that it cannot resolve, Path.expanduser raises.
    return [Path(os.path.expanduser(folder)) for folder in given if folder]  # noqa: PTH111


def find(source: Source, places: list[Path]) -> Found:
    """Return the first place that holds the whole set, directly or in a sub-folder of a natural name."""
    notes: list[str] = []
    for place in places:
        for folder in _beneath(place, source, depth=2):
            with contextlib.suppress(OSError):
                held = _cifar(folder, notes) if source.name == "cifar10" else _idx(source, folder, notes)
                if held is not None:
                    return Found(held, tuple(notes))
    return Found(None, tuple(notes))


def starts_like(folder: Path) -> str:
    """Return the name of the official idx set that the folder's training labels start like, or ""."""
    labels = idx.find(folder, "train", "labels")
    if labels is None:
        return ""
    with contextlib.suppress(DataError):
        first = idx.first_labels(labels, 16)
        return next((name for name, start in _STARTS.items() if start == first), "")
    return ""


def _beneath(folder: Path, source: Source, depth: int) -> Iterator[Path]:
    """Yield the folder, and in it those whose names are spellings of the set's."""
    yield folder
    if depth == 0:
        return
    inner: list[Path] = []
    with contextlib.suppress(OSError):
        inner = sorted(path for path in folder.iterdir() if path.is_dir())
    for path in inner:
        # raw is where torchvision puts idx files.
        if plain(path.name) in source.spellings or (path.name == "raw" and source.name != "cifar10"):
            yield from _beneath(path, source, depth - 1)


def _cifar(folder: Path, notes: list[str]) -> Path | None:
    if cifar.is_folder(folder):
        lacking = cifar.missing(folder)
        if not lacking:
            return folder
        notes.append(f"{folder} lacks {', '.join(lacking)}")
    if not folder.is_dir():
        return None
    packed = [
        path
        for path in sorted(folder.iterdir())
        if path.name.endswith(_ARCHIVES) and plain(path.name).startswith(("cifar10python", "cifar10binary"))
    ]
    return next((path for path in packed if path.is_file()), None)


def _idx(source: Source, folder: Path, notes: list[str]) -> Path | None:
    lacking = [
        idx.names(part, what)[0]
        for part in ("train", "t10k")
        for what in ("images", "labels")
        if idx.find(folder, part, what) is None
    ]
    if len(lacking) == 4:
        return None
    if lacking:
        notes.append(f"{folder} lacks {', '.join(lacking)}")
        return None
    held = starts_like(folder)
    if held and held != source.name:
        notes.append(f"{folder} holds {held}")
        return None
    return folder
