"""Who takes part: each contender's name, what it needs installed, how it is made, and whether it keeps to float32."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

from benchmarks.nets import network, striate_calls
from benchmarks.peers import Made, keras_calls
from benchmarks.peers_jax import jax_calls
from benchmarks.peers_onnx import onnxruntime_calls, openvino_calls
from benchmarks.peers_torch import torch_calls
from benchmarks.turns import Contender


@dataclass(frozen=True)
class Entrant:
    """A library in one of its ways: ``calls(network, batch, threads)`` makes what it can do."""

    calls: Callable[..., Made]
    needs: tuple[str, ...]
    float32: bool = True

    def __call__(self, net: str, *details: Any) -> Made:
        """Its calls for a net of the corpus."""
        return self.calls(network(net), *details)

    def missing(self) -> list[str]:
        """What it needs and is not installed."""
        return [module for module in self.needs if find_spec(module) is None]


OURS = "striate"
ENTRANTS = {
    OURS: Entrant(striate_calls, ()),
    "torch": Entrant(torch_calls, ("torch",)),
    "torch-channels-last": Entrant(partial(torch_calls, channels_last=True), ("torch",)),
    "torch-channels-last-bf16": Entrant(partial(torch_calls, channels_last=True, bf16=True), ("torch",), False),
    "torch-compile": Entrant(partial(torch_calls, channels_last=True, compiled=True), ("torch",)),
    "keras": Entrant(keras_calls, ("tensorflow",)),
    "jax": Entrant(jax_calls, ("jax",)),
    "onnxruntime": Entrant(onnxruntime_calls, ("onnx", "onnxruntime")),
    "openvino-f32": Entrant(partial(openvino_calls, precision="f32"), ("onnx", "openvino")),
    "openvino": Entrant(openvino_calls, ("onnx", "openvino"), False),
}
PEERS = [name for name in ENTRANTS if name != OURS]


def installed(names: list[str]) -> list[str]:
    """The contenders that can take part; a line for each that cannot."""
    able = []
    for name in names:
        missing = ENTRANTS[name].missing()
        if missing:
            print(f"{name} does not take part: {', '.join(missing)} is not installed")
        else:
            able.append(name)
    return able


def start(names: list[str], net: str, batch: int, threads: int) -> dict[str, Contender]:
    """The contenders that could start on a net, each in its process; a line for each that could not."""
    started = {}
    for name in names:
        contender = Contender(ENTRANTS[name])
        wrong = contender.make(net, batch, threads)
        if wrong:
            print(f"{net}: {name} did not start: {wrong}", flush=True)
            contender.end()
        else:
            started[name] = contender
    return started
