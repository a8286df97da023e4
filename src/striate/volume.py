"""Volumes: numbers arranged along width, height and depth — the currency of every stage."""

from __future__ import annotations

from dataclasses import dataclass

from striate.errors import NotationError
from striate.scalars import plain

__all__ = ["Volume"]


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of activations: ``width`` x ``height`` numbers in each of ``depth`` slices.

    Sizes are counts, at least 1; anything else raises NotationError.

    >>> volume = Volume(32, 32, 12)
    >>> print(volume, volume.size, volume.shape)
    [32x32x12] 12288 (32, 32, 12)
    """

    width: int
    height: int
    depth: int

    def __post_init__(self) -> None:
        for name in ("width", "height", "depth"):
            value = plain(getattr(self, name))
            object.__setattr__(self, name, value)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise NotationError(f"the {name} of a volume is a whole number from 1, not {value!r}")

    @property
    def size(self) -> int:
        """How many numbers the volume holds: W*H*D."""
        return self.width * self.height * self.depth

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(H, W, D)``: the shape of one image as an array."""
        return (self.height, self.width, self.depth)

    def __str__(self) -> str:
        return f"[{self.width}x{self.height}x{self.depth}]"
