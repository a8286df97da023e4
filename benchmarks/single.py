"""One CONV by itself, in three directions: forward, gradient on its input (data), gradient on its weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from striate.layers import Conv
from striate.native.alone import Alone, call_alone
from striate.native.host import choose_target
from striate.notation import parse
from striate.plan.call import Call
from striate.plan.plan import Plan, plan
from striate.volume import Volume

Floats = npt.NDArray[np.float32]

DIRECTIONS = ("forward", "data", "weights")
NAME = "conv2"  #: the CONV that is meant; conv1 stands before it so that there is a gradient on its input


@dataclass(frozen=True)
class Single:
    """A CONV with the volume it takes."""

    input: Volume
    layer: Conv

    @staticmethod
    def read(line: str) -> Single:
        """``INPUT[…] - CONV[…]`` in Striate's notation."""
        network = parse(line, fit="crop")
        node = network.nodes[-1]
        if len(network.nodes) != 2 or not isinstance(node.layer, Conv):
            raise ValueError(f"this is not one CONV on an INPUT: {line}")
        return Single(node.input, node.layer)

    def __str__(self) -> str:
        return f"INPUT{self.input} - {self.layer.notation()}"

    def flops(self, batch: int) -> int:
        """Multiply-adds of the plain definition, two operations each; every direction has the same."""
        return self.layer.flops(self.input) * batch

    def plan(self, batch: int, kernels: str | None = None) -> Plan:
        """A plan in which the CONV is the second."""
        line = f"INPUT{self.input} - CONV[{self.input.depth}, 1x1] - {self.layer.notation()}"
        return plan(parse(line, fit="crop"), choose_target(), batch, "softmax", force=kernels, apart=True)


def call_of(made: Plan, direction: str) -> Call:
    """The call that takes the CONV one way, known by what it fills."""
    result = {"forward": f"{NAME}.y", "data": "conv1.dy", "weights": f"{NAME}.weights.gradient"}[direction]
    ending = {"forward": "_forward", "data": "_data_gradient", "weights": "_gradient"}[direction]
    found = [call for call in made.train if result in call.buffers and call.family.endswith(ending)]
    if len(found) != 1:
        raise ValueError(f"{len(found)} calls compute {direction}: {', '.join(map(str, found))}")
    return found[0]


class Bench:
    """A CONV's three calls, each shared by a team, on random numbers. Results are those of the first lane group."""

    def __init__(self, made: Plan, threads: int) -> None:
        bodies = {direction: call_alone(made, call_of(made, direction)) for direction in DIRECTIONS}
        self._alone = Alone(made, bodies, threads)
        random = np.random.default_rng(0)
        for name in ("conv1.y", f"{NAME}.dy", f"{NAME}.weights"):
            numbers = self._alone.numbers(name)
            numbers[...] = random.standard_normal(numbers.shape, np.float32)
        self.weights = self._alone.numbers(f"{NAME}.weights")
        self.weights *= np.float32(np.sqrt(2 / self.weights[0].size))

    def run(self, direction: str) -> None:
        """Compute one direction."""
        self._alone.run(direction)

    def _volume(self, name: str) -> Floats:
        return self._alone.numbers(name).transpose(3, 1, 2, 0)

    @property
    def x(self) -> Floats:
        """What the CONV takes, (lanes, H, W, D)."""
        return self._volume("conv1.y")

    @property
    def dy(self) -> Floats:
        """The gradient on what it makes."""
        return self._volume(f"{NAME}.dy")

    def result(self, direction: str) -> Floats:
        """What ``run`` made: results, gradient on the input, or gradient on the weights."""
        if direction == "weights":
            return self._alone.numbers(f"{NAME}.weights.gradient")
        return self._volume(f"{NAME}.y" if direction == "forward" else "conv1.dy")


def truth(single: Single, bench: Bench) -> dict[str, npt.NDArray[np.float64]]:
    """The three directions in float64, by the layers' own plain definition; the bias is zero."""
    x, dy = bench.x.astype(np.float64), bench.dy.astype(np.float64)
    parameters = {"weights": bench.weights.astype(np.float64), "biases": np.zeros(single.layer.filters)}
    y = single.layer.forward(x, parameters)
    dx, gradients = single.layer.backward(x, parameters, y, dy)
    return {"forward": y, "data": dx, "weights": gradients["weights"]}
