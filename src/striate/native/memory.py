"""A program's memory: the arena that the plan laid out, and the context through which native code finds it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from striate.emit.interface import CONTEXT, COUNTERS, LINE
from striate.intake import Truth, address
from striate.layers.loss import Loss
from striate.masks import image_seeds, levels
from striate.native.aligned import aligned_zeros
from striate.native.team import pause_address
from striate.plan.arena import Buffer
from striate.plan.parameters import decays
from striate.plan.plan import Plan
from striate.preprocessing import Preprocessing

_pause = lru_cache(maxsize=1)(pause_address)

DRAWN = 2**16  #: random numbers at a time: in double precision they fit the second-level cache


class Memory:
    """The arena of one program, zeroed: halos are never written afterwards."""

    def __init__(self, plan: Plan, threads: int) -> None:
        self._plan = plan
        self._arena = aligned_zeros(plan.bytes(threads))
        self._sync = aligned_zeros((COUNTERS + plan.shares) * LINE).view(np.int64)
        self._counters = self._sync[8 * COUNTERS :]
        self._context = aligned_zeros(8 * len(CONTEXT)).view(np.int64)
        self._address = address(self._context)
        fixed = {"arena": address(self._arena), "sync": address(self._sync), "pause": _pause()}
        self._context[:] = [fixed.get(name, 0) for name in CONTEXT]
        first = CONTEXT.index("pictures")
        self._varying = self._context[first : first + 4]  # pictures, out, images, groups
        self._scaled: tuple[Preprocessing, bool] | None = None
        self._views: dict[str, npt.NDArray[np.float32]] = {}  # with halos
        self._inner: dict[str, npt.NDArray[np.float32]] = {}  # without
        self.rates: dict[str, float] = {}  # of every DROPOUT, as they were given

    def view(self, name: str) -> npt.NDArray[np.float32]:
        """A shared float32 buffer as an array of its shape."""
        if name not in self._views:
            buffer = self._plan.buffers[name]
            sizes = [axis.size for axis in buffer.shape.axes]
            numbers = self._arena[buffer.offset : buffer.offset + buffer.bytes].view(np.float32)
            self._views[name] = numbers.reshape(sizes)
        return self._views[name]

    def tensors(self, row: str) -> dict[str, npt.NDArray[np.float32]]:
        """The parts of ``parameters`` or of an optimizer's row, to be read and written, by the parameter's name."""
        numbers = self.view(row)
        places = self._plan.row.places
        return {place.name: numbers[place.start : place.start + place.size].reshape(place.shape) for place in places}

    def state(self) -> dict[str, npt.NDArray[np.float32]]:
        """What training keeps for scores and no gradient moves, to be read and written, by its name."""
        return {name: self.view(name) for name in self._plan.network.state_shapes()}

    def rows(self, name: str) -> npt.NDArray[np.float32]:
        """A buffer with one number an image, all groups in a row."""
        if name not in self._views:
            buffer = self._plan.buffers[name]
            size = buffer.stride * self._plan.groups
            self._views[name] = self._arena[buffer.offset : buffer.offset + size].view(np.float32)
        return self._views[name]

    def initialize(self, seed: int) -> None:
        """Draw the weights (He et al. 2015: normal, variance 2 / fan-in); biases are zero.

        BN begins as what changes nothing but mean and spread: weights and running variances one, means zero.
        """
        for name, values in self.state().items():
            values[...] = name.endswith(".variance")
        generator, nodes = np.random.default_rng(seed), self._plan.network.nodes
        inputs = {f"{node.name}.weights": node.layer.connections(node.input) for node in nodes}
        for place in self._plan.row.places:
            numbers = self.view(place.name).reshape(-1)
            if not decays(place.name, place.shape):
                numbers[:] = place.name.endswith(".weights")
                continue
            scale = np.sqrt(2 / inputs[place.name])
            for start in range(0, place.size, DRAWN):
                part = numbers[start : start + DRAWN]
                part[:] = generator.standard_normal(len(part)) * scale

    def tell(self, truth: Truth, factors: npt.NDArray[np.float64] | float) -> None:
        """Write a batch's labels and targets, and what each image's gradient is multiplied by; further lanes count
        for nothing."""
        count, labels, weights = len(truth.labels), self.rows("labels"), self.rows("weights")
        labels[:count], labels[count:] = truth.labels, -1
        weights[:count], weights[count:] = factors, 0
        if truth.targets is not None:
            scores, lanes = truth.targets.shape[1], self._plan.target.lanes
            whole = np.zeros((self._plan.groups * lanes, scores), np.float32)
            whole[:count] = truth.targets
            self.rows("targets").reshape(-1, scores, lanes)[...] = whole.reshape(-1, lanes, scores).transpose(0, 2, 1)

    def weigh(self, loss: Loss) -> None:
        """Write how softmax weighs its classes, where it does."""
        if "smoothing" in self._plan.buffers:
            classes = self._plan.network.classes
            self.view("class.weights")[:] = loss.weights(classes)
            rest = loss.smoothing / classes
            self.view("smoothing")[:] = 1 - loss.smoothing + rest, rest

    def drop(self, name: str, rate: float) -> None:
        """Write the rate of a DROPOUT."""
        self.view(f"{name}.rate")[:] = levels(rate)
        self.rates[name] = rate

    def draw(self, seed: int, step: int, images: int) -> None:
        """Write what decides which numbers every DROPOUT keeps in this step; and for BN, which lanes hold an image."""
        if "present" in self._plan.buffers:
            present = self.rows("present")
            present[:images], present[images:] = 1, 0
        for number, name in enumerate(self._plan.network.dropouts, 1):
            seeds = self.rows(f"{name}.seeds").view(np.uint32)
            seeds[:] = image_seeds(seed, step, number, len(seeds))

    def numbers(self, buffer: Buffer) -> npt.NDArray[np.float32]:
        """A float32 buffer's first instance, halo left out; vectors have their lanes as one more, last, axis."""
        if buffer.name not in self._inner:
            shape, at = buffer.shape, buffer.offset + (self._plan.shared_bytes if buffer.scope == "rank" else 0)
            vectors = (self._plan.target.lanes,) if shape.per_lane else ()
            whole = self._arena[at : at + buffer.bytes].view(np.float32)
            inner = tuple(slice(axis.before, axis.before + axis.size) for axis in shape.axes)
            self._inner[buffer.name] = whole.reshape(*(axis.extent for axis in shape.axes), *vectors)[inner]
        return self._inner[buffer.name]

    def scale(self, preprocessing: Preprocessing, byte: bool) -> None:
        """Write what the images are multiplied by and what is added, unless it is there already."""
        if self._scaled is not None and self._scaled[0] is preprocessing and self._scaled[1] == byte:
            return
        self._scaled, image = None, self._plan.network.input  # an interrupt may fall between what follows
        for name, numbers in zip(("scales", "shifts"), preprocessing.scales(image.depth, byte), strict=True):
            self.view(name)[...] = numbers
            self.view(f"single.{name}")[...] = np.tile(numbers, image.width)
        self._scaled = preprocessing, byte

    def context(self, pictures: int, out: int, images: int, groups: int) -> int:
        """The context's address, filled for one run; work counters start at zero.

        ``pictures`` and ``out`` are addresses of arrays that the caller keeps alive.
        """
        self._counters[:] = 0
        self._varying[:] = pictures, out, images, groups
        return self._address
