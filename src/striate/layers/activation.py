"""LEAKY, ELU, GELU, SILU, SIGMOID and TANH: one function of every number; the volume keeps its size."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import erf, pi, sqrt
from typing import ClassVar

import numpy as np

from striate.layers.layer import Array, Layer, Parameters, Real, Setting
from striate.volume import Volume

__all__ = ["Activation", "Elu", "Gelu", "Leaky", "Sigmoid", "Silu", "Tanh"]

_erf = np.frompyfunc(erf, 1, 1)


@dataclass(frozen=True)
class Activation(Layer):
    """A function of each number alone, and its slope; subclasses name both.

    ``operations`` are those of one number; a power of e or an erf counts as one.
    """

    operations: ClassVar[int]

    @property
    def parameter(self) -> float:
        """The number in the bracket; 0 for a layer that has none."""
        return float(getattr(self, self.settings[0].name)) if self.settings else 0.0

    @abstractmethod
    def function(self, x: Array) -> Array:
        """y, number by number."""

    @abstractmethod
    def slope(self, x: Array, y: Array) -> Array:
        """dy/dx, number by number."""

    def output(self, input: Volume) -> Volume:
        """The input's volume, unchanged."""
        return input

    def connections(self, input: Volume) -> int:
        """One: each number depends on its own input alone."""
        return 1

    def flops(self, input: Volume) -> int:
        """``operations`` a number."""
        return self.operations * input.size

    def notation(self) -> str:
        """Canonical text, as LEAKY or LEAKY[0.2]: every digit that the number needs, and no exponent."""
        if self == type(self)():
            return self.kind
        return f"{self.kind}[{np.format_float_positional(self.parameter, trim='-')}]"

    def forward(self, x: Array, parameters: Parameters) -> Array:
        """The function of every number."""
        return self.function(x)

    def backward(self, x: Array, parameters: Parameters, y: Array, dy: Array) -> tuple[Array, dict[str, Array]]:
        """The gradient times the slope."""
        return dy * self.slope(x, y), {}


@dataclass(frozen=True)
class Leaky(Activation):
    """LEAKY[a]: x above zero, a*x elsewhere. Source: Maas et al., "Rectifier nonlinearities improve neural network
    acoustic models", ICML 2013; the notes' "Leaky ReLU".

    >>> import numpy as np
    >>> Leaky(0.1).forward(np.array([-2.0, 0.0, 2.0]), {})
    array([-0.2,  0. ,  2. ])
    """

    a: float = 0.01

    kind: ClassVar[str] = "LEAKY"
    settings: ClassVar[tuple[Setting, ...]] = (Real("a", "a", "the slope below zero", high=1.0, usual="0.01"),)
    number: ClassVar[str] = "a"
    example: ClassVar[str] = "LEAKY or LEAKY[0.2]"
    operations: ClassVar[int] = 2

    def function(self, x: Array) -> Array:
        """x where it is above zero, a*x elsewhere."""
        return np.where(x > 0, x, self.a * x)

    def slope(self, x: Array, y: Array) -> Array:
        """1 where x is above zero, a elsewhere."""
        return np.where(x > 0, 1.0, self.a)


@dataclass(frozen=True)
class Elu(Activation):
    """ELU[a]: x above zero, a*(e^x - 1) elsewhere. Source: Clevert et al., "Fast and accurate deep network learning
    by exponential linear units", ICLR 2016.

    >>> import numpy as np
    >>> Elu(2).forward(np.array([-100.0, 0.0, 2.0]), {})
    array([-2.,  0.,  2.])
    """

    a: float = 1.0

    kind: ClassVar[str] = "ELU"
    settings: ClassVar[tuple[Setting, ...]] = (
        Real("a", "a", "the depth that it falls to below zero", high=100.0, usual="1"),
    )
    number: ClassVar[str] = "a"
    example: ClassVar[str] = "ELU or ELU[0.5]"
    operations: ClassVar[int] = 4

    def function(self, x: Array) -> Array:
        """x where it is above zero, a*(e^x - 1) elsewhere."""
        return np.where(x > 0, x, self.a * np.expm1(np.minimum(x, 0)))

    def slope(self, x: Array, y: Array) -> Array:
        """1 where x is above zero, a*e^x elsewhere."""
        return np.where(x > 0, 1.0, self.a * np.exp(np.minimum(x, 0)))


@dataclass(frozen=True)
class Gelu(Activation):
    """GELU: x times the share of the normal distribution below x, x*(1 + erf(x/sqrt(2)))/2; exact, not by tanh.
    Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016.

    >>> import numpy as np
    >>> Gelu().forward(np.array([-10.0, 0.0, 10.0]), {}).round(6) + 0
    array([ 0.,  0., 10.])
    """

    kind: ClassVar[str] = "GELU"
    example: ClassVar[str] = "GELU"
    operations: ClassVar[int] = 5

    def function(self, x: Array) -> Array:
        """x times the share below x."""
        return x * _share(x)

    def slope(self, x: Array, y: Array) -> Array:
        """The share below x, and x times the density at x."""
        return _share(x) + x * np.exp(-x * x / 2) / sqrt(2 * pi)


def _share(x: Array) -> Array:
    """The share of the normal distribution that lies below x."""
    return (1 + np.asarray(_erf(x / sqrt(2)), np.float64)) / 2


@dataclass(frozen=True)
class Sigmoid(Activation):
    """SIGMOID: 1/(1 + e^-x), from 0 to 1. Source: the notes, "Commonly used activation functions".

    >>> import numpy as np
    >>> Sigmoid().forward(np.array([-1000.0, 0.0, 1000.0]), {})
    array([0. , 0.5, 1. ])
    """

    kind: ClassVar[str] = "SIGMOID"
    example: ClassVar[str] = "SIGMOID"
    operations: ClassVar[int] = 4

    def function(self, x: Array) -> Array:
        """1/(1 + e^-x)."""
        return _sigmoid(x)

    def slope(self, x: Array, y: Array) -> Array:
        """The function at x times that at -x."""
        return _sigmoid(x) * _sigmoid(-x)


def _sigmoid(x: Array) -> Array:
    """1/(1 + e^-x), without a power too large for float64."""
    power = np.exp(-np.abs(x))
    return np.asarray(np.where(x > 0, 1.0, power) / (1 + power), np.float64)


@dataclass(frozen=True)
class Silu(Activation):
    """SILU: x/(1 + e^-x), also called swish. Source: Elfwing et al., "Sigmoid-weighted linear units for neural network
    function approximation in reinforcement learning", 2017.

    >>> import numpy as np
    >>> Silu().forward(np.array([-1000.0, 0.0, 1000.0]), {}) + 0
    array([   0.,    0., 1000.])
    """

    kind: ClassVar[str] = "SILU"
    example: ClassVar[str] = "SILU"
    operations: ClassVar[int] = 5

    def function(self, x: Array) -> Array:
        """x times its sigmoid."""
        return x * _sigmoid(x)

    def slope(self, x: Array, y: Array) -> Array:
        """s + x*s*(1 - s), where s is the sigmoid of x."""
        return _sigmoid(x) * (1 + x * _sigmoid(-x))


@dataclass(frozen=True)
class Tanh(Activation):
    """TANH: (e^x - e^-x)/(e^x + e^-x), from -1 to 1. Source: the notes, "Commonly used activation functions".

    >>> import numpy as np
    >>> Tanh().forward(np.array([-1000.0, 0.0, 1000.0]), {})
    array([-1.,  0.,  1.])
    """

    kind: ClassVar[str] = "TANH"
    example: ClassVar[str] = "TANH"
    operations: ClassVar[int] = 5

    def function(self, x: Array) -> Array:
        """The hyperbolic tangent."""
        return np.tanh(x)

    def slope(self, x: Array, y: Array) -> Array:
        """4*s*(1 - s), where s is the sigmoid of 2*x."""
        return 4 * _sigmoid(2 * x) * _sigmoid(-2 * x)
