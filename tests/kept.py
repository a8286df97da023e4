"""Which numbers DROPOUT keeps: a second reading of the definition in ``striate.masks``, with no code of its."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from striate.notation import Network

Words = npt.NDArray[np.uint32]

GOLDEN = np.uint32(2654435769)


def mix(h: Words) -> Words:
    """lowbias32."""
    h = (h ^ (h >> np.uint32(16))) * np.uint32(2146121005)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(2221713035)
    return h ^ (h >> np.uint32(16))


def seeds(seed: int, step: int, number: int, images: int) -> Words:
    """One for each image of the batch, for the DROPOUT of this number."""
    digits = np.frombuffer(seed.to_bytes(4 * max(1, -(-seed.bit_length() // 32)), "little"), "<u4")
    words = [np.frombuffer(step.to_bytes(8, "little"), "<u4"), digits, np.array([number], np.uint32)]
    state = np.zeros(1, np.uint32)
    for word in np.concatenate(words):
        state = mix((state + GOLDEN) ^ np.array([word], np.uint32))
    return mix((state + GOLDEN) ^ np.arange(images, dtype=np.uint32))


def threshold(rate: float) -> int:
    """What a number's 24 bits must reach to be kept."""
    return min(round(rate * 2**24), 2**24 - 1)


def kept(
    network: Network, images: int, step: int = 0, seed: int = 0, rates: dict[str, float] | None = None
) -> dict[str, npt.NDArray[np.float64]]:
    """For every DROPOUT by its name, ones and zeros (N, H, W, D)."""
    made = {}
    for number, (name, rate) in enumerate((network.dropouts | (rates or {})).items(), 1):
        volume = next(node.output for node in network.nodes if node.name == name)
        places = np.arange(volume.size, dtype=np.uint32).reshape(volume.depth, volume.height, volume.width)
        numbers = (places * GOLDEN).transpose(1, 2, 0)
        drawn = mix(seeds(seed, step, number, images)[:, None, None, None] ^ numbers) >> np.uint32(8)
        made[name] = (drawn >= threshold(rate)).astype(np.float64)
    return made
