"""The data sets that a page may train on: those known by name, and the one given at the command line.

Nothing that a browser sends is ever taken for a path: it is looked up among these names.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from striate.data import cifar, guard, idx
from striate.data.dataset import Dataset, Splits
from striate.data.find import find, folders
from striate.data.load import NAMES, load
from striate.data.sources import SOURCES
from striate.errors import ArgumentError
from striate.preprocessing import Preprocessing
from striate.train.held_out import Parts, fingerprint, hold_out
from striate.volume import Volume
from striate.web.settings import VALIDATION

KEPT = 2  # data sets in memory without a run that uses them

FACTS: dict[str, tuple[Volume, tuple[str, ...], int, int]] = {
    "digits": (Volume(8, 8, 1), guard.numbered(10), 1438, 359),
    "cifar10": (Volume(32, 32, 3), cifar.CLASSES, 50_000, 10_000),
    "mnist": (Volume(28, 28, 1), guard.numbered(10), 60_000, 10_000),
    "fashion-mnist": (Volume(28, 28, 1), idx.FASHION, 60_000, 10_000),
}
"""Volume, classes, training and test images of the sets known by name, so that a greeting need not read them."""


class Material:
    """A data set cut into its parts by a seed, with what is done to its pixels."""

    def __init__(self, name: str, splits: Splits, seed: int) -> None:
        self.name, self.splits = name, splits
        self.parts: Parts = hold_out(splits, VALIDATION, seed)

    @cached_property
    def preprocessing(self) -> Preprocessing:
        """Measured on the training images."""
        return Preprocessing.measure(self.parts.train.images)

    @cached_property
    def fingerprint(self) -> str:
        """The name of exactly these images."""
        return fingerprint(self.splits)

    @property
    def test(self) -> Dataset:
        """The test images."""
        return self.parts.test


@dataclass
class Sets:
    """What may be trained on; `given` is the DATA of the command line."""

    data_dir: Path | None = None
    given: str | None = None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: OrderedDict[tuple[str, Volume | None], Splits] = OrderedDict()
        self._cut: WeakValueDictionary[tuple[str, Volume, int], Material] = WeakValueDictionary()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that `material` knows."""
        return NAMES if self.given is None or self.given in NAMES else (self.given, *NAMES)

    def keep(self, name: str, volume: Volume | None, splits: Splits) -> None:
        """Remember a data set that has been read already."""
        with self._lock:
            self._loaded[name, volume] = splits

    def splits(self, name: str, volume: Volume) -> Splits:
        """The data set of that name; ArgumentError for a name that is not among `names`, DataError as `load`."""
        if name not in self.names:
            raise ArgumentError(f"{name!r} is no data set that this server may read: it has {', '.join(self.names)}")
        with self._lock:
            return self._read(name, volume)

    def material(self, name: str, volume: Volume, seed: int) -> Material:
        """The data set cut by `seed`, shared among the runs that train on it."""
        splits = self.splits(name, volume)
        with self._lock:
            found = self._cut.get((name, volume, seed))
            if found is None:
                found = self._cut[name, volume, seed] = Material(name, splits, seed)
            return found

    def _read(self, name: str, volume: Volume) -> Splits:
        keys: list[tuple[str, Volume | None]] = [(name, volume), (name, None)]
        for key in keys:
            if key in self._loaded and self._loaded[key].train.volume == volume:
                self._loaded.move_to_end(key)
                return self._loaded[key]
        splits = load(name, data_dir=self.data_dir, volume=volume, download=False)
        self._loaded[name, volume] = splits
        spare = [other for other in self._loaded if other[0] != self.given]
        for other in spare[: max(0, len(spare) - KEPT)]:
            del self._loaded[other]
        return splits

    def volume(self, name: str) -> Volume | None:
        """The volume of the images of a set known by name."""
        return FACTS[name][0] if name in FACTS else None

    def describe(self) -> list[dict[str, Any]]:
        """Every data set for a greeting: its facts, or why it is missing."""
        return [self._facts(name) for name in self.names]

    def _facts(self, name: str) -> dict[str, Any]:
        held = [splits for (kept, _), splits in list(self._loaded.items()) if kept == name]
        if name in FACTS:
            if name in SOURCES and not held and find(SOURCES[name], folders(self.data_dir)).place is None:
                why = f"{name} is not on this machine: `striate serve LINE {name}` gets it, or `striate train`"
                return {"name": name, "missing": True, "why": why}
            volume, classes, train, test = FACTS[name]
        elif held:
            # The fifth that a run would hold out, where the source has no test part of its own.
            parts = hold_out(held[-1], 0.0, 0)
            volume, classes = parts.train.volume, parts.train.classes
            train, test = len(parts.train), len(parts.test)
        else:
            return {"name": name, "missing": True, "why": f"{name} has not been read"}
        return {
            "name": name,
            "volume": [volume.width, volume.height, volume.depth],
            "classes": list(classes),
            "train": train,
            "test": test,
        }
