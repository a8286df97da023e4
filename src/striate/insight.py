"""What a program shows of its inside: the part of ``Program`` that looks, and learns nothing."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy.typing as npt

from striate.errors import ArgumentError
from striate.intake import check_images, check_truth
from striate.layers.loss import Loss
from striate.notation.network import Network
from striate.plan.plan import Plan
from striate.preprocessing import Preprocessing

if TYPE_CHECKING:
    from striate.inside import Inside, Interior, Volumes
    from striate.native.memory import Memory
    from striate.plan.target import Target


class Insight(ABC):
    """The part of a ``Program`` that looks inside, in programs of their own that are built when first wanted."""

    plan: Plan
    network: Network
    preprocessing: Preprocessing
    threads: int
    classes: int
    _loss: Loss
    _memory: Memory
    _lock: threading.RLock
    _cache: bool
    _changes: int
    _interiors: dict[tuple[str, Target], Interior]  # by what gradients are of

    @abstractmethod
    def _draw(self) -> None:
        """Draw the weights, if that is still to be done."""

    def activations(self, images: npt.ArrayLike) -> Volumes:
        """What every layer makes of the images (N, H, W, D): arrays (N, H, W, D) by the layer's name.

        ``input`` are the pixels after preprocessing; every layer has its own, fused or not; DROPOUT drops nothing, and
        BN goes by its running statistics, as in scores.
        Raises ArgumentError for images of another shape or kind.

        >>> import numpy as np, striate
        >>> program = striate.compile(striate.parse("INPUT[8x8x1] - CONV[4] - RELU - POOL - FC[10]"), batch=32)
        >>> volumes = program.activations(np.zeros((5, 8, 8, 1), np.uint8))
        >>> {name: volume.shape for name, volume in volumes.items() if name != "input"}
        {'conv1': (5, 8, 8, 4), 'relu1': (5, 8, 8, 4), 'pool1': (5, 4, 4, 4), 'fc1': (5, 1, 1, 10)}
        """
        pictures = check_images(images, self.network.input, None)
        with self._interior(self.plan.loss, self.plan.target) as interior:
            return interior.activations(pictures, self.preprocessing)

    def inside(self, images: npt.ArrayLike, labels: npt.ArrayLike, of: str = "loss") -> Inside:
        """Activations of every layer, and the gradients on them of each image's ``loss`` or its label's ``score``.

        Arrays are (N, H, W, D) by the layer's name; those of ``input`` are on the pixels after preprocessing.
        Nothing is learned nor dropped, and BN goes by its running statistics, which are constants to these gradients;
        numbers of few images differ from those of many by roundings.
        Raises ArgumentError for wrong images or labels, or another ``of``.

        >>> import numpy as np, striate
        >>> program = striate.compile(striate.parse("INPUT[8x8x1] - FC[10]"), batch=32)
        >>> seen = program.inside(np.zeros((1, 8, 8, 1), np.uint8), [3], of="score")
        >>> weights = program.parameters()["fc1.weights"][3]
        >>> bool(np.allclose(seen.gradients["input"].ravel(), weights))
        True
        """
        if of not in ("loss", "score"):
            raise ArgumentError(f"of is loss or score, not {of!r}")
        from striate.plan.inside import for_few

        pictures = check_images(images, self.network.input, None)
        truth = check_truth(labels, len(pictures), self.classes, self._loss if of == "loss" else Loss())
        target = for_few(self.plan.target, len(pictures))
        with self._interior(self.plan.loss if of == "loss" else of, target) as interior:
            return interior.inside(pictures, truth, self.preprocessing)

    @contextmanager
    def _interior(self, of: str, target: Target) -> Iterator[Interior]:
        """The parameters of now in a program that keeps every volume; training may go on meanwhile."""
        from striate.inside import Interior
        from striate.plan.inside import plan_inside

        with self._lock:
            interior = self._interiors.get((of, target))
            if interior is None:
                interior = Interior(plan_inside(self.network, target, of), self.threads, self._cache, self._loss)
                self._interiors[of, target] = interior
        with interior.lock:
            with self._lock:
                self._draw()
                interior.take(self._changes, self._memory.view)
            yield interior
