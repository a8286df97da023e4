"""Which numbers DROPOUT keeps in a training step: computed, not drawn one after the other.

What is kept depends on the program's seed, the step, the DROPOUT, the image's place in the batch and the number's
place in the volume, and on nothing else: neither lanes, threads nor the order of work change a bit, and the way back
finds again what the way there has dropped. All of it is arithmetic on whole numbers modulo 2**32:

    mix(h)     h ^= h >> 16;  h *= 0x7feb352d;  h ^= h >> 15;  h *= 0x846ca68b;  h ^= h >> 16
    add(h, w)  mix((h + 0x9e3779b9) ^ w)
    seed       h = 0, then add(h, w) for these words w: the step's low and high half, the program's seed from its
               lowest 32 bits up (one word at least), the number of the DROPOUT from 1, the image's place from 0
    kept       (mix(seed ^ (i * 0x9e3779b9)) >> 8) >= threshold,  i = (d*H + y)*W + x

``mix`` is lowbias32 by C. Wellons ("Prospecting for Hash Functions", 2018): every bit that goes in changes every bit
that comes out with a probability close to one half. 0x9e3779b9 is 2**32 divided by the golden ratio, as an odd number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

GOLDEN = 0x9E3779B9
ROUNDS = ((16, 0x7FEB352D), (15, 0x846CA68B))  #: shifts and factors of ``mix``
LAST = 16  #: its last shift
BITS = 24  #: of a hash that are compared with the threshold: as many as float32 holds

_WORD = 2**32 - 1


def levels(rate: float) -> tuple[float, float]:
    """``(threshold, scale)`` for a rate in [0, 1).

    A number is kept with probability 1 - threshold / 2**24 and grows by the scale, so that the mean stays as it is.

    >>> levels(0.0), levels(0.5), levels(0.75)
    ((0.0, 1.0), (8388608.0, 2.0), (12582912.0, 4.0))
    """
    whole = 2**BITS
    threshold = min(round(rate * whole), whole - 1)
    return float(threshold), whole / (whole - threshold)


def image_seeds(seed: int, step: int, layer: int, images: int) -> npt.NDArray[np.uint32]:
    """The seeds of a batch's images in one step, ``(images,)``, for the DROPOUT of number ``layer`` (from 1).

    >>> image_seeds(0, 0, 1, 3).tolist() == image_seeds(0, 0, 1, 2).tolist() + image_seeds(0, 0, 1, 3)[2:].tolist()
    True
    """
    words = [step & _WORD, step >> 32, seed & _WORD]
    while seed := seed >> 32:
        words.append(seed & _WORD)
    state = 0
    for word in (*words, layer):
        state = _mix((state + GOLDEN & _WORD) ^ word)
    return np.asarray(_mix((state + GOLDEN & _WORD) ^ np.arange(images, dtype=np.uint64)), np.uint32)


def kept(rate: float, seeds: npt.NDArray[np.uint32], shape: tuple[int, int, int]) -> npt.NDArray[np.float64]:
    """Ones for what a DROPOUT keeps and zeros for what it drops, ``(images, H, W, D)``; ``shape`` is (H, W, D).

    >>> float(kept(0.0, image_seeds(0, 0, 1, 2), (3, 4, 5)).mean())
    1.0
    """
    height, width, depth = shape
    places = np.arange(height * width * depth, dtype=np.uint64).reshape(depth, height, width).transpose(1, 2, 0)
    hashes = _mix(seeds.astype(np.uint64)[:, None, None, None] ^ (places * GOLDEN & _WORD))
    return np.asarray((hashes >> 32 - BITS) >= levels(rate)[0], np.float64)


def _mix(h: Any) -> Any:
    """``mix`` of a number below 2**32, or of an array of such, of 64 bits each."""
    for shift, factor in ROUNDS:
        h = (h ^ h >> shift) * factor & _WORD
    return h ^ h >> LAST
