"""What is done to pixels before the first layer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.errors import ArgumentError


@dataclass(frozen=True)
class Preprocessing:
    """(x - mean) / std, per depth slice; bytes are first divided by 255, floats are taken as they are.

    Empty tuples leave the numbers alone. Zero-padding is applied afterwards, so a padded zero means an average
    pixel. Raises ArgumentError for a std that is not above zero, or means and stds of different number.

    >>> Preprocessing(mean=(0.5,), std=(0.25,)).scales(1)
    (array([4.], dtype=float32), array([-2.], dtype=float32))
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std):
            raise ArgumentError(f"{len(self.mean)} means but {len(self.std)} stds: give one of each per depth slice")
        if not all(np.isfinite((*self.mean, *self.std))) or any(value <= 0 for value in self.std):
            raise ArgumentError(f"means are finite and stds are above zero, not {self.mean} and {self.std}")

    @staticmethod
    def measure(images: np.ndarray[Any, Any]) -> Preprocessing:
        """The mean and standard deviation of each depth slice of ``(N, H, W, D)`` images."""
        unit = 255.0 if images.dtype == np.uint8 else 1.0
        flat = images.reshape(-1, images.shape[-1])
        total, squares, count = 0.0, 0.0, max(1, len(flat))
        for start in range(0, len(flat), 1 << 20):  # in parts, so that float64 copies stay small
            part = flat[start : start + (1 << 20)].astype(np.float64) / unit
            total, squares = total + part.sum(0), squares + np.square(part).sum(0)
        mean = np.asarray(total) / count
        std = np.sqrt(np.maximum(np.asarray(squares) / count - mean**2, 0))
        std = np.where(std > 1e-6, std, 1.0)  # a constant slice stays as it is
        return Preprocessing(tuple(float(m) for m in mean), tuple(float(s) for s in std))

    def scales(self, depth: int, byte: bool = False) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """(scale, shift), float32 per depth slice, so that x*scale + shift is the preprocessed number."""
        if self.mean and len(self.mean) != depth:
            raise ArgumentError(f"preprocessing has {len(self.mean)} means, but the images have depth {depth}")
        mean = np.array(self.mean or (0.0,) * depth)
        std = np.array(self.std or (1.0,) * depth)
        unit = 255.0 if byte else 1.0
        return (1 / (std * unit)).astype(np.float32), (-mean / std).astype(np.float32)

    def to_json(self) -> str:
        """As text, exactly: ``from_json`` gives an equal value."""
        return json.dumps({"mean": self.mean, "std": self.std})

    @staticmethod
    def from_json(text: str) -> Preprocessing:
        """The inverse of ``to_json``; ArgumentError where the text is something else."""
        try:
            values = json.loads(text)
            return Preprocessing(tuple(map(float, values["mean"])), tuple(map(float, values["std"])))
        except (ValueError, TypeError, KeyError) as error:
            raise ArgumentError(f"no preprocessing: {text[:60]!r}") from error
