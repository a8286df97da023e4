"""Looking inside a program: what every layer makes of images, and the gradients on their way back to the pixels."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.emit.interface import INSIDE_ENTRIES, SINGLE_ENTRIES
from striate.intake import Truth, address
from striate.layers.loss import Loss
from striate.native.assemble import Entry, Loaded
from striate.native.build import build
from striate.native.fork import open_at_fork
from striate.native.memory import Memory
from striate.native.room import check_room
from striate.native.team import TEAM
from striate.plan.inside import volume_names
from striate.plan.plan import Plan
from striate.preprocessing import Preprocessing

Volumes = dict[str, npt.NDArray[np.float32]]  #: by the layer's name, (N, H, W, D)
Row = Callable[[str], npt.NDArray[np.float32]]  #: a parameter tensor by its name


@dataclass(frozen=True, eq=False)
class Inside:
    """What went on inside a network: by layer, ``input`` first, arrays (N, H, W, D).

    ``activations`` of ``input`` are the preprocessed pixels. ``gradients[layer]`` are those of each image's own value
    on that layer's numbers. ``values`` (N,) are what was derived: each image's loss, or the score of its label.
    """

    activations: Volumes
    gradients: Volumes
    values: npt.NDArray[np.float32]


class Interior:
    """A network compiled for looking inside, with parameters of its own, taken over from a program."""

    def __init__(self, plan: Plan, threads: int, cache: bool, loss: Loss) -> None:
        self.plan, self.threads = plan, threads
        self.lock = open_at_fork(threading.RLock())
        self._cache = cache
        check_room(plan, threads)
        self._memory = Memory(plan, threads)
        self._memory.weigh(loss)
        self._codes: dict[tuple[str, ...], Loaded] = {}
        self._version = -1
        self._ready: set[str] = set()  # what has been made of these parameters

    def take(self, version: int, row: Row) -> None:
        """Copy all parameters, unless those of this version are here."""
        if version != self._version:
            self._version, self._ready = -1, set()  # an interrupt may fall between what follows
            for name in (*(place.name for place in self.plan.row.places), *self._memory.state()):
                self._memory.view(name)[...] = row(name)
            self._version = version

    def activations(self, pictures: npt.NDArray[Any], preprocessing: Preprocessing) -> Volumes:
        """Every layer's volume for each image, which go one by one."""
        byte, memory = pictures.dtype == np.uint8, self._memory
        entries = self._code(SINGLE_ENTRIES).entries
        memory.scale(preprocessing, byte)
        self._prepare("single_prepare", entries)
        entry = entries["single_byte" if byte else "single_float"]
        threads = self.threads if self.plan.single.together else 1
        scores = np.empty(self.plan.network.classes, np.float32)
        names = volume_names(self.plan.units)
        seen = {name: memory.numbers(self.plan.buffers[f"single.{own}.y"]) for name, own in names.items()}
        made = {name: np.empty((len(pictures), *view.shape), np.float32) for name, view in seen.items()}
        for i, picture in enumerate(pictures):
            TEAM.run(entry, memory.context(address(picture), address(scores), 1, 1), threads)
            for name, view in seen.items():
                made[name][i] = view
        return made

    def inside(self, pictures: npt.NDArray[Any], truth: Truth, preprocessing: Preprocessing) -> Inside:
        """Every layer's volume and its gradient, a group of images at a time."""
        lanes, names = self.plan.target.lanes, volume_names(self.plan.units)
        shapes = {name: (len(pictures), *self._group(own, "y").shape[1:]) for name, own in names.items()}
        activations = {name: np.empty(shape, np.float32) for name, shape in shapes.items()}
        gradients = {name: np.empty(shape, np.float32) for name, shape in shapes.items()}
        values = np.empty(len(pictures), np.float32)
        for first in range(0, len(pictures), lanes):
            rows = slice(first, min(first + lanes, len(pictures)))
            count = rows.stop - first
            self._back(pictures[rows], truth.part(rows), preprocessing)
            for name, own in names.items():
                activations[name][rows] = self._group(own, "y")[:count]
                gradients[name][rows] = self._group(own, "dy")[:count]
            values[rows] = self._memory.rows("losses")[:count]
        return Inside(activations, gradients, values)

    def _back(self, pictures: npt.NDArray[Any], truth: Truth, preprocessing: Preprocessing) -> None:
        byte, memory, count = pictures.dtype == np.uint8, self._memory, len(pictures)
        memory.scale(preprocessing, byte)
        memory.tell(truth, 1)
        entries = self._code(INSIDE_ENTRIES).entries
        self._prepare("prepare", entries)
        entry = entries["inside_byte" if byte else "inside_float"]
        TEAM.run(entry, memory.context(address(pictures), 0, count, 1), self.threads)

    def _prepare(self, what: str, entries: Mapping[str, Entry]) -> None:
        """Transform the weights, if they have changed since."""
        if what not in self._ready:
            if "fold" in entries:
                TEAM.run(entries["fold"], self._memory.context(0, 0, 0, 0), self.threads)
            TEAM.run(entries[what], self._memory.context(0, 0, 0, 0), self.threads)
            self._ready.add(what)

    def _group(self, name: str, what: str) -> npt.NDArray[np.float32]:
        """A volume or its gradient as (lanes, H, W, D)."""
        return np.transpose(self._memory.numbers(self.plan.buffers[f"{name}.{what}"]), (3, 1, 2, 0))

    def _code(self, entries: Iterable[str]) -> Loaded:
        names = tuple(entries)
        if names not in self._codes:
            self._codes[names] = build(self.plan, self._cache, names)
        return self._codes[names]
