"""The vocabulary's whole numbers against NumPy's, on every target and in the Python reading; what must not be mixed."""

from __future__ import annotations

import ctypes

import numpy as np
import numpy.typing as npt
import pytest
from python_reading import make_plan

from judge import EACH_TARGET
from striate.emit.builder import Builder, Kernel
from striate.emit.counts import Counts, CountsBuilder
from striate.emit.llvm import LlvmModule
from striate.emit.python import PythonBuilder
from striate.emit.tensor import Tensor
from striate.emit.text import TextBuilder
from striate.native.aligned import aligned_zeros
from striate.native.assemble import Loaded, assemble
from striate.plan.shape import Shape
from striate.plan.target import TARGETS

COUNT, RESULTS = 64, 7
FACTOR = 0x9E3779B9
SHAPES = {"a": "words", "b": "words", "out": "words", "reals": "lanes"}


def emit(b: Builder, a: Tensor, c: Tensor, out: Tensor, reals: Tensor) -> None:
    """Every word once, on vectors ``a`` and ``c``."""
    for i in b.range(COUNT, "i"):
        results = [
            a[i] * c[i],
            a[i] ^ c[i],
            a[i] >> 15,
            a[i] * b.whole(FACTOR),
            a[i] ^ b.whole(i * FACTOR + 2**40),
            (a[i] ^ (a[i] >> 31)) * b.whole(2**32 - 1),
        ]
        kept = b.register("kept", a[i])
        kept.value = kept.value ^ b.whole(0x80000000)
        for place, result in enumerate([*results, kept.value]):
            out[i * RESULTS + place] = result
        reals[i] = b.real(a[i] >> 8)


def expected(a: npt.NDArray[np.uint32], c: npt.NDArray[np.uint32]) -> list[npt.NDArray[np.uint32]]:
    index = np.arange(COUNT, dtype=np.uint64)[:, None] * np.uint64(FACTOR)
    whole = (index & np.uint64(2**32 - 1)).astype(np.uint32)
    return [
        a * c,
        a ^ c,
        a >> np.uint32(15),
        a * np.uint32(FACTOR),
        a ^ whole,
        (a ^ (a >> np.uint32(31))) * np.uint32(2**32 - 1),
        a ^ np.uint32(0x80000000),
    ]


def shapes() -> dict[str, Shape]:
    return {name: Shape.of(COUNT * (RESULTS if name == "out" else 1), element=kind) for name, kind in SHAPES.items()}


def memory(lanes: int) -> dict[str, npt.NDArray[np.uint8]]:
    """Arrays for the tensors, with the patterns of floats that arithmetic changes among random ones."""
    made = {name: aligned_zeros(shape.bytes(lanes)) for name, shape in shapes().items()}
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        made[name].view(np.uint32)[:] = random.integers(0, 2**32, COUNT * lanes, np.uint32)
    odd = [0, 1, 2**31, 2**32 - 1, 0x7F800001, 0xFFC00001, 0x00000007, 0x80000003]  # sNaN, NaN, denormal numbers
    made["a"].view(np.uint32)[: len(odd)] = odd
    return made


def compare(made: dict[str, npt.NDArray[np.uint8]], lanes: int) -> None:
    a, c = (made[name].view(np.uint32).reshape(COUNT, lanes) for name in ("a", "b"))
    out = made["out"].view(np.uint32).reshape(COUNT, RESULTS, lanes)
    for place, numbers in enumerate(expected(a, c)):
        assert np.array_equal(out[:, place], numbers), place
    assert np.array_equal(made["reals"].view(np.float32).reshape(COUNT, lanes), (a >> np.uint32(8)).astype(np.float32))


@pytest.mark.parametrize("name", EACH_TARGET)
def test_the_machine(name: str) -> None:
    target = TARGETS[name]
    module = LlvmModule(target.lanes, target.x86)
    module.require(Kernel("words", tuple(shapes().items()), emit))
    loaded = Loaded(assemble(module.text().replace("define internal", "define"), target), target, ["words"])
    made = memory(target.lanes)
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)(loaded.addresses["words"])
    function(*(array.ctypes.data for array in made.values()))
    compare(made, target.lanes)


def python() -> PythonBuilder:
    return PythonBuilder(make_plan("INPUT[1x1x1] - FC[1]"), np.zeros(0, np.uint8), np.zeros(0), np.zeros(0, np.float32))


def test_the_python_reading() -> None:
    b = python()
    made = memory(b.lanes)
    emit(b, *(Tensor(b, name, shape, made[name]) for name, shape in shapes().items()))
    compare(made, b.lanes)


def test_the_counting_reading() -> None:
    b = CountsBuilder(4, {})
    emit(b, *(Tensor(b, name, shape, None) for name, shape in shapes().items()))
    vectors = COUNT * 4
    assert b.total == Counts(loaded=11 * vectors * 4, stored=8 * vectors * 4, whole=11 * vectors)
    assert b.total.flops == 0


def test_the_text_reading() -> None:
    b = TextBuilder(4)
    t = Tensor(b, "t", Shape.of(3, element="words"), "t")
    for i in b.range(3, "i"):
        t[i] = (t[i] ^ (t[i] >> 16)) * b.whole(3) ^ b.whole(i * 5 + 1)
    assert b.lines[1].strip() == "t[i] = (t[i] ^ (t[i] >> 16)) * 3 ^ whole(5*i+1)"


def test_whole_numbers_and_floats_do_not_mix() -> None:
    b, module = python(), LlvmModule(4, True)
    words, floats = Shape.of(2, element="words"), Shape.of(2)
    with pytest.raises(TypeError, match="t holds words, not float32"):
        Tensor(b, "t", words, np.zeros(32, np.uint8))[0] = b.zero()
    with pytest.raises(TypeError, match="t holds lanes, not uint32"):
        Tensor(b, "t", floats, np.zeros(32, np.uint8))[0] = b.whole(1)

    def mixed(b: Builder, x: Tensor, y: Tensor) -> None:
        x[0] = y[0]

    def multiplied(b: Builder, x: Tensor, y: Tensor) -> None:
        x[0] = x[0] * y[0]

    for name, emitter, message in (("m", mixed, "x holds <4 x i32>, not <4 x float>"), ("n", multiplied, "mul of")):
        with pytest.raises(TypeError, match=message):
            module.require(Kernel(name, (("x", words), ("y", floats)), emitter))
