"""INPUT: the raw pixel values of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from striate.layers.layer import Array, Layer, Parameters, Setting
from striate.volume import Volume

__all__ = ["Input"]


@dataclass(frozen=True)
class Input(Layer):
    """INPUT[WxHxD]: images of ``width`` x ``height`` pixels in ``depth`` slices (3 for R, G, B).

    >>> Input(32, 32, 3).notation(), Input(200, 200, 3).volume.size
    ('INPUT[32x32x3]', 120000)
    """

    width: int
    height: int
    depth: int

    kind: ClassVar[str] = "INPUT"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("W", "width", "the width of the images"),
        Setting("H", "height", "the height of the images"),
        Setting("D", "depth", "the number of depth slices"),
    )
    required: ClassVar[tuple[str, ...]] = ("W", "H", "D")
    size: ClassVar[str] = "WHD"
    example: ClassVar[str] = "INPUT[32x32x3]"

    @property
    def volume(self) -> Volume:
        """The volume of one image."""
        return Volume(self.width, self.height, self.depth)

    def output(self, input: Volume) -> Volume:
        """The images' own volume."""
        return self.volume

    def connections(self, input: Volume) -> int:
        """None: the input is given."""
        return 0

    def flops(self, input: Volume) -> int:
        """None: the input is given."""
        return 0

    def notation(self) -> str:
        """Canonical text, as INPUT[32x32x3]."""
        return f"{self.kind}{self.volume}"

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """The images themselves."""
        return x

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """The gradient passes unchanged."""
        return dy, {}
