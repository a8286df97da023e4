"""What every layer is: a frozen value with a shape rule, counts, canonical text, and its NumPy meaning."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from striate.errors import NotationError
from striate.scalars import plain
from striate.volume import Volume

__all__ = ["FITS", "MOST", "Array", "Layer", "Parameters", "Real", "Setting", "Share", "number_text"]

Array = npt.NDArray[np.float64]
Parameters = Mapping[str, npt.NDArray[Any]]

FITS = ("raise", "pad", "crop")
MOST = 1_000_000  # the largest number a setting takes: far beyond use, and far below trouble


@dataclass(frozen=True)
class Setting:
    """One number in a layer's bracket: its letter in the notes, its field in Python, its least value."""

    letter: str
    name: str
    meaning: str
    least: int = 1

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return True

    @property
    def sample(self) -> str:
        """A value for examples."""
        return "3"

    @property
    def range(self) -> str:
        """The values it takes, in words."""
        return f"a whole number from {self.least} to {MOST:,}"

    @property
    def note(self) -> str:
        """What is said beside the range."""
        return ""

    @property
    def words(self) -> tuple[str, ...]:
        """Words that may stand for the number."""
        return ()

    def takes(self, value: object) -> bool:
        """Whether a value is one of those."""
        return isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= MOST


@dataclass(frozen=True)
class Share(Setting):
    """A setting that is a part of a whole, and never all of it."""

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return False

    @property
    def sample(self) -> str:
        """A value for examples."""
        return "0.5"

    @property
    def range(self) -> str:
        """The values it takes, in words."""
        return "a number from 0 up to, but not including, 1, such as 0.5 for one half"

    def takes(self, value: object) -> bool:
        """Whether a value is one of those."""
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1


@dataclass(frozen=True)
class Real(Setting):
    """A setting that is any number from ``low`` to ``high``, or ``above`` the first; ``usual`` is a value for examples.

    >>> Real("eps", "eps", "a small number", low=0, high=1, above=True, usual="0.001").range
    'a number above 0 and up to 1, such as 0.001'
    """

    low: float = 0.0
    high: float = float(MOST)
    above: bool = False
    usual: str = "0.5"

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return False

    @property
    def sample(self) -> str:
        """A value for examples."""
        return self.usual

    @property
    def range(self) -> str:
        """The values it takes, in words."""
        low, high = number_text(self.low), number_text(self.high)
        ends = f"above {low} and up to {high}" if self.above else f"from {low} to {high}"
        return f"a number {ends}, such as {self.usual}"

    def takes(self, value: object) -> bool:
        """Whether a value is one of those."""
        if not isinstance(value, int | float) or isinstance(value, bool) or not self.low <= value <= self.high:
            return False
        return not (self.above and value == self.low)


@dataclass(frozen=True)
class Layer(ABC):
    """A layer: it transforms one volume into another. Subclasses are frozen dataclasses of their settings.

    The class also tells the parser how its bracket reads: ``settings`` are its numbers, a bare number
    sets ``number``, a bare size like 5x5 sets ``size``, one of ``words`` sets the field ``word``.
    Array volumes are ``(N, H, W, D)``, float64.
    """

    kind: ClassVar[str]
    settings: ClassVar[tuple[Setting, ...]] = ()
    required: ClassVar[tuple[str, ...]] = ()
    number: ClassVar[str] = ""
    size: ClassVar[str] = ""
    words: ClassVar[tuple[str, ...]] = ()
    word: ClassVar[str] = ""
    example: ClassVar[str]

    def __post_init__(self) -> None:
        self._make_plain()
        for setting in self.settings:
            check_setting(self.kind, setting, getattr(self, setting.name))

    def _make_plain(self) -> None:
        """Keep NumPy's numbers as Python's."""
        for setting in self.settings:
            object.__setattr__(self, setting.name, plain(getattr(self, setting.name)))

    @abstractmethod
    def output(self, input: Volume) -> Volume:
        """The volume this layer makes of ``input``; raises FitError where it does not fit."""

    @abstractmethod
    def connections(self, input: Volume) -> int:
        """How many numbers of ``input`` one number of the output depends on."""

    @abstractmethod
    def flops(self, input: Volume) -> int:
        """Arithmetic of one image's forward pass: 2 per multiply-add, 1 per comparison."""

    @abstractmethod
    def notation(self) -> str:
        """Canonical text: the defaults are left out."""

    def parameter_shapes(self, input: Volume) -> dict[str, tuple[int, ...]]:
        """The shapes of weights and biases, by name; nothing for a layer that learns nothing."""
        return {}

    def state_shapes(self, input: Volume) -> dict[str, tuple[int, ...]]:
        """The shapes of what training keeps for scores and no gradient moves, by name; nothing for most layers."""
        return {}

    def next_state(self, x: Array, parameters: Parameters) -> dict[str, Array]:
        """What the state becomes in a training step on the batch ``x``; ``parameters`` hold it as it was."""
        return {}

    def settled(self, input: Volume) -> Layer:
        """This layer without a ``fit`` that changes nothing on ``input``."""
        return self

    def receptive(self, input: Volume) -> tuple[int, int, int, int]:
        """``(F along W, F along H, S along W, S along H)``: what an output number sees, and the steps to the next."""
        return (1, 1, 1, 1)

    @abstractmethod
    def forward(self, x: Array, parameters: Parameters) -> Array:
        """Activations ``(N, H, W, D)`` from the input's activations: the oracle, plain NumPy."""

    @abstractmethod
    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """``(dx, gradients of the parameters)``, where ``y = forward(x)`` and ``dy`` is the gradient on y."""


def check_setting(kind: str, setting: Setting, value: object) -> None:
    """Refuse a setting that is no number in its range: NotationError with the range."""
    if not setting.takes(value):
        range, note = setting.range, setting.note
        raise NotationError(
            f"{setting.letter} of {kind}, {setting.meaning}, is {range}, not {_shown(setting, value)}{note}"
        )


def _shown(setting: Setting, value: object) -> str:
    """A value that a setting does not take: numbers of its kind as the notation has them, others as Python does."""
    if isinstance(value, tuple):
        return "x".join(map(repr, value)) or "()"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return number_text(value) if isinstance(value, float) and not setting.whole else repr(value)


def number_text(value: float) -> str:
    """A number as a person writes it: large ones with commas, none of them rounded.

    >>> number_text(1e6), number_text(0.75), number_text(1e-12)
    ('1,000,000', '0.75', '1e-12')
    """
    if value == value // 1 and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value!r}"
