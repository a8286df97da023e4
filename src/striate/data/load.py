"""Read a set by its name or path: the one way in."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from striate.data import archive, cifar, decoded, guard, idx, npz
from striate.data.dataset import Splits
from striate.data.digits import read_digits
from striate.data.download import Progress, fetch
from striate.data.find import find, folders, starts_like
from striate.data.folder import read_class_folders
from striate.data.sources import SOURCES, Source, plain
from striate.errors import DataError
from striate.files import cache_folder
from striate.volume import Volume

NAMES = ("digits", *SOURCES)
"""The sets known by name."""


def load(
    name_or_path: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    volume: Volume | None = None,
    download: bool = True,
    progress: Progress | None = None,
) -> Splits:
    """Return the set of that name, or at that path, with its official test part where it has one.

    Names: digits (embedded), cifar10, mnist, fashion-mnist. They are looked for in `data_dir`, in
    the folder STRIATE_DATA names and in the cache, directly or in a sub-folder such as cifar-10 or
    fashion_mnist, and then downloaded into `data_dir` or the cache; `progress(done, total)` is told
    the bytes. Paths: an .npz file, a folder with one sub-folder of images per class (resized and
    cropped to `volume`), a folder or tar archive of CIFAR-10, or a folder of idx files. A text that
    is a name means the set; ./mnist is a path.

    Raises DataError where nothing is found (it says which file to put where), where the data are
    damaged, or where the images are not one `volume`.

    >>> splits = load("digits", volume=Volume(8, 8, 1))
    >>> len(splits.train), splits.test
    (1797, None)
    """
    text = os.fspath(name_or_path)
    known = {plain(name): name for name in NAMES}
    if isinstance(name_or_path, str) and plain(text) in known and not set(text) & set("/\\."):
        name = known[plain(text)]
        splits = read_digits() if name == "digits" else _official(SOURCES[name], data_dir, download, progress)
        return splits.matching(volume, name)
    path = Path(os.path.expanduser(text))  # noqa: PTH111  (Path.expanduser raises where there is no home)
    if not text or "\0" in text or not os.path.lexists(path):
        raise DataError(_nothing_at(text))
    return (_folder(path, volume) if path.is_dir() else _file(path)).matching(volume, text)


def _official(
    source: Source, data_dir: str | os.PathLike[str] | None, download: bool, progress: Progress | None
) -> Splits:
    """Return a set by name, from where it is or else from the network."""
    places = folders(data_dir)
    found = find(source, places)
    if found.place is not None:
        return _read(source, found.place)
    target = (places[0] if data_dir else cache_folder() / "data") / source.folder
    names = ", ".join(file.name for file in source.files)
    advice = (
        f"{source.name} is not on this machine (looked in {', '.join(map(str, places))}): "
        f"put {names} into {target}, or into a folder that --data-dir or STRIATE_DATA names"
    )
    advice += "".join(f"\n  {note}" for note in found.notes)
    if not download:
        raise DataError(advice)
    try:
        fetch(source.files, target, progress)
    except DataError as error:
        raise DataError(f"{advice}\n{error}") from error
    return _read(source, target / source.files[0].name if source.name == "cifar10" else target)


def _read(source: Source, place: Path) -> Splits:
    """Return an official set from the folder or archive that holds it."""
    if source.name != "cifar10":
        return idx.read_folder(place, source.name, _idx_classes(source.name))
    return cifar.read_folder(place) if place.is_dir() else decoded.remembered(place, cifar.read_archive)


def _idx_classes(name: str) -> tuple[str, ...]:
    return {"mnist": guard.numbered(10), "fashion-mnist": idx.FASHION}.get(name, ())


def _folder(path: Path, volume: Volume | None) -> Splits:
    """Return the set in a folder, whatever it holds."""
    packed = find(SOURCES["cifar10"], [path])
    if packed.place is not None:
        return _read(SOURCES["cifar10"], packed.place)
    if cifar.is_folder(path):
        return cifar.read_folder(path)  # not whole: the reader says what is missing
    if any(idx.find(path, "train", what) for what in ("images", "labels")):
        return idx.read_folder(path, path.name, _idx_classes(starts_like(path)))
    return read_class_folders(path, volume)


def _file(path: Path) -> Splits:
    """Return the set in a file, judged by its content and not by its name."""
    guard.regular_size(path)
    with guard.decoding(path, "file"), path.open("rb") as file:
        head = file.read(4)
    if head[:2] == b"PK":
        return npz.read_npz(path)
    if "idx" not in path.name and archive.is_archive(path):
        return decoded.remembered(path, cifar.read_archive)
    if head[:3] == b"\0\0\x08" or "idx" in path.name:
        raise DataError(f"{path}: this is one file of a set of idx files: give the folder, {path.parent}")
    raise DataError(
        f"{path}: no data set: it must be an .npz file, CIFAR-10's archive, a folder with one sub-folder of "
        "images per class, or a folder of idx files"
    )


def _nothing_at(text: str) -> str:
    near = difflib.get_close_matches(text.lower(), NAMES, 1)
    guess = f"; did you mean {near[0]}?" if near else ""
    known = ", ".join(NAMES)
    return f"{text!r}: no data set of that name and no such file or folder: known names are {known}{guess}"
